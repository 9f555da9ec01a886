"""Optimizers that `torch.optim` lacks, for PyTorch tensors in the CPU's memory.

Written by `cargo xtask docs` from the registry of optimizers.
"""

from __future__ import annotations

from lrlab.torch.optim.lion import Lion
from lrlab.torch.optim.schedule_free_sgd import SGDScheduleFree
from lrlab.torch.optim.schedule_free_adamw import AdamWScheduleFree
from lrlab.torch.optim.schedule_free_radam import RAdamScheduleFree
from lrlab.torch.optim.prodigy import Prodigy
from lrlab.torch.optim.dog import DoG

__all__ = [
    "Lion",
    "SGDScheduleFree",
    "AdamWScheduleFree",
    "RAdamScheduleFree",
    "Prodigy",
    "DoG",
]
