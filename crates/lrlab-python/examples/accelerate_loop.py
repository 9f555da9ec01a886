"""An accelerate loop with accumulated gradients: an lrlab plan that counts updates, tracked by
lrlab.

python crates/lrlab-python/examples/accelerate_loop.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile

import torch
from accelerate import Accelerator

import lrlab
from lrlab.accelerate import Tracker
from lrlab.torch import Scheduler

PLAN = "warmup 10% then linear to 0"
EPOCHS = 3


def rows(count: int) -> torch.utils.data.TensorDataset:
    """Points on a plane with noise."""
    x = torch.randn(count, 8)
    return torch.utils.data.TensorDataset(
        x, x.sum(dim=1, keepdim=True) + 0.5 * torch.randn(count, 1)
    )


def main() -> None:
    """Trains once and shows the rates and losses that were recorded."""
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    torch.manual_seed(0)
    tracker = Tracker(folder, title="A plane", label=PLAN)
    accelerator = Accelerator(cpu=True, log_with=tracker, gradient_accumulation_steps=2)
    accelerator.init_trackers("plane")

    model: torch.nn.Module = torch.nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = torch.utils.data.DataLoader(rows(256), batch_size=8, shuffle=True)
    x_held_out, y_held_out = rows(128).tensors
    updates = EPOCHS * len(loader) // 2
    # It counts the optimizer's updates by itself, so it is not prepared.
    scheduler = Scheduler(optimizer, PLAN, total_steps=updates)
    model, prepared, loader = accelerator.prepare(model, optimizer, loader)
    tracker.watch(
        prepared, model, plan=PLAN, total_steps=updates, steps_per_epoch=updates // EPOCHS
    )

    for _ in range(EPOCHS):
        for x, y in loader:
            with accelerator.accumulate(model):
                loss = torch.nn.functional.mse_loss(model(x), y)
                accelerator.backward(loss)
                prepared.step()
                scheduler.step()
                prepared.zero_grad()
            accelerator.log({"loss": loss})
        with torch.no_grad():
            held_out = torch.nn.functional.mse_loss(model(x_held_out), y_held_out)
        accelerator.log({"validation loss": held_out})
    accelerator.end_training()
    [run] = lrlab.read(folder)
    print(run)
    print(f"highest rate {run.lr.max():.3f}, {run.objective} {run.final():.4f}")


if __name__ == "__main__":
    main()
