"""The tasks that the goldens and the benchmark share: the four-point line and the digits."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import ExponentialLR, LRScheduler, StepLR

DIGITS_CSV = Path(__file__).resolve().parents[2] / "crates/lrlab-train/data/digits.csv.gz"
BATCH = 32

Pair = Callable[[nn.Module], tuple[Optimizer, LRScheduler]]


def sgd_step(step_size: int) -> Pair:
    """SGD(0.1) whose rate is halved every `step_size` epochs."""

    def build(model: nn.Module) -> tuple[Optimizer, LRScheduler]:
        optimizer = SGD(model.parameters(), lr=0.1)
        return optimizer, StepLR(optimizer, step_size=step_size, gamma=0.5)

    return build


def adam_exponential(model: nn.Module) -> tuple[Optimizer, LRScheduler]:
    """Adam(0.01) whose rate loses a tenth every epoch."""
    optimizer = Adam(model.parameters(), lr=0.01)
    return optimizer, ExponentialLR(optimizer, gamma=0.9)


FIRST_PAIRS: dict[str, Pair] = {
    "SGD(lr=0.1) StepLR(step_size=5, gamma=0.5)": sgd_step(5),
    "SGD(lr=0.1) StepLR(step_size=10, gamma=0.5)": sgd_step(10),
    "Adam(lr=0.01) ExponentialLR(gamma=0.9)": adam_exponential,
}


def line_points() -> tuple[Tensor, Tensor]:
    """The four points of y = 2x, each of shape [4, 1]."""
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    return x, 2 * x


@dataclass
class FirstRun:
    """What the first program shows, one entry an epoch."""

    losses: list[float]
    """Loss before the step."""
    lr_used: list[float]
    """Rate that the step used."""
    lr_after: list[float]
    """Rate after `scheduler.step()`, the one that is printed."""

    def lines(self) -> list[str]:
        """The printed lines."""
        rows = zip(self.losses, self.lr_after, strict=True)
        return [f"Epoch {i}: Loss={loss:.4f}, LR={lr:.4f}" for i, (loss, lr) in enumerate(rows, 1)]


def first_program(seed: int, pair: Pair, epochs: int = 15) -> FirstRun:
    """`Linear(1, 1)` learns y = 2x, full batch, with the scheduler stepped once an epoch."""
    torch.manual_seed(seed)
    model = nn.Linear(1, 1)
    optimizer, scheduler = pair(model)
    mse = nn.MSELoss()
    x, y = line_points()
    run = FirstRun([], [], [])
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        run.lr_used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
        run.losses.append(loss.item())
        run.lr_after.append(float(scheduler.get_last_lr()[0]))
    return run


@dataclass
class Digits:
    """Images [n, 64] in 0..1 and labels [n]; row i of the file validates when i % 5 == 4."""

    train_x: Tensor
    train_y: Tensor
    valid_x: Tensor
    valid_y: Tensor

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in an epoch; the short last one is dropped."""
        return len(self.train_y) // BATCH


def load_digits(path: Path = DIGITS_CSV) -> Digits:
    """Reads the CSV (64 pixels 0..16, then the label) and splits it."""
    with gzip.open(path, "rt", newline="") as file:
        rows = torch.tensor([[int(cell) for cell in row] for row in csv.reader(file)])
    x = rows[:, :64].to(torch.float32) / 16
    y = rows[:, 64]
    valid = torch.arange(len(rows)) % 5 == 4
    return Digits(x[~valid], y[~valid], x[valid], y[valid])


def mlp(seed: int) -> nn.Sequential:
    """64-128-10 with ReLU, initialised as PyTorch does right after `manual_seed(seed)`."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
