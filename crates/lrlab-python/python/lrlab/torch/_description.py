"""What an optimizer and a scheduler are, in words and as keys: the strategy as it is recorded."""

from __future__ import annotations

from typing import Any

import torch


def innermost(optimizer: Any) -> torch.optim.Optimizer:
    """The optimizer inside the wrappers of Lightning and accelerate, which count other calls of
    `step`."""
    inner = optimizer
    while not isinstance(inner, torch.optim.Optimizer) or type(inner).__module__.startswith(
        "accelerate"
    ):
        following = getattr(inner, "optimizer", None)
        if following is None or following is inner:
            raise TypeError(
                f"optimizer is a {type(optimizer).__name__}; give a torch.optim.Optimizer"
            )
        inner = following
    return inner


def strategy(optimizer: torch.optim.Optimizer, plan: object = None) -> str:
    """The optimizer with what of its first group differs from its defaults, and the plan behind a
    bar."""
    group = optimizer.param_groups[0]
    told = [f"lr={_short(group.get('initial_lr', group['lr']))}"]
    for name in ("momentum", "betas", "weight_decay"):
        if group.get(name):
            told.append(f"{name}={_short(group[name])}")
    words = f"{type(optimizer).__name__}({', '.join(told)})"
    if len(optimizer.param_groups) > 1:
        words += f" in {len(optimizer.param_groups)} groups"
    return words if plan is None else f"{words} | {_plan(plan)}"


def _plan(plan: object) -> str:
    if isinstance(plan, str):
        return plan
    for name in ("spec", "plan"):
        spec = getattr(plan, name, None)
        if spec is not None and not callable(spec):
            return str(spec)
    if isinstance(
        plan, (torch.optim.lr_scheduler.LRScheduler, torch.optim.lr_scheduler.ReduceLROnPlateau)
    ):
        kept = {
            "last_epoch",
            "base_lrs",
            "verbose",
            "num_bad_epochs",
            "cooldown_counter",
            "best",
            "total_steps",
        }
        state = plan.state_dict().items()
        told = [
            f"{name}={_short(value)}"
            for name, value in state
            if name not in kept
            and not name.startswith("_")
            and isinstance(value, (int, float, str))
        ]
        return f"{type(plan).__name__}({', '.join(told)})"
    return str(plan)


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(_short, value))})"
    if isinstance(value, torch.Tensor):
        value = float(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def groups(optimizer: torch.optim.Optimizer) -> list[str]:
    """A name for each parameter group: its own, or its number; `*` where there is one without a
    name."""
    given = optimizer.param_groups
    if len(given) == 1:
        return [str(given[0].get("name", "*"))]
    return [str(group.get("name", index)) for index, group in enumerate(given)]


def momentum_key(optimizer: torch.optim.Optimizer) -> str | None:
    """The key that holds every group's momentum: `momentum`, or `betas` by their first; `None`
    without."""
    for key in ("momentum", "betas"):
        if all(key in group for group in optimizer.param_groups):
            return key
    return None


def momenta(groups: list[dict[str, Any]], key: str) -> list[float]:
    """The momentum of each group; none at all where a group that came later has none."""
    try:
        if key == "momentum":
            return [float(group["momentum"]) for group in groups]
        return [float(group["betas"][0]) for group in groups]
    except KeyError:
        return []
