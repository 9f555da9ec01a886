"""Arms of a comparison: strategies as text, and code that builds an optimizer and a scheduler."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import Optimizer

#: The rate with which code that is told one is first tried.
FIRST_RATE = 1e-3


@dataclass(frozen=True)
class Built:
    """What code built: an optimizer, and the scheduler to be stepped, if there is one."""

    optimizer: Optimizer
    scheduler: Any | None
    each_epoch: bool


@dataclass(frozen=True)
class Build:
    """Code that builds an arm."""

    name: str
    function: Callable[..., Any]
    takes_rate: bool

    def __call__(self, parameters: Sequence[nn.Parameter], lr: float | None) -> Built:
        """Builds it for `parameters`, at `lr` where it takes one."""
        given = self.function(list(parameters), lr) if self.takes_rate else self.function(list(parameters))
        parts = given if isinstance(given, tuple) else (given, None)
        optimizer, scheduler, when = (*parts, None, None)[:3]
        if not isinstance(optimizer, Optimizer) or when not in (None, "epoch", "step"):
            raise TypeError(
                f"{self.name} gave {given!r}, expected (optimizer, scheduler), or (optimizer, scheduler, "
                '"epoch") for a scheduler that is stepped once an epoch'
            )
        return Built(optimizer, scheduler, when == "epoch")

    def begin(self, parameters: Sequence[nn.Parameter]) -> float:
        """Builds it once; the learning rate that stands for it in reports."""
        group = self(parameters, FIRST_RATE).optimizer.param_groups[0]
        if self.takes_rate:
            return FIRST_RATE
        return float(group.get("max_lr", group.get("initial_lr", group["lr"])))


def build_of(label: str, arm: object) -> Build | None:
    """What builds an arm: `None` for a strategy's text."""
    if isinstance(arm, str):
        return None
    if not callable(arm):
        raise TypeError(
            f"arm {label!r} is {type(arm).__name__}, expected a strategy's text such as "
            '"sgd momentum=0.9 | cosine to 0", or a function of the parameters'
        )
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = [p for p in inspect.signature(arm).parameters.values() if p.kind in kinds]
    required = sum(p.default is inspect.Parameter.empty for p in taken)
    if not taken or required > 2:
        raise TypeError(
            f"arm {label!r} takes {required} arguments, expected (parameters), or (parameters, lr) for "
            "code whose learning rate is to be chosen"
        )
    takes_rate = required == 2 or (len(taken) > 1 and taken[1].name == "lr")
    name = getattr(arm, "__qualname__", type(arm).__name__).replace("<locals>.", "")
    module = getattr(arm, "__module__", None)
    inside = module in (None, "__main__") or name == "<lambda>"
    return Build(label if name.endswith("<lambda>") else (name if inside else f"{module}.{name}"), arm, takes_rate)
