"""The compiled half of lrlab."""

import os
from typing import Any, SupportsIndex, final

from typing_extensions import Self, disjoint_base

__all__ = ["SpecError", "VERSION", "command"]

VERSION: str

class SpecError(ValueError):
    """A spec that cannot be read or built; its text shows the place, as the command line does."""

    problems: list[tuple[str, str]]
    """Everything that is wrong: the place in the tree (empty in a text), and what."""

def command(arguments: list[str]) -> int:
    """Runs the command line on `arguments`, the program's name first, and gives its exit code."""

# Schedules.

__all__ += ["Schedule", "_panic", "schedules", "text_of_file", "text_of_json", "text_of_toml"]

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

__all__ += ["TorchFunctions", "TorchPlateau", "TorchRates"]

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
