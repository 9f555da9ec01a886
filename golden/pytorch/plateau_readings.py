"""What `ReduceLROnPlateau` makes of metrics above 0, one reading an epoch."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import ReduceLROnPlateau

LR = 0.1
EPOCHS = 120

Readings = Callable[[random.Random, int], float]


def falling(noise: random.Random, epoch: int) -> float:
    """A loss that falls ever slower, with noise."""
    return 2.0 / (1 + 0.2 * epoch) + 0.1 * noise.random()


def stalled(noise: random.Random, epoch: int) -> float:
    """A loss that stands still but for steps down now and then."""
    return 1.0 - 0.2 * (epoch // 25) + 0.001 * noise.random()


def wandering(noise: random.Random, epoch: int) -> float:
    """A loss with no trend."""
    return 0.5 + noise.random()


def accuracy(noise: random.Random, epoch: int) -> float:
    """An accuracy that rises and levels off."""
    return 0.9 - 0.8 / (1 + 0.5 * epoch) + 0.05 * noise.random()


def broken(noise: random.Random, epoch: int) -> float:
    """A loss that is infinite, later on, two times in three."""
    return float("inf") if epoch >= 30 and epoch % 3 else falling(noise, epoch)


CASES: list[tuple[Readings, dict[str, object]]] = [
    (falling, {}),
    (falling, {"patience": 0, "factor": 0.9}),
    (falling, {"patience": 2, "cooldown": 3, "threshold": 0.05}),
    (stalled, {"patience": 4, "factor": 0.5}),
    (stalled, {"patience": 1, "cooldown": 1, "factor": 0.8, "min_lr": 0.02}),
    (stalled, {"patience": 3, "threshold": 0.15, "threshold_mode": "abs", "factor": 0.3}),
    (wandering, {"patience": 3, "cooldown": 5, "factor": 0.7}),
    (wandering, {"patience": 0, "cooldown": 1, "factor": 0.99, "threshold": 0.0}),
    (wandering, {"patience": 6, "mode": "max", "factor": 0.6, "threshold": 0.01}),
    (accuracy, {"patience": 2, "mode": "max", "factor": 0.5, "cooldown": 2}),
    (accuracy, {"patience": 5, "mode": "max", "threshold": 0.02, "threshold_mode": "abs", "min_lr": 0.001}),
    (broken, {"patience": 5, "factor": 0.5}),
]


def case_json(index: int, readings: Readings, options: dict[str, object]) -> dict[str, object]:
    """The readings and the share of the first rate after each; `min_lr` becomes a share too."""
    noise = random.Random(index)
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler = ReduceLROnPlateau(optimizer, eps=0.0, **options)
    values, factors = [], []
    for epoch in range(1, EPOCHS + 1):
        value = readings(noise, epoch)
        scheduler.step(value)
        # JSON has no infinity.
        values.append(value if value != float("inf") else None)
        factors.append(optimizer.param_groups[0]["lr"] / LR)
    return {"name": readings.__name__, "options": options, "lr": LR, "readings": values, "factors": factors}


def plateau_json() -> dict[str, object]:
    """Every case, each with its own seed."""
    return {"cases": [case_json(index, *case) for index, case in enumerate(CASES)]}
