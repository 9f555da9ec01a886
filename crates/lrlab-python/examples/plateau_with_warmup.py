"""A plateau over a warmup: rates rise with every update, then halve whenever validation stops improving.

    python plateau_with_warmup.py
"""

from __future__ import annotations

import torch

from lrlab.torch import Scheduler

EPOCHS, BATCHES = 30, 16


def main() -> None:
    torch.manual_seed(0)
    x = torch.rand(1024, 2) * 2 - 1
    y = (x[:, :1] * x[:, 1:]).sign()
    seen, held_out = slice(0, 512), slice(512, None)
    model = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    plan = "warmup 2 epochs then constant | plateau patience 2 epochs x0.5 threshold 1%"
    scheduler = Scheduler(optimizer, plan, epochs=EPOCHS, steps_per_epoch=BATCHES)

    print(f"{'epoch':>5} {'rate':>8} {'validation loss':>16}")
    for epoch in range(EPOCHS):
        for batch in torch.randperm(512).chunk(BATCHES):
            loss = torch.nn.functional.mse_loss(model(x[seen][batch]), y[seen][batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()  # the plan follows each update by itself
        with torch.no_grad():
            validation = torch.nn.functional.mse_loss(model(x[held_out]), y[held_out])
        rate = optimizer.param_groups[0]["lr"]
        scheduler.step(validation)
        lowered = "  lowered" if optimizer.param_groups[0]["lr"] < rate else ""
        print(f"{epoch:5} {rate:8.5f} {validation.item():16.4f}{lowered}")


if __name__ == "__main__":
    main()
