"""Runs the PyTorch code that lrlab writes, and keeps the values that every optimizer step uses.

`python convert_cases.py --run` reads cases (text and code) as JSON and writes their values.
"""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

STEPS_PER_EPOCH = 10
EPOCHS = 6
# One for each epoch: it improves, then it does not.
LOSSES = [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]

Json = dict[str, object]

PYTORCH = [
    "StepLR(step_size=2, gamma=0.5)",
    "StepLR(step_size=15, gamma=0.5) per step",
    "MultiStepLR([2, 4], gamma=0.2)",
    "ConstantLR(factor=0.25, total_iters=3)",
    "LinearLR(start_factor=0.1, total_iters=4)",
    "ExponentialLR(gamma=0.9)",
    "ExponentialLR(gamma=0.9) per step",
    "PolynomialLR(total_iters=5, power=2.0)",
    "PolynomialLR(total_iters=50, power=0.5) per step",
    "CosineAnnealingLR(T_max=5, eta_min=1e-3)",
    "CosineAnnealingLR(T_max=40) per step",
    "CosineAnnealingWarmRestarts(T_0=2, eta_min=1e-3)",
    "CosineAnnealingWarmRestarts(T_0=7, T_mult=2) per step",
    "CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=8, step_size_down=4)",
    "CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=7, mode='triangular2')",
    "CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=7, mode='exp_range', gamma=0.99, cycle_momentum=False)",
    "CyclicLR(base_lr=0.01, max_lr=0.1, step_size_up=2) per epoch",
    "OneCycleLR(max_lr=0.1, total_steps=60)",
    "OneCycleLR(max_lr=0.1, epochs=6, steps_per_epoch=10, pct_start=0.29, anneal_strategy='linear')",
    "OneCycleLR(max_lr=0.1, total_steps=50, pct_start=0.25, three_phase=True)",
    "OneCycleLR(max_lr=0.1, total_steps=6, pct_start=0.5) per epoch",
    "LambdaLR(lr_lambda=lambda epoch: 0.8 ** epoch)",
    "LambdaLR(lambda step: min(1.0, (step + 1) / 20) if step < 40 else 0.5) per step",
    "MultiplicativeLR(lr_lambda=lambda epoch: 0.95)",
    "MultiplicativeLR(lr_lambda=lambda step: 1 - 1 / (step + 10)) per step",
    "ChainedScheduler([ConstantLR(0.1, total_iters=2), ExponentialLR(0.9)])",
    "ChainedScheduler([ExponentialLR(0.99), CosineAnnealingLR(60)]) per step",
    "SWALR(swa_lr=0.05, anneal_epochs=4)",
    "SWALR(swa_lr=0.05, anneal_epochs=30, anneal_strategy='linear') per step",
    "SequentialLR([LinearLR(0.1, total_iters=2), CosineAnnealingLR(4)], milestones=[2])",
    "SequentialLR([LinearLR(0.1, total_iters=9), ExponentialLR(0.9), StepLR(5)], milestones=[9, 30]) per step",
    "SequentialLR([ExponentialLR(0.9), PolynomialLR(20)], milestones=[33]) per step",
    "SequentialLR([ExponentialLR(0.9), CyclicLR(0.01, 0.1, 8)], milestones=[13])",
    "ReduceLROnPlateau(factor=0.5, patience=1)",
    "ReduceLROnPlateau(factor=0.1, patience=0, cooldown=1, min_lr=1e-3)",
]

