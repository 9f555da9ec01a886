"""`lrlab.Schedule`, as its users call it."""

from __future__ import annotations

import copy
import csv
import math
import pathlib
import pickle
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from lrlab import Finding, Schedule, _core

TWO_GROUPS = (
    "for *.bias: sgd lr=0.2; for *: sgd lr=0.1 momentum=0.9 | cosine | momentum: linear to 50%"
)


class TestValues:
    def test_are_the_formula(self) -> None:
        schedule = Schedule("warmup 10% then cosine to 0", 100, lr=0.1)
        # The rate of t = 10 is the group's own, and no step of the warmup is lost on a rate of 0.
        warmup = [0.1 * (t + 1) / 11 for t in range(11)]
        assert [schedule(t) for t in range(11)] == pytest.approx(warmup)
        for t in range(10, 101):
            wanted = 0.1 * (1 + math.cos(math.pi * (t - 10) / 90)) / 2
            assert schedule.value(t) == pytest.approx(wanted, abs=1e-15)
        assert Schedule("step every 30 epochs x0.1", epochs=90, steps_per_epoch=2, lr=0.1)(60) == (
            pytest.approx(0.01)
        )

    def test_are_an_array_of_every_step(self) -> None:
        schedule = Schedule("one-cycle", 1000, lr=0.3)
        values = schedule.values()
        assert values.dtype == np.float64 and values.shape == (1000,)
        assert values.tolist() == [schedule(t) for t in range(1000)]
        values[0] = 7.0
        assert schedule(0) != 7.0 and schedule.values()[0] != 7.0

    def test_hold_after_the_end_or_do_what_the_plan_says(self) -> None:
        assert Schedule("linear to 10%", 10)(10**15) == pytest.approx(0.1)
        over = Schedule("sgd lr=1 | linear | after end error", 10)
        assert over(9) > 0
        with pytest.raises(RuntimeError, match="after the plan's end"):
            over(10)

    def test_take_every_whole_number(self) -> None:
        schedule = Schedule("linear to 0", 10)
        assert schedule(np.int64(5)) == schedule(np.uint8(5)) == schedule(5) == 0.5

    @pytest.mark.parametrize("name, example", [(name, text) for name, _, text in _core.schedules()])
    def test_of_every_schedule_are_what_the_command_writes(
        self, name: str, example: str, tmp_path: pathlib.Path
    ) -> None:
        schedule = Schedule(example, 1200, steps_per_epoch=10, lr=0.1)
        assert name in str(schedule) or schedule.fields == ["lr"]
        file = tmp_path / "rates.csv"
        words = ["plot", example, "--steps", "1200", "--steps-per-epoch", "10", "--lr", "0.1"]
        command = [sys.executable, "-m", "lrlab", *words, "-o", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        with open(file, newline="") as lines:
            rates = [float(row[2]) for row in list(csv.reader(lines))[1:]]
        assert schedule.values().tolist() == rates

    def test_of_torchs_recursion_are_torchs_to_the_bit(self) -> None:
        import torch

        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.3, total_steps=50)
        rates, momenta = [], []
        for t in range(50):
            rates.append(optimizer.param_groups[0]["lr"])
            momenta.append(optimizer.param_groups[0]["momentum"])
            if t < 49:
                optimizer.step()
                cycle.step()
        spec = "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(max_lr=0.3, total_steps=50)"
        schedule = Schedule(spec, 50)
        assert schedule.fields == ["lr", "momentum"]
        assert schedule.values().tolist() == rates
        assert schedule.values("momentum").tolist() == momenta
        assert [schedule(t, "momentum") for t in (49, 0, 20)] == [momenta[t] for t in (49, 0, 20)]

    def test_of_torch_stop_where_torch_raises(self) -> None:
        short = Schedule("torch OneCycleLR(max_lr=0.3, total_steps=5)", 50)
        assert short(5) > 0
        for ask in (lambda: short(6), short.values, lambda: short.plot("never.svg")):
            with pytest.raises(RuntimeError, match="Tried to step 6 times"):
                ask()
        assert short._repr_svg_() is None

    def test_of_groups_and_fields_are_asked_by_name(self) -> None:
        schedule = Schedule(TWO_GROUPS, 10)
        assert schedule.groups == ["*.bias", "*"] and schedule.fields == ["lr", "momentum"]
        assert schedule(5, group="*.bias") == 0.2 == schedule.value(5, group=0)
        assert schedule(0, group=1) == schedule(0, group=-1) == 0.1
        assert schedule.values("momentum", "*")[0] == 0.9
        assert schedule.values("weight_decay").tolist() == [0.0] * 10
        wrong: list[tuple[Any, type[Exception]]]
        wrong = [(2, IndexError), (-3, IndexError), ("head", KeyError), (1.5, TypeError)]
        for group, error in wrong:
            with pytest.raises(error, match="group"):
                schedule(0, group=group)
        with pytest.raises(ValueError, match="did you mean `momentum`"):
            schedule.values("momentun")
        with pytest.raises(ValueError, match="beta1"):
            schedule(0, "beta1")


