"""Strategies against each other on one's own model and data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from lrlab import _core
from lrlab.torch.laboratory import workers
from lrlab.torch.laboratory.answer import Answer, read, short
from lrlab.torch.laboratory.arms import FIRST_RATE, build_of
from lrlab.torch.laboratory.problem import Problem, budget, described, rehearse

#: Trainings' worth of gradients by which each arm's rate is searched, where nothing else is asked for.
EFFORT = 20.0


class CompareResult(Answer):
    """Which strategy to use, and why to believe it."""

    @property
    def winner(self) -> str | None:
        """The arm to use: the best, or the first of those that are as good; `None` while undecided."""
        return cast("str | None", self.data["winner"])

    @property
    def best(self) -> str | None:
        """The arm with the lowest mean, decided or not; `None` where no arm brought its runs to their end."""
        return cast("str | None", self.data["best"])

    @property
    def decided(self) -> bool:
        """Whether there is an arm to use."""
        return bool(self.data["decided"])

    @property
    def ties(self) -> list[str]:
        """Arms that are as good as the winner, itself among them; empty where there is no tie."""
        return list(self.data["ties"])

    @property
    def lr(self) -> dict[str, float]:
        """The learning rate that each arm was compared at."""
        return {arm["label"]: arm["lr"] for arm in self.data["arms"]}

    @property
    def means(self) -> dict[str, float | None]:
        """The mean objective of each arm; `None` where no run came to its end."""
        return {arm["label"]: arm["mean"] for arm in self.data["arms"]}

    @property
    def strategy(self) -> str | None:
        """The best arm's strategy with its rate, as text."""
        best = [arm["strategy"] for arm in self.data["arms"] if arm["label"] == self.best]
        return best[0] if best else None

    @property
    def why(self) -> str:
        """What to do, and what speaks against believing it."""
        return " ".join(self.data["text"])

    def to_torch(self) -> str | None:
        """The best arm as plain PyTorch code; `None` where there is none or where it is code already."""
        return cast("str | None", self.data["torch"])

    def __repr__(self) -> str:
        if self.winner is None:
            return f"CompareResult(undecided, best so far {self.best!r})"
        tied = f", tied: {', '.join(map(repr, self.ties))}" if self.ties else ""
        return f"CompareResult(winner={self.winner!r}{tied})"

    def _repr_html_(self) -> str:
        rows = [
            [
                arm["label"],
                short(arm["lr"]),
                "chosen" if arm["tuned"] else "its own",
                short(arm["mean"]),
                short(arm["deviation"]),
                str(arm["seeds"]),
                str(arm["diverged"] + arm["failed"]),
            ]
            for arm in self.data["arms"]
        ]
        header = ["strategy", "lr", "rate", self.data["objective"], "deviation", "runs", "lost"]
        return self._page(self.data["title"], header, rows, [self.data["advice"]])


def compare(
    model: Callable[[int], nn.Module],
    data: Callable[[int], Iterable[Any]],
    loss: Callable[[nn.Module, Any], Tensor],
    arms: Mapping[str, str | Callable[..., Any]],
    *,
    steps: int | None = None,
    epochs: float | None = None,
    steps_per_epoch: int | None = None,
    validate: Callable[[nn.Module], Mapping[str, float] | float] | None = None,
    seeds: int | Sequence[int] = 10,
    tune: bool | float | Sequence[float] = True,
    target: float | None = None,
    equivalence: float | None = None,
    title: str | None = None,
    folder: str | PathLike[str] | None = None,
    processes: int | None = None,
    name: str = "own model",
    measure: bool = False,
) -> CompareResult:
    """Compares strategies on a model, each at a learning rate of its own.

    Args:
        model: As for `find`, like all arguments that are not named here.
        data: As for `find`.
        loss: As for `find`.
        arms: For each label a strategy's text, or a function that builds an arm in PyTorch:
            `(parameters, lr) -> (optimizer, scheduler)`, whose rate is chosen as for the others, or
            `(parameters) -> (optimizer, scheduler)`, which is compared at the rate that it brings and labelled
            so. `scheduler.step()` is called after each update, or after each epoch where the function gives
            a third item `"epoch"`; `ReduceLROnPlateau` is handed the objective. The scheduler may be `None`.
        seeds: How many at most, or which. They are added until the answer is known.
        tune: How rates are chosen: True searches each arm's with the worth of 20 trainings, a number says
            how many (4 or more), a list says which rates are tried, False takes them as written.
        target: The objective that counts as reached; chosen from the results by default.
        equivalence: Differences of the objective up to this share of the best mean do not matter: 0.01 by
            default, from 0 to below 1. Choose it before you see results.
        title: The report's heading.

    Raises:
        SpecError: An arm that cannot be read or built, or whose rate cannot be chosen.
        TrialError: No trial of the first round could be trained; the message is that of the first.
        TypeError: An arm that is neither text nor a function of parameters.
        ValueError: Parameter groups that do not fit the model; a folder with another study.
        Interrupted: Ctrl-C; what is done is kept.

    >>> import tempfile, torch
    >>> from lrlab.torch import compare
    >>> def data(seed):
    ...     x = torch.randn(64, 3)
    ...     return [(x, x.sum(1, keepdim=True))]
    >>> def loss(module, batch):
    ...     return torch.nn.functional.mse_loss(module(batch[0]), batch[1])
    >>> def model(seed):
    ...     return torch.nn.Linear(3, 1)
    >>> arms = {"slow": "sgd lr=0.001", "fast": "sgd lr=0.1"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = compare(
    ...         model, data, loss, arms, steps=30, tune=False, folder=folder + "/line", processes=1
    ...     )
    >>> result.winner
    'fast'
    """
    length = budget(steps, epochs)
    if not isinstance(arms, Mapping) or not arms:
        raise TypeError("arms is a mapping of labels to strategies, with one or more of them")
    builds = {label: build_of(label, arm) for label, arm in arms.items()}
    effort, rates = _tuning(tune)
    if effort is None and rates is None:
        untold = [label for label, build in builds.items() if build is not None and build.takes_rate]
        if untold:
            raise ValueError(
                f"arm {untold[0]!r} is told its learning rate, but tune=False chooses none: give it a "
                "function of the parameters alone"
            )
    numbers = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    problem = Problem(model, data, loss, validate, measure, steps_per_epoch, tuple(builds.values()))
    facts = rehearse(problem, numbers[0] if numbers else 0)
    told = [
        {
            "label": label,
            "text": arms[label] if build is None else build.name,
            "takes_rate": None if build is None else build.takes_rate,
            "lr": FIRST_RATE if rate is None else rate,
        }
        for (label, build), rate in zip(builds.items(), facts.rates, strict=True)
    ]
    study = _core.Study.compare(
        described(problem, facts, name, length),
        told,
        title,
        numbers,
        effort,
        rates,
        target,
        equivalence,
        None if folder is None else Path(folder),
    )
    workers.train(study, problem, processes, f"{len(arms)} strategies")
    return CompareResult(*cast(Any, read(study)))


def _tuning(tune: bool | float | Sequence[float]) -> tuple[float | None, list[float] | None]:
    """The effort of a search, or a list of rates; neither for rates as written."""
    if isinstance(tune, bool):
        return (EFFORT if tune else None), None
    if isinstance(tune, (int, float)):
        return float(tune), None
    return None, [float(rate) for rate in tune]
