"""`torch.optim.lr_scheduler` with the rates computed in Rust: change the import, nothing else.

>>> import torch
>>> from lrlab.torch.lr_scheduler import StepLR
>>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
>>> scheduler = StepLR(optimizer, step_size=2)
>>> for epoch in range(3):
...     print(scheduler.get_last_lr())
...     optimizer.step()
...     scheduler.step()
[0.5]
[0.5]
[0.05]

Every class is a subclass of torch's class of that name, with torch's constructor, errors, warnings
and `state_dict`; the state lives in the object, so that it can be edited, copied, pickled and
subclassed as before. A step computes the same bits as torch's own.

Rust computes where every number is a plain `float` or `int`. Torch's own arithmetic computes

- where a number is of another kind, a tensor or a numpy scalar: rounding is then its own;
- where a rate is an int, which stays one until it is multiplied with a float;
- where a `CyclicLR` is scaled by a function of the user's own;
- where a subclass or an object overrides the method that would compute;
- where `get_lr` is called outside a step, of which torch warns, and where torch raises.

The functions of `LambdaLR` and `MultiplicativeLR` are called in Python.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

import torch
from torch.optim import lr_scheduler as _torch
from torch.optim.lr_scheduler import EPOCH_DEPRECATION_WARNING, LRScheduler

from lrlab import _core

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "LambdaLR",
    "MultiplicativeLR",
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "SequentialLR",
    "CosineAnnealingLR",
    "ChainedScheduler",
    "ReduceLROnPlateau",
    "CyclicLR",
    "CosineAnnealingWarmRestarts",
    "OneCycleLR",
    "PolynomialLR",
    "LRScheduler",
]

_NEEDED = (2, 15)
if tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2]) < _NEEDED:
    raise ImportError(
        "lrlab.torch.lr_scheduler replays PyTorch 2.15 and needs 2.15 or later, but "
        f"{torch.__version__} is installed: `pip install 'torch>=2.15'`, or use "
        "lrlab.torch.Scheduler, which works without"
    )


def __getattr__(name: str) -> Any:
    """Other names of torch's module: `_LRScheduler`, `_initial_mode`."""
    return getattr(_torch, name)


class _Rates(LRScheduler):
    """A class whose rates Rust computes; stands before torch's in the order of bases."""

    _lrlab: ClassVar[_core.TorchRates | _core.TorchFunctions]

    def get_lr(self) -> list[float | Tensor]:
        """The rates at `last_epoch`, from the present ones; call it within `step` only."""
        if self._get_lr_called_within_step:
            rates = self._lrlab.get_lr(self)
            if rates is not None:
                return rates
        return super().get_lr()

    def _update_lr(self, epoch: int | None = None) -> None:
        if epoch is not None or not self._lrlab.update(self):
            super()._update_lr(epoch)


class _RatesInClosedForm(_Rates):
    """The same for a class that has `_get_closed_form_lr`."""

    _lrlab: ClassVar[_core.TorchRates]

    def _get_closed_form_lr(self) -> list[float | Tensor]:
        rates = self._lrlab.closed_form(self)
        if rates is None:
            return super()._get_closed_form_lr()  # type: ignore[misc,no-any-return]
        return rates


class LambdaLR(_Rates, _torch.LambdaLR):
    """The initial rate times a function of the epoch; see `torch.optim.lr_scheduler.LambdaLR`."""

    _lrlab = _core.TorchFunctions(_torch, False, _Rates.get_lr)


class MultiplicativeLR(_Rates, _torch.MultiplicativeLR):
    """The present rate times a function; see `torch.optim.lr_scheduler.MultiplicativeLR`."""

    _lrlab = _core.TorchFunctions(_torch, True, _Rates.get_lr)


class StepLR(_RatesInClosedForm, _torch.StepLR):
    """Times `gamma` every `step_size` epochs; see `torch.optim.lr_scheduler.StepLR`."""

    _lrlab = _core.TorchRates(_torch.StepLR, _Rates.get_lr)


