"""What `peer_bench.py` times of PyTorch's optimizers: one update, at best over repeats."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

LARGE = 10_000_000
TENSORS = 200
SMALL = 1000

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "AdamW": AdamW,
    "Adam": Adam,
    "SGD with momentum": lambda params, **options: SGD(params, lr=1e-3, momentum=0.9, **options),
    "RMSprop": RMSprop,
}
#: Those that PyTorch has as one fused pass on the CPU.
FUSED = ("AdamW", "Adam", "SGD with momentum")


def _update(kind: Callable[..., Optimizer], tensors: int, length: int, **options: Any) -> Callable[[], Any]:
    wave = torch.sin(torch.arange(length, dtype=torch.float32))
    params = [(1.0 + 0.5 * wave).requires_grad_() for _ in range(tensors)]
    for p in params:
        p.grad = 0.1 * (1.0 + 0.5 * wave)
    step = kind(params, **options).step
    step()
    return step


def _best(step: Callable[[], Any], repeats: int) -> float:
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        walls.append(time.perf_counter() - start)
    return min(walls)


def updates(repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a fused update of 10 million parameters on one thread and on two, and microseconds of
    a `foreach` update of 200 tensors of 1,000."""
    report: dict[str, dict[str, float]] = {"fused_ms": {}, "fused_two_threads_ms": {}, "foreach_200_us": {}}
    for name in FUSED:
        step = _update(OPTIMIZERS[name], 1, LARGE, fused=True)
        report["fused_ms"][name] = 1e3 * _best(step, repeats)
        torch.set_num_threads(2)
        report["fused_two_threads_ms"][name] = 1e3 * _best(step, repeats)
        torch.set_num_threads(1)
    for name, kind in OPTIMIZERS.items():
        step = _update(kind, TENSORS, SMALL, foreach=True)
        report["foreach_200_us"][name] = 1e6 * _best(step, 20 * repeats)
    return report
