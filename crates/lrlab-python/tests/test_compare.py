"""lrlab.torch.compare, as a user meets it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from own_problem import bowl, data, final_height, height, loss, model, nothing, validate
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR, ReduceLROnPlateau, StepLR

import lrlab
from lrlab.torch import CompareResult, compare

Arms = dict[str, Any]


def weigh(folder: Path, arms: Arms, **changed: Any) -> CompareResult:
    arguments: dict[str, Any] = {
        "epochs": 6,
        "validate": validate,
        "processes": 1,
        "folder": folder,
        "tune": False,
        "seeds": 6,
    }
    return compare(model, data, loss, arms, **{**arguments, **changed})


def events(folder: Path, run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs" / run / "events.jsonl").read_text().splitlines()]


def rates(folder: Path, run: str) -> list[float]:
    return [event["step"]["lr"][0] for event in events(folder, run) if "step" in event]


def rms(parameters: Sequence[nn.Parameter], lr: float) -> tuple[torch.optim.Optimizer, LRScheduler]:
    optimizer = torch.optim.RMSprop(parameters, lr=lr)
    return optimizer, StepLR(optimizer, step_size=16)


def one_cycle(parameters: Sequence[nn.Parameter]) -> tuple[torch.optim.Optimizer, LRScheduler]:
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    return optimizer, OneCycleLR(optimizer, max_lr=0.03, total_steps=48)


def each_epoch(parameters: Sequence[nn.Parameter]) -> tuple[torch.optim.Optimizer, LRScheduler, str]:
    optimizer = torch.optim.SGD(parameters, lr=0.2)
    return optimizer, StepLR(optimizer, step_size=1, gamma=0.5), "epoch"


def plateau(parameters: Sequence[nn.Parameter]) -> tuple[torch.optim.Optimizer, LRScheduler]:
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    # A threshold that no loss can pass: each reading is a bad one.
    return optimizer, ReduceLROnPlateau(optimizer, patience=0, factor=0.5, threshold=0.999)


def test_names_the_better_of_two(tmp_path: Path) -> None:
    result = weigh(tmp_path / "a", {"slow": "sgd lr=0.0001", "fast": "sgd lr=0.1 momentum=0.9 | linear to 0"})
    assert (result.winner, result.best, result.decided, result.ties) == ("fast", "fast", True, [])
    assert result.means["fast"] < result.means["slow"]  # type: ignore[operator]
    assert result.strategy == "sgd lr=0.1 momentum=0.9 | linear to 0"
    code = result.to_torch()
    assert code is not None and "torch.optim.SGD" in code
    assert "2 strategies on own model" in str(result) and "Take fast" in str(result)
    assert "fast" in result._repr_html_() and repr(result) == "CompareResult(winner='fast')"
    page = (result.folder / "report.html").read_text()
    assert "fast" in page and "lrlab compare --task" not in page
    assert {"report.html", "report.json", "study.json"} <= {path.name for path in result.folder.iterdir()}


def test_each_arm_gets_a_rate_of_its_own(tmp_path: Path) -> None:
    # Steps of a bowl shrink fastest at 2 / (1 + 10), whatever the rate that was written.
    result = compare(
        bowl, nothing, height, {"high": "sgd lr=1", "low": "sgd lr=1e-9 momentum=0.5"}, steps=30,
        validate=final_height, tune=12, seeds=3, folder=tmp_path / "a", processes=1,
    )  # fmt: skip
    assert 0.1 < result.lr["high"] < 0.21
    assert 0.05 < result.lr["low"] < 0.6
    assert "searched with the same effort of 12 trainings each" in str(result)


def test_a_list_of_rates_is_tried(tmp_path: Path) -> None:
    result = compare(
        bowl, nothing, height, {"a": "sgd", "b": "sgd momentum=0.3"}, steps=30, validate=final_height,
        tune=[0.001, 0.15, 1.0], seeds=3, folder=tmp_path / "a", processes=1,
    )  # fmt: skip
    assert result.lr == {"a": 0.15, "b": 0.15}


def test_code_takes_part_at_a_rate_of_its_own_or_at_one_chosen_for_it(tmp_path: Path) -> None:
    arms = {"text": "sgd momentum=0.9 | cosine to 0", "rms": rms, "one cycle": one_cycle}
    result = weigh(tmp_path / "a", arms, tune=10)
    assert result.lr["one cycle"] == 0.03
    assert "one cycle: lr = 0.03, which its code brings: it was not tuned" in str(result)
    assert "was tuned with" in str(result)
    tuned = {arm["label"]: arm["tuned"] for arm in result.data["arms"]}
    assert tuned["rms"] and tuned["text"] and not tuned["one cycle"]
    assert not list((tmp_path / "a" / "runs").glob("tune-002*"))
    # What the logs hold is what the optimizers did.
    cycle = rates(tmp_path / "a", "002-one-cycle-seed0")
    assert math.isclose(cycle[0], 0.03 / 25) and math.isclose(max(cycle), 0.03, rel_tol=0.01)
    steps = rates(tmp_path / "a", "001-rms-seed0")
    assert steps[:16] == [result.lr["rms"]] * 16
    assert math.isclose(steps[16], 0.1 * steps[0]) and math.isclose(steps[47], 0.01 * steps[0])
    sweep = rates(tmp_path / "a", "tune-001-rms-sweep-seed1000")
    assert all(a < b for a, b in zip(sweep, sweep[1:], strict=False)) and sweep[0] == 1e-6


def test_the_best_that_is_code_is_named_as_code(tmp_path: Path) -> None:
    result = weigh(tmp_path / "a", {"text": "sgd lr=0.00001", "cycle": one_cycle})
    assert result.winner == "cycle"
    assert result.to_torch() is None
    assert result.strategy == "the code test_compare.one_cycle at lr=0.03"
    assert "The best is: the code test_compare.one_cycle at lr=0.03" in str(result)
    ran = subprocess.run(
        [sys.executable, "-m", "lrlab", "report", str(result.folder)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "The best is: the code test_compare.one_cycle at lr=0.03" in ran.stdout


def test_schedulers_are_stepped_when_they_want_it(tmp_path: Path) -> None:
    weigh(tmp_path / "a", {"epoch": each_epoch, "plateau": plateau}, seeds=2)
    halved = [0.2 * 0.5**epoch for epoch in range(6) for _ in range(8)]
    assert rates(tmp_path / "a", "000-epoch-seed0") == halved
    plateaus = rates(tmp_path / "a", "001-plateau-seed0")
    # The first reading is the best so far; those after it are worse.
    assert plateaus[:16] == [0.1] * 16
    assert plateaus[40] < 0.1


def test_an_arm_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    def fails(parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = torch.optim.SGD(parameters, lr=0.1)

        def refuse(*_: object) -> None:
            raise RuntimeError("out of luck")

        optimizer.register_step_pre_hook(refuse)
        return optimizer

    result = weigh(tmp_path / "a", {"fails": fails, "works": "sgd lr=0.1"}, processes=2)
    assert result.winner == "works"
    assert "of fails failed: RuntimeError: out of luck (in refuse, test_compare.py line" in " ".join(
        str(result).split()
    )


def test_an_arm_that_diverges_does_not_stop_the_others(tmp_path: Path) -> None:
    # The loss of a bowl grows without bounds beyond 2 / 10.
    result = compare(
        bowl, nothing, height, {"wild": "sgd lr=50", "tame": "sgd lr=0.1"}, steps=60, validate=final_height,
        tune=False, seeds=6, folder=tmp_path / "a", processes=1,
    )  # fmt: skip
    assert result.winner == "tame"
    assert next(iter(events(tmp_path / "a", "000-wild-seed0")[-1]["finished"]["outcome"])) == "diverged"


def test_a_nan_ends_a_trial(tmp_path: Path) -> None:
    def nan(module: nn.Module, batch: Any) -> torch.Tensor:
        return loss(module, batch) * float("nan")

    result = compare(
        model, data, nan, {"a": "sgd", "b": "adam"}, epochs=6, validate=validate, tune=False, seeds=2,
        folder=tmp_path / "a", processes=1,
    )  # fmt: skip
    assert result.winner is None and not result.decided
    ended = events(tmp_path / "a", "000-a-seed0")
    assert [next(iter(event)) for event in ended] == ["started", "step", "finished"]
    assert ended[-1]["finished"]["outcome"] == {"diverged": {"t": 0, "loss": "NaN"}}


def test_equal_arms_are_not_told_apart(tmp_path: Path) -> None:
    arms = {"one": "sgd lr=0.1", "the same": "sgd lr=0.1 | constant"}
    result = weigh(tmp_path / "a", arms)
    assert set(result.ties) == set(arms)
    assert result.winner in arms and "tied" in repr(result)
    assert result.means["one"] == result.means["the same"]


def test_arms_meet_the_same_weights_and_batches(tmp_path: Path) -> None:
    weigh(tmp_path / "a", {"x": "sgd lr=0.1", "code": each_epoch, "y": "adam"}, seeds=[3, 4])
    for seed in (3, 4):
        first = [events(tmp_path / "a", f"{arm}-seed{seed}")[1]["step"] for arm in ("000-x", "002-y")]
        assert first[0]["loss"] == first[1]["loss"] and first[0]["grad_norm"] == first[1]["grad_norm"]
    assert rates(tmp_path / "a", "001-code-seed3")[0] == 0.2


def test_goes_on_with_the_same_folder_and_refuses_other_arms(tmp_path: Path) -> None:
    arms: Arms = {"slow": "sgd lr=0.0001", "fast": "sgd lr=0.1"}
    weigh(tmp_path / "a", arms)
    run = tmp_path / "a" / "runs" / "001-fast-seed2" / "events.jsonl"
    whole = run.read_bytes()
    run.write_bytes(whole[: len(whole) // 2])
    others = {p: p.stat().st_mtime_ns for p in run.parent.parent.glob("*/events.jsonl") if p != run}
    weigh(tmp_path / "a", arms)
    assert run.read_bytes() == whole
    assert {p: p.stat().st_mtime_ns for p in others} == others
    with pytest.raises(ValueError, match=r"arms = .*name another folder"):
        weigh(tmp_path / "a", {**arms, "third": "adam"})


def test_measuring_writes_the_sharpness_that_arms_had(tmp_path: Path) -> None:
    result = weigh(tmp_path / "a", {"sgd": "sgd lr=0.1", "adam": "adam lr=0.01", "rms": one_cycle}, measure=True)
    for run in ("000-sgd-seed0", "001-adam-seed0"):
        probes = [event["probed"] for event in events(tmp_path / "a", run) if "probed" in event]
        assert probes, run
    assert "measured=true" in str(result)


@pytest.mark.parametrize(
    ("arms", "changed", "error", "told"),
    [
        ({}, {}, TypeError, "one or more"),
        (["sgd"], {}, TypeError, "a mapping of labels"),
        ({"a": 3}, {}, TypeError, "a strategy's text"),
        ({"a": lambda: None}, {}, TypeError, "0 arguments"),
        ({"a": lambda p: "no"}, {}, TypeError, "expected \\(optimizer, scheduler\\)"),
        ({"a": lambda p, lr: None}, {}, ValueError, "tune=False chooses none"),
        ({"a": "sgd lr=0.1 | cosin"}, {}, lrlab.SpecError, "cosine"),
        ({"a": "sgd"}, {"seeds": 0}, lrlab.SpecError, "seed"),
        ({"a": "sgd"}, {"seeds": [1, 1]}, lrlab.SpecError, "twice"),
        ({"a": "sgd"}, {"tune": 1}, lrlab.SpecError, "4 trainings"),
        ({"a": "sgd"}, {"tune": []}, lrlab.SpecError, "one or more"),
        ({"a": "sgd"}, {"tune": [-1.0]}, lrlab.SpecError, "above 0"),
        ({"a": "sgd"}, {"target": float("nan")}, lrlab.SpecError, "target"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(
    tmp_path: Path, arms: Any, changed: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        weigh(tmp_path / "a", arms, **changed)
    assert not (tmp_path / "a").exists()


def test_optimizers_that_torch_lacks_are_arms_like_any_other(tmp_path: Path) -> None:
    arms = {
        "lion": "lion lr=0.003 | cosine to 0",
        "schedule-free": "schedule-free-adamw lr=0.02",
        "prodigy": "prodigy lr=1",
        "adam": "adam lr=0.01 | cosine to 0",
    }
    result = weigh(tmp_path / "a", arms, seeds=3)
    chance = math.log(3)
    assert all(mean is not None and mean < 0.8 * chance for mean in result.means.values()), result.means
    log = events(tmp_path / "a", "001-schedule-free-seed0")
    validations = [event["validated"]["metrics"]["validation loss"] for event in log if "validated" in event]
    assert len(validations) == 6 and validations[-1] < validations[0]


def test_a_loop_with_the_class_itself_comes_to_the_same_losses(tmp_path: Path) -> None:
    def by_hand(parameters: Sequence[nn.Parameter]) -> tuple[torch.optim.Optimizer, None]:
        return lrlab.torch.optim.AdamWScheduleFree(parameters, lr=0.02), None

    weigh(tmp_path / "a", {"text": "schedule-free-adamw lr=0.02", "code": by_hand}, seeds=2)
    for seed in range(2):
        told = [events(tmp_path / "a", f"{arm}-seed{seed}") for arm in ("000-text", "001-code")]
        losses = [[event["step"]["loss"] for event in log if "step" in event] for log in told]
        metrics = [[event["validated"]["metrics"] for event in log if "validated" in event] for log in told]
        assert losses[0] == losses[1] and metrics[0] == metrics[1]
        assert len(losses[0]) == 48