HUGGING_FACE = [
    "linear(6, 60)",
    "get_scheduler('cosine', optimizer, num_warmup_steps=6, num_training_steps=60)",
    "cosine(6, 60, num_cycles=1.5)",
    "cosine_with_restarts(6, 60, num_cycles=3)",
    "cosine_with_restarts(7, 60, num_cycles=4)",
    "polynomial(6, 60, lr_end=1e-4, power=2)",
    "constant_with_warmup(6)",
    "inverse_sqrt(6)",
    "inverse_sqrt(0, timescale=20)",
    "cosine_with_min_lr(6, 50, min_lr=1e-3)",
    "cosine_warmup_with_min_lr(6, 60, min_lr_rate=0.1)",
    "cosine_warmup_with_min_lr(1, 60, min_lr_rate=0.1, warmup_lr_rate=0.2)",
    "warmup_stable_decay(6, 20, 60)",
    "warmup_stable_decay(6, 20, 60, warmup_type='1-sqrt', decay_type='1-sqrt', min_lr_ratio=0.1)",
    "get_greedy_schedule(optimizer, patience=1, factor=0.5)",
]

OWN = [
    "sgd lr=0.1",
    "sgd lr=0.1 | warmup 10% then cosine to 1% over 50% then constant 1%",
    "sgd lr=0.1 | (cosine to 0 stepped each epoch) times step every 2 epochs x0.5",
    "sgd lr=0.1 | cosine to 0 stretched at 20 steps from 40 steps",
    "sgd lr=0.1 | cosine to 0 rebased at 20 steps to 50% over 10 steps",
    "sgd lr=0.1 | warmup 5 steps then (cosine to 0 over 15 steps repeat x0.5) floor 1%",
    "sgd lr=0.1 momentum=0.9 | warmup 10% then cosine to 0 | momentum: linear from 90% to 100%",
    "sgd lr=0.1 momentum=0.9 weight_decay=0.01 | cosine | weight_decay: linear to 0 | momentum: constant value 0.5",
    "sgd lr=0.1 momentum=0 | cosine | momentum: linear from value 0.5 to value 0.9",
    "adamw lr=0.001 | cosine | beta1: linear from 50% to 100% | beta2: constant value 0.95 | eps: step every 3 epochs x10",
    "adam lr=0.001 | OneCycleLR(max_lr=0.01, total_steps=60)",
    "adam lr=0.001 weight_decay=0.1 decoupled_weight_decay=true amsgrad=true maximize=true | cosine",
    "nadam weight_decay=0.1 momentum_decay=0.01 decoupled_weight_decay=true | cosine | beta1: linear from 50% to 100%",
    "radam lr=0.003 beta2=0.99 weight_decay=0.1 maximize=true | cosine | weight_decay: linear to 0",
    "adamax lr=0.003 eps=1e-6 | cosine | beta2: constant value 0.99",
    "adagrad lr=0.1 lr_decay=0.01 weight_decay=0.1 eps=1e-6 | cosine",
    "for 0.*: adagrad lr=0.1 initial_accumulator_value=0.1 | cosine ; adagrad lr=0.2 initial_accumulator_value=0.5",
    "adadelta weight_decay=0.1 eps=1e-5 | cosine | rho: linear from 50% to 100%",
    "rmsprop lr=0.001 alpha=0.9 momentum=0.5 centered=true | cosine | alpha: constant value 0.95 | momentum: linear to 50%",
    "rprop lr=0.01 eta_plus=1.5 step_size_max=2 maximize=true",
    "asgd lr=0.1 lambd=0.01 alpha=0.5 t0=10 weight_decay=0.1 | alpha: constant value 0.75",
    "sgd lr=0.1 | plateau patience 1 epoch x0.5",
    "sgd lr=0.1 | plateau patience 1 epoch x0.5 threshold_abs=0.01 mode=max",
    "sgd lr=0.1 | plateau patience 15 steps x0.5 cooldown 1 epoch",
    "sgd lr=0.1 momentum=0.9 | warmup 10% then cosine to 0 | momentum: linear from 90% | plateau patience 0 steps x0.5",
    "sgd lr=0.1 | cosine | plateau patience 0 steps x0.5 floor 20% | greedy patience 0 steps x0.8 ceiling 150% smoothed=2",
    "sgd lr=0.1 | cosine | after end error",
    "sgd lr=0.1 | cosine | clip norm 1 | after end warn",
    "for 0.*: sgd lr=0.1 | cosine ; sgd lr=0.2 momentum=0.9 | step every 2 epochs x0.5",
    "for 0.*: sgd lr=0.1 | step every 3 epochs x0.1 ; sgd lr=0.2 | step every 2 epochs x0.5",
    "for *.weight: adamw lr=0.001 | cosine | plateau patience 0 steps x0.5 ; adamw lr=0.002 weight_decay=0",
    "for *.weight: adamw lr=0.001 | torch SequentialLR([LinearLR(0.1), StepLR(2)], [3]) ; sgd lr=0.1 | cosine",
    "sgd lr=0.1 | torch LambdaLR(lambda epoch: 0.8 ** epoch)",
    "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(max_lr=0.1, total_steps=60)",
    "sgd lr=0.1 | torch SWALR(swa_lr=0.05, anneal_epochs=4)",
]

