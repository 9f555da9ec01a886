"""Runs read from their logs: those of the command and those of a recorder alike."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrlab import _core

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Column = NDArray[numpy.float64]

__all__ = ["Run", "read", "report"]

_EVENTS = "events.jsonl"
_STUDY = "study.json"


@dataclass(frozen=True, eq=False)
class Run:
    """One training, as its event log tells it.

    Columns are read-only arrays with one entry for each recorded update; what was not measured is
    NaN.

    Attributes:
        path: The log it was read from.
        label: Name of the strategy: the arm's, or the strategy's text.
        strategy: The recipe as a spec; after `as recorded:` in words.
        task: What was trained.
        seed: What it was seeded with.
        objective: The metric that ranks trainings, lower being better.
        groups: Names of the parameter groups.
        parameters: Number of trained parameters.
        total_steps: Updates that were planned; `None` where that was not known.
        steps_per_epoch: Updates in an epoch; `None` where that was not known.
        outcome: `completed`, `diverged`, `failed`, `stopped` or `halted`; `None` while there is no
            end.
        ended_at: Updates made when it diverged or was halted.
        why: The reason, where it failed or was halted.
        t: Updates made before each step.
        loss: Training loss of each step's batch, before the update.
        lr: The rate of each update, of shape (steps, groups).
        effective_lr: What really multiplied the direction of each update, of shape (steps, groups): the
            rate, unless the optimizer makes something else of it.
        momentum: The momentum or beta1 of each update, of shape (steps, groups).
        gradient_norm: Euclidean norm of each gradient.
        turn: Cosine between each gradient and the one before, in -1..1.
        update_ratio: Norm of each update over that of the parameters.
        clipped: 1 where clipping changed the gradient, else 0.
        metrics: By name, (updates made, values) of all validations.
        sharpness: (updates made, sharpness, the limit above which steps grow) wherever it was
            measured.
    """

    path: Path
    label: str
    strategy: str
    task: str
    seed: int
    objective: str
    groups: tuple[str, ...]
    parameters: int
    total_steps: int | None
    steps_per_epoch: int | None
    outcome: str | None
    ended_at: int | None
    why: str | None
    t: NDArray[numpy.int64]
    loss: Column
    lr: Column
    effective_lr: Column
    momentum: Column
    gradient_norm: Column
    turn: Column
    update_ratio: Column
    clipped: Column
    metrics: dict[str, tuple[NDArray[numpy.int64], Column]]
    sharpness: tuple[NDArray[numpy.int64], Column, Column]

    @staticmethod
    def read(path: str | os.PathLike[str]) -> Run:
        """Reads a log, or the one in a run's folder; a last line that was cut off is left out.

        Raises:
            FileNotFoundError: There is no log.
            ValueError: It is no log of lrlab, with the line.
        """
        import numpy

        place = Path(path)
        if place.is_dir():
            place = place / _EVENTS
        log = _core.read_run(place)

        def column(data: bytes) -> Column:
            return numpy.frombuffer(data, dtype="<f8")

        def counts(data: bytes) -> NDArray[numpy.int64]:
            return column(data).astype(numpy.int64)

        def wide(name: str) -> Column:
            return column(log.column(name)).reshape(len(t), log.width)

        t = counts(log.column("t"))
        outcome, ended_at, why = log.outcome or (None, None, None)
        measured = log.sharpness()
        return Run(
            path=place,
            label=log.label or log.strategy,
            strategy=log.strategy,
            task=log.task,
            seed=log.seed,
            objective=log.objective,
            groups=tuple(log.groups),
            parameters=log.parameters,
            total_steps=log.total_steps or None,
            steps_per_epoch=log.steps_per_epoch or None,
            outcome=outcome,
            ended_at=ended_at,
            why=why,
            t=t,
            loss=column(log.column("loss")),
            lr=wide("lr"),
            effective_lr=wide("effective_lr"),
            momentum=wide("momentum"),
            gradient_norm=column(log.column("grad_norm")),
            turn=column(log.column("turn")),
            update_ratio=column(log.column("update_ratio")),
            clipped=column(log.column("clipped")),
            metrics={
                name: (counts(at), column(values)) for name, (at, values) in log.metrics().items()
            },
            sharpness=(counts(measured[0]), column(measured[1]), column(measured[2])),
        )

    def __repr__(self) -> str:
        return (
            f"Run({self.label!r}, seed={self.seed}, steps={len(self.t)}, outcome={self.outcome!r})"
        )

    def final(self, metric: str | None = None) -> float:
        """The last value of a metric, of the objective by default; NaN where there is none."""
        known = self.metrics.get(metric or self.objective)
        return float(known[1][-1]) if known else float("nan")

    def columns(self) -> dict[str, Column | NDArray[numpy.int64]]:
        """Every column of the steps that holds a number, by name; `lr[name]` with several
        groups."""
        import numpy

        named: dict[str, Column | NDArray[numpy.int64]] = {"t": self.t, "loss": self.loss}
        for name, block in (("lr", self.lr), ("momentum", self.momentum)):
            for index in range(block.shape[1]):
                known = self.groups[index] if index < len(self.groups) else str(index)
                named[name if block.shape[1] == 1 else f"{name}[{known}]"] = block[:, index]
        for name in ("gradient_norm", "turn", "update_ratio"):
            named[name] = getattr(self, name)
        always = ("t", "loss")
        return {name: c for name, c in named.items() if name in always or not numpy.isnan(c).all()}

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Writes the steps as CSV, a line each; numbers read back to the same bits."""
        import csv

        columns = self.columns()
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))

    def to_pandas(self) -> Any:
        """The steps as a `pandas.DataFrame` with `t` as its index, and each metric in the row of
        the step before it.

        Raises:
            ImportError: pandas is not installed.
        """
        pandas = _optional("pandas")
        frame = pandas.DataFrame(self.columns()).set_index("t")
        for name, (at, values) in self.metrics.items():
            known = f"{name} (metric)" if name in frame else name
            series = pandas.Series(values, index=at - 1, name=known)
            frame = frame.join(series[~series.index.duplicated(keep="last")], how="outer")
        frame.index.name = "t"
        return frame

    def to_tensorboard(self, logdir: str | os.PathLike[str]) -> None:
        """Writes steps and metrics as TensorBoard scalars into `logdir`; its step counts updates
        made before.

        Raises:
            ImportError: tensorboard is not installed.
        """
        event = _optional("tensorboard.compat.proto.event_pb2").Event
        summary = _optional("tensorboard.compat.proto.summary_pb2").Summary
        files = _optional("tensorboard.summary.writer.event_file_writer")
        writer = files.EventFileWriter(os.fspath(logdir))
        steps = {name: (self.t, values) for name, values in self.columns().items() if name != "t"}
        for name, (at, values) in {**steps, **self.metrics}.items():
            for step, value in zip(at.tolist(), values.tolist(), strict=True):
                scalar = summary.Value(tag=name, simple_value=value)
                # The log has no wall-clock times.
                writer.add_event(event(step=step, wall_time=0.0, summary=summary(value=[scalar])))
        writer.close()


