"""The callbacks of Lightning, transformers and accelerate, in real trainings of theirs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import accelerate
import lightning.pytorch
import pytest
import pytorch_lightning
import torch
import transformers

import lrlab
import lrlab.accelerate
import lrlab.lightning
import lrlab.transformers

QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def rows(count: int = 16) -> torch.utils.data.TensorDataset:
    torch.manual_seed(1)
    x = torch.randn(count, 3)
    return torch.utils.data.TensorDataset(x, x.sum(dim=1, keepdim=True))


def module_of(package: Any) -> type:
    class Module(package.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, fails_at: int = -1) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(3, 1)
            self.losses: list[float] = []
            self.fails_at = fails_at

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            if index == self.fails_at:
                raise ArithmeticError("a broken batch")
            loss = (self.layer(batch[0]) - batch[1]).square().mean()
            self.losses.append(loss.item())
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", (self.layer(batch[0]) - batch[1]).square().mean())

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
            return {
                "optimizer": optimizer,
                "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
            }

    return Module


@pytest.mark.parametrize(
    "package", [lightning.pytorch, pytorch_lightning], ids=lambda package: package.__name__
)
def test_lightning_is_recorded(tmp_path: Path, package: Any) -> None:
    model = module_of(package)()
    recorder = lrlab.lightning.Recorder(tmp_path / "log", seed=4)
    trainer = package.Trainer(
        max_epochs=2, callbacks=[recorder], enable_checkpointing=False, **QUIET
    )
    loader = torch.utils.data.DataLoader(rows(), batch_size=4)
    trainer.fit(model, loader, loader)
    [run] = lrlab.read(tmp_path / "log")
    assert run.loss.tolist() == model.losses and len(model.losses) == 8
    assert run.lr[:, 0].tolist() == [0.1] * 3 + [0.05] * 3 + [0.025] * 2
    assert (run.total_steps, run.steps_per_epoch, run.seed, run.outcome) == (8, 4, 4, "completed")
    assert run.metrics["val loss"][0].tolist() == [4, 8] and run.objective == "val loss"
    assert "StepLR(step_size=3, gamma=0.5)" in run.strategy and run.task == "Module"


def test_lightning_records_updates_of_accumulated_batches(tmp_path: Path) -> None:
    model = module_of(lightning.pytorch)()
    recorder = lrlab.lightning.Recorder(tmp_path / "log")
    options = {"max_epochs": 1, "accumulate_grad_batches": 2, "enable_checkpointing": False}
    trainer = lightning.pytorch.Trainer(callbacks=[recorder], **options, **QUIET)
    trainer.fit(model, torch.utils.data.DataLoader(rows(), batch_size=4))
    [run] = lrlab.read(tmp_path / "log")
    assert run.t.tolist() == [0, 1] and run.total_steps == 2 and run.steps_per_epoch == 2
    assert run.loss.tolist() == pytest.approx(model.losses[1::2], rel=1e-6)


def test_lightning_goes_on_with_its_log(tmp_path: Path) -> None:
    loader = torch.utils.data.DataLoader(rows(), batch_size=4)

    def fit(epochs: int, checkpoint: Path | None) -> Any:
        recorder = lrlab.lightning.Recorder(tmp_path / "log", label="one")
        trainer = lightning.pytorch.Trainer(
            max_epochs=epochs, callbacks=[recorder], default_root_dir=tmp_path, **QUIET
        )
        trainer.fit(
            module_of(lightning.pytorch)(), loader, ckpt_path=checkpoint, weights_only=False
        )
        return trainer

    first = fit(1, None)
    saved = tmp_path / "saved.ckpt"
    first.save_checkpoint(saved)
    fit(2, saved)
    [run] = lrlab.read(tmp_path / "log")
    assert run.t.tolist() == list(range(8)) and run.outcome == "completed"


def test_lightning_failures_are_recorded(tmp_path: Path) -> None:
    recorder = lrlab.lightning.Recorder(tmp_path / "log")
    trainer = lightning.pytorch.Trainer(
        max_epochs=1, callbacks=[recorder], enable_checkpointing=False, **QUIET
    )
    with pytest.raises(ArithmeticError):
        trainer.fit(
            module_of(lightning.pytorch)(fails_at=2),
            torch.utils.data.DataLoader(rows(), batch_size=4),
        )
    [run] = lrlab.read(tmp_path / "log")
    assert (run.outcome, run.why, len(run.t)) == ("failed", "ArithmeticError: a broken batch", 2)


class Regression(torch.nn.Module):
    """What the Trainer of transformers takes for a model."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
        self.losses: list[float] = []

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        out = self.layer(x)
        loss = (out - labels).square().mean()
        if self.training:
            self.losses.append(loss.item())
        return {"loss": loss, "logits": out}


