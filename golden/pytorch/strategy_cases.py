"""Trains with the PyTorch code that lrlab writes for what a strategy does over all of its groups.

A linear model in three inputs, ten rows in batches of 3, 3, 3 and 1, always in this order: losses of all
updates, and weights at the ends of epochs, of the model and of its averages.
"""

from __future__ import annotations

import re
import subprocess
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

ROWS = 10
BATCH = 3
EPOCHS = 75
# Epochs between two looks at the weights.
LOOK = 5

Json = dict[str, object]

# Each with the batches, counted over the whole training, whose loss is made NaN or infinite.
CASES: list[tuple[str, dict[int, float]]] = [
    ("sgd lr=0.05 momentum=0.9 | cosine to 0", {}),
    ("sgd lr=0.05 momentum=0.9 | cosine to 0 | accumulate 2 batches", {}),
    ("adamw lr=0.02 | step every 20 epochs x0.5 | accumulate 3 batches", {}),
    ("adam lr=0.02 | accumulate 4 batches", {}),
    ("sgd lr=0.05 | clip norm 0.3", {}),
    ("sgd lr=0.05 momentum=0.5 | clip norm 0.3 | accumulate 3 batches", {}),
    ("sgd lr=0.05 | clip value 0.2", {}),
    ("adam lr=0.02 | skip non-finite", {2: float("nan"), 3: float("inf"), 40: float("-inf")}),
    ("sgd lr=0.05 momentum=0.9 | accumulate 3 batches | skip non-finite", {0: float("nan"), 9: float("inf")}),
    ("adamw lr=0.02 weight_decay=0.5 | no decay for *.bias", {}),
    ("sgd lr=0.05 weight_decay=0.2 | constant | weight_decay: linear to 0 | no decay for *.bias", {}),
    ("sgd lr=0.05 momentum=0.9 | ema 0.99", {}),
    ("sgd lr=0.05 momentum=0.9 | ema 0.25 | swa from 0 steps every 1 step", {}),
    ("sgd lr=0.05 | swa from 50%", {}),
    ("sgd lr=0.1 | torch SWALR(swa_lr=0.02, anneal_epochs=4) | swa from 10 epochs every 7 steps judged", {}),
    ("sgd lr=0.05 momentum=0.9 | accumulate 3 batches | skip non-finite | ema 0.9 judged", {}),
]


def data() -> tuple[list[list[float]], list[float]]:
    """Inputs and targets, all of them exact in f32."""
    inputs = [[((7 * row + 5 * column + row * column) % 16 - 8) / 8 for column in range(3)] for row in range(ROWS)]
    targets = [((11 * row) % 16 - 8) / 4 for row in range(ROWS)]
    return inputs, targets


def model_of(dtype: torch.dtype) -> nn.Module:
    """A linear layer from weights that are exact in f32."""
    layer = nn.Linear(3, 1, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.5, -0.25, 0.125]]))
        layer.bias.fill_(0.0625)
    return nn.Sequential(OrderedDict(layer=layer))


def weights_of(module: nn.Module) -> list[float]:
    """All weights in order."""
    return [value for parameter in module.parameters() for value in parameter.detach().flatten().tolist()]


class Loader:
    """The batches in order; at the end of an epoch it looks at what the code has made."""

    def __init__(self, names: dict[str, object], dtype: torch.dtype) -> None:
        inputs, targets = (torch.tensor(values, dtype=dtype) for values in data())
        self.batches = [(inputs[at : at + BATCH], targets[at : at + BATCH, None]) for at in range(0, ROWS, BATCH)]
        self.names = names
        self.epochs = 0
        self.looks: list[Json] = []

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self):  # noqa: ANN204 - a generator of pairs
        self.look()
        yield from self.batches
        self.epochs += 1

    def look(self) -> None:
        """Keeps the weights, every few epochs."""
        if self.epochs == 0 or self.epochs % LOOK != 0:
            return
        found: Json = {"epoch": self.epochs, "raw": weights_of(self.names["model"])}
        for name in ("ema", "swa"):
            average = self.names.get(name)
            if average is not None and average.n_averaged > 0:
                found[name] = weights_of(average)
        self.looks.append(found)


def train(text: str, code: str, spoilt: dict[int, float], dtype: torch.dtype) -> Json:
    """Runs the code; losses are the means that updates were made from."""
    found = re.search(r"accumulate (\d+)", text)
    accumulated = int(found.group(1)) if found else 1
    losses: list[float] = []
    pending: list[float] = []
    seen = 0

    def loss_fn(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        if seen % len(loader) % accumulated == 0:
            pending.clear()
        loss = nn.functional.mse_loss(outputs, targets) * spoilt.get(seen, 1.0)
        pending.append(loss.item())
        seen += 1
        return loss

    def record(optimizer: torch.optim.Optimizer, args: tuple[object, ...], kwargs: Json) -> None:
        # Groups with optimizers of their own step one after another.
        if pending:
            losses.append(sum(pending) / len(pending))
            pending.clear()

    names: dict[str, object] = {"model": model_of(dtype), "loss_fn": loss_fn}
    loader = Loader(names, dtype)
    names["loader"] = loader
    hook = register_optimizer_step_pre_hook(record)
    try:
        exec(code, names)  # noqa: S102 - lrlab's own code
    finally:
        hook.remove()
    loader.look()
    return {"losses": losses, "looks": loader.looks}


def strategies_json() -> Json:
    """lrlab's code for every case, and what it trains in f32 and f64."""
    root = Path(__file__).resolve().parents[2]
    batches = -(-ROWS // BATCH)
    cases = []
    for text, spoilt in CASES:
        found = re.search(r"accumulate (\d+)", text)
        updates = -(-batches // int(found.group(1))) if found else batches
        example = ["cargo", "run", "-q", "-p", "lrlab-core", "--example", "torch_code"]
        command = [*example, "--", "--of", str(EPOCHS * updates), str(updates), text]
        code = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        case: Json = {"text": text, "code": code, "steps_per_epoch": updates}
        case["spoilt"] = {str(batch): str(value) for batch, value in spoilt.items()}
        f32, f64 = (train(text, code, spoilt, dtype) for dtype in (torch.float32, torch.float64))
        # f64 tells how far f32 may stray; its weights at the end are enough.
        cases.append(case | {"f32": f32, "f64": f64["looks"][-1]})
    inputs, targets = data()
    facts: Json = {"batch": BATCH, "epochs": EPOCHS, "inputs": inputs, "targets": targets}
    return facts | {"weights": weights_of(model_of(torch.float32)), "cases": cases}
