"""lrlab in a PyTorch user's own training loop."""

from __future__ import annotations

from lrlab.torch.scheduler import Scheduler

__all__ = ["Scheduler"]
