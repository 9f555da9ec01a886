"""A training that is cut off and resumed has the rates of one that was not; another length is refused.

    python resume.py
"""

from __future__ import annotations

import io

import torch

from lrlab.torch import Scheduler

PLAN, UPDATES, CUT = "warmup 10% then cosine to 0", 100, 40


def build(updates: int = UPDATES, plan: str = PLAN) -> tuple[torch.optim.Optimizer, Scheduler]:
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(4))], lr=1e-3)
    return optimizer, Scheduler(optimizer, plan, total_steps=updates)


def train(optimizer: torch.optim.Optimizer, scheduler: Scheduler, updates: int) -> list[float]:
    rates = []
    for _ in range(updates):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def main() -> None:
    straight = train(*build(), UPDATES)

    optimizer, scheduler = build()
    first = train(optimizer, scheduler, CUT)
    file = io.BytesIO()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)

    optimizer, scheduler = build()
    optimizer.load_state_dict(saved["optimizer"])
    scheduler.load_state_dict(saved["scheduler"])
    rest = train(optimizer, scheduler, UPDATES - CUT)
    print(f"resumed at update {CUT}: the rates are {'equal' if first + rest == straight else 'others'}\n")

    try:
        build(2 * UPDATES)[1].load_state_dict(saved["scheduler"])
    except ValueError as refused:
        print(f"with twice the length:\n{refused}")


if __name__ == "__main__":
    main()
