"""What an update of the core in torch's tensors costs, beside torch's own in the same process, as JSON.

    python crates/lrlab-python/benches/optim.py

AdamW, which both have, on one thread: 10 million parameters in one tensor beside `fused=True`, in milliseconds, and
200 tensors of 1,000 beside `foreach=True`, in microseconds. Each figure is the least over interleaved repeats.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

import torch

from lrlab import _core
from lrlab.torch._optimizer import CoreOptimizer


class AdamW(CoreOptimizer):
    """The core's AdamW, which `lrlab.torch.optim` leaves to torch."""

    _lrlab: ClassVar = _core.TensorOptimizer("AdamW")

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2})


def tensors(count: int, length: int) -> list[torch.Tensor]:
    wave = torch.sin(torch.arange(length, dtype=torch.float32))
    made = [(1.0 + 0.5 * wave).requires_grad_() for _ in range(count)]
    for p in made:
        p.grad = 0.1 * (1.0 + 0.5 * wave)
    return made


def least(steps: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Seconds of each, in turns."""
    best = dict.fromkeys(steps, float("inf"))
    for step in steps.values():
        step()
    for _ in range(repeats):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main() -> None:
    torch.set_num_threads(1)
    large = least(
        {
            "ours": AdamW(tensors(1, 10_000_000)).step,
            "torch": torch.optim.AdamW(tensors(1, 10_000_000), fused=True).step,
        },
        40,
    )
    small = least(
        {
            "ours": AdamW(tensors(200, 1000)).step,
            "torch": torch.optim.AdamW(tensors(200, 1000), foreach=True).step,
        },
        400,
    )
    report = {
        "ten_million_ms": {name: round(1e3 * seconds, 3) for name, seconds in large.items()},
        "tensors_200_us": {name: round(1e6 * seconds, 1) for name, seconds in small.items()},
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
