"""The optimizer settings that `optimizers.json` covers, and the gradients they all see."""

from __future__ import annotations

from collections.abc import Callable

from torch.optim import SGD, Adam, AdamW, Optimizer

PARAMS = [0.5, -1.25, 2.0, 0.1, -0.3, 3.0, 0.007]
STEPS = 200
STORED_STEPS = [1, 2, 3, 10, 50, 100, 200]
LR_EDITS = [(41, 0.003), (121, 0.05)]
"""(step, lr): the rate is set just before step number `step`, from 1."""

CLASSES: dict[str, Callable[..., Optimizer]] = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW}

CASES: list[tuple[str, dict[str, object]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"weight_decay": 0.05}),
    ("SGD", {"maximize": True}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"betas": [0.8, 0.95]}),
    ("Adam", {"eps": 1e-3}),
    ("Adam", {"weight_decay": 0.01}),
    ("Adam", {"amsgrad": True}),
    ("Adam", {"maximize": True}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.01, "maximize": True}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.3}),
    ("AdamW", {"amsgrad": True}),
    ("AdamW", {"maximize": True}),
]
LR = 0.01


def gradients() -> list[list[float]]:
    """One row of seven a step: ordinary, large, tiny, mostly zero, sign flips, late start, spikes."""
    return [_row(step) for step in range(STEPS)]


def _row(step: int) -> list[float]:
    noise = [_noise(step, column) for column in range(7)]
    return [
        noise[0],
        noise[1] * 1e4,
        noise[2] * 1e-8,
        noise[3] if step % 9 == 4 else 0.0,
        0.75 if step % 2 == 0 else -0.75,
        noise[5] if step >= 60 else 0.0,
        noise[6] * (1e4 if step % 50 == 17 else 1e-3),
    ]


def _noise(step: int, column: int) -> float:
    """A thousandth in -1..1 from a hash, so that the file stays short."""
    mixed = (step * 7 + column + 1) * 2654435761 % 2**32
    return ((mixed >> 11) % 2001 - 1000) / 1000