def read(folder: str | os.PathLike[str]) -> list[Run]:
    """Reads every run of a study, of the studies one level below, or the one run whose folder it
    is.

    Trials that only chose a rate are left out, as are logs without a whole line.

    Raises:
        FileNotFoundError: There is no log.
        ValueError: A log is none of lrlab's.

    Example:
        >>> read("/nowhere")
        Traceback (most recent call last):
        FileNotFoundError: /nowhere holds no run of lrlab (no runs/*/events.jsonl in it or one level below)
    """
    place = Path(folder)
    if place.is_file() or (place / _EVENTS).is_file():
        return [Run.read(place)]
    studies = (
        [place]
        if (place / _STUDY).exists()
        else sorted(path.parent for path in place.glob(f"*/{_STUDY}"))
    )
    logs = [log for study in studies for log in sorted(study.glob(f"runs/*/{_EVENTS}"))]
    logs = [log for log in logs if not log.parent.name.startswith("tune-")]
    if not logs:
        raise FileNotFoundError(
            f"{place} holds no run of lrlab (no runs/*/{_EVENTS} in it or one level below)"
        )
    return [Run.read(log) for log in logs if _has_a_line(log)]


def report(folder: str | os.PathLike[str]) -> Path:
    """What `lrlab report` does: prints the tables of a study, and writes every table and picture
    beside its logs.

    Returns:
        The page, `report.html`.

    Raises:
        ValueError: The folder holds no study, or one that cannot be read.
    """
    import subprocess
    import sys

    # A process of its own, so that what it prints comes through Python, to a notebook for instance.
    command = [sys.executable, "-m", "lrlab", "report", os.fspath(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip() or f"lrlab report ended with code {done.returncode}")
    print(done.stdout, end="")
    return Path(folder) / "report.html"


def _has_a_line(log: Path) -> bool:
    with open(log, "rb") as file:
        return file.readline().endswith(b"\n")


def _optional(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        raise ImportError(f"this needs {package}: pip install {package}") from error
