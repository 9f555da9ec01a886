"""lrlab in a PyTorch user's own training loop."""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError("lrlab.torch needs PyTorch: `pip install torch`", name="torch") from error

from lrlab.torch import optim
from lrlab.torch.laboratory import (
    CompareResult,
    FindResult,
    Interrupted,
    Sharpness,
    compare,
    find,
    sharpness,
)
from lrlab.torch.recorder import Recorder
from lrlab.torch.scheduler import Scheduler

__all__ = [
    "CompareResult",
    "FindResult",
    "Interrupted",
    "Recorder",
    "Scheduler",
    "Sharpness",
    "compare",
    "find",
    "optim",
    "sharpness",
]
