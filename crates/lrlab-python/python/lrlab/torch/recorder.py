"""Records a PyTorch training in lrlab's event log, of which `lrlab report` makes its tables and
pictures."""

from __future__ import annotations

import os
import warnings
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NoReturn, Protocol

import torch

from lrlab import _core
from lrlab.torch import _description
from lrlab.torch._gradients import Gradients

__all__ = ["Recorder"]


class Loss(Protocol):
    """What a loss on a device can do, as a tensor can."""

    def detach(self) -> Any:
        """The same value without its graph."""


class Recorder:
    """Records one training in two lines: `step(loss)` after each update, `validate(...)` now and
    then.

    Learning rates and momenta are captured by hooks at the update itself, so that it does not
    matter on which side of `scheduler.step()` the line `step(loss)` stands; it stands after
    `optimizer.step()`.
    Nothing of the training is changed. The log is written by whole lines, at least once a second
    while steps are recorded: after `kill -9` it can be read, and `resume` goes on with it.

    A tensor on another device than the CPU is not waited for: its value is read with the next
    `validate`, `flush` or `close`, or every `sync_every` steps. Until then it stays on its device.

    Args:
        folder: The study's folder, made if need be. Trainings of other seeds or labels join it,
            from other processes too; `lrlab report` then compares them.
        optimizer: The optimizer whose updates are counted.
        model: What is trained; names the task in the report.
        title: The report's heading; that of the folder's first recording counts.
        label: Name of the strategy in tables; by default its description. Runs of one label differ
            by seed.
        seed: What the training was seeded with, 0 or more. Only a name: nothing is seeded by it.
        plan: What moves the rates: an lrlab spec, an lrlab or PyTorch scheduler. Goes into the
            description.
        total_steps: Updates in all, where they are known.
        epochs: Epochs in all; with `steps_per_epoch` in place of `total_steps`.
        steps_per_epoch: Updates in an epoch.
        objective: The metric of `validate` that ranks trainings, lower being better.
        gradient_norm: Whether the gradient's Euclidean norm is recorded, as the optimizer gets it
            (after clipping, if there is any).
        turns: Whether the cosine between successive gradients is recorded; keeps a copy of the
            gradients.
        update_ratio: Whether the update's norm over the parameters' is recorded; copies the
            parameters.
        sync_every: Steps after which values are read from the device; by default only when they
            must be.
        resume: Updates that the training has behind it, from its checkpoint; what the log holds of
            later ones is dropped.

    Raises:
        FileExistsError: The folder holds something else, or this label and seed; or another
            recorder writes them now.
        ValueError: An argument out of range, or nothing to resume.
        OSError: The folder cannot be written.

    Example:
        >>> import tempfile, torch
        >>> model = torch.nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> folder = tempfile.mkdtemp()
        >>> with Recorder(folder, optimizer, model, total_steps=3) as recorder:
        ...     for _ in range(3):
        ...         optimizer.zero_grad()
        ...         loss = model(torch.ones(4, 1)).square().mean()
        ...         loss.backward()
        ...         optimizer.step()
        ...         _ = recorder.step(loss)
        ...     recorder.validate(validation_loss=loss)
        >>> import lrlab
        >>> [run] = lrlab.read(folder)
        >>> run.lr[:, 0].tolist(), run.outcome
        ([0.1, 0.1, 0.1], 'completed')
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        optimizer: torch.optim.Optimizer,
        model: torch.nn.Module | None = None,
        *,
        title: str | None = None,
        label: str | None = None,
        seed: int = 0,
        plan: object = None,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        objective: str = "validation loss",
        gradient_norm: bool = False,
        turns: bool = False,
        update_ratio: bool = False,
        sync_every: int | None = None,
        resume: int | None = None,
    ) -> None:
        optimizer = _description.innermost(optimizer)
        if epochs is not None:
            if steps_per_epoch is None or total_steps is not None:
                raise ValueError("epochs: give steps_per_epoch with it, and no total_steps")
            total_steps = epochs * steps_per_epoch
        least = {
            "seed": (seed, 0),
            "resume": (resume, 0),
            "sync_every": (sync_every, 1),
            "total_steps": (total_steps, 1),
            "steps_per_epoch": (steps_per_epoch, 1),
        }
        for name, (given, bound) in least.items():
            if given is not None and given < bound:
                raise ValueError(f"{name}={given}: give {bound} or more")
        groups = optimizer.param_groups
        strategy = _description.strategy(optimizer, plan)
        task = type(model).__name__ if model is not None else "training"
        self._log = _core.Log(
            os.fspath(folder),
            title=title or f"Recorded: {task}",
            label=label or strategy,
            strategy=strategy,
            task=task,
            seed=seed,
            total_steps=total_steps or 0,
            steps_per_epoch=steps_per_epoch or 0,
            parameters=sum(p.numel() for group in groups for p in group["params"]),
            groups=_description.groups(optimizer),
            objective=_words(objective),
            resume=resume,
        )
        self._optimizer = optimizer
        self._momentum = _description.momentum_key(optimizer)
        self._sync_every = sync_every
        self._updates = resume or 0
        self._recorded = self._updates
        self._unpaired = 0
        self._lr: list[Any] = []
        self._momenta: list[Any] = []
        self._waiting: list[tuple[int, Any, list[Any], list[Any], Any, Any, Any]] = []
        self._open = True
        self._gradients: Gradients | None = None
        if gradient_norm or turns or update_ratio:
            self._gradients = Gradients(gradient_norm, turns, update_ratio)
        self._hooks = [
            optimizer.register_step_pre_hook(self._before),
            optimizer.register_step_post_hook(self._after),
        ]
        self._leave = weakref.finalize(self, self._log.leave)

    @property
    def folder(self) -> str:
        """The folder of this run, in which `events.jsonl` lies."""
        return str(self._log.folder)

    @property
    def updates(self) -> int:
        """Updates that the optimizer has made; what `resume` asks for when training goes on."""
        return self._updates

    def step(self, loss: float | torch.Tensor | Loss) -> bool:
        """Records the update that the optimizer just made, with the loss of its batch.

        A call without an update since the last one records nothing: a batch whose gradient is only
        accumulated, or an update that a gradient scaler left out.

        Args:
            loss: The batch's loss before the update, one number.

        Returns:
            Whether an update was recorded.

        Raises:
            ValueError: A loss that is not one number, or a rate that is not finite.
            RuntimeError: The recorder is closed.
            OSError: The log cannot be written; the lines are kept, and the next call tries again.
        """
        if not self._open:
            self._refuse_closed()
        updates = self._updates
        if updates == self._recorded:
            self._unpaired += 1
            return False
        if self._gradients is not None or self._waiting or type(loss) is not float:
            self._record(updates - 1, loss)
        else:
            self._log.step(updates - 1, loss, self._lr, self._momenta)
        self._recorded = updates
        return True

    def validate(self, metrics: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Records metrics after the updates so far.

        Args:
            metrics: Values by name, each one number.
            more: The same as keywords. An underscore in a name is read as a blank, everywhere:
                `validation_loss=0.3` is `validation loss`.

        Raises:
            ValueError: No metric at all, or one that is not one number.
            RuntimeError: The recorder is closed.
            OSError: The log cannot be written.
        """
        if not self._open:
            self._refuse_closed()
        named = {**(metrics or {}), **more}
        if not named:
            raise ValueError("no metric to record: give at least one, as validation_loss=0.3")
        values = {_words(name): _number(value, name) for name, value in named.items()}
        self._drain()
        self._log.validated(self._updates, values)

    def flush(self) -> None:
        """Writes all that is recorded so far, reading what is still on a device."""
        if not self._open:
            self._refuse_closed()
        self._drain()
        self._log.flush()

    def close(self) -> None:
        """Ends the log: as completed, or as diverged where the last loss is no finite number.

        Closing again does nothing.
        """
        self._end("completed")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._end("completed")
        elif isinstance(error, (KeyboardInterrupt, SystemExit)):
            self._end("stopped")
        else:
            self.fail(error)

    def fail(self, error: BaseException | str) -> None:
        """Ends the log as failed, with the error's text as the reason."""
        told = str(error)
        named = isinstance(error, BaseException)
        self._end("failed", f"{type(error).__name__}: {told}".rstrip(": ") if named else told)

    def stop(self) -> None:
        """Ends the log as stopped before its end."""
        self._end("stopped")

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Recorder writes a file and cannot be pickled; make it where training runs"
        )

    def _before(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """The hook before an update: its values stand in the groups, where schedulers move them
        after it."""
        groups = optimizer.param_groups
        rates = [group["lr"] for group in groups]
        for rate in rates:
            if type(rate) is not float:
                rates = [_kept(rate) for rate in rates]
                break
        self._lr = rates
        if self._momentum is not None:
            self._momenta = _description.momenta(groups, self._momentum)
        if self._gradients is not None:
            self._gradients.before(groups)

    def _after(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """The hook after an update."""
        self._updates += 1
        if self._gradients is not None:
            self._gradients.after()

    def _record(self, t: int, loss: Any) -> None:
        """Records now if every value is at hand; else when they are read."""
        norm, turn, ratio = self._gradients.measured if self._gradients else (None, None, None)
        loss = _loss(loss)
        step = (t, loss, self._lr, self._momenta, norm, turn, ratio)
        if not self._waiting and all(map(_at_hand, (loss, norm, turn, ratio, *self._lr))):
            self._log.step(*step)
            return
        self._waiting.append(step)
        if self._sync_every is not None and len(self._waiting) >= self._sync_every:
            self._drain()

    def _drain(self) -> None:
        """Reads what waits on devices, in order."""
        while self._waiting:
            t, loss, rates, momenta, norm, turn, ratio = self._waiting[0]
            self._log.step(
                t,
                _number(loss, "loss"),
                [_number(rate, "lr") for rate in rates],
                momenta,
                *(None if value is None else _number(value, "") for value in (norm, turn, ratio)),
            )
            del self._waiting[0]

    def _end(self, outcome: str, why: str | None = None) -> None:
        if not self._open:
            return
        try:
            self._drain()
        finally:
            self._open = False
            for hook in self._hooks:
                hook.remove()
            self._log.finish(outcome, why)
        if outcome == "completed" and self._unpaired and self._recorded < self._updates:
            warnings.warn(
                "the first calls of Recorder.step came before any update, and the last update has no loss: "
                "put step(loss) after optimizer.step(), or losses stand beside the update before theirs",
                RuntimeWarning,
                stacklevel=3,
            )

    def _refuse_closed(self) -> NoReturn:
        raise RuntimeError("the recorder is closed; make another one for another training")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _at_hand(value: Any) -> bool:
    return value is None or isinstance(value, (float, int))


def _kept(value: Any) -> Any:
    """A value that may change in place, as it is now: read if it is at hand, else copied on its
    device."""
    if isinstance(value, torch.Tensor) and value.device.type != "cpu":
        return value.detach().clone()
    return float(value)


def _loss(loss: Any) -> Any:
    """A loss that is at hand as a number; another one as a copy on its device, without its
    graph."""
    device = getattr(loss, "device", None)
    if device is None or device.type == "cpu":
        return _number(loss, "loss")
    numel = getattr(loss, "numel", None)
    if numel is not None and numel() != 1:
        raise ValueError(f"loss has {numel()} elements; give one number, as loss.mean()")
    return loss.detach().clone()


def _number(value: Any, name: str) -> float:
    if type(value) is float:
        return value
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        shape = getattr(value, "shape", None)
        got = f"a {type(value).__name__}" + (
            f" of shape {tuple(shape)}" if shape is not None else ""
        )
        raise ValueError(f"{name or 'a value'} is {got}; give one number: {error}") from error
