"""One training of one's own model, and its log."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lrlab import _core
from lrlab.torch.laboratory.looks import Looks
from lrlab.torch.laboratory.problem import (
    TRAINING_LOSS,
    Problem,
    is_full_batch,
    seed_all,
    trained,
    undisturbed,
)
from lrlab.torch.laboratory.steering import Coded, Planned, clip, evaluating


class Request(NamedTuple):
    """A trial that is wanted."""

    name: str
    folder: str
    #: The trial as JSON.
    trial: str
    #: The arm that it is of, in a comparison.
    arm: int | None


def run(problem: Problem, request: Request, steps_per_epoch: int, alone: Callable[[], bool]) -> None:
    """Trains what is requested and writes its log; what is raised ends the trial as failed.

    `alone` is asked before each update: once nobody waits for the result any more, the process ends.
    """
    trial = None
    try:
        trial = _core.Trial(request.folder, request.trial, steps_per_epoch)
        _train(problem, trial, request.arm, alone)
    except Exception as error:
        why = _told(error)
        if trial is None:
            _core.fail_trial(request.folder, why)
        else:
            trial.fail(why)


def _train(problem: Problem, trial: _core.Trial, arm: int | None, alone: Callable[[], bool]) -> None:
    """The training loop: set the values, loss, backward, clip, update."""
    module = problem.module(trial.seed)
    named = trained(module)
    parameters = [parameter for _, parameter in named]
    build = problem.arms[arm] if arm is not None and problem.arms else None
    if build is None:
        steering: Planned | Coded = Planned(trial, [name for name, _ in named], parameters)
    else:
        steering = Coded(trial, build, parameters)
    loader = problem.loader(trial.seed)
    steps_per_epoch = problem.steps_per_epoch(loader)
    seed_all(trial.seed)
    batches = problem.batches(loader)
    first = next(batches)
    with evaluating(steering.optimizers):
        measured = problem.metrics(module) or [(TRAINING_LOSS, _look(problem, module, first))]
    trial.begin(
        sum(parameter.numel() for parameter in parameters),
        steering.names(),
        is_full_batch(loader, steps_per_epoch),
        [name for name, _ in measured],
        measured[0][1],
    )
    total = trial.total_steps
    looks = Looks(trial, problem.measure)
    losses: list[float] = []
    previous: Tensor | None = None
    for t, batch in zip(range(total), chain([first], batches), strict=False):
        if alone():
            os._exit(1)
        steering.before_update()
        if looks.due(t):
            with undisturbed(module):
                looks.look(lambda: problem.loss_of(module, first), parameters, steering.optimizers)
        for optimizer in steering.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss = problem.loss_of(module, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        value, rates = float(loss.detach()), steering.rates()
        norm, turn, gradient = _gradient(parameters, previous)
        at = [x for p in parameters for x in p.detach().flatten().tolist()] if _few(parameters) else []
        clipped = False
        if trial.holds(value):
            clipped = clip(trial.clip, parameters, norm)
            for optimizer in steering.optimizers:
                optimizer.step()
        if trial.step(value, rates, norm, turn, clipped, at):
            return
        losses.append(value)
        previous = gradient
        ends_epoch = (t + 1) % steps_per_epoch == 0
        steering.after_update(ends_epoch)
        # A range test is over before a validation could tell anything.
        if (ends_epoch and not trial.is_sweep) or t + 1 == total:
            with evaluating(steering.optimizers):
                metrics = problem.metrics(module) or [(TRAINING_LOSS, _last_tenth(losses, total))]
            trial.validated(metrics)
            steering.after_validation(metrics[0][1])
    trial.complete()


def _few(parameters: list[nn.Parameter]) -> bool:
    """Whether there are so few numbers that each step writes them down."""
    return len(parameters) <= 3 and sum(parameter.numel() for parameter in parameters) <= 3


def _gradient(
    parameters: list[nn.Parameter], previous: Tensor | None
) -> tuple[float, float | None, Tensor]:
    """The gradient's norm, the cosine of its angle with the one before, and the gradient itself."""
    parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    gradient = torch.cat([part.detach().flatten() for part in parts])
    norm = float(torch.linalg.vector_norm(gradient, dtype=torch.float64))
    if previous is None:
        return norm, None, gradient
    scale = norm * float(torch.linalg.vector_norm(previous, dtype=torch.float64))
    turn = float(torch.dot(gradient, previous)) / scale if 0.0 < scale < float("inf") else None
    return norm, turn, gradient


def _look(problem: Problem, module: nn.Module, batch: Any) -> float:
    """The loss of a batch, without a trace."""
    with undisturbed(module), torch.no_grad():
        return float(problem.loss_of(module, batch))


def _last_tenth(losses: list[float], total: int) -> float:
    """The mean loss over as many of the last steps as make a tenth of the training."""
    last = losses[-max(1, total // 10) :]
    return sum(last) / len(last)


def _told(error: Exception) -> str:
    """An exception in one line, with the place in the user's code where it came from."""
    text = "".join(traceback.format_exception_only(error)).strip()
    others = (os.path.dirname(__file__), os.path.dirname(torch.__file__))
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(others)]
    if not own:
        return text
    frame = own[-1]
    return f"{text} (in {frame.name}, {os.path.basename(frame.filename)} line {frame.lineno})"
