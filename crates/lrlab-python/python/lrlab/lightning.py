"""lrlab in PyTorch Lightning's Trainer, whichever of its two packages is used."""

from __future__ import annotations

import math
import os
import sys
from typing import TYPE_CHECKING, Any

from lrlab.torch.recorder import Recorder as _Recorder

if TYPE_CHECKING:
    import torch

__all__ = ["Recorder", "config"]


def _callback_classes() -> tuple[type, ...]:
    """The `Callback` classes of the Lightning packages that are imported, or of the one that can
    be."""
    packages = [name for name in ("lightning.pytorch", "pytorch_lightning") if name in sys.modules]
    classes = []
    for name in packages or ["lightning.pytorch", "pytorch_lightning"]:
        try:
            module = __import__(name, fromlist=["Callback"])
        except ImportError:
            continue
        classes.append(module.Callback)
        if not packages:
            break
    if not classes:
        raise ImportError("lrlab.lightning needs Lightning: pip install lightning")
    return tuple(dict.fromkeys(classes))


# `Callback` of every package that is in use: which Trainer will call is not known yet.
_Callback: Any = type("_Callback", _callback_classes(), {})


class Recorder(_Callback):  # type: ignore[misc]
    """Records what a Trainer trains, as `lrlab.torch.Recorder` does; stands in
    `Trainer(callbacks=[...])`.

    Updates in all and in an epoch are the Trainer's own. Metrics are those that the module has
    logged by the end of a validation. With several processes only the first records. A fit that
    goes on from a checkpoint goes on with its log.

    Args:
        folder: The study's folder.
        options: Those of `lrlab.torch.Recorder`; `objective` is `val_loss` by default.

    Raises:
        ImportError: Neither `lightning` nor `pytorch_lightning` is installed.
        ValueError: The module has several optimizers.
    """

    def __init__(self, folder: str | os.PathLike[str], **options: Any) -> None:
        super().__init__()
        self._folder = folder
        self._options = options
        self.recorder: _Recorder | None = None

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Begins the log."""
        if not trainer.is_global_zero:
            return
        if len(trainer.optimizers) != 1:
            raise ValueError(
                f"the module has {len(trainer.optimizers)} optimizers; a log is that of one: use "
                "lrlab.torch.Recorder for each of them"
            )
        options = {"objective": "val_loss", "resume": trainer.global_step or None, **self._options}
        if trainer.lr_scheduler_configs:
            options.setdefault("plan", trainer.lr_scheduler_configs[0].scheduler)
        options = {**_lengths(trainer), **options}
        self.recorder = _Recorder(self._folder, trainer.optimizers[0], module, **options)

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Records an update, if the batch completed one."""
        if self.recorder is None:
            return
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        if loss is not None:
            # Lightning divides a batch's loss by the batches that are accumulated.
            self.recorder.step(loss * trainer.accumulate_grad_batches)

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Records the metrics that the module logged."""
        if self.recorder is not None and not trainer.sanity_checking:
            metrics = {
                name: value for name, value in trainer.callback_metrics.items() if _is_number(value)
            }
            if metrics:
                self.recorder.validate(metrics)

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Ends the log."""
        if self.recorder is not None:
            self.recorder.close()

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
        """Ends the log as failed, or as stopped by the keyboard."""
        if self.recorder is not None:
            self.recorder.__exit__(type(exception), exception, None)


def _lengths(trainer: Any) -> dict[str, int]:
    """The Trainer's updates in all and in an epoch, those of them that it knows."""
    total = trainer.estimated_stepping_batches
    # Known once the line above has made the Trainer load its data.
    per_epoch = trainer.num_training_batches / trainer.accumulate_grad_batches
    lengths = {"total_steps": total, "steps_per_epoch": per_epoch}
    return {name: math.ceil(length) for name, length in lengths.items() if 0 < length < math.inf}


def _is_number(value: Any) -> bool:
    return getattr(value, "numel", lambda: 1)() == 1


def config(
    optimizer: torch.optim.Optimizer,
    spec: Any,
    trainer_or_module: Any,
    *,
    monitor: str = "val_loss",
    **options: Any,
) -> dict[str, Any]:
    """What `configure_optimizers` returns to train by an lrlab plan, with the Trainer's own number
    of updates.

    Args:
        optimizer: The module's optimizer.
        spec: The plan, as `lrlab.torch.Scheduler` takes it.
        trainer_or_module: The Trainer, or the module that it trains (`self`).
        monitor: The logged metric that signals in the plan (`plateau` for instance) react to.
        options: Further ones of `lrlab.torch.Scheduler`.

    Raises:
        ValueError: The Trainer has no end that it knows of: give `max_epochs`, `max_steps` or
            `total_steps`.
    """
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    from lrlab.torch import Scheduler

    trainer = getattr(trainer_or_module, "trainer", None) or trainer_or_module
    options = {**_lengths(trainer), **options}
    if "total_steps" not in options:
        raise ValueError(
            "the Trainer has no end that it knows of: give it max_epochs or max_steps, or total_steps here"
        )
    scheduler = Scheduler(optimizer, spec, **options)
    # One that takes metrics follows the updates by itself, and is stepped where there is a reading.
    takes_metrics = isinstance(scheduler, ReduceLROnPlateau)
    interval = "epoch" if takes_metrics else "step"
    settings = {"scheduler": scheduler, "interval": interval, "frequency": 1, "monitor": monitor}
    return {"optimizer": optimizer, "lr_scheduler": settings}
