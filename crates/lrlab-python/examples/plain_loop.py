"""A plan in a plain training loop: warmup, then down in a cosine, with the momentum along.

    python plain_loop.py
"""

from __future__ import annotations

import torch

from lrlab.torch import Scheduler

UPDATES = 200


def main() -> None:
    torch.manual_seed(0)
    x = torch.rand(512, 2) * 2 - 1
    y = (x[:, :1] * x[:, 1:]).sign()
    model = torch.nn.Sequential(torch.nn.Linear(2, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.95)
    plan = "warmup 10% then cosine to 0 | momentum: linear from 90% to 100%"
    scheduler = Scheduler(optimizer, plan, total_steps=UPDATES)

    print(f"{scheduler}\n{'update':>6} {'rate':>8} {'momentum':>9} {'loss':>7}")
    for t in range(UPDATES):
        batch = torch.randint(0, len(x), (64,))
        loss = torch.nn.functional.mse_loss(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        if t % 25 == 0 or t == UPDATES - 1:
            group = optimizer.param_groups[0]
            print(f"{t:6} {group['lr']:8.4f} {group['momentum']:9.4f} {loss.item():7.4f}")
        optimizer.step()
        scheduler.step()
    print(f"any update can be asked for: at 100 the rate was {scheduler.value(100):.4f}")


if __name__ == "__main__":
    main()
