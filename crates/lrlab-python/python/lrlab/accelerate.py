"""lrlab as a tracker of Hugging Face accelerate."""

from __future__ import annotations

import os
from typing import Any

from lrlab.torch.recorder import Recorder

try:
    from accelerate.state import PartialState  # type: ignore
    from accelerate.tracking import GeneralTracker  # type: ignore
except ImportError as _missing:
    raise ImportError("lrlab.accelerate needs accelerate: pip install accelerate") from _missing

__all__ = ["Tracker"]


class Tracker(GeneralTracker):  # type: ignore[misc, unused-ignore]
    """Records what an accelerate loop logs, as `lrlab.torch.Recorder` does.

    `Accelerator(log_with=tracker)`, then `tracker.watch(optimizer)` once it is prepared.
    `accelerator.log` records the update with the value under `loss`; all other numbers are metrics.
    Only the main process records. The step that `log` is given is not needed: updates are counted
    at the optimizer.

    Args:
        folder: The study's folder.
        loss: The name that the training loss is logged under.
        options: Those of `lrlab.torch.Recorder`.

    Raises:
        ImportError: accelerate is not installed.
    """

    name = "lrlab"
    requires_logging_directory = False
    main_process_only = True

    def __init__(
        self, folder: str | os.PathLike[str], *, loss: str = "loss", **options: Any
    ) -> None:
        super().__init__()
        self._folder = folder
        self._loss = loss
        self._options = options
        self.recorder: Recorder | None = None

    @property
    def tracker(self) -> Recorder | None:
        """The recorder, once an optimizer is watched."""
        return self.recorder

    def watch(self, optimizer: Any, model: Any = None, **options: Any) -> Recorder | None:
        """Begins the log of what `optimizer` trains, as it is or as `accelerator.prepare` gives it.

        Returns:
            The recorder; `None` on other processes than the main one.
        """
        if not PartialState().is_main_process:
            return None
        model = getattr(model, "module", model)
        self.recorder = Recorder(self._folder, optimizer, model, **{**self._options, **options})
        return self.recorder

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Does nothing: what is recorded is measured."""

    def log(self, values: dict[str, Any], step: int | None = None, **given: Any) -> None:
        """Records an update or metrics.

        Raises:
            RuntimeError: No optimizer is watched yet.
        """
        if self.recorder is None:
            raise RuntimeError(
                "no optimizer to record: call tracker.watch(optimizer) after accelerator.prepare"
            )
        others = {name: value for name, value in values.items() if name != self._loss}
        if self._loss in values:
            self.recorder.step(values[self._loss])
        metrics = {
            name: value for name, value in others.items() if not isinstance(value, (str, bool))
        }
        if metrics:
            self.recorder.validate(metrics)

    def finish(self) -> None:
        """Ends the log; `accelerator.end_training()` calls it."""
        if self.recorder is not None:
            self.recorder.close()
