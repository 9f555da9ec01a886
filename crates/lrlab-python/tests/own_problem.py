"""Small problems for the tests of the laboratory: blobs to tell apart, and a bowl whose best rate is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

SPECTRUM = torch.tensor([1.0, 4.0, 10.0])


def model(seed: int) -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 3))


def blobs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(7)
    centres = torch.randn(3, 8, generator=generator)
    labels = torch.arange(192) % 3
    return centres[labels] + torch.randn(192, 8, generator=generator), labels


def data(seed: int) -> DataLoader[Any]:
    return DataLoader(TensorDataset(*blobs()), batch_size=24, shuffle=True)


def loss(module: nn.Module, batch: Any) -> Tensor:
    return nn.functional.cross_entropy(module(batch[0]), batch[1])


def validate(module: nn.Module) -> dict[str, float]:
    inputs, labels = blobs()
    outputs = module(inputs)
    return {
        "validation loss": float(nn.functional.cross_entropy(outputs, labels)),
        "validation accuracy": float((outputs.argmax(1) == labels).float().mean()),
    }


class Bowl(nn.Module):
    """The task `quadratic` of the binary: sum of h x^2 / 2, from the same start."""

    def __init__(self) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.empty(len(SPECTRUM)).uniform_(-1.0, 1.0))

    def forward(self) -> Tensor:
        return 0.5 * (SPECTRUM * self.x * self.x).sum()


def bowl(seed: int) -> nn.Module:
    return Bowl()


def nothing(seed: int) -> list[None]:
    return [None]


def height(module: nn.Module, batch: Any) -> Tensor:
    result: Tensor = module()
    return result


def final_height(module: nn.Module) -> dict[str, float]:
    return {"loss": float(module())}


def one_pass(seed: int) -> Iterator[None]:
    return iter([None, None])
