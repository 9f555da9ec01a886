"""The compiled half of lrlab."""

import os
from pathlib import Path
from typing import Any, SupportsIndex, final

from typing_extensions import Self, disjoint_base

__all__ = [
    "GroupPlans",
    "Log",
    "PlanEnded",
    "RunLog",
    "Schedule",
    "SpecError",
    "Study",
    "TensorOptimizer",
    "TorchFunctions",
    "TorchPlateau",
    "TorchRates",
    "Trial",
    "TrialError",
    "VERSION",
    "_panic",
    "command",
    "fail_trial",
    "metrics",
    "preconditioner",
    "read_run",
    "schedules",
    "text_of_file",
    "text_of_json",
    "text_of_toml",
]

VERSION: str

class SpecError(ValueError):
    """A spec that cannot be read or built; its text shows the place, as the command line does."""

    problems: list[tuple[str, str]]
    """Everything that is wrong: the place in the tree (empty in a text), and what."""

def command(arguments: list[str]) -> int:
    """Runs the command line on `arguments`, the program's name first, and gives its exit code."""

@final
class Log:
    """The log of one training; written by the process that began it, from any of its threads."""

    def __new__(
        cls,
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
    ) -> Self: ...
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

@final
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

# Optimizers over tensors.

@final
class TensorOptimizer:
    """An optimizer of the registry over torch's tensors."""

    def __new__(cls, name: str) -> TensorOptimizer:
        """The optimizer whose class for PyTorch users is `name`."""

    def begin(self, group: dict[str, Any], index: int) -> None:
        """Checks the values and parameters of the group at `index`, and puts what is kept for it into it."""

    def step(self, groups: list[dict[str, Any]], states: Any) -> list[Any]:
        """Makes one update of the parameters that have a gradient; gives the tensors that changed."""

    def move_to(self, evaluate: bool, groups: list[dict[str, Any]], states: Any) -> list[Any]:
        """Moves the parameters to where the model is evaluated, or back; gives the tensors that changed."""

# The laboratory.

class TrialError(RuntimeError):
    """No trial of a study could be trained."""

@final
class Study:
    """A study in its folder, which this process holds."""

    @property
    def path(self) -> Path: ...
    @property
    def steps_per_epoch(self) -> int: ...
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
        equivalence: float | None,
        folder: Path | None,
    ) -> Study: ...
    def next(self) -> list[tuple[str, Path, str, int | None]]:
        """What is still to be trained before more can be asked for; empty once there is an answer."""
    def report(self) -> tuple[str, str]:
        """Writes the report beside the logs; gives it as text, and as JSON."""
    def release(self) -> None:
        """Lets go of the folder's lock in a process that was forked to train."""

@final
class Trial:
    """A trial at work: what it is to do, and the log of what it did."""

    @property
    def seed(self) -> int: ...
    @property
    def total_steps(self) -> int: ...
    @property
    def lr(self) -> float | None: ...
    @property
    def is_sweep(self) -> bool: ...
    @property
    def measure(self) -> bool: ...
    @property
    def clip(self) -> tuple[str, float] | None: ...
    def __new__(cls, folder: str, spec: str, steps_per_epoch: int) -> Self: ...
    def groups(self, names: list[str]) -> list[tuple[tuple[str, str], dict[str, Any], list[int]]]: ...
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
    kind: str,
    group: dict[str, Any],
    t: int,
    states: list[tuple[int, dict[str, Any]]],
) -> tuple[float, list[bytes | None]] | None:
    """The largest stable sharpness and each parameter's preconditioner, by what theory says."""
# Schedules.

@disjoint_base
class Schedule:
    """A spec over a training of known length; `lrlab.Schedule` adds Python's ways."""

    def __new__(
        cls,
        text: str,
        total_steps: SupportsIndex | None,
        epochs: SupportsIndex | None,
        steps_per_epoch: SupportsIndex | None,
        lr: float | None,
    ) -> Self: ...
    @property
    def total_steps(self) -> int:
        """Optimizer updates in all."""

    @property
    def steps_per_epoch(self) -> int | None:
        """Optimizer updates in one pass over the data; None where nobody told."""

    @property
    def lr(self) -> float:
        """The learning rate of the first group, which its schedule starts from."""

    @property
    def groups(self) -> list[str]:
        """The names of the groups, in order; `*` is the group of all parameters."""

    @property
    def fields(self) -> list[str]:
        """The fields that something moves, in some group: `lr` first."""

    def to_toml(self) -> str:
        """The TOML form of the spec, which `from_toml` reads."""

    def to_json(self) -> str:
        """The JSON form of the spec, which `from_json` reads."""

    def to_torch(self) -> str:
        """PyTorch code that does the same over this length; of a schedule alone, its scheduler.

        Raises:
            SpecError: A learning rate of 0, which nothing can be multiplied from.
        """

    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __str__(self) -> str:
        """The canonical text, which reads back to the same spec."""

    @property
    def _own_lr(self) -> float | None: ...
    @property
    def _guesses_epochs(self) -> bool: ...
    def _value(self, t: SupportsIndex, field: str, group: int | str) -> float: ...
    def _values(self, field: str, group: int | str) -> bytearray: ...
    def _findings(
        self, parameters: list[str] | None
    ) -> list[tuple[str, str, str, str, int | None, str, str | None]]: ...
    def _drawn(self, ending: str, log: bool) -> bytes: ...