TEXTS = [f"sgd lr=0.2 momentum=0.9 | {text}" for text in PYTORCH]
TEXTS += [f"adamw lr=0.001 | {text}" for text in HUGGING_FACE]
TEXTS += OWN

FIELDS = ["momentum", "dampening", "weight_decay", "eps", "alpha", "rho"]


def values_of(code: str) -> list[Json]:
    """The values of every group at every optimizer step, in the order in which the code makes them."""
    steps: list[list[Json]] = []
    stepped: list[int] = []

    def record(optimizer: torch.optim.Optimizer, args: tuple[object, ...], kwargs: Json) -> None:
        if id(optimizer) in stepped or not stepped:
            stepped.clear()
            steps.append([])
        stepped.append(id(optimizer))
        for group in optimizer.param_groups:
            found: Json = {"lr": group["lr"]}
            found |= {name: group[name] for name in FIELDS if name in group}
            if "betas" in group:
                found |= {"beta1": group["betas"][0], "beta2": group["betas"][1]}
            steps[-1].append(found)

    def loss_fn(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        epoch = min(len(steps) // STEPS_PER_EPOCH, EPOCHS - 1)
        return 0.0 * (outputs - targets).sum() + LOSSES[epoch]

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    loader = [(torch.zeros(1, 2), torch.zeros(1, 1))] * STEPS_PER_EPOCH
    hook = register_optimizer_step_pre_hook(record)
    try:
        with warnings.catch_warnings():
            # Classes of torch warn of each other inside SequentialLR.
            warnings.simplefilter("ignore")
            exec(code, {"model": model, "loader": loader, "loss_fn": loss_fn})  # noqa: S102 - lrlab's own code
    finally:
        hook.remove()
    if len(steps) != EPOCHS * STEPS_PER_EPOCH:
        raise RuntimeError(f"{len(steps)} steps")
    groups = []
    for series in zip(*steps, strict=True):
        # A value that never moves is kept once.
        kept: Json = {}
        for name in series[0]:
            values = [float(at[name]) for at in series]
            kept[name] = values if name == "lr" or len(set(values)) > 1 else values[:1]
        groups.append(kept)
    return groups


def run(cases: list[Json]) -> list[Json]:
    """The cases with their values."""
    found = []
    for case in cases:
        try:
            found.append(case | {"groups": values_of(str(case["code"]))})
        except Exception as error:
            raise RuntimeError(f"{case['text']}\n{case['code']}") from error
    return found


def convert_json() -> Json:
    """lrlab's code for every text, and what it does."""
    root = Path(__file__).resolve().parents[2]
    command = ["cargo", "run", "-q", "-p", "lrlab-core", "--example", "torch_code", "--", "--json"]
    made = subprocess.run(command, cwd=root, input="\n".join(TEXTS), capture_output=True, text=True, check=True)
    return {"losses": LOSSES, "cases": run(json.loads(made.stdout))}


if __name__ == "__main__" and sys.argv[1:] == ["--run"]:
    json.dump(run(json.load(sys.stdin)), sys.stdout)
