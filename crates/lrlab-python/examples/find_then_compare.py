"""Which schedule, at which learning rate? Ask on the model that will really be trained.

A small network learns to tell two interleaved spirals apart. `find` gives the rate of one strategy;
`compare` gives each of four a rate of its own, then adds seeds until the answer is known. Both write a
page with every picture below the folder that is given as the argument, or else a temporary one.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from lrlab.torch import compare, find


def spirals(count: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    radius = torch.rand(count, generator=generator)
    angle = 6.0 * radius + torch.pi * labels
    points = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return points + 0.03 * torch.randn(count, 2, generator=generator), labels


TRAIN, HELD_OUT = spirals(512, seed=1), spirals(512, seed=2)


def model(seed: int) -> nn.Module:
    return nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))


def data(seed: int) -> list[tuple[Tensor, Tensor]]:
    order = torch.randperm(512)
    points, labels = TRAIN
    return [(points[rows], labels[rows]) for rows in order.split(64)]


def loss(module: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return nn.functional.cross_entropy(module(batch[0]), batch[1])


def validate(module: nn.Module) -> dict[str, float]:
    return {"validation loss": float(loss(module, HELD_OUT))}


def one_cycle(parameters: list[nn.Parameter], lr: float) -> tuple[torch.optim.Optimizer, OneCycleLR]:
    optimizer = torch.optim.AdamW(parameters, lr=lr)
    return optimizer, OneCycleLR(optimizer, max_lr=lr, total_steps=240)


ARMS = {
    "sgd with cosine": "sgd momentum=0.9 | cosine to 0",
    "adamw alone": "adamw",
    "adamw with cosine": "adamw | warmup 5% then cosine to 0",
    "PyTorch's one cycle": one_cycle,
}

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    training = {"epochs": 30, "validate": validate}
    print(find(model, data, loss, ARMS["adamw with cosine"], effort=16, folder=folder / "find", **training))
    # Losses within 10 % of the best are as good to us.
    asked = {"tune": 10, "seeds": 8, "equivalence": 0.1}
    print(compare(model, data, loss, ARMS, folder=folder / "compare", **training, **asked))