def text_of_toml(toml: str) -> str:
    """The canonical text of a spec in its TOML form."""

def text_of_json(json: str) -> str:
    """The canonical text of a spec in its JSON form."""

def text_of_file(path: str | os.PathLike[str]) -> str:
    """The canonical text of the spec in a file, by its ending: .toml, .json or .csv."""

def schedules() -> list[tuple[str, str, str]]:
    """Name, summary and example of every schedule that there is."""

def _panic() -> None:
    """Panics, for the test that sees what Python makes of it."""

# lrlab.torch.lr_scheduler

@final
class TorchRates:
    """The rates of one of torch's classes, from the attributes of its objects."""

    def __new__(cls, torch_class: type, get_lr: object) -> TorchRates:
        """For `torch_class`, one of torch's, and what overrides its `get_lr`."""

    def get_lr(self, scheduler: object) -> list[Any] | None:
        """What `get_lr` gives, momenta set on the way; None where torch has to be asked."""

    def closed_form(self, scheduler: object) -> list[Any] | None:
        """What `_get_closed_form_lr` gives; None where torch has to be asked."""

    def update(self, scheduler: object) -> bool:
        """What `_update_lr` does without an epoch; False where torch has to do it."""

    def restart(self, scheduler: object, epoch: object) -> bool:
        """What `CosineAnnealingWarmRestarts.step` does; False where torch has to do it."""

@final
class TorchFunctions:
    """The rates of a class that takes functions of the epoch."""

    def __new__(cls, torch_module: object, is_multiplicative: bool, get_lr: object) -> TorchFunctions:
        """For a class of `torch_module`, and what overrides its `get_lr`."""

    def get_lr(self, scheduler: object) -> list[Any] | None:
        """What `get_lr` gives; None where torch has to be asked."""

    def update(self, scheduler: object) -> bool:
        """What `_update_lr` does without an epoch; False where torch has to do it."""

@final
class TorchPlateau:
    """The judgement of `ReduceLROnPlateau`."""

    def __new__(cls, torch_class: type) -> TorchPlateau:
        """For torch's class."""

    def step(self, scheduler: object, metric: object) -> bool:
        """What `step(metric)` does; False where torch has to do it."""
# Plans over an optimizer's groups.

class PlanEnded(RuntimeError):
    """Training went on after the end of a plan that forbids it."""

def metrics(entries: list[tuple[int | str, str, bool]]) -> list[str]:
    """The metrics that the plans wait for, each once; none where all are functions of time."""

@final
class GroupPlans:
    """Plans over the groups of an optimizer, at an update."""

    def __new__(
        cls,
        entries: list[tuple[int | str, str, bool]],
        groups: list[dict[str, Any]],
        total_steps: int | None,
        epochs: int | None,
        steps_per_epoch: int | None,
    ) -> GroupPlans: ...
    @staticmethod
    def from_state(text: str) -> GroupPlans: ...
    def state(self) -> str: ...
    def load(self, text: str, changed: bool) -> None: ...
    @property
    def t(self) -> int: ...
    @property
    def horizon(self) -> tuple[int, int]: ...
    @property
    def once_an_epoch(self) -> bool: ...
    @property
    def plans(self) -> list[tuple[str, str]]: ...
    @property
    def bases(self) -> list[float | None]: ...
    @property
    def names(self) -> list[str]: ...
    def advance(self, updates: int, groups: list[dict[str, Any]]) -> list[Any]: ...
    def enter(self, t: int, groups: list[dict[str, Any]]) -> list[Any]: ...
    def undo(self, t: int, groups: list[dict[str, Any]]) -> None: ...
    def hear(self, readings: list[tuple[str, float]], groups: list[dict[str, Any]]) -> list[Any]: ...
    def value(self, t: int, group: int, field: str) -> float: ...
    def add_groups(self, start: int, groups: list[dict[str, Any]]) -> None: ...
    def rebase(self, index: int, lr: float) -> None: ...
