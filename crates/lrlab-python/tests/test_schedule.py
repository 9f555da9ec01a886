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

import lrlab
from lrlab import Finding, Schedule, SpecError, _core

TWO_GROUPS = "for *.bias: sgd lr=0.2; for *: sgd lr=0.1 momentum=0.9 | cosine | momentum: linear to 50%"


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestValues:
    def test_are_the_formula(self) -> None:
        schedule = Schedule("warmup 10% then cosine to 0", 100, lr=0.1)
        # The rate of t = 10 is the group's own, and no step of the warmup is lost on a rate of 0.
        assert [schedule(t) for t in range(11)] == pytest.approx([0.1 * (t + 1) / 11 for t in range(11)])
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


class TestLengths:
    def test_two_tell_the_third(self) -> None:
        each = Schedule("cosine", epochs=3, steps_per_epoch=20)
        assert (each.total_steps, each.steps_per_epoch) == (60, 20)
        assert Schedule("cosine", 60, epochs=3) == each == Schedule("cosine", 60, steps_per_epoch=20)
        assert Schedule("cosine", 60).steps_per_epoch is None

    @pytest.mark.parametrize(
        "length, told",
        [
            ({}, "how long is the training"),
            ({"epochs": 3}, "how long is an epoch"),
            ({"steps_per_epoch": 3}, "how long is the training"),
            ({"total_steps": 10, "epochs": 3}, "no whole number"),
            ({"total_steps": 10, "epochs": 3, "steps_per_epoch": 5}, "leave one of the three out"),
            ({"total_steps": 0}, "0 steps"),
            ({"total_steps": -1}, "total_steps: got -1"),
            ({"total_steps": 2**64}, "total_steps"),
            ({"epochs": 2**40, "steps_per_epoch": 2**40}, "more than can be counted"),
        ],
    )
    def test_that_are_none_are_refused(self, length: dict[str, int], told: str) -> None:
        with pytest.raises(ValueError, match=told):
            Schedule("cosine", **length)

    @pytest.mark.parametrize("length", [10.0, "10", None.__class__, [10]])
    def test_of_other_types_are_refused(self, length: Any) -> None:
        with pytest.raises(TypeError, match="total_steps: expected a whole number"):
            Schedule("cosine", length)

    def test_without_epochs_warn_where_epochs_are_counted(self) -> None:
        for spec in ("warmup 3 epochs then cosine", "torch StepLR(step_size=30)"):
            with pytest.warns(UserWarning, match="an epoch is taken to be 1 step") as warned:
                Schedule(spec, 100)
            assert warned[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            Schedule("warmup 3 epochs then cosine", 100, steps_per_epoch=10)
            Schedule("torch OneCycleLR(max_lr=1, epochs=10, steps_per_epoch=10)", 100)

    def test_too_long_for_memory_are_a_memory_error(self) -> None:
        long = Schedule("cosine", 2**62)
        assert long(2**61) == pytest.approx(0.5)
        with pytest.raises(MemoryError):
            long.values()
        with pytest.raises(ValueError, match="too many to draw"):
            long.plot("never.svg")
        assert long._repr_svg_() is None


class TestSpecs:
    def test_show_the_place_of_every_problem(self) -> None:
        with pytest.raises(SpecError) as caught:
            Schedule("warmup 10 then cosin", 100)
        text = str(caught.value)
        assert "warmup 10 then cosin" in text and "╰── unknown schedule `cosin`" in text
        assert "did you mean `cosine`?" in text and "\x1b" not in text
        (_, unit), (place, name) = caught.value.problems
        assert "a bare number has none" in unit
        assert place == "" and name == "unknown schedule `cosin`, did you mean `cosine`?"
        assert isinstance(caught.value, ValueError)

    def test_tell_the_place_in_a_tree(self) -> None:
        tree = {"name": "warmup", "for": "5%", "then": {"name": "cosine", "too": 1}}
        with pytest.raises(SpecError, match=r"then\.too: unknown parameter of cosine") as caught:
            Schedule(tree, 100)
        assert [place for place, _ in caught.value.problems] == ["then.too"]

    def test_that_are_refused_can_be_pickled(self) -> None:
        with pytest.raises(SpecError) as caught:
            Schedule("cosin", 100)
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is SpecError and str(again) == str(caught.value)
        assert again.problems == caught.value.problems

    @pytest.mark.parametrize("spec", [None, 3, b"cosine", ["cosine"], Schedule, math.nan])
    def test_of_other_types_are_refused(self, spec: Any) -> None:
        with pytest.raises(TypeError, match="spec: expected text"):
            Schedule(spec, 100)

    @pytest.mark.parametrize("spec", ["", "   ", "|", "\0", "é" * 50, "then", "cosine to", "🙂", "(" * 10_000])
    def test_that_make_no_sense_are_refused(self, spec: str) -> None:
        with pytest.raises(SpecError):
            Schedule(spec, 100)

    @pytest.mark.parametrize("t", [math.nan, 1.0, "1", None, 1 + 0j])
    def test_steps_of_other_types_are_refused(self, t: Any) -> None:
        with pytest.raises(TypeError, match="t: expected a whole number"):
            Schedule("cosine", 100)(t)

    @pytest.mark.parametrize("t", [-1, np.int64(-1), 2**64])
    def test_steps_out_of_range_are_refused(self, t: int) -> None:
        with pytest.raises(ValueError, match="t: got -?[0-9]+, expected a whole number of 0 or more"):
            Schedule("cosine", 100).value(t)

    @pytest.mark.parametrize("lr", [math.nan, math.inf, -0.1])
    def test_rates_that_are_none_are_refused(self, lr: float) -> None:
        with pytest.raises(SpecError, match="lr"):
            Schedule("cosine", 100, lr=lr)
        with pytest.raises(TypeError, match="lr"):
            Schedule("cosine", 100, lr="0.1")  # type: ignore[arg-type]

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


class TestFiles:
    def test_are_read_by_their_ending(self, tmp_path: pathlib.Path) -> None:
        points = tmp_path / "points.CSV"
        points.write_text("step,lr\n0,0.1\n50,0.01\n100,0\n")
        assert Schedule.read(points, 100)(50) == 0.01
        with pytest.raises(SpecError, match=r"\.toml, \.json or \.csv"):
            Schedule.read(tmp_path / "spec.yaml", 100)

    def test_that_are_broken_are_named(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(FileNotFoundError) as caught:
            Schedule.read(tmp_path / "nowhere.toml", 100)
        assert caught.value.filename == str(tmp_path / "nowhere.toml")
        broken = {
            "a.toml": "schedule = ",
            "b.json": '{"name": "cosine"',
            "c.json": '{"name": "cosin"}',
            "d.csv": "step,lr\n5,0.1\n5,0.2\n",
        }
        for name, text in broken.items():
            (tmp_path / name).write_text(text)
            with pytest.raises(SpecError, match=name):
                Schedule.read(tmp_path / name, 100)


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

    @pytest.mark.parametrize("spec", ["warmup 5% then cosine", "torch CosineAnnealingLR(T_max=20000) per step"])
    def test_threads_see_the_same(self, spec: str) -> None:
        schedule = Schedule(spec, 20_000)
        with ThreadPoolExecutor(8) as pool:
            arrays = list(pool.map(lambda _: schedule.values().tobytes(), range(32)))
            single = list(pool.map(schedule, range(0, 20_000, 100)))
        assert len(set(arrays)) == 1
        assert single == np.frombuffer(arrays[0])[::100].tolist()


class TestFindings:
    def test_are_the_commands(self) -> None:
        schedule = Schedule("sgd lr=0.1 | torch CosineAnnealingLR(T_max=5)", epochs=10, steps_per_epoch=20)
        [found] = schedule.check()
        assert isinstance(found, Finding)
        assert (found.code, found.step, found.severity) == ("LR501", 100, "warning")
        words = ["check", str(schedule), "--epochs", "10", "--steps-per-epoch", "20"]
        told = subprocess.run([sys.executable, "-m", "lrlab", *words], capture_output=True, text=True)
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


class TestPictures:
    def test_are_files_by_their_ending(self, tmp_path: pathlib.Path) -> None:
        schedule = Schedule("sgd lr=0.1 momentum=0.9 | cosine | momentum: linear to 50%", 100)
        for ending, head in (("svg", b"<svg"), ("png", b"\x89PNG\r\n\x1a\n"), ("csv", b"step,epoch,")):
            file = tmp_path / f"rates.{ending}"
            assert schedule.plot(file) == file
            assert file.read_bytes().startswith(head)
            assert schedule.plot(str(file), log=True) == str(file)
        assert b"momentum" in (tmp_path / "rates.svg").read_bytes()
        for name in ("rates.gif", "rates"):
            with pytest.raises(ValueError, match=r"\.svg, \.png or \.csv"):
                schedule.plot(tmp_path / name)
            assert not (tmp_path / name).exists()

    def test_are_a_notebooks(self) -> None:
        svg = Schedule("warmup 5% then cosine to 0", 100)._repr_svg_()
        assert svg is not None and svg.startswith("<svg") and "learning rate" in svg

    def test_are_drawn_on_axes(self) -> None:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        schedule = Schedule(TWO_GROUPS, 50)
        _, own = plt.subplots()
        axes = schedule.plot(ax=own, log=True)
        assert axes is own and axes.get_yscale() == "log"
        assert [line.get_label() for line in axes.lines] == ["*.bias", "*"]
        assert np.array_equal(axes.lines[1].get_ydata(), schedule.values(group="*"))
        momentum = schedule.plot(field="momentum")
        assert momentum is not own and momentum.get_ylabel() == "momentum"
        with pytest.raises(ValueError, match="not both"):
            schedule.plot("rates.svg", ax=own)
        plt.close("all")

    def test_are_svg_without_matplotlib(self) -> None:
        block = (
            "import sys, importlib.abc\n"
            "class Block(importlib.abc.MetaPathFinder):\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name.split('.')[0] == 'matplotlib': raise ModuleNotFoundError(name)\n"
            "sys.meta_path.insert(0, Block())\n"
        )
        code = "import lrlab; print(lrlab.Schedule('cosine', 10).plot()[:4])"
        assert python(block + code).strip() == "<svg"
        assert python(f"import sys; sys.modules['matplotlib'] = None; {code}").strip() == "<svg"


def test_import_brings_neither_torch_nor_numpy() -> None:
    heavy = ("torch", "numpy", "matplotlib", "pandas", "lightning", "transformers")
    code = f"import sys, lrlab; lrlab.Schedule('cosine', 9)(3); print([m for m in {heavy} if m in sys.modules])"
    assert python(code).strip() == "[]"


def test_a_panic_is_an_exception_and_no_abort() -> None:
    # PyO3's PanicException is a BaseException: what hides errors with `except Exception` does not hide it.
    code = (
        "from lrlab import _core\n"
        "try: _core._panic()\n"
        "except Exception: print('hidden')\n"
        "except BaseException as error: print(type(error).__name__, error)"
    )
    assert python(code).strip() == "PanicException as the test asked"


def test_the_version_is_the_packages() -> None:
    assert lrlab.__version__ == _core.VERSION
