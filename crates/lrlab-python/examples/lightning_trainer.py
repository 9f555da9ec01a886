"""Lightning: two plans for one module, each with the Trainer's own number of updates, recorded and
compared.

python crates/lrlab-python/examples/lightning_trainer.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import lightning.pytorch as pl
import torch

import lrlab
from lrlab.lightning import Recorder, config

PLANS = {"constant": "constant", "cosine": "warmup 10% then cosine to 0"}


class Regression(pl.LightningModule):
    """Fits a plane, with noise on the data."""

    def __init__(self, plan: str) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(8, 1)
        self.plan = plan

    def loss(self, batch: Any) -> torch.Tensor:
        """The mean squared error."""
        x, y = batch
        return torch.nn.functional.mse_loss(self.layer(x), y)

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        """One batch."""
        return self.loss(batch)

    def validation_step(self, batch: Any, index: int) -> None:
        """Logs what the comparison is made by."""
        self.log("val_loss", self.loss(batch))

    def configure_optimizers(self) -> Any:
        """SGD by the plan."""
        optimizer = torch.optim.SGD(self.parameters(), lr=0.2)
        return config(optimizer, self.plan, self)


def rows(count: int) -> torch.utils.data.TensorDataset:
    """Points on a plane with noise."""
    x = torch.randn(count, 8)
    return torch.utils.data.TensorDataset(x, x.sum(dim=1, keepdim=True) + torch.randn(count, 1))


def main() -> None:
    """Trains each plan with three seeds and prints the report."""
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    for label, plan in PLANS.items():
        for seed in range(3):
            pl.seed_everything(seed, verbose=False)
            train = torch.utils.data.DataLoader(rows(256), batch_size=8, shuffle=True)
            held_out = torch.utils.data.DataLoader(rows(512), batch_size=512)
            recorder = Recorder(
                folder, label=label, seed=seed, title="Does the decay pay?", plan=plan
            )
            quiet: dict[str, Any] = {
                "logger": False,
                "enable_progress_bar": False,
                "enable_checkpointing": False,
            }
            trainer = pl.Trainer(
                max_epochs=4,
                accelerator="cpu",
                callbacks=[recorder],
                enable_model_summary=False,
                **quiet,
            )
            trainer.fit(Regression(plan), train, held_out)
    print(lrlab.report(folder))


if __name__ == "__main__":
    main()
