"""PyTorch's known defects beside lrlab.torch.Scheduler on the same task; docs/python-known-defects.md lists them.

Each test shows first what PyTorch does, then what this package does.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as theirs
from torch.optim.swa_utils import SWALR

from lrlab.torch import Scheduler

pytestmark = pytest.mark.filterwarnings("ignore")


def sgd(lr: Any = 1.0, **others: Any) -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr, **others)


def rate(optimizer: torch.optim.Optimizer, group: int = 0) -> float:
    return float(optimizer.param_groups[group]["lr"])


def play(optimizer: torch.optim.Optimizer, scheduler: Any, updates: int) -> list[float]:
    rates = []
    for _ in range(updates):
        rates.append(rate(optimizer))
        optimizer.step()
        scheduler.step()
    return rates


def ours(plan: str, updates: int, total: int, lr: float = 1.0) -> list[float]:
    optimizer = sgd(lr)
    return play(optimizer, Scheduler(optimizer, plan, total_steps=total), updates)


def test_sequences_inside_sequences() -> None:
    optimizer = sgd()
    inner = theirs.SequentialLR(
        optimizer, [theirs.ConstantLR(optimizer, 0.5, 99), theirs.ExponentialLR(optimizer, 0.9)], [2]
    )
    outer = theirs.SequentialLR(optimizer, [theirs.ConstantLR(optimizer, 0.1, 99), inner], [2])
    with pytest.raises(NotImplementedError):
        play(optimizer, outer, 3)
    optimizer = sgd()
    inner = theirs.SequentialLR(
        optimizer, [theirs.ConstantLR(optimizer, 0.5, 99), theirs.ConstantLR(optimizer, 0.25, 99)], [2]
    )
    outer = theirs.SequentialLR(optimizer, [inner, theirs.ConstantLR(optimizer, 0.1, 99)], [4])
    assert play(optimizer, outer, 4)[1] == 0.25

    nested = "(constant 10% for 2 steps then (constant 50% for 2 steps then exponential x0.9 every step))"
    flat = "constant 10% for 2 steps then constant 50% for 2 steps then exponential x0.9 every step"
    assert ours(nested, 8, 8) == ours(flat, 8, 8)
    assert ours(flat, 6, 8) == pytest.approx([0.1, 0.1, 0.5, 0.5, 1.0, 0.9])


RESUMED: list[tuple[str, int, Callable[..., Any], str]] = [
    ("StepLR", 4, lambda o, **k: theirs.StepLR(o, 4, 0.5, **k), "step every 4 steps x0.5"),
    ("MultiStepLR", 4, lambda o, **k: theirs.MultiStepLR(o, [4, 9], 0.5, **k), "multi-step at 4 steps, 9 steps x0.5"),
    ("ConstantLR", 5, lambda o, **k: theirs.ConstantLR(o, 0.5, 5, **k), "constant 50% for 5 steps then constant"),
    (
        "CosineAnnealingWarmRestarts",
        8,
        lambda o, **k: theirs.CosineAnnealingWarmRestarts(o, 3, 2, **k),
        "CosineAnnealingWarmRestarts(3, 2) per step",
    ),
    ("SWALR", 3, lambda o, **k: SWALR(o, 0.1, 6, **k), "cosine to 10% over 6 steps"),
]


@pytest.mark.parametrize(("name", "at", "construct", "plan"), RESUMED, ids=[row[0] for row in RESUMED])
def test_resuming_by_last_epoch(name: str, at: int, construct: Callable[..., Any], plan: str) -> None:
    def resumed(build: Callable[..., Any]) -> tuple[list[float], list[float]]:
        optimizer = sgd()
        straight = play(optimizer, build(optimizer), 14)
        optimizer = sgd()
        scheduler = build(optimizer)
        play(optimizer, scheduler, at)
        again = sgd()
        again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        return straight[at:], play(again, build(again, last_epoch=scheduler.last_epoch - 1), 14 - at)

    straight, went_on = resumed(construct)
    assert went_on != pytest.approx(straight)
    straight, went_on = resumed(lambda o, **k: Scheduler(o, plan, total_steps=14, **k))
    assert went_on == straight


def test_a_sequence_ignores_last_epoch() -> None:
    def build(optimizer: Any, **others: Any) -> Any:
        parts = [theirs.ConstantLR(optimizer, 0.1, 99), theirs.ExponentialLR(optimizer, 0.5)]
        return theirs.SequentialLR(optimizer, parts, [3], **others)

    optimizer = sgd()
    play(optimizer, build(optimizer), 7)
    assert rate(optimizer) == 0.0625
    build(optimizer, last_epoch=6)
    assert rate(optimizer) == 0.1

    plan = "constant 10% for 3 steps then exponential x0.5 every step"
    optimizer = sgd()
    play(optimizer, Scheduler(optimizer, plan, total_steps=20), 7)
    Scheduler(optimizer, plan, total_steps=20, last_epoch=6)
    assert rate(optimizer) == 0.0625


def test_a_plateau_after_a_warmup() -> None:
    optimizer = sgd()
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
        parts = [theirs.LinearLR(optimizer), theirs.ReduceLROnPlateau(optimizer)]
        theirs.SequentialLR(optimizer, parts, [5])

    optimizer = sgd()
    scheduler: Any = Scheduler(optimizer, "warmup 4 epochs then constant | plateau patience 1 epoch x0.5", epochs=12)
    rates = []
    for _ in range(10):
        rates.append(rate(optimizer))
        optimizer.step()
        scheduler.step(1.0)
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 0.5, 0.5, 0.25, 0.25][: len(rates)])


def test_a_one_cycle_that_is_overrun() -> None:
    optimizer = sgd()
    cycle = theirs.OneCycleLR(optimizer, 1.0, total_steps=10, anneal_strategy="linear")
    play(optimizer, cycle, 10)
    assert rate(optimizer) < 0.0
    with pytest.raises(ValueError, match="Tried to step 11 times"):
        cycle.step()

    rates = ours("OneCycleLR(1.0, total_steps=10, anneal_strategy='linear')", 15, 10)
    assert min(rates) > 0.0 and rates[10:] == rates[9:14]


def test_a_cosine_that_rises_again() -> None:
    optimizer = sgd()
    cosine = theirs.CosineAnnealingLR(optimizer, T_max=10)
    play(optimizer, cosine, 20)
    assert rate(optimizer) == pytest.approx(1.0)
    assert ours("cosine to 0", 21, 10)[10:] == [0.0] * 11


def test_a_step_that_mixed_precision_skipped() -> None:
    def trained(build: Callable[..., Any]) -> tuple[Any, list[Any]]:
        optimizer = sgd()
        scheduler = build(optimizer)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for gradient in (float("inf"), 1.0):
                scaler.scale((optimizer.param_groups[0]["params"][0] * gradient).sum()).backward()
                scaler.step(optimizer)
                scaler.update()
                scheduler.step()
                optimizer.zero_grad()
        return scheduler, [str(w.message) for w in caught if "lr_scheduler.step()" in str(w.message)]

    scheduler, said = trained(lambda o: theirs.ExponentialLR(o, 0.5))
    assert scheduler.last_epoch == 2 and len(said) == 1
    scheduler, said = trained(lambda o: Scheduler(o, "exponential x0.5 every step", total_steps=9))
    assert scheduler.last_epoch == 1 and said == []


def test_accumulated_batches_that_count_as_steps() -> None:
    def trained(build: Callable[..., Any]) -> Any:
        optimizer = sgd()
        scheduler = build(optimizer)
        for batch in range(8):
            if batch % 4 == 3:
                optimizer.step()
            scheduler.step()
        return scheduler

    assert trained(lambda o: theirs.ExponentialLR(o, 0.5)).last_epoch == 8
    assert trained(lambda o: Scheduler(o, "exponential x0.5 every step", total_steps=9)).last_epoch == 2


def test_an_epoch_of_updates_that_counts_as_one() -> None:
    def trained(build: Callable[..., Any]) -> Any:
        optimizer = sgd()
        scheduler = build(optimizer)
        for _ in range(2):
            for _ in range(5):
                optimizer.step()
            scheduler.step()
        return rate(optimizer)

    assert trained(lambda o: theirs.LinearLR(o, 1.0, 0.0, total_iters=10)) == pytest.approx(0.8)
    assert trained(lambda o: Scheduler(o, "linear to 0", total_steps=10)) == 0.0


def test_a_new_rate_that_is_ignored_after_loading() -> None:
    before = sgd(0.1)
    cycle = theirs.OneCycleLR(before, 0.1, total_steps=10)
    play(before, cycle, 3)
    saved = before.state_dict()

    optimizer = sgd(0.3)
    cycle = theirs.OneCycleLR(optimizer, 0.3, total_steps=10)
    optimizer.load_state_dict(copy.deepcopy(saved))
    assert max(play(optimizer, cycle, 10)) == pytest.approx(0.1)

    optimizer = sgd(0.3)
    scheduler = Scheduler(optimizer, "OneCycleLR(0.3, total_steps=10)", total_steps=10)
    optimizer.load_state_dict(copy.deepcopy(saved))
    assert max(play(optimizer, scheduler, 10)) == pytest.approx(0.3)

    optimizer = sgd(0.1)
    lambdas = theirs.LambdaLR(optimizer, lambda t: 1 - t / 10)
    play(optimizer, lambdas, 2)
    optimizer.param_groups[0]["lr"] = 0.3
    play(optimizer, lambdas, 1)
    assert rate(optimizer) == pytest.approx(0.1 * 0.7)

    optimizer = sgd(0.1)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=10)
    play(optimizer, scheduler, 2)
    scheduler.rebase(0.3)
    play(optimizer, scheduler, 1)
    assert rate(optimizer) == pytest.approx(0.3 * 0.7)


def test_a_longer_training_that_bends_the_curve() -> None:
    optimizer = sgd()
    cosine = theirs.CosineAnnealingLR(optimizer, T_max=10)
    play(optimizer, cosine, 5)
    longer = sgd()
    resumed = theirs.CosineAnnealingLR(longer, T_max=20)
    resumed.load_state_dict(cosine.state_dict())
    assert resumed.T_max == 10 and rate(longer) == 1.0

    optimizer = sgd()
    scheduler = Scheduler(optimizer, "cosine to 0", total_steps=10)
    play(optimizer, scheduler, 5)
    with pytest.raises(ValueError, match="stretched at 5 steps from 10 steps"):
        Scheduler(sgd(), "cosine to 0", total_steps=20).load_state_dict(scheduler.state_dict())


def test_loading_a_state_that_leaves_the_optimizer_as_it_was() -> None:
    optimizer = sgd()
    steps = theirs.StepLR(optimizer, 2, 0.1)
    play(optimizer, steps, 3)
    fresh = sgd()
    theirs.StepLR(fresh, 2, 0.1).load_state_dict(steps.state_dict())
    assert rate(fresh) == 1.0

    optimizer = sgd()
    scheduler = Scheduler(optimizer, "step every 2 steps x0.1", total_steps=10)
    play(optimizer, scheduler, 3)
    fresh = sgd()
    Scheduler(fresh, "step every 2 steps x0.1", total_steps=10).load_state_dict(scheduler.state_dict())
    assert rate(fresh) == rate(optimizer) == pytest.approx(0.1)


def test_a_group_that_is_added_later() -> None:
    def added(build: Callable[..., Any]) -> float:
        optimizer = sgd()
        scheduler = build(optimizer)
        play(optimizer, scheduler, 3)
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": 1.0})
        play(optimizer, scheduler, 2)
        return rate(optimizer, 1)

    assert added(lambda o: theirs.ConstantLR(o, 0.5, 5)) == 2.0
    with pytest.raises(ValueError):
        added(lambda o: theirs.LambdaLR(o, lambda t: 0.5))
    with pytest.raises(KeyError):
        added(lambda o: theirs.OneCycleLR(o, 1.0, total_steps=10))
    assert added(lambda o: Scheduler(o, "constant 50% for 5 steps then constant", total_steps=9)) == 1.0
    assert added(lambda o: Scheduler(o, "linear to 0", total_steps=10)) == 0.5


def test_the_first_update_of_a_warmup() -> None:
    optimizer = sgd()
    warmup = theirs.LambdaLR(optimizer, lambda t: min(1.0, t / 4))
    assert play(optimizer, warmup, 2)[0] == 0.0
    assert ours("warmup 4 steps then constant", 2, 9)[0] == pytest.approx(0.2)


def test_arguments_that_fail_only_in_the_middle() -> None:
    optimizer = sgd()
    cosine = theirs.CosineAnnealingLR(optimizer, T_max=0)
    optimizer.step()
    with pytest.raises(ZeroDivisionError):
        cosine.step()
    for plan in ("cosine to 0 over 0 steps", "step every 0 steps x0.5"):
        with pytest.raises(ValueError):
            Scheduler(sgd(), plan, total_steps=9)


def test_the_rate_at_a_step() -> None:
    optimizer = sgd()
    exponential = theirs.ExponentialLR(optimizer, 0.9)
    play(optimizer, exponential, 1)
    assert exponential.get_lr() == [pytest.approx(0.81)] and rate(optimizer) == 0.9

    optimizer = sgd()
    scheduler = Scheduler(optimizer, "exponential x0.9 every step", total_steps=9)
    play(optimizer, scheduler, 1)
    assert scheduler.get_lr() == [0.9] == scheduler.get_last_lr() and scheduler.value(2) == pytest.approx(0.81)


def test_a_schedule_that_is_not_data() -> None:
    optimizer = sgd()
    assert theirs.LambdaLR(optimizer, lambda t: 0.5).state_dict()["lr_lambdas"] == [None]
    state = Scheduler(sgd(), "lambda 1 - t/10", total_steps=9).state_dict()
    assert state["plans"][0]["spec"].startswith("lambda")


def test_a_relative_threshold_below_zero() -> None:
    optimizer = sgd()
    plateau = theirs.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, threshold=0.1)
    for reading in (-1.0, -0.95, -0.9):
        plateau.step(reading)
    assert rate(optimizer) == 1.0

    optimizer = sgd()
    scheduler: Any = Scheduler(optimizer, "constant | plateau patience 0 steps x0.5 threshold 10%", total_steps=9)
    for reading in (-1.0, -0.95, -0.9):
        optimizer.step()
        scheduler.step(reading)
    assert rate(optimizer) == 0.25
