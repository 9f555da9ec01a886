"""What is trained: the user's model, data and loss as functions of a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lrlab.torch.laboratory.arms import Build

#: The objective of a problem without `validate`.
TRAINING_LOSS = "mean training loss of the last tenth"


def seed_all(seed: int) -> None:
    """Seeds Python's, NumPy's and PyTorch's generators."""
    import numpy

    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    torch.manual_seed(seed)


@contextmanager
def own_randomness() -> Iterator[None]:
    """Puts the three generators back afterwards."""
    import numpy

    python, arrays = random.getstate(), numpy.random.get_state()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            random.setstate(python)
            numpy.random.set_state(arrays)


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Looks at a module without leaving a trace: generators, buffers and modes are put back."""
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    modes = [(part, part.training) for part in module.modules()]
    with own_randomness():
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)
            for part, training in modes:
                part.training = training


@dataclass(frozen=True)
class Problem:
    """A model with its data and loss, all of them functions of a seed, and arms that are code."""

    model: Callable[[int], nn.Module]
    data: Callable[[int], Iterable[Any]]
    loss: Callable[[nn.Module, Any], Tensor]
    validate: Callable[[nn.Module], Mapping[str, float] | float] | None
    measure: bool
    #: Steps of an epoch where the user told them; else the data's length.
    told_steps: int | None
    #: What builds each arm of a comparison; `None` for a strategy's text.
    arms: tuple[Build | None, ...] = ()

    def module(self, seed: int) -> nn.Module:
        """The model of a seed, ready to be trained."""
        seed_all(seed)
        module = self.model(seed)
        if not isinstance(module, nn.Module):
            raise TypeError(
                f"model({seed}) gave {type(module).__name__}, expected a torch.nn.Module: "
                "model is a function of a seed that builds one"
            )
        return module.train()

    def loader(self, seed: int) -> Iterable[Any]:
        """The data of a seed, about to be passed over for the first time."""
        seed_all(seed)
        loader = self.data(seed)
        if not isinstance(loader, Iterable):
            raise TypeError(
                f"data({seed}) gave {type(loader).__name__}, expected an iterable of batches: "
                "data is a function of a seed that gives a DataLoader, for instance"
            )
        return loader

    def steps_per_epoch(self, loader: Iterable[Any]) -> int:
        """Batches of one pass."""
        if self.told_steps is not None:
            steps = self.told_steps
        else:
            try:
                steps = len(loader)  # type: ignore[arg-type]
            except TypeError:
                raise TypeError(
                    f"{type(loader).__name__} has no len(): say how many batches make an epoch "
                    "with steps_per_epoch="
                ) from None
        if steps < 1:
            raise ValueError(f"an epoch has {steps} batches, expected at least 1")
        return steps

    def batches(self, loader: Iterable[Any]) -> Iterator[Any]:
        """Batches without end, pass after pass, each of the length of an epoch."""
        steps = self.steps_per_epoch(loader)
        passes = iter(loader)
        endless = passes is loader
        while True:
            for index in range(steps):
                try:
                    yield next(passes)
                except StopIteration:
                    hint = (
                        "an iterator ends once: give what can be iterated anew"
                        if endless
                        else "say how long a pass is with steps_per_epoch="
                    )
                    raise ValueError(
                        f"the data ended after {index} of the {steps} batches of an epoch; {hint}"
                    ) from None
            if not endless:
                passes = iter(loader)

    def loss_of(self, module: nn.Module, batch: Any) -> Tensor:
        """The loss of a batch, which must be one number."""
        loss = self.loss(module, batch)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            got = list(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise TypeError(
                f"loss(module, batch) gave {got}, expected a tensor of one element, as a mean is"
            )
        return loss.reshape(())

    def metrics(self, module: nn.Module) -> list[tuple[str, float]]:
        """What `validate` measures, the objective first; nothing where there is none."""
        if self.validate is None:
            return []
        with undisturbed(module), torch.no_grad():
            module.eval()
            measured = self.validate(module)
        if not isinstance(measured, Mapping):
            measured = {"validation loss": measured}
        if not measured:
            raise ValueError("validate(module) measured nothing, expected the objective at least")
        return [(str(name), float(value)) for name, value in measured.items()]


@dataclass(frozen=True)
class Facts:
    """What is known of a problem before anything is trained."""

    #: Names of the trained parameters, in the model's order.
    names: list[str]
    size: int
    steps_per_epoch: int
    #: The learning rate that each arm of code begins with.
    rates: list[float | None]


def rehearse(problem: Problem, seed: int) -> Facts:
    """Builds everything once, so that what cannot be built is told at once."""
    with own_randomness():
        module = problem.module(seed)
        named = trained(module)
        parameters = [parameter for _, parameter in named]
        rates = [None if arm is None else arm.begin(parameters) for arm in problem.arms]
        steps = problem.steps_per_epoch(problem.loader(seed))
    return Facts([name for name, _ in named], sum(p.numel() for p in parameters), steps, rates)


def trained(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The parameters that are trained, by name."""
    named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    if not named:
        raise ValueError("the model has no parameter that requires a gradient: nothing to train")
    return named


def budget(steps: int | None, epochs: float | None) -> tuple[int | None, float | None]:
    """How long a training is: one of both."""
    if (steps is None) == (epochs is None):
        raise TypeError("say how long a training is, with either steps= or epochs=")
    for name, value in (("steps", steps), ("epochs", epochs)):
        if value is not None and not value > 0:
            raise ValueError(f"{name} = {value}, expected a number above 0")
    return steps, None if epochs is None else float(epochs)


def described(
    problem: Problem, facts: Facts, name: str, length: tuple[int | None, float | None]
) -> dict[str, Any]:
    """The problem as the core is told of it."""
    return {
        "name": name,
        "parameters": facts.names,
        "size": facts.size,
        "steps_per_epoch": facts.steps_per_epoch,
        "steps": length[0],
        "epochs": length[1],
        "measure": problem.measure,
        "objective": TRAINING_LOSS if problem.validate is None else None,
    }


def is_full_batch(loader: Iterable[Any], steps: int) -> bool:
    """Whether every step sees the same batch: a list of one."""
    return steps == 1 and isinstance(loader, Sequence)
