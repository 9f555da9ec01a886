"""What step() costs beside PyTorch's StepLR, in one process: prints JSON, microseconds, minimum of repeats.

    OMP_NUM_THREADS=1 python crates/lrlab-python/benches/scheduler.py
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch

from lrlab.torch import Scheduler

PLAN = "warmup 5% then constant for 30% then cosine to 10% for 30% then linear to 0"
CALLS = 2_000
REPEATS = 40


def optimizer(groups: int = 1) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.1} for _ in range(groups)]
    )


def cost_of(call: Callable[[], Any]) -> float:
    """Microseconds a call."""
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS * 1e6


def cost(scheduler: Any, hook: Any = None) -> float:
    """Microseconds a call, each after an update that only the hook has seen."""
    step = scheduler.step
    if hook is None:
        return cost_of(step)
    started = time.perf_counter()
    for _ in range(CALLS):
        hook.count += 1
        step()
    return (time.perf_counter() - started) / CALLS * 1e6


def main() -> None:
    warnings.simplefilter("ignore")
    total = CALLS * REPEATS
    figures: dict[str, dict[str, float]] = {}
    for name, groups in (("one_group", 1), ("two_groups", 2)):
        ours = Scheduler(optimizer(groups), PLAN, total_steps=total)
        torchs = torch.optim.lr_scheduler.StepLR(optimizer(groups), total // 4)
        costs = [(cost(ours, ours._updates), cost(torchs)) for _ in range(REPEATS)]
        mine, theirs = (min(column) for column in zip(*costs))
        figures[name] = {"ours_us": mine, "torch_us": theirs, "ratio": mine / theirs}
    counter = ours._updates
    first = ours.optimizer
    costs = [cost_of(lambda: counter(first, (), {})) for _ in range(REPEATS)]
    figures["hook"] = {"ours_us": min(costs)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
