"""lrlab in a PyTorch user's own training loop."""

from __future__ import annotations

from lrlab.torch.recorder import Recorder

__all__ = ["Recorder"]
