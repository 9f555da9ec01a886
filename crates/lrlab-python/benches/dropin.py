"""What a step of each class costs, lrlab's beside torch's in the same process, as JSON.

    python crates/lrlab-python/benches/dropin.py [CLASS ...]

Each figure is the least over interleaved repeats, in microseconds a call of `step`.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import lr_scheduler as torchs
from torch.optim import swa_utils as torchs_swa

from lrlab.torch import lr_scheduler as ours
from lrlab.torch import swa_utils as ours_swa

REPEATS = 60
STEPS = 1000

# Long enough that no schedule ends while it is measured.
TOTAL = 10 * REPEATS * STEPS
CASES: dict[str, dict[str, Any]] = {
    "LambdaLR": {"lr_lambda": lambda epoch: 0.5},
    "MultiplicativeLR": {"lr_lambda": lambda epoch: 1.0},
    "StepLR": {"step_size": 30, "gamma": 0.9999},
    "MultiStepLR": {"milestones": [30, 80]},
    "ConstantLR": {},
    "LinearLR": {"total_iters": TOTAL},
    "ExponentialLR": {"gamma": 0.99999},
    "PolynomialLR": {"total_iters": TOTAL},
    "CosineAnnealingLR": {"T_max": TOTAL},
    "CosineAnnealingWarmRestarts": {"T_0": 100, "T_mult": 2},
    "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1},
    "OneCycleLR": {"max_lr": 0.1, "total_steps": TOTAL},
    "ReduceLROnPlateau": {"patience": 5, "factor": 0.9999},
    "SWALR": {"swa_lr": 0.05, "anneal_epochs": TOTAL},
}


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.9)


def calls(modules: tuple[Any, Any], name: str) -> Callable[[], None]:
    """`STEPS` steps of a class, parts included where it has some."""
    schedulers, swa = modules
    made = optimizer()
    made.step()
    if name == "SequentialLR":
        parts = [schedulers.LinearLR(made), schedulers.CosineAnnealingLR(made, TOTAL)]
        scheduler = schedulers.SequentialLR(made, parts, [5])
    elif name == "ChainedScheduler":
        parts = [schedulers.LinearLR(made), schedulers.ExponentialLR(made, 0.99999)]
        scheduler = schedulers.ChainedScheduler(parts)
    else:
        scheduler = getattr(swa if name == "SWALR" else schedulers, name)(made, **CASES[name])
    step = scheduler.step

    def plain() -> None:
        for _ in range(STEPS):
            step()

    def with_metric() -> None:
        for _ in range(STEPS):
            step(1.0)

    return with_metric if name == "ReduceLROnPlateau" else plain


def measure(name: str) -> dict[str, float]:
    rivals = {
        "ours_us": calls((ours, ours_swa), name),
        "torch_us": calls((torchs, torchs_swa), name),
    }
    least = dict.fromkeys(rivals, float("inf"))
    for _ in range(REPEATS):
        for key, run in rivals.items():
            start = time.perf_counter()
            run()
            least[key] = min(least[key], time.perf_counter() - start)
    return {key: round(seconds / STEPS * 1e6, 3) for key, seconds in least.items()}


def main() -> None:
    warnings.simplefilter("ignore")
    names = sys.argv[1:] or [*CASES, "SequentialLR", "ChainedScheduler"]
    print(json.dumps({name: measure(name) for name in names}, indent=2))


if __name__ == "__main__":
    main()
