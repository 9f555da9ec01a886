"""What fastai, Lightning and torch-lr-finder suggest after made-up range tests.

Each tool runs its own sweep, on its own rates, with a model whose loss at step t is a given number;
smoothing, stopping and skipping are the tool's.

    pip install torch==2.15.0 numpy fastai==2.8.12 torch-lr-finder==0.2.2 pytorch-lightning==2.6.6 lightning==2.5.2
    python golden/pytorch/range_tests.py
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import math
import random
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).resolve().parent
STEPS = 100
FASTAI = ("valley", "slide", "minimum", "steep")

Json = dict[str, object]


def losses_of(rate_of: Callable[[int], float], kind: str, seed: int) -> list[float]:
    """Losses over a tool's own rates: a fall at about 1e-3 to 1e-1, and a rise above."""
    chance = random.Random(seed)
    middle, edge = 10 ** chance.uniform(-4, -2), 10 ** chance.uniform(-1.3, -0.3)
    noise = {"smooth": 0.0, "noisy": 0.15, "wild": 0.5}.get(kind, 0.03)
    losses = []
    for t in range(STEPS):
        rate = rate_of(t)
        loss = 0.4 + 1.9 / (1 + rate / middle) + 3 * min(rate / edge, 1e3) ** 2
        loss *= math.exp(noise * chance.gauss(0, 1))
        if kind == "nan" and rate > edge:
            loss = math.nan
        if kind == "nan early" and t >= 8:
            loss = math.nan
        if kind == "nan at 60" and t >= 60:
            loss = math.nan
        if kind == "infinite" and rate > edge:
            loss = math.inf
        if kind == "spike" and t in (3, 22):
            loss *= 6
        if kind == "falls":
            loss = 3 - t / 50 + 0.01 * chance.random()
        if kind == "rises":
            loss = 1 + t / 50
        if kind == "flat":
            loss = 1.25
        if kind == "swell":
            loss = 5.2 if 20 <= t < 60 else 1.0
        if kind == "step":
            loss = 2.0 if t < 55 else 0.5
        losses.append(float(numpy.float32(loss)))
    return losses


class Given(nn.Module):
    """A model whose loss at its t-th call is the t-th of `losses`, whatever happens to its parameter."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.losses = losses
        self.calls = 0

    def forward(self, _rows: Tensor) -> Tensor:
        loss = self.losses[min(self.calls, len(self.losses) - 1)]
        self.calls += 1
        return (self.weight - self.weight.detach()).sum() + loss


def rows() -> DataLoader:
    return DataLoader(TensorDataset(torch.zeros(STEPS + 20, 1), torch.zeros(STEPS + 20, 1)), batch_size=1)


def brief(loss: float) -> float | str | None:
    """The shortest decimal that reads back as the same f32."""
    return exact(float(str(numpy.float32(loss))))


def exact(value: float | None) -> float | str | None:
    """As JSON, which has no NaN."""
    return value if value is None or math.isfinite(value) else str(value)


def torch_lr_finder(losses: list[float]) -> Json:
    from torch_lr_finder import LRFinder

    model = Given(losses)
    finder = LRFinder(model, torch.optim.SGD(model.parameters(), lr=1e-7), lambda loss, _: loss, device="cpu")
    finder.range_test(rows(), end_lr=10, num_iter=STEPS)
    try:
        _, suggestion = finder.plot()
    except RuntimeError:
        suggestion = None
    return {"rates": finder.history["lr"], "suggestion": suggestion}


def lightning_of(package: str) -> Callable[[list[float]], Json]:
    def ask(losses: list[float]) -> Json:
        if package == "pytorch_lightning":
            import pytorch_lightning as pl
            from pytorch_lightning.tuner import Tuner
        else:
            import lightning.pytorch as pl
            from lightning.pytorch.tuner import Tuner

        class Module(pl.LightningModule):
            def __init__(self) -> None:
                super().__init__()
                self.given = Given(losses)
                self.lr = 1e-3

            def training_step(self, batch: list[Tensor], _index: int) -> Tensor:
                return self.given(batch[0])

            def configure_optimizers(self) -> torch.optim.Optimizer:
                return torch.optim.SGD(self.parameters(), lr=self.lr)

        with tempfile.TemporaryDirectory() as folder:
            trainer = pl.Trainer(
                max_steps=STEPS, accelerator="cpu", logger=False, enable_checkpointing=False,
                enable_progress_bar=False, enable_model_summary=False, default_root_dir=folder,
            )
            found = Tuner(trainer).lr_find(Module(), train_dataloaders=rows(), update_attr=False)
            return {"rates": found.results["lr"], "suggestion": found.suggestion()}

    return ask


def fastai(losses: list[float]) -> Json:
    from fastai.callback import schedule
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.optimizer import SGD

    functions = [getattr(schedule, name) for name in FASTAI]
    suggestions: dict[str, float | None] = {}
    rates: list[float] = []
    for name, function in zip(FASTAI, functions, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            learner = Learner(
                DataLoaders(rows(), rows()), Given(losses), loss_func=lambda loss, _: loss, opt_func=SGD, path=folder
            )
            try:
                suggestions[name] = float(learner.lr_find(show_plot=False, suggest_funcs=(function,))[0])
            except (IndexError, RuntimeError, ValueError):
                suggestions[name] = None
            rates = [float(rate) for rate in learner.recorder.lrs]
    return {"rates": rates, "suggestions": suggestions}


def fastai_rate(t: int) -> float:
    return 1e-7 * 1e8 ** (t / STEPS)


def lightning_rate(t: int) -> float:
    return 1e-8 * 1e8 ** ((t + 1) / STEPS if t > 0 else 0)


def torch_lr_finder_rate(t: int) -> float:
    return 1e-7 * 1e8 ** (t / (STEPS - 1))


TOOLS: dict[str, tuple[Callable[[list[float]], Json], Callable[[int], float]]] = {
    "torch-lr-finder": (torch_lr_finder, torch_lr_finder_rate),
    "lightning": (lightning_of("pytorch_lightning"), lightning_rate),
    "lightning-before-2.5.3": (lightning_of("lightning"), lightning_rate),
    "fastai": (fastai, fastai_rate),
}
SEEDED = ("smooth", "noisy", "wild", "nan", "infinite", "spike")
KINDS = [(kind, seed) for kind in SEEDED for seed in range(4)] + [
    (kind, 0) for kind in ("nan early", "nan at 60", "falls", "rises", "flat", "step", "swell")
]


def main() -> None:
    """Writes range_tests.json."""
    import matplotlib

    matplotlib.use("Agg")
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    torch.set_num_threads(1)
    cases = []
    for kind, seed in KINDS:
        for tool, (ask, rate_of) in TOOLS.items():
            losses = losses_of(rate_of, kind, seed)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                found = ask(losses)
            made = found.pop("rates")
            expected = [rate_of(t) for t in range(len(made))]
            assert numpy.allclose(made, expected, rtol=1e-9), (tool, kind, made[:3], expected[:3], len(made))
            cases.append(
                {"tool": tool, "kind": kind, "seed": seed, "made": len(made), **found, "losses": [brief(loss) for loss in losses]}
            )
    lines = ",\n".join(f"  {json.dumps(case, allow_nan=False)}" for case in cases)
    text = f'{{\n "torch": {json.dumps(torch.__version__)},\n "cases": [\n{lines}\n ]\n}}\n'
    (HERE / "range_tests.json").write_text(text)


if __name__ == "__main__":
    main()
