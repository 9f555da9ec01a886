"""lrlab.torch.Scheduler inside the frameworks, PyTorch's own composites, worker processes and the compiler."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from lrlab.torch import Scheduler

os.environ.setdefault("HF_HUB_OFFLINE", "1")


class Line(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        y = self.layer(x)
        return {"logits": y} if labels is None else {"loss": ((y - labels) ** 2).mean(), "logits": y}


def points(count: int = 16) -> TensorDataset:
    x = torch.linspace(-1, 1, count).unsqueeze(1)
    return TensorDataset(x, 2 * x)


def sgd(model: torch.nn.Module, lr: Any = 0.1) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=lr)


# Lightning


def lightning_module(spec: str, interval: str, rates: list[float], **lengths: Any) -> Any:
    import lightning.pytorch as pl

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.line = Line()

        def training_step(self, batch: Any) -> torch.Tensor:
            rates.append(self.optimizers().param_groups[0]["lr"])  # type: ignore[union-attr]
            return self.line(*batch)["loss"]

        def validation_step(self, batch: Any) -> None:
            self.log("val_loss", 1.0)

        def configure_optimizers(self) -> Any:
            optimizer = sgd(self, 1e-3)
            self.scheduler = Scheduler(optimizer, spec, **lengths)
            config = {"scheduler": self.scheduler, "interval": interval, "monitor": "val_loss"}
            return {"optimizer": optimizer, "lr_scheduler": config}

    return Module()


def fit(module: Any, folder: Path, epochs: int, resume: str | None = None, **options: Any) -> Any:
    import lightning.pytorch as pl

    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **options,
    )
    loader = DataLoader(points(), batch_size=4)
    trainer.fit(module, loader, loader, ckpt_path=resume, weights_only=True if resume else None)
    return trainer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_lightning_steps_it_by_step_or_epoch(tmp_path: Path, interval: str) -> None:
    rates: list[float] = []
    module = lightning_module("linear to 0", interval, rates, epochs=3, steps_per_epoch=4)
    fit(module, tmp_path, 3, enable_checkpointing=False)
    whole = [1e-3 * (1 - t / 12) for t in range(12)]
    if interval == "epoch":
        whole = [whole[t - t % 4] for t in range(12)]
    assert rates == pytest.approx(whole) and module.scheduler.last_epoch == 12


@pytest.mark.filterwarnings("ignore")
def test_lightning_accumulates_and_resumes(tmp_path: Path) -> None:
    straight: list[float] = []
    lengths = {"total_steps": 8, "steps_per_epoch": 2}
    fit(lightning_module("warmup 2 steps then cosine to 0", "step", straight, **lengths), tmp_path, 4, accumulate_grad_batches=2, enable_checkpointing=False)
    assert straight[::2] == straight[1::2] and len(set(straight)) == 8
    rates: list[float] = []
    half = lightning_module("warmup 2 steps then cosine to 0", "step", rates, **lengths)
    trainer = fit(half, tmp_path, 2, accumulate_grad_batches=2)
    path = tmp_path / "half.ckpt"
    trainer.save_checkpoint(path)
    rest = lightning_module("warmup 2 steps then cosine to 0", "step", rates, **lengths)
    fit(rest, tmp_path, 4, resume=str(path), accumulate_grad_batches=2)
    assert rates == straight


@pytest.mark.filterwarnings("ignore")
def test_lightning_hands_the_metric_to_a_plateau_over_a_warmup(tmp_path: Path) -> None:
    rates: list[float] = []
    plan = "warmup 4 steps then constant | plateau patience 0 epochs x0.5"
    module = lightning_module(plan, "epoch", rates, epochs=4, steps_per_epoch=4)
    fit(module, tmp_path, 4, enable_checkpointing=False)
    assert rates == pytest.approx([1e-3 * f for f in [0.2, 0.4, 0.6, 0.8] + [1] * 4 + [0.5] * 4 + [0.25] * 4])


# Hugging Face


def trainer(folder: Path, spec: str, rates: list[float], **options: Any) -> Any:
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Rates(TrainerCallback):
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            rates.append(kwargs["optimizer"].param_groups[0]["lr"])

    torch.manual_seed(0)
    model = Line()
    optimizer = sgd(model, 1e-3)
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=3,
        per_device_train_batch_size=4,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        logging_steps=1,
        **options,
    )
    rows = [{"x": x, "labels": y} for x, y in points()]
    return Trainer(
        model=model,
        args=arguments,
        train_dataset=rows,  # type: ignore[arg-type]
        eval_dataset=rows,  # type: ignore[arg-type]
        optimizers=(optimizer, Scheduler(optimizer, spec, epochs=3, steps_per_epoch=4)),  # type: ignore[arg-type]
        callbacks=[Rates()],
    )


@pytest.mark.filterwarnings("ignore")
def test_hugging_face_trains_saves_and_resumes(tmp_path: Path) -> None:
    straight: list[float] = []
    options = {"save_strategy": "epoch", "eval_strategy": "no"}
    trainer(tmp_path / "a", "warmup 2 steps then linear to 0", straight, **options).train()
    assert straight == pytest.approx([1e-3 * f for f in [1 / 3, 2 / 3] + [1 - k / 10 for k in range(10)]])
    rates: list[float] = []
    trainer(tmp_path / "b", "warmup 2 steps then linear to 0", rates, **options).train(
        resume_from_checkpoint=str(tmp_path / "a" / "checkpoint-4")
    )
    assert rates == straight[4:]


@pytest.mark.filterwarnings("ignore")
def test_hugging_face_hands_the_metric_to_a_plateau_over_a_warmup(tmp_path: Path) -> None:
    rates: list[float] = []
    plan = "warmup 4 steps then constant | plateau patience 0 epochs x0.5 threshold 99%"
    hugging = trainer(tmp_path, plan, rates, eval_strategy="epoch", save_strategy="no", metric_for_best_model="loss")
    hugging.train()
    assert rates == pytest.approx([1e-3 * f for f in [0.2, 0.4, 0.6, 0.8] + [1] * 4 + [0.5] * 4])


# Accelerate


@pytest.mark.filterwarnings("ignore")
def test_accelerate_prepares_accumulates_saves_and_loads(tmp_path: Path) -> None:
    from accelerate import Accelerator

    def run(batches: int, folder: Path | None = None, load: Path | None = None) -> list[float]:
        accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
        model = Line()
        optimizer = sgd(model)
        scheduler = Scheduler(optimizer, "linear to 0", total_steps=8)
        loader = DataLoader(points(64), batch_size=4)
        model, optimizer, loader, prepared = accelerator.prepare(model, optimizer, loader, scheduler)
        if load is not None:
            accelerator.load_state(str(load))
        rates = []
        for batch, _ in zip(loader, range(batches)):
            with accelerator.accumulate(model):
                rates.append(optimizer.param_groups[0]["lr"])
                accelerator.backward(model(*batch)["loss"])
                optimizer.step()
                prepared.step()
                optimizer.zero_grad()
        if folder is not None:
            accelerator.save_state(str(folder))
        assert scheduler.last_epoch == (batches + (8 if load else 0)) // 2
        return rates

    straight = run(16)
    assert straight == pytest.approx([0.1 * (1 - t // 2 / 8) for t in range(16)])
    assert run(8, folder=tmp_path / "half") + run(8, load=tmp_path / "half") == straight


def test_accelerates_several_calls_an_update_advance_by_one() -> None:
    model = Line()
    optimizer = sgd(model)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=10)
    optimizer.step()
    for _ in range(4):
        scheduler.step()
    assert scheduler.last_epoch == 1 and not hasattr(scheduler, "total_steps")


def test_it_can_be_given_an_optimizer_that_accelerate_has_wrapped() -> None:
    from accelerate import Accelerator

    wrapped = Accelerator(cpu=True).prepare(sgd(Line()))
    scheduler = Scheduler(wrapped, "linear to 0", total_steps=10)
    wrapped.step()
    scheduler.step()
    assert wrapped.param_groups[0]["lr"] == pytest.approx(0.09)


# PyTorch's composites


def test_pytorchs_sequential_lr_begins_it_afresh_at_its_milestone() -> None:
    optimizer = torch.optim.SGD(Line().parameters(), lr=1.0, momentum=0.9)
    first = torch.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
    second = Scheduler(optimizer, "linear to 0 | momentum: constant 50%", total_steps=4)
    assert optimizer.param_groups[0]["momentum"] == 0.45
    sequence = torch.optim.lr_scheduler.SequentialLR(optimizer, [first, second], [2])
    rates, momenta = [], []
    for _ in range(5):
        rates.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        sequence.step()
    assert rates == pytest.approx([0.5, 0.75, 1.0, 0.75, 0.5])
    assert momenta == pytest.approx([0.9, 0.9, 0.45, 0.45, 0.45])


def test_it_may_come_first_or_deep_in_a_sequence_and_be_saved_there() -> None:
    Sequential = torch.optim.lr_scheduler.SequentialLR

    def build() -> tuple[torch.optim.SGD, Any]:
        optimizer = sgd(Line(), 1.0)
        parts = [Scheduler(optimizer, plan, total_steps=4) for plan in ("linear to 50%", "constant 10%")]
        return optimizer, Sequential(optimizer, parts, [4])

    def play(optimizer: Any, scheduler: Any, count: int) -> list[float]:
        rates = []
        for _ in range(count):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return rates

    straight = play(*build(), 7)
    assert straight == pytest.approx([1, 0.875, 0.75, 0.625, 0.1, 0.1, 0.1])
    optimizer, sequence = build()
    half = play(optimizer, sequence, 3)
    again, resumed = build()
    resumed.load_state_dict(sequence.state_dict())
    assert half + play(again, resumed, 4) == straight


def test_pytorchs_sequential_lr_refuses_one_that_takes_metrics() -> None:
    optimizer = sgd(Line())
    parts = [Scheduler(optimizer, plan, epochs=4) for plan in ("constant", "plateau patience 1 epoch x0.5")]
    with pytest.raises(ValueError, match="does not support `ReduceLROnPlateau`"):
        torch.optim.lr_scheduler.SequentialLR(optimizer, parts, [2])


# Processes and the compiler


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_data_loaders_workers_run_beside_it(context: str) -> None:
    model = Line()
    optimizer = sgd(model)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=8)
    for _ in range(2):
        for batch in DataLoader(points(), batch_size=4, num_workers=1, multiprocessing_context=context):
            model(*batch)["loss"].backward()
            optimizer.step()
            scheduler.step()
    assert scheduler.last_epoch == 8 and optimizer.param_groups[0]["lr"] == 0.0


def test_a_compiled_step_is_not_compiled_again_for_each_rate() -> None:
    from torch._dynamo.testing import CompileCounter

    torch._dynamo.reset()
    model = Line()
    rate = torch.tensor(0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, foreach=False, capturable=False)
    scheduler = Scheduler(optimizer, "linear to 0", total_steps=20)
    counter = CompileCounter()
    compiled = torch.compile(optimizer.step, backend=counter)
    frames = []
    for _ in range(12):
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        compiled()
        scheduler.step()
        frames.append(counter.frame_count)
    assert frames[0] > 0 and frames[-1] == frames[3]
    assert scheduler.last_epoch == 12 and optimizer.param_groups[0]["lr"].item() == pytest.approx(0.04)
