"""`lrlab.Run`, `lrlab.read` and `lrlab.report`: logs of the command and of the recorder alike."""

from __future__ import annotations

import builtins
import csv
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

import lrlab
from lrlab.torch import Recorder


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the command."""
    folder = tmp_path_factory.mktemp("command") / "study"
    words = [
        "--task",
        "line",
        "--strategy",
        "sgd lr=0.1 | cosine to 0",
        "--strategy",
        "sgd lr=0.01",
    ]
    options = ["--as-written", "--seeds", "2", "--budget", "12 steps", "--out", str(folder)]
    done = [sys.executable, "-m", "lrlab", "compare", *words, *options]
    subprocess.run(done, check=True, capture_output=True)
    return folder


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A recording with a metric at two places, and a loss that is no number."""
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.25, momentum=0.5)
    with Recorder(
        tmp_path / "r", optimizer, label="mine", seed=3, epochs=2, steps_per_epoch=2
    ) as recorder:
        for loss in (1.0, 1 / 3, float("nan"), 0.1):
            weight.grad = torch.ones(2)
            optimizer.step()
            recorder.step(loss)
            if recorder.updates % 2 == 0:
                recorder.validate(validation_loss=loss / 2, validation_accuracy=0.5)
    return tmp_path / "r"


def test_runs_of_the_command_are_read(command: Path) -> None:
    runs = lrlab.read(command)
    assert [(run.label, run.seed) for run in runs] == [
        ("sgd lr=0.1 | cosine to 0", 0),
        ("sgd lr=0.1 | cosine to 0", 1),
        ("sgd lr=0.01 | constant", 0),
        ("sgd lr=0.01 | constant", 1),
    ]
    run = runs[0]
    assert run.outcome == "completed" and run.total_steps == 12 and run.task == "line"
    assert run.t.tolist() == list(range(12)) and run.t.dtype == numpy.int64
    cosine = [0.1 * (1 + math.cos(math.pi * t / 12)) / 2 for t in range(12)]
    assert run.lr.shape == (12, 1) and run.lr[:, 0].tolist() == pytest.approx(cosine, rel=1e-12)
    assert numpy.isnan(run.momentum).all() and run.momentum.shape == (12, 1)
    assert (run.gradient_norm > 0).all()
    at, values, limits = run.sharpness
    assert at[0] == 0 and (values > 0).all() and (limits > 0).all()
    assert run.final() == run.metrics[run.objective][1][-1]


def test_runs_of_the_recorder_are_read(recorded: Path) -> None:
    [run] = lrlab.read(recorded)
    assert repr(run) == "Run('mine', seed=3, steps=4, outcome='completed')"
    assert str(run.loss.tolist()) == "[1.0, 0.3333333333333333, nan, 0.1]"
    at, values = run.metrics["validation loss"]
    assert at.tolist() == [2, 4] and values.tolist() == [1 / 6, 0.05]
    assert (run.total_steps, run.steps_per_epoch, run.parameters) == (4, 2, 2)
    assert run.final("validation accuracy") == 0.5 and math.isnan(run.final("no such"))
    with pytest.raises(ValueError):
        run.loss[0] = 2.0


def test_a_run_is_read_by_its_folder_and_by_its_file(recorded: Path) -> None:
    [run] = lrlab.read(recorded)
    for path in (run.path, run.path.parent, str(run.path.parent)):
        assert lrlab.Run.read(path).loss[0] == 1.0
        assert lrlab.read(path)[0].label == "mine"
    assert lrlab.read(recorded.parent)[0].label == "mine"


def test_csv_reads_back_to_the_same_bits(recorded: Path, tmp_path: Path) -> None:
    [run] = lrlab.read(recorded)
    run.to_csv(tmp_path / "steps.csv")
    with open(tmp_path / "steps.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["t", "loss", "lr", "momentum"]
    assert [float(row["loss"]) for row in rows[:2]] == [1.0, 1 / 3] and rows[2]["loss"] == "nan"
    assert [int(row["t"]) for row in rows] == [0, 1, 2, 3]


def test_pandas_has_steps_and_metrics(recorded: Path) -> None:
    frame = lrlab.read(recorded)[0].to_pandas()
    assert list(frame.columns) == [
        "loss",
        "lr",
        "momentum",
        "validation accuracy",
        "validation loss",
    ]
    assert frame.index.tolist() == [0, 1, 2, 3] and frame.loc[3, "validation loss"] == 0.05
    assert frame["validation loss"].notna().tolist() == [False, True, False, True]


def test_tensorboard_reads_what_was_written(recorded: Path, command: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for index, run in enumerate([*lrlab.read(recorded), lrlab.read(command)[0]]):
        run.to_tensorboard(tmp_path / str(index))
        events = EventAccumulator(str(tmp_path / str(index)), size_guidance={"scalars": 0}).Reload()
        tags = set(run.columns()) - {"t"} | set(run.metrics)
        assert set(events.Tags()["scalars"]) == tags
        rates = events.Scalars("lr")
        assert [event.step for event in rates] == run.t.tolist()
        assert [event.value for event in rates] == run.lr[:, 0].astype("f4").tolist()
        at, values = run.metrics[run.objective]
        read = [(event.step, event.value) for event in events.Scalars(run.objective)]
        assert read == list(zip(at.tolist(), values.astype("f4").tolist(), strict=True))


@pytest.mark.parametrize(
    ("method", "package"), [("to_pandas", "pandas"), ("to_tensorboard", "tensorboard")]
)
def test_what_is_missing_is_said(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, package: str
) -> None:
    [run] = lrlab.read(recorded)
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    original = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        getattr(run, method)(*([tmp_path / "board"] if package == "tensorboard" else []))


def test_report_is_that_of_the_command(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = [sys.executable, "-m", "lrlab", "report", str(command)]
    expected = subprocess.run(told, check=True, capture_output=True, text=True).stdout
    assert lrlab.report(command) == command / "report.html"
    assert capsys.readouterr().out == expected and "sgd lr=0.1" in expected


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"runs/\*/events.jsonl"):
        lrlab.read(tmp_path)
    with pytest.raises(FileNotFoundError, match="no log of lrlab"):
        lrlab.Run.read(tmp_path / "nowhere.jsonl")
    with pytest.raises(ValueError, match="no study"):
        lrlab.report(tmp_path)
    log = tmp_path / "events.jsonl"
    log.write_text("hello\n")
    with pytest.raises(ValueError, match="line 1: not an event"):
        lrlab.Run.read(log)
    log.write_text("")
    with pytest.raises(ValueError, match="holds no event"):
        lrlab.Run.read(log)


def test_a_study_with_a_stray_run_is_told(recorded: Path) -> None:
    [run] = lrlab.read(recorded)
    twin = recorded / "runs" / "001-mine-seed3"
    twin.mkdir()
    (twin / "events.jsonl").write_bytes(run.path.read_bytes())
    with pytest.raises(ValueError, match="has a run with seed 3 already"):
        lrlab.report(recorded)


def test_importing_lrlab_imports_neither_numpy_nor_torch() -> None:
    program = (
        "import lrlab, sys; print([n for n in ('numpy', 'torch', 'pandas') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
