"""The laboratory for learning-rate strategies: apply, compare, find and explain them.

`lrlab.torch` is imported when it is first asked for; nothing else here needs PyTorch.
"""

from __future__ import annotations

import importlib
from typing import Any

from lrlab._core import VERSION as __version__
from lrlab._core import PlanEnded, SpecError, TrialError
from lrlab.run import Run, read, report
from lrlab.schedule import Finding, Schedule

__all__ = [
    "Finding",
    "PlanEnded",
    "Run",
    "Schedule",
    "SpecError",
    "TrialError",
    "__version__",
    "read",
    "report",
]

# Imported when first asked for: what they are for has to be installed.
_ON_DEMAND = ("accelerate", "lightning", "torch", "transformers")


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return importlib.import_module(f"lrlab.{name}")
    raise AttributeError(f"module 'lrlab' has no attribute {name!r}")
