"""Hugging Face's Trainer by an lrlab plan, recorded.

python crates/lrlab-python/examples/hugging_face_trainer.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile

import torch
import transformers

import lrlab
from lrlab.torch import Scheduler
from lrlab.transformers import Recorder

PLAN = "warmup 10% then cosine to 0"


class Regression(torch.nn.Module):
    """A plane; the Trainer asks for a loss in what the model gives."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(8, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """The loss and the predictions."""
        out = self.layer(x)
        return {"loss": torch.nn.functional.mse_loss(out, labels), "logits": out}


def rows(count: int) -> list[dict[str, torch.Tensor]]:
    """Points on a plane with noise."""
    x = torch.randn(count, 8)
    y = x.sum(dim=1, keepdim=True) + 0.5 * torch.randn(count, 1)
    return [{"x": a, "labels": b} for a, b in zip(x, y, strict=True)]


def main() -> None:
    """Trains once and shows the rates and losses that were recorded."""
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    transformers.set_seed(0)
    model, train, held_out = Regression(), rows(256), rows(128)
    args = transformers.TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=8,
        num_train_epochs=3,
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        log_level="error",
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
    updates = 3 * len(train) // 8
    scheduler = Scheduler(optimizer, PLAN, total_steps=updates)
    trainer = transformers.Trainer(
        model=model,
        args=args,
        train_dataset=train,
        eval_dataset=held_out,
        optimizers=(optimizer, scheduler),
        callbacks=[Recorder(folder)],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.train()
    [run] = lrlab.read(folder)
    print(run)
    print(
        f"highest rate {run.lr.max():.3f}, last {run.lr[-1, 0]:.2e}, {run.objective} {run.final():.4f}"
    )


if __name__ == "__main__":
    main()