class Table(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """The rows as the Trainer wants them."""

    def __init__(self) -> None:
        self.rows = rows()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        x, y = self.rows[index]
        return {"x": x, "labels": y}


@pytest.mark.parametrize("accumulated", [1, 2])
def test_transformers_is_recorded(tmp_path: Path, accumulated: int) -> None:
    args = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"),
        per_device_train_batch_size=4,
        gradient_accumulation_steps=accumulated,
        num_train_epochs=2,
        learning_rate=0.1,
        lr_scheduler_type="linear",
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        seed=5,
    )
    model, table = Regression(), Table()
    callbacks = [lrlab.transformers.Recorder(tmp_path / "log", label="linear")]
    trainer = transformers.Trainer(
        model=model, args=args, train_dataset=table, eval_dataset=table, callbacks=callbacks
    )
    trainer.train()
    updates = 8 // accumulated
    [run] = lrlab.read(tmp_path / "log")
    assert run.t.tolist() == list(range(updates)) and (run.outcome, run.seed) == ("completed", 5)
    assert run.lr[:, 0].tolist() == pytest.approx([0.1 * (1 - t / updates) for t in range(updates)])
    means = [sum(model.losses[i : i + accumulated]) / accumulated for i in range(0, 8, accumulated)]
    assert run.loss.tolist() == pytest.approx(means, rel=1e-3)
    assert run.metrics["eval loss"][0].tolist() == [updates // 2, updates]
    assert (run.total_steps, run.steps_per_epoch, run.task) == (updates, updates // 2, "Regression")


def test_accelerate_is_recorded(tmp_path: Path) -> None:
    tracker = lrlab.accelerate.Tracker(tmp_path / "log", label="plain", seed=2)
    accelerator = accelerate.Accelerator(cpu=True, log_with=tracker, gradient_accumulation_steps=2)
    accelerator.init_trackers("anything", config={"lr": 0.1})
    with pytest.raises(RuntimeError, match=r"tracker\.watch"):
        accelerator.log({"loss": 1.0})
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loader = torch.utils.data.DataLoader(rows(), batch_size=2)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    recorder = tracker.watch(optimizer, model)
    assert accelerator.get_tracker("lrlab", unwrap=True) is recorder
    losses = []
    for x, y in loader:
        with accelerator.accumulate(model):
            loss = (model(x) - y).square().mean()
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
        accelerator.log({"loss": loss})
        losses.append(loss.item())
    accelerator.log({"validation_loss": 0.25, "note": "a word"}, step=4)
    accelerator.end_training()
    [run] = lrlab.read(tmp_path / "log")
    assert run.loss.tolist() == losses[1::2] and run.t.tolist() == [0, 1, 2, 3]
    assert (
        run.final() == 0.25
        and list(run.metrics) == ["validation loss"]
        and run.outcome == "completed"
    )


@pytest.mark.parametrize(
    "package", [lightning.pytorch, pytorch_lightning], ids=lambda package: package.__name__
)
@pytest.mark.parametrize(
    "plan", ["linear to 0", "warmup 2 steps then constant | plateau patience 1 epoch x0.5"]
)
def test_lightning_trains_by_a_plan(tmp_path: Path, package: Any, plan: str) -> None:
    class Planned(module_of(package)):  # type: ignore[misc]
        def configure_optimizers(self) -> Any:
            return lrlab.lightning.config(torch.optim.SGD(self.parameters(), lr=0.1), plan, self)

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", 1.0)

    recorder = lrlab.lightning.Recorder(tmp_path / "log")
    trainer = package.Trainer(
        max_epochs=4, callbacks=[recorder], enable_checkpointing=False, **QUIET
    )
    loader = torch.utils.data.DataLoader(rows(), batch_size=4)
    trainer.fit(Planned(), loader, loader)
    [run] = lrlab.read(tmp_path / "log")
    rates = run.lr[:, 0].tolist()
    if plan == "linear to 0":
        assert rates == pytest.approx([0.1 * (1 - t / 16) for t in range(16)])
    else:
        assert rates[:3] == pytest.approx([0.1 / 3, 0.2 / 3, 0.1]) and rates[-1] == pytest.approx(
            0.05
        )
    assert plan in run.strategy


def test_config_wants_a_trainer_that_ends(tmp_path: Path) -> None:
    class Endless(module_of(lightning.pytorch)):  # type: ignore[misc]
        def configure_optimizers(self) -> Any:
            return lrlab.lightning.config(
                torch.optim.SGD(self.parameters(), lr=0.1), "linear to 0", self
            )

    trainer = lightning.pytorch.Trainer(max_epochs=-1, enable_checkpointing=False, **QUIET)
    with pytest.raises(ValueError, match="give it max_epochs"):
        trainer.fit(Endless(), torch.utils.data.DataLoader(rows(), batch_size=4))


@pytest.mark.parametrize("name", ["lightning", "transformers", "accelerate"])
def test_a_missing_framework_is_said(name: str) -> None:
    program = (
        "import sys\n"
        f"for name in ({name!r}, 'pytorch_lightning'): sys.modules[name] = None\n"
        "try:\n"
        f"    import lrlab.{name}\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.endswith(f"pip install {name}\n")
