"""The laboratory on one's own model and data: find a learning rate, compare strategies, measure sharpness."""

from __future__ import annotations

from lrlab.torch.laboratory.compare import CompareResult, compare
from lrlab.torch.laboratory.find import FindResult, find
from lrlab.torch.laboratory.sharpness import Sharpness, sharpness
from lrlab.torch.laboratory.workers import Interrupted

__all__ = [
    "CompareResult",
    "FindResult",
    "Interrupted",
    "Sharpness",
    "compare",
    "find",
    "sharpness",
]
