"""Initial weights and the losses of the first steps of lrlab's models, trained by PyTorch on made-up data."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer

from models import Dense, Gpt, LeNet, ResidualNet

STEPS = 40
ROWS = 24
BATCH = 8
CLASSES = 5
PIXELS = 14
TEXT = "it is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want. "
"""Repeated, it is the text; its characters in order of their code points are the vocabulary."""
CONTEXT = 12

MODELS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: Dense([PIXELS * PIXELS, CLASSES]),
    "mlp hidden=32": lambda: Dense([PIXELS * PIXELS, 32, CLASSES]),
    "lenet": lambda: LeNet(1, PIXELS, PIXELS, CLASSES),
    "residual width=8": lambda: ResidualNet(1, CLASSES, width=8),
    "residual width=4 blocks=2": lambda: ResidualNet(1, CLASSES, width=4, blocks=2),
    "gpt": lambda: Gpt(len(vocabulary()), layers=2, heads=2, width=16, context=CONTEXT),
    "gpt layers=1": lambda: Gpt(len(vocabulary()), layers=1, heads=3, width=12, context=CONTEXT),
}
OPTIMIZERS: dict[str, Callable[[nn.Module], Optimizer]] = {
    "sgd lr=0.01 momentum=0.9": lambda model: SGD(model.parameters(), lr=0.01, momentum=0.9),
    "adamw lr=0.003": lambda model: AdamW(model.parameters(), lr=0.003),
}


def vocabulary() -> list[str]:
    """The characters of the text."""
    return sorted(set(TEXT))


def pictures() -> tuple[Tensor, Tensor]:
    """Made-up pictures [rows, 1, pixels, pixels] and their classes, from sums of whole numbers."""
    row, y, x = torch.meshgrid(torch.arange(ROWS), torch.arange(PIXELS), torch.arange(PIXELS), indexing="ij")
    label = torch.arange(ROWS) % CLASSES
    pixel = (row * 31 + y * x * 7 + (y + 3) * (label.view(-1, 1, 1) + 2) * 11 + x * x * 5) % 64
    return (pixel / 64).unsqueeze(1), label


def text() -> tuple[Tensor, Tensor]:
    """Tokens [rows, context] and the token after each."""
    places = {character: at for at, character in enumerate(vocabulary())}
    tokens = torch.tensor([places[character] for character in TEXT * 3])[: ROWS * CONTEXT + 1]
    return tokens[:-1].view(ROWS, CONTEXT), tokens[1:].view(ROWS, CONTEXT)


def parameters(model: nn.Module) -> list[dict[str, object]]:
    """Each parameter's name, shape, first numbers, and the SHA-256 of the little-endian f32 of all of them."""
    found = []
    for name, parameter in model.named_parameters():
        values = parameter.detach().flatten().tolist()
        digest = hashlib.sha256(struct.pack(f"<{len(values)}f", *values)).hexdigest()
        found.append({"name": name, "shape": list(parameter.shape), "first": values[:20], "sha256": digest})
    return found


def losses(model: nn.Module, optimizer: Optimizer, x: Tensor, y: Tensor) -> list[float]:
    """The loss before each step; rows are met in order, over and over."""
    found = []
    for step in range(STEPS):
        rows = slice(step * BATCH % ROWS, step * BATCH % ROWS + BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[rows]).flatten(0, -2), y[rows].flatten())
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def models_json() -> dict[str, object]:
    """Every model with seed 3, trained by every optimizer."""
    cases = []
    for name, build in MODELS.items():
        x, y = text() if name.startswith("gpt") else pictures()
        torch.manual_seed(3)
        initial = parameters(build())
        runs = {}
        for words, optimizer in OPTIMIZERS.items():
            torch.manual_seed(3)
            model = build()
            runs[words] = losses(model, optimizer(model), x, y)
        cases.append({"model": name, "parameters": initial, "losses": runs})
    return {"seed": 3, "batch": BATCH, "cases": cases}


def normals_json() -> dict[str, object]:
    """`normal_(0, 1)` of tensors of several sizes, one after the other from one generator."""
    cases = []
    for seed in range(3):
        torch.manual_seed(seed)
        # Small ones keep the second of a pair for the next; 16 and more are drawn in blocks.
        draws = [torch.empty(size).normal_().tolist() for size in (3, 15, 2, 16, 5, 17, 31, 48, 1, 100)]
        cases.append({"seed": seed, "draws": draws})
    return {"cases": cases}
