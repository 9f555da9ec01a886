"""What `lrlab.Schedule` refuses, and how it says so."""

from __future__ import annotations

import math
import pathlib
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

from lrlab import Schedule, SpecError


class TestLengths:
    def test_two_tell_the_third(self) -> None:
        each = Schedule("cosine", epochs=3, steps_per_epoch=20)
        assert (each.total_steps, each.steps_per_epoch) == (60, 20)
        assert Schedule("cosine", 60, epochs=3) == each
        assert Schedule("cosine", 60, steps_per_epoch=20) == each
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

    @pytest.mark.parametrize(
        "spec", ["", "   ", "|", "\0", "é" * 50, "then", "cosine to", "🙂", "(" * 10_000]
    )
    def test_that_make_no_sense_are_refused(self, spec: str) -> None:
        with pytest.raises(SpecError):
            Schedule(spec, 100)

    @pytest.mark.parametrize("t", [math.nan, 1.0, "1", None, 1 + 0j])
    def test_steps_of_other_types_are_refused(self, t: Any) -> None:
        with pytest.raises(TypeError, match="t: expected a whole number"):
            Schedule("cosine", 100)(t)

    @pytest.mark.parametrize("t", [-1, np.int64(-1), 2**64])
    def test_steps_out_of_range_are_refused(self, t: int) -> None:
        with pytest.raises(ValueError, match="t: got -?[0-9]+, expected a whole number of 0"):
            Schedule("cosine", 100).value(t)

    @pytest.mark.parametrize("lr", [math.nan, math.inf, -0.1])
    def test_rates_that_are_none_are_refused(self, lr: float) -> None:
        with pytest.raises(SpecError, match="lr"):
            Schedule("cosine", 100, lr=lr)
        with pytest.raises(TypeError, match="lr"):
            Schedule("cosine", 100, lr="0.1")  # type: ignore[arg-type]


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
