"""What `peer_bench.py` times: training steps, scheduler steps, and the trials of the study."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)

from workloads import BATCH, DIGITS_CSV, Digits, line_points, load_digits, mlp, sgd_step

__all__ = ["DIGITS_CSV", "load_digits"]

EPOCHS = 20
SEEDS = range(5)
LR = 0.1

Strategy = Callable[[Optimizer, int], LRScheduler | None]
"""Builds a scheduler that is stepped once a training step, from the steps of an epoch."""


def _warmup_cosine(optimizer: Optimizer, epoch: int) -> LRScheduler:
    warmup = LinearLR(optimizer, start_factor=0.1, total_iters=epoch)
    cosine = CosineAnnealingLR(optimizer, T_max=(EPOCHS - 1) * epoch)
    return SequentialLR(optimizer, [warmup, cosine], milestones=[epoch])


STRATEGIES: dict[str, Strategy] = {
    "constant": lambda optimizer, epoch: None,
    "step": lambda optimizer, epoch: StepLR(optimizer, step_size=5 * epoch, gamma=0.5),
    "exponential": lambda optimizer, epoch: ExponentialLR(optimizer, gamma=0.9 ** (1 / epoch)),
    "cosine": lambda optimizer, epoch: CosineAnnealingLR(optimizer, T_max=EPOCHS * epoch),
    "warmup_cosine": _warmup_cosine,
}
SCHEDULERS: dict[str, Strategy] = {
    "constant": lambda optimizer, epoch: ConstantLR(optimizer, factor=1.0),
    "linear": lambda optimizer, epoch: LinearLR(optimizer, 1.0, 0.1, total_iters=EPOCHS * epoch),
    "step": STRATEGIES["step"],
    "multi-step": lambda optimizer, epoch: MultiStepLR(optimizer, [5 * epoch, 10 * epoch], gamma=0.1),
    "exponential": STRATEGIES["exponential"],
    "cosine": STRATEGIES["cosine"],
    "polynomial": lambda optimizer, epoch: PolynomialLR(optimizer, total_iters=EPOCHS * epoch, power=2.0),
    "warm-restarts": lambda optimizer, epoch: CosineAnnealingWarmRestarts(optimizer, T_0=5 * epoch, T_mult=2),
    "cyclic": lambda optimizer, epoch: CyclicLR(optimizer, 0.01, LR, step_size_up=4 * epoch, mode="triangular2"),
    "one-cycle": lambda optimizer, epoch: OneCycleLR(optimizer, max_lr=LR, total_steps=10**7),
    "lambda": lambda optimizer, epoch: LambdaLR(
        optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / (EPOCHS * epoch)))
    ),
    "multiplicative": lambda optimizer, epoch: MultiplicativeLR(optimizer, lambda step: 1 - 1 / (step + 10)),
    "warmup then cosine": _warmup_cosine,
}
"""Schedulers whose `step()` is timed beside a value of lrlab's schedule of the same name."""

TRIALS: list[tuple[str, int]] = [(name, seed) for name in STRATEGIES for seed in SEEDS]


def use_one_thread() -> None:
    torch.set_num_threads(1)


def torch_version() -> str:
    return torch.__version__


def cpu_capability() -> str:
    return torch.backends.cpu.get_cpu_capability()


def line_steps(count: int) -> Callable[[], None]:
    """Full-batch steps of the first program's model, with its scheduler."""
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    optimizer, scheduler = sgd_step(5)(model)
    mse = nn.MSELoss()
    x, y = line_points()

    def run() -> None:
        for _ in range(count):
            optimizer.zero_grad()
            loss = mse(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
            loss.item()

    return run


def digits_steps(digits: Digits, count: int) -> Callable[[], None]:
    """Steps on the digits in file order, without a scheduler."""
    model = mlp(0)
    optimizer = SGD(model.parameters(), lr=LR, momentum=0.9)
    cross_entropy = nn.CrossEntropyLoss()

    def run() -> None:
        for step in range(count):
            at = (step % digits.steps_per_epoch) * BATCH
            optimizer.zero_grad()
            loss = cross_entropy(model(digits.train_x[at : at + BATCH]), digits.train_y[at : at + BATCH])
            loss.backward()
            optimizer.step()
            loss.item()

    return run


def picture_steps(model: nn.Module, count: int) -> Callable[[], None]:
    """Steps on 32 made-up pictures of 28 x 28 pixels in ten classes."""
    pixels = (torch.arange(32 * 28 * 28) ** 2 % 251 / 255).view(32, 1, 28, 28)
    return _same_batch(model, pixels, torch.arange(32) % 10, count)


def text_steps(model: nn.Module, count: int) -> Callable[[], None]:
    """Steps on 16 windows of 64 characters out of 75."""
    tokens = (torch.arange(16 * 64 + 1) ** 2) % 75
    return _same_batch(model, tokens[:-1].view(16, 64), tokens[1:].view(16, 64), count)


def _same_batch(model: nn.Module, x: Tensor, y: Tensor, count: int) -> Callable[[], None]:
    optimizer = SGD(model.parameters(), lr=1e-3)
    cross_entropy = nn.CrossEntropyLoss()

    def run() -> None:
        for _ in range(count):
            optimizer.zero_grad()
            loss = cross_entropy(model(x).flatten(0, -2), y.flatten())
            loss.backward()
            optimizer.step()
            loss.item()

    return run


def scheduler_steps(name: str, digits: Digits, count: int) -> Callable[[], None]:
    """Only `scheduler.step()`, one parameter group."""
    optimizer = SGD(mlp(0).parameters(), lr=LR, momentum=0.9)
    scheduler = SCHEDULERS[name](optimizer, digits.steps_per_epoch)
    if scheduler is None:
        raise ValueError(f"{name} has no scheduler to step")
    optimizer.step()

    def run() -> None:
        for _ in range(count):
            scheduler.step()

    return run


def run_trial(trial: tuple[str, int], digits: Digits, epochs: int = EPOCHS) -> float:
    """Trains the MLP on freshly shuffled epochs; returns the last batch's loss."""
    name, seed = trial
    model = mlp(seed)
    optimizer = SGD(model.parameters(), lr=LR, momentum=0.9)
    scheduler = STRATEGIES[name](optimizer, digits.steps_per_epoch)
    cross_entropy = nn.CrossEntropyLoss()
    last = 0.0
    for _ in range(epochs):
        order = torch.randperm(len(digits.train_y))
        for step in range(digits.steps_per_epoch):
            rows = order[step * BATCH : (step + 1) * BATCH]
            optimizer.zero_grad()
            loss = cross_entropy(model(digits.train_x[rows]), digits.train_y[rows])
            loss.backward()
            optimizer.step()
            if scheduler:
                scheduler.step()
            last = loss.item()
    return last


def final_losses(digits: Digits) -> dict[str, float]:
    """Seed 0's last loss for each strategy: shows that the timed work trained."""
    return {name: run_trial((name, 0), digits) for name in STRATEGIES}
