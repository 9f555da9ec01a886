"""The compiled half of lrlab."""

import os
from pathlib import Path
from typing import Any

VERSION: str

class SpecError(ValueError):
    """A spec that cannot be read or built."""

def command(arguments: list[str]) -> int:
    """Runs the command line on `arguments`, the program's name first, and gives its exit code."""

class Log:
    """The log of one training; written by the process that began it, from any of its threads."""

    def __init__(
        self,
        folder: str,
        *,
        title: str,
        label: str,
        strategy: str,
        task: str,
        seed: int,
        total_steps: int,
        steps_per_epoch: int,
        parameters: int,
        groups: list[str],
        objective: str,
        resume: int | None,
    ) -> None: ...
    @property
    def folder(self) -> os.PathLike[str]: ...
    def step(
        self,
        t: int,
        loss: float,
        lr: list[float],
        momentum: list[float],
        grad_norm: float | None = None,
        turn: float | None = None,
        update_ratio: float | None = None,
    ) -> None: ...
    def validated(self, t: int, metrics: dict[str, float]) -> None: ...
    def flush(self) -> None: ...
    def finish(self, outcome: str, why: str | None = None) -> None: ...
    def leave(self) -> None: ...

class RunLog:
    """A run as its log tells it; columns as the bytes of little-endian f64."""

    label: str | None
    strategy: str
    task: str
    seed: int
    total_steps: int
    steps_per_epoch: int
    parameters: int
    groups: list[str]
    objective: str
    outcome: tuple[str, int | None, str | None] | None
    width: int

    def column(self, name: str) -> bytes: ...
    def metrics(self) -> dict[str, tuple[bytes, bytes]]: ...
    def sharpness(self) -> list[bytes]: ...

def read_run(path: os.PathLike[str]) -> RunLog:
    """Reads the log at `path`."""
# The laboratory.

class TrialError(RuntimeError):
    """No trial of a study could be trained."""

class Study:
    """A study in its folder, which this process holds."""

    path: Path
    steps_per_epoch: int
    @staticmethod
    def find(
        problem: dict[str, Any],
        strategy: str,
        effort: float,
        octaves: float,
        seed: int,
        folder: Path | None,
    ) -> Study: ...
    @staticmethod
    def compare(
        problem: dict[str, Any],
        arms: list[dict[str, Any]],
        title: str | None,
        seeds: list[int],
        effort: float | None,
        rates: list[float] | None,
        target: float | None,
        folder: Path | None,
    ) -> Study: ...
    def next(self) -> list[tuple[str, Path, str, int | None]]:
        """What is still to be trained before more can be asked for; empty once there is an answer."""
    def report(self) -> tuple[str, str]:
        """Writes the report beside the logs; gives it as text, and as JSON."""
    def release(self) -> None:
        """Lets go of the folder's lock in a process that was forked to train."""

class Trial:
    """A trial at work: what it is to do, and the log of what it did."""

    seed: int
    total_steps: int
    lr: float | None
    is_sweep: bool
    measure: bool
    clip: tuple[str, float] | None
    def __init__(self, folder: str, spec: str, steps_per_epoch: int) -> None: ...
    def groups(self, names: list[str]) -> list[tuple[str, dict[str, Any], list[int]]]: ...
    def set_values(self, groups: list[dict[str, Any]]) -> None: ...
    def rate(self) -> float: ...
    def begin(
        self,
        parameters: int,
        groups: list[str],
        full_batch: bool,
        metrics: list[str],
        untrained: float,
    ) -> None: ...
    def holds(self, loss: float) -> bool: ...
    def step(
        self,
        loss: float,
        lr: list[float],
        grad_norm: float,
        turn: float | None,
        clipped: bool,
        at: list[float],
    ) -> bool: ...
    def validated(self, metrics: list[tuple[str, float]]) -> None: ...
    def sharpness(self, value: float, residual: float, limit: float, products: int) -> None: ...
    def complete(self) -> None: ...
    def fail(self, why: str) -> None: ...

def fail_trial(folder: str, why: str) -> None:
    """Writes the log of a trial that left none: it failed."""

def preconditioner(
    class_: str,
    group: dict[str, Any],
    t: int,
    states: list[tuple[int, dict[str, Any]]],
    /,
) -> tuple[float, list[bytes | None]] | None:
    """The largest stable sharpness and each parameter's preconditioner, by what theory says."""
