"""What moves a training's learning rates: a plan of lrlab's, or the scheduler of an arm of code."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from lrlab import _core
from lrlab.torch.laboratory.arms import Build


class Planned:
    """A strategy's optimizers, with its values set before each update."""

    def __init__(self, trial: _core.Trial, names: list[str], parameters: list[nn.Parameter]) -> None:
        self._trial = trial
        groups = trial.groups(names)
        members: dict[tuple[str, str], list[int]] = {}
        for index, (kind, _, _) in enumerate(groups):
            members.setdefault(kind, []).append(index)
        self.optimizers: list[Optimizer] = []
        placed: dict[int, dict[str, Any]] = {}
        for kind, indices in members.items():
            described = [
                {"params": [parameters[p] for p in groups[index][2]], **groups[index][1]}
                for index in indices
            ]
            module, name = kind
            optimizer: Optimizer = getattr(importlib.import_module(module), name)(described)
            self.optimizers.append(optimizer)
            placed.update(zip(indices, optimizer.param_groups, strict=True))
        self._groups = [placed[index] for index in range(len(groups))]

    def names(self) -> list[str]:
        """The groups' names."""
        return [str(index) for index in range(len(self._groups))]

    def rates(self) -> list[float]:
        """The learning rate of each group in the update that is being made."""
        return [float(group["lr"]) for group in self._groups]

    def before_update(self) -> None:
        """Sets the values of the update that is about to be made."""
        self._trial.set_values(self._groups)

    def after_update(self, ends_epoch: bool) -> None:
        """The plan counts updates by itself."""

    def after_validation(self, objective: float) -> None:
        """The plan was told of the metrics already."""


class Coded:
    """An optimizer and a scheduler of the user's own; a range test moves the rate in the scheduler's place."""

    def __init__(self, trial: _core.Trial, build: Build, parameters: list[nn.Parameter]) -> None:
        self._trial = trial
        self._built = build(parameters, trial.lr)
        self.optimizers = [self._built.optimizer]
        groups = self._built.optimizer.param_groups
        # Groups keep their ratios to the first one.
        first = float(groups[0]["lr"])
        self._shares = [float(group["lr"]) / first if first else 1.0 for group in groups]

    def names(self) -> list[str]:
        """The groups' names."""
        groups = self._built.optimizer.param_groups
        return [str(group.get("name", index)) for index, group in enumerate(groups)]

    def rates(self) -> list[float]:
        """The learning rate of each group in the update that is being made."""
        return [float(group["lr"]) for group in self._built.optimizer.param_groups]

    def before_update(self) -> None:
        """Sets the rate of a range test."""
        if self._trial.is_sweep:
            rate = self._trial.rate()
            for group, share in zip(self._built.optimizer.param_groups, self._shares, strict=True):
                group["lr"] = rate * share

    def after_update(self, ends_epoch: bool) -> None:
        """Steps the scheduler, after each update or after each epoch."""
        scheduler = self._built.scheduler
        if scheduler is None or self._trial.is_sweep or isinstance(scheduler, ReduceLROnPlateau):
            return
        if ends_epoch or not self._built.each_epoch:
            scheduler.step()

    def after_validation(self, objective: float) -> None:
        """Hands the objective to a scheduler that reacts to it."""
        if isinstance(self._built.scheduler, ReduceLROnPlateau) and not self._trial.is_sweep:
            self._built.scheduler.step(objective)


@contextmanager
def evaluating(optimizers: Sequence[Optimizer]) -> Iterator[None]:
    """The parameters at the point where the model is evaluated: another one for Schedule-Free optimizers,
    lrlab's and others'. Afterwards they are where the model is trained."""
    moving: list[Any] = [each for each in optimizers if hasattr(each, "eval") and hasattr(each, "train")]
    for optimizer in moving:
        optimizer.eval()
    try:
        yield
    finally:
        for optimizer in moving:
            optimizer.train()


def clip(how: tuple[str, float] | None, parameters: list[nn.Parameter], norm: float) -> bool:
    """Clips the gradients of `parameters`, whose norm is `norm`; whether that changed them."""
    if how is None:
        return False
    kind, most = how
    if kind == "norm":
        torch.nn.utils.clip_grad_norm_(parameters, most)
        return norm > most
    gradients = [p.grad for p in parameters if p.grad is not None]
    changes = any(bool((gradient.abs() > most).any()) for gradient in gradients)
    torch.nn.utils.clip_grad_value_(parameters, most)
    return changes
