"""The learning rate of one strategy on one's own model and data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from lrlab import _core
from lrlab.torch.laboratory import workers
from lrlab.torch.laboratory.answer import Answer, read, short
from lrlab.torch.laboratory.problem import Problem, budget, described, rehearse


class FindResult(Answer):
    """The learning rate that was found, and why to believe it."""

    @property
    def lr(self) -> float:
        """The rate of the first parameter group; a guess where it is not `decided`."""
        return float(self.data["found"]["lr"])

    @property
    def interval(self) -> tuple[float, float]:
        """Where the best rate lies, with 90 % confidence."""
        low, high = self.data["found"]["estimate"]["interval_90"]
        return low, high

    @property
    def decided(self) -> bool:
        """Whether the interval is as narrow as was asked for, with worse rates on both sides."""
        return bool(self.data["decided"])

    @property
    def strategy(self) -> str:
        """The strategy with this rate, as text."""
        return str(self.data["found"]["text"])

    @property
    def why(self) -> str:
        """Why it stopped, and what would decide it where it is undecided."""
        return " ".join(self.data["why"])

    @property
    def cost(self) -> str:
        """What it cost, in gradient evaluations and in whole trainings."""
        return str(self.data["cost"])

    def to_torch(self) -> str:
        """The strategy as plain PyTorch code."""
        return str(self.data["torch"])

    def __repr__(self) -> str:
        low, high = self.interval
        state = "" if self.decided else ", undecided"
        return f"FindResult(lr={short(self.lr)}, between {short(low)} and {short(high)}{state})"

    def _repr_html_(self) -> str:
        rows = [
            [short(row["rate"]), str(row["completed"]), str(row["diverged"]), short(row["mean"])]
            for row in self.data["found"]["rates"]
        ]
        low, high = self.interval
        verdict = "Use" if self.decided else "Undecided; the best guess is"
        told = [f"{verdict} lr = {short(self.lr)} (between {short(low)} and {short(high)}).", self.why]
        return self._page(self.strategy, ["rate", "completed", "diverged", "mean"], rows, told)


def find(
    model: Callable[[int], nn.Module],
    data: Callable[[int], Iterable[Any]],
    loss: Callable[[nn.Module, Any], Tensor],
    strategy: str = "adamw weight_decay=0.01 | warmup 5% then cosine to 0",
    *,
    steps: int | None = None,
    epochs: float | None = None,
    steps_per_epoch: int | None = None,
    validate: Callable[[nn.Module], Mapping[str, float] | float] | None = None,
    effort: float = 20.0,
    octaves: float = 1.0,
    seed: int = 0,
    folder: str | PathLike[str] | None = None,
    processes: int | None = None,
    name: str = "own model",
    measure: bool = False,
) -> FindResult:
    """Finds the learning rate of a strategy for a model: a range test, then few whole trainings.

    Args:
        model: Builds the model of a seed. The generators of Python, NumPy and PyTorch are seeded before
            each call of `model` and `data` and before the training begins.
        data: Gives the training batches of a seed, as a DataLoader does: each pass over it is an epoch.
        loss: The training loss of `(module, batch)`, a tensor of one element. Batches are handed over as
            they come: move them to a device here.
        strategy: Optimizer, schedule and clipping in one line; its learning rate is what is found. Put the
            schedule here that will really be used: each wants a rate of its own.
        steps: Updates of a training; or else
        epochs: passes over the data.
        steps_per_epoch: Batches of a pass, for data without `len()`.
        validate: Measures a module, in evaluation mode and without gradients, after each epoch and at the
            end: the objective first, lower is better, then whatever else. Without it the objective is the
            mean training loss of the last tenth.
        effort: Gradient evaluations that may be spent in all, in whole trainings; 4 or more.
        octaves: The interval of the best rate is narrow enough at this many octaves.
        seed: The first seed; others follow it.
        folder: For logs and report; the same call with the same folder goes on where it stood. A fresh one
            below `lrlab-runs` by default.
        processes: Trials side by side, each with one thread; one for each core by default, or none but this
            process where CUDA is in use. With 1 all is done in this process, with PyTorch's threads as they
            are set.
        name: What is trained, in reports.
        measure: Also measures sharpness in the range test, by double backward, for up to a quarter more work.

    Raises:
        SpecError: A strategy that cannot be read, or whose rate cannot be chosen.
        TrialError: No trial of the first round could be trained; the message is that of the first.
        ValueError: Parameter groups that do not fit the model; a folder with another study.
        Interrupted: Ctrl-C; what is done is kept.

    >>> import tempfile, torch
    >>> from lrlab.torch import find
    >>> def model(seed):
    ...     return torch.nn.Linear(3, 1)
    >>> def data(seed):
    ...     x = torch.randn(64, 3)
    ...     return [(x, x.sum(1, keepdim=True))]
    >>> def loss(module, batch):
    ...     return torch.nn.functional.mse_loss(module(batch[0]), batch[1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = find(model, data, loss, "sgd", steps=30, folder=folder + "/line", processes=1)
    >>> 0.1 < found.lr < 2.0
    True
    """
    length = budget(steps, epochs)
    problem = Problem(model, data, loss, validate, measure, steps_per_epoch)
    facts = rehearse(problem, seed)
    study = _core.Study.find(
        described(problem, facts, name, length),
        strategy,
        float(effort),
        float(octaves),
        seed,
        None if folder is None else Path(folder),
    )
    workers.train(study, problem, processes, f"the rate of {strategy}")
    return FindResult(*cast(Any, read(study)))
