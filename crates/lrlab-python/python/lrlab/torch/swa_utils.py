"""`torch.optim.swa_utils` with the rates of `SWALR` computed in Rust; all else is torch's own."""

from __future__ import annotations

from typing import Any

from torch.optim import swa_utils as _torch
from torch.optim.swa_utils import (
    AveragedModel,
    get_ema_avg_fn,
    get_ema_multi_avg_fn,
    get_swa_avg_fn,
    get_swa_multi_avg_fn,
    update_bn,
)

from lrlab import _core
from lrlab.torch.lr_scheduler import _Rates

__all__ = [
    "AveragedModel",
    "update_bn",
    "SWALR",
    "get_ema_multi_avg_fn",
    "get_swa_multi_avg_fn",
    "get_ema_avg_fn",
    "get_swa_avg_fn",
]


def __getattr__(name: str) -> Any:
    """Other names of torch's module."""
    return getattr(_torch, name)


class SWALR(_Rates, _torch.SWALR):
    """From the present rate to `swa_lr`, and there it stays; see `torch.optim.swa_utils.SWALR`."""

    _lrlab = _core.TorchRates(_torch.SWALR, _Rates.get_lr)
