"""The laboratory for learning-rate strategies: apply, compare, find and explain them.

What needs more than this package is imported when it is first asked for: `lrlab.torch`, and runs, which
need NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lrlab._core import VERSION as __version__
from lrlab._core import PlanEnded, SpecError, TrialError
from lrlab.schedule import Finding, Schedule

if TYPE_CHECKING:
    from lrlab.run import Run, read, report

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

_MODULES = ("accelerate", "lightning", "torch", "transformers")
_OF_RUNS = ("Run", "read", "report")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"lrlab.{name}")
    if name in _OF_RUNS:
        found = getattr(importlib.import_module("lrlab.run"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module 'lrlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
