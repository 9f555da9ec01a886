"""A training that was cut off goes on as if it had not been."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lrlab.torch import Scheduler

PLANS = [
    "warmup 5% then cosine to 0",
    "warmup 3 steps then step every 7 steps x0.5 | momentum: linear to 80%",
    "cosine to 0 | weight_decay: cosine to 0",
    "constant | plateau patience 2 steps x0.5 cooldown 1 step",
    "linear to 10% | greedy patience 2 steps",
    "warmup-stable-decay warmup 10% decay 20% | plateau of accuracy patience 0 steps x0.9",
    "torch SequentialLR([LinearLR(total_iters=5), ExponentialLR(0.9)], [5]) per step",
    "torch OneCycleLR(max_lr=0.2, total_steps=40)",
    "torch ReduceLROnPlateau(patience=1, factor=0.5) per step",
]
TOTAL = 40


def build(plan: Any, kind: str, **lengths: Any) -> tuple[torch.optim.Optimizer, Any]:
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    groups: Any = [{"params": weights[:1], "name": "a"}, {"params": weights[1:], "lr": 0.03, "name": "b"}]
    optimizer: torch.optim.Optimizer
    if kind == "adam":
        optimizer = torch.optim.AdamW(groups, lr=0.1)
    else:
        optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9, weight_decay=0.01)
    return optimizer, Scheduler(optimizer, plan, **({"total_steps": TOTAL, "steps_per_epoch": 4} | lengths))


def fields(optimizer: torch.optim.Optimizer) -> list[Any]:
    keys = ("lr", "momentum", "betas", "weight_decay")
    return [[group.get(key) for key in keys] for group in optimizer.param_groups]


def play(optimizer: torch.optim.Optimizer, scheduler: Any, readings: list[float]) -> list[Any]:
    seen = []
    for reading in readings:
        seen.append(fields(optimizer))
        for group in optimizer.param_groups:
            for weight in group["params"]:
                weight.grad = torch.ones_like(weight)
        optimizer.step()
        if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            scheduler.step(reading)
        else:
            scheduler.step()
    return [*seen, fields(optimizer)]


def saved(*states: Any) -> Any:
    file = io.BytesIO()
    torch.save(states, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@settings(max_examples=150, deadline=None)
@given(
    plan=st.sampled_from(PLANS),
    kind=st.sampled_from(["sgd", "adam"]),
    readings=st.lists(st.floats(0.1, 2.0), min_size=TOTAL, max_size=TOTAL),
    cut=st.integers(0, TOTAL),
    optimizer_first=st.booleans(),
)
def test_from_any_point_it_goes_on_as_if_uninterrupted(
    plan: str, kind: str, readings: list[float], cut: int, optimizer_first: bool
) -> None:
    straight = play(*build(plan, kind), readings)
    optimizer, scheduler = build(plan, kind)
    before = play(optimizer, scheduler, readings[:cut])
    of_optimizer, of_scheduler = saved(optimizer.state_dict(), scheduler.state_dict())
    optimizer, scheduler = build(plan, kind)
    if optimizer_first:
        optimizer.load_state_dict(of_optimizer)
        scheduler.load_state_dict(of_scheduler)
    else:
        scheduler.load_state_dict(of_scheduler)
        optimizer.load_state_dict(of_optimizer)
    assert before[-1] == fields(optimizer)
    assert before[:-1] + play(optimizer, scheduler, readings[cut:]) == straight


def test_loading_sets_the_groups_values_without_the_optimizers_state() -> None:
    optimizer, scheduler = build("linear to 0 | momentum: linear to 0", "sgd")
    play(optimizer, scheduler, [1.0] * 10)
    fresh, resumed = build("linear to 0 | momentum: linear to 0", "sgd")
    resumed.load_state_dict(scheduler.state_dict())
    assert fields(fresh) == fields(optimizer)
    assert resumed.get_last_lr() == scheduler.get_last_lr() and resumed.last_epoch == 10


def test_the_state_holds_plain_data_alone_and_loading_leaves_it_as_it_is() -> None:
    _, scheduler = build({"a": "linear to 0", 1: PLANS[3]}, "sgd")
    state = scheduler.state_dict()
    assert json.loads(json.dumps(state)) == state
    assert [plan["spec"] for plan in state["plans"]][0] == "linear to 0"
    assert len(state["plans"][0]["spec_hash"]) == 16 and state["last_epoch"] == 0
    text = json.dumps(state)
    scheduler.load_state_dict(state)
    scheduler.load_state_dict(state)
    assert json.dumps(state) == text


def test_another_plan_or_length_is_refused_with_the_choices_unless_it_is_meant() -> None:
    optimizer, scheduler = build("cosine to 0", "sgd")
    play(optimizer, scheduler, [1.0] * 16)
    state = scheduler.state_dict()
    for plan, lengths in (("linear to 0", {}), ("cosine to 0", {"total_steps": 80})):
        other, resumed = build(plan, "sgd", **lengths)
        before = fields(other)
        with pytest.raises(ValueError, match="plan has changed since the checkpoint at update 16") as caught:
            resumed.load_state_dict(state)
        assert "changed=True" in str(caught.value) and "cooldown 10% at 16 steps" in str(caught.value)
        assert fields(other) == before and resumed.last_epoch == 0
    assert "stretched at 16 steps from 40 steps" in str(caught.value)
    longer = "cosine to 0 stretched at 16 steps from 40 steps"
    stretched, resumed = build(longer, "sgd", total_steps=80)
    resumed.load_state_dict(state, changed=True)
    assert fields(stretched) == fields(optimizer) and resumed.value(80) == 0.0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda state: {}, "no state of an lrlab Scheduler"),
        (lambda state: torch.optim.lr_scheduler.StepLR(build("constant", "sgd")[0], 3).state_dict(), "no state"),
        (lambda state: {**state, "last_epoch": "five"}, "no state|damaged"),
        (lambda state: {**state, "horizon": object()}, "no state"),
        (lambda state: {**state, "plans": [{**state["plans"][0], "spec": "linear to 0"}]}, "damaged"),
        (lambda state: {**state, "plans": [{**state["plans"][0], "groups": "a"}]}, "plans were for"),
        (lambda state: {**state, "plans": [{**state["plans"][0], "bases": []}]}, "parameter groups"),
        (lambda state: {**state, "plans": [{**state["plans"][0], "starts": []}]}, "damaged"),
        (lambda state: {**state, "once_an_epoch": True}, "counts epochs"),
        (lambda state: {**state, "names": ["a", "b", "c"]}, "3 parameter groups"),
    ],
)
def test_what_is_no_such_state_is_refused_and_changes_nothing(spoil: Any, says: str) -> None:
    optimizer, scheduler = build("cosine to 0", "sgd")
    play(optimizer, scheduler, [1.0] * 3)
    before, state = fields(optimizer), scheduler.state_dict()
    with pytest.raises(ValueError, match=says):
        scheduler.load_state_dict(spoil(state))
    scheduler.step()
    assert fields(optimizer) == before and scheduler.state_dict()["last_epoch"] == 3
    with pytest.raises(TypeError, match="expected a dict"):
        scheduler.load_state_dict(3)


def test_last_epoch_enters_a_plan_as_pytorch_counts() -> None:
    optimizer, scheduler = build("linear to 0", "sgd")
    play(optimizer, scheduler, [1.0] * 10)
    again = Scheduler(optimizer, "linear to 0", total_steps=TOTAL, last_epoch=scheduler.last_epoch - 1)
    assert again.last_epoch == 10 and again.get_last_lr() == scheduler.get_last_lr()
