"""lrlab in Hugging Face's Trainer."""

from __future__ import annotations

import os
from typing import Any

from lrlab.torch.recorder import Recorder as _Recorder

try:
    from transformers import TrainerCallback
except ImportError as _missing:
    raise ImportError(
        "lrlab.transformers needs transformers: pip install transformers"
    ) from _missing

__all__ = ["Recorder"]


class Recorder(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Records what a Trainer trains, as `lrlab.torch.Recorder` does; stands in
    `Trainer(callbacks=[...])`.

    Updates in all and in an epoch are the Trainer's own; metrics are those of its evaluations. The
    Trainer tells a callback the loss only where it logs, as the mean since the last time: updates
    are recorded there, every one with `logging_steps=1`. With several processes only the first
    records.

    Args:
        folder: The study's folder.
        options: Those of `lrlab.torch.Recorder`; `objective` is `eval_loss` by default.

    Raises:
        ImportError: transformers is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], **options: Any) -> None:
        super().__init__()
        self._folder = folder
        self._options = options
        self.recorder: _Recorder | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Begins the log."""
        if not state.is_world_process_zero:
            return
        resume = state.global_step or None
        options = {"objective": "eval_loss", "seed": args.seed, "resume": resume, **self._options}
        options.setdefault("plan", given.get("lr_scheduler"))
        if state.max_steps > 0:
            options.setdefault("total_steps", state.max_steps)
            if state.num_train_epochs:
                options.setdefault(
                    "steps_per_epoch", max(1, state.max_steps // state.num_train_epochs)
                )
        self.recorder = _Recorder(self._folder, given["optimizer"], given.get("model"), **options)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **given: Any
    ) -> None:
        """Records an update where its loss is told."""
        if self.recorder is not None and logs and "loss" in logs:
            self.recorder.step(float(logs["loss"]))

    def on_evaluate(
        self,
        args: Any,
        state: Any,
        control: Any,
        metrics: dict[str, Any] | None = None,
        **given: Any,
    ) -> None:
        """Records the metrics of an evaluation."""
        numbers = {
            n: v for n, v in (metrics or {}).items() if isinstance(v, (int, float)) and n != "epoch"
        }
        if self.recorder is not None and numbers:
            self.recorder.validate(numbers)

    def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Ends the log."""
        if self.recorder is not None:
            self.recorder.close()
            self.recorder = None
