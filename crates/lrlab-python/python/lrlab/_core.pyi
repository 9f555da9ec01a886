"""The compiled half of lrlab."""

from typing import Any

VERSION: str

class SpecError(ValueError):
    """A spec that cannot be read or built."""

def command(arguments: list[str]) -> int:
    """Runs the command line on `arguments`, the program's name first, and gives its exit code."""

# lrlab.torch.lr_scheduler

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

class TorchFunctions:
    """The rates of a class that takes functions of the epoch."""

    def __new__(cls, torch_module: object, is_multiplicative: bool, get_lr: object) -> TorchFunctions:
        """For a class of `torch_module`, and what overrides its `get_lr`."""

    def get_lr(self, scheduler: object) -> list[Any] | None:
        """What `get_lr` gives; None where torch has to be asked."""

    def update(self, scheduler: object) -> bool:
        """What `_update_lr` does without an epoch; False where torch has to do it."""

class TorchPlateau:
    """The judgement of `ReduceLROnPlateau`."""

    def __new__(cls, torch_class: type) -> TorchPlateau:
        """For torch's class."""

    def step(self, scheduler: object, metric: object) -> bool:
        """What `step(metric)` does; False where torch has to do it."""