class TestSpecs:
    def test_take_another_rate(self) -> None:
        assert Schedule("cosine", 100).lr == 1.0
        plan = Schedule("cosine", 100, lr=0.1)
        assert plan.lr == plan(0) == 0.1 and str(plan) == "cosine"
        assert Schedule("sgd lr=0.1 | cosine", 100)(0) == 0.1
        strategy = Schedule("sgd lr=0.1 | cosine", 100, lr=0.3)
        assert strategy(0) == 0.3 and str(strategy) == "sgd lr=0.3 | cosine"

    def test_may_be_another_schedule(self) -> None:
        first = Schedule("cosine to 10%", 100, steps_per_epoch=10, lr=0.1)
        assert Schedule(first) == first
        longer = Schedule(first, 200)
        assert (longer.total_steps, longer.steps_per_epoch, longer.lr) == (200, None, 0.1)
        assert Schedule(first, lr=0.2)(0) == 0.2


STRATEGIES = [
    "warmup 5% then cosine to 10%",
    "warmup 5% then constant | momentum: linear from 90% | plateau x0.5",
    "adamw lr=0.001 | warmup 5% then cosine to 10% | weight_decay: linear to 50% | clip norm 1",
    TWO_GROUPS,
    "torch StepLR(step_size=30, gamma=0.1)",
    "sgd lr=0.1 | cosine | after end error",
    *(example for _, _, example in _core.schedules()),
]


@pytest.mark.parametrize("spec", STRATEGIES)
def test_every_form_leads_back(spec: str, tmp_path: pathlib.Path) -> None:
    length = {"epochs": 90, "steps_per_epoch": 20}
    schedule = Schedule(spec, **length)
    assert Schedule(str(schedule), **length) == schedule
    assert Schedule.from_toml(schedule.to_toml(), **length) == schedule
    assert Schedule.from_json(schedule.to_json(), **length) == schedule
    for form in ("toml", "json"):
        file = tmp_path / f"spec.{form}"
        file.write_text(getattr(schedule, f"to_{form}")())
        assert Schedule.read(file, **length) == Schedule.read(str(file), **length) == schedule
    assert eval(repr(schedule), {"Schedule": Schedule}) == schedule
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule and type(again) is Schedule and hash(again) == hash(schedule)
    assert again.values().tobytes() == schedule.values().tobytes()


def test_pytorch_code_runs_and_gives_the_rates() -> None:
    schedule = Schedule("warmup 10% then cosine to 0", 50, lr=0.1)
    names: dict[str, Any] = {}
    exec(schedule.to_torch(), names)
    rates = []
    for _ in range(50):
        rates.append(names["optimizer"].param_groups[0]["lr"])
        names["optimizer"].step()
        names["scheduler"].step()
    assert np.allclose(rates, schedule.values(), rtol=1e-12, atol=1e-17)


class TestSharing:
    def test_nothing_can_be_set(self) -> None:
        schedule = Schedule("cosine", 100)
        for name in ("total_steps", "lr", "anything"):
            with pytest.raises(AttributeError):
                setattr(schedule, name, 1)

    def test_equal_ones_are_equal(self) -> None:
        one = Schedule("warmup  5 %  then cosine", 100)
        assert one == Schedule("warmup 5% then cosine", 100)
        assert len({one, Schedule("warmup 5% then cosine", 100)}) == 1
        others = [
            Schedule("cosine", 100),
            Schedule("warmup 5% then cosine", 101),
            Schedule("warmup 5% then cosine", 100, lr=0.1),
            Schedule("warmup 5% then cosine", 100, steps_per_epoch=5),
        ]
        assert one not in others and one != "warmup 5% then cosine"

    def test_copies_are_the_same(self) -> None:
        schedule = Schedule("cosine", 100)
        assert copy.copy(schedule) is schedule
        assert copy.deepcopy({"a": [schedule]})["a"][0] is schedule

    def test_unpickling_does_not_warn_again(self) -> None:
        with pytest.warns(UserWarning):
            schedule = Schedule("warmup 3 epochs then cosine", 100)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert pickle.loads(pickle.dumps(schedule)) == schedule

    @pytest.mark.parametrize(
        "spec", ["warmup 5% then cosine", "torch CosineAnnealingLR(T_max=20000) per step"]
    )
    def test_threads_see_the_same(self, spec: str) -> None:
        schedule = Schedule(spec, 20_000)
        with ThreadPoolExecutor(8) as pool:
            arrays = list(pool.map(lambda _: schedule.values().tobytes(), range(32)))
            single = list(pool.map(schedule, range(0, 20_000, 100)))
        assert len(set(arrays)) == 1
        assert single == np.frombuffer(arrays[0])[::100].tolist()


class TestFindings:
    def test_are_the_commands(self) -> None:
        spec = "sgd lr=0.1 | torch CosineAnnealingLR(T_max=5)"
        schedule = Schedule(spec, epochs=10, steps_per_epoch=20)
        [found] = schedule.check()
        assert isinstance(found, Finding)
        assert (found.code, found.step, found.severity) == ("LR501", 100, "warning")
        words = ["check", spec, "--epochs", "10", "--steps-per-epoch", "20"]
        command = [sys.executable, "-m", "lrlab", *words]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == 1 and told.stdout.startswith(str(found))

    def test_hold_patterns_against_parameters(self) -> None:
        schedule = Schedule("for *.gain: sgd lr=0.1; for *: sgd lr=0.1", 100)
        codes = {found.code for found in schedule.check(["layer.weight", "layer.bias"])}
        assert "LR301" in codes and "LR301" not in {found.code for found in schedule.check()}
        assert "LR301" not in {found.code for found in schedule.check({"layer.gain": 1, "b": 2})}

    @pytest.mark.parametrize("names", ["layer.weight", [1, 2]])
    def test_take_names_only(self, names: Any) -> None:
        with pytest.raises(TypeError):
            Schedule("cosine", 100).check(names)
