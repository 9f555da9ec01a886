"""The compiled half of lrlab."""

import os

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
