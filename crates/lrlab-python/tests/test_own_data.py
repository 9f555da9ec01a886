"""The command on a table of one's own, held against the twin of `docs/own-data.md` in PyTorch."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

WINE = Path(__file__).parents[3] / "docs" / "own-data" / "wine.csv"
TARGET = "grower"


def train(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """The events of a training on `train.csv`, validated on `test.csv`."""
    data = ["--data", "train.csv", "--test-data", "test.csv", "--predict", TARGET, "--out", "run"]
    command = [sys.executable, "-m", "lrlab", "train", *data, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (log,) = (folder / "run" / "runs").glob("*/events.jsonl")
    return [json.loads(line) for line in log.read_text().splitlines()]


def tables(folder: Path) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Writes every third row to `test.csv` and the others to `train.csv`; both as the page says that a twin takes them."""
    with WINE.open() as file:
        header, *rows = csv.reader(file)
    parts = {"test.csv": rows[::3], "train.csv": [row for at, row in enumerate(rows) if at % 3]}
    for name, part in parts.items():
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *part])
    column = header.index(TARGET)
    classes = sorted({row[column] for row in parts["train.csv"]})

    def numbers(name: str) -> Any:
        return np.array([[float(cell) for at, cell in enumerate(row) if at != column] for row in parts[name]])

    mean, deviation = numbers("train.csv").mean(0), numbers("train.csv").std(0)

    def made(name: str) -> tuple[Tensor, Tensor]:
        inputs = ((numbers(name) - mean) / deviation).astype(np.float32)
        return torch.from_numpy(inputs), torch.tensor([classes.index(row[column]) for row in parts[name]])

    return made("train.csv"), made("test.csv")


@pytest.mark.parametrize(
    ("strategy", "build"),
    [
        ("sgd lr=0.1 momentum=0.9", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        ("adamw lr=0.01 weight_decay=0.1", lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
    ],
)
def test_a_table_trains_as_its_twin_does(tmp_path: Path, strategy: str, build: Any) -> None:
    (inputs, labels), (test_inputs, test_labels) = tables(tmp_path)
    every_row = str(len(labels))
    events = train(tmp_path, "--strategy", strategy, "--steps", "60", "--batch-size", every_row, "--seed", "3")
    losses = [event["step"]["loss"] for event in events if "step" in event]
    validated = [event["validated"]["metrics"] for event in events if "validated" in event]

    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(inputs.shape[1], 64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = build(model.parameters())
    cross_entropy = nn.CrossEntropyLoss()
    with torch.no_grad():
        untrained = cross_entropy(model(test_inputs), test_labels).item()
    assert events[0]["started"]["untrained"] == pytest.approx(untrained, rel=1e-6)
    assert len(losses) == 60
    for step, own in enumerate(losses):
        optimizer.zero_grad()
        loss = cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        # Of a loss that has fallen far, rounding is a larger share.
        assert own == pytest.approx(loss.item(), rel=1e-4, abs=1e-6), step
        with torch.no_grad():
            outputs = model(test_inputs)
        told = validated[step]
        assert told["validation loss"] == pytest.approx(cross_entropy(outputs, test_labels).item(), rel=1e-4, abs=1e-6)
        right = (outputs.argmax(1) == test_labels).float().mean().item()
        assert told["validation accuracy"] == pytest.approx(right, abs=1e-6)