class MultiStepLR(_RatesInClosedForm, _torch.MultiStepLR):
    """Times `gamma` at each of `milestones`; see `torch.optim.lr_scheduler.MultiStepLR`."""

    _lrlab = _core.TorchRates(_torch.MultiStepLR, _Rates.get_lr)


class ConstantLR(_RatesInClosedForm, _torch.ConstantLR):
    """Times `factor` until `total_iters`; see `torch.optim.lr_scheduler.ConstantLR`."""

    _lrlab = _core.TorchRates(_torch.ConstantLR, _Rates.get_lr)


class LinearLR(_RatesInClosedForm, _torch.LinearLR):
    """A factor that goes in a straight line; see `torch.optim.lr_scheduler.LinearLR`."""

    _lrlab = _core.TorchRates(_torch.LinearLR, _Rates.get_lr)


class ExponentialLR(_RatesInClosedForm, _torch.ExponentialLR):
    """Times `gamma` every epoch; see `torch.optim.lr_scheduler.ExponentialLR`."""

    _lrlab = _core.TorchRates(_torch.ExponentialLR, _Rates.get_lr)


class PolynomialLR(_RatesInClosedForm, _torch.PolynomialLR):
    """A power of what is left of `total_iters`; see `torch.optim.lr_scheduler.PolynomialLR`."""

    _lrlab = _core.TorchRates(_torch.PolynomialLR, _Rates.get_lr)


class CosineAnnealingLR(_RatesInClosedForm, _torch.CosineAnnealingLR):
    """Half a cosine down to `eta_min`; see `torch.optim.lr_scheduler.CosineAnnealingLR`."""

    _lrlab = _core.TorchRates(_torch.CosineAnnealingLR, _Rates.get_lr)


class CyclicLR(_Rates, _torch.CyclicLR):
    """Up and down between two rates; see `torch.optim.lr_scheduler.CyclicLR`."""

    _lrlab = _core.TorchRates(_torch.CyclicLR, _Rates.get_lr)


class OneCycleLR(_Rates, _torch.OneCycleLR):
    """Up to `max_lr` once and far down; see `torch.optim.lr_scheduler.OneCycleLR`."""

    _lrlab = _core.TorchRates(_torch.OneCycleLR, _Rates.get_lr)


class CosineAnnealingWarmRestarts(_Rates, _torch.CosineAnnealingWarmRestarts):
    """Half a cosine again and again; see torch's `CosineAnnealingWarmRestarts`."""

    _lrlab = _core.TorchRates(_torch.CosineAnnealingWarmRestarts, _Rates.get_lr)

    def step(self, epoch: float | None = None) -> None:
        """Moves on by one epoch, or to `epoch`, 0 or above, whole or not."""
        if not self._lrlab.restart(self, epoch):
            super().step(epoch)


class ReduceLROnPlateau(_torch.ReduceLROnPlateau):
    """Times `factor` where a metric stays; see `torch.optim.lr_scheduler.ReduceLROnPlateau`."""

    _lrlab: ClassVar = _core.TorchPlateau(_torch.ReduceLROnPlateau)

    def step(self, metrics: SupportsFloat, epoch: Any = None) -> None:  # type: ignore[override]
        """Judges `metrics`, one number, and reduces the rates if it was bad for too long."""
        if epoch is None:
            if not self._lrlab.step(self, metrics):
                super().step(metrics)
            return
        current = float(metrics)
        # Torch's own step would warn of its caller, which has to be the user.
        warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = epoch - 1
        super().step(current)
        self.last_epoch = epoch


class SequentialLR(_torch.SequentialLR):
    """One scheduler after another; see `torch.optim.lr_scheduler.SequentialLR`."""


class ChainedScheduler(_torch.ChainedScheduler):
    """Several schedulers at every step; see `torch.optim.lr_scheduler.ChainedScheduler`."""
