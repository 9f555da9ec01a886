"""Writes PyTorch's own numbers as JSON beside this file, for the Rust tests to compare bit by bit.

Every float is the shortest decimal that reads back as the same f64; an f32 is written as the f64 it equals.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

import convert_cases
import convert_hugging_face
import expression_cases
import model_cases
import optimizer_goldens
import optimizer_peers
import plateau_readings
import schedule_cases
import scheduler_goldens
import strategy_cases
from workloads import BATCH, FIRST_PAIRS, first_program, load_digits, mlp

HERE = Path(__file__).resolve().parent
SEEDS = range(5)

Json = dict[str, object]

# Made with torch's kernels that round a product before it is added, as lrlab does; the fused ones of AVX2 and
# AVX512 differ from these by as much as 4 ulp in one step.
UNFUSED = {"optimizers"}


def write(name: str, payload: Json) -> None:
    """Writes one JSON object; each element of a top-level list gets a line of its own."""
    header = {"torch": torch.__version__, "cpu_capability": torch.backends.cpu.get_cpu_capability()}
    dumps = functools.partial(json.dumps, allow_nan=False)
    fields = []
    for key, value in (header | payload).items():
        if isinstance(value, list):
            lines = ",\n".join(f"  {dumps(item)}" for item in value)
            fields.append(f"{dumps(key)}: [\n{lines}\n ]")
        else:
            fields.append(f"{dumps(key)}: {dumps(value)}")
    (HERE / name).write_text("{\n " + ",\n ".join(fields) + "\n}\n")


def sha256(values: list[float], code: str) -> str:
    """SHA-256 of the little-endian bytes; `code` is "f" for f32, "d" for f64."""
    return hashlib.sha256(struct.pack(f"<{len(values)}{code}", *values)).hexdigest()


def tensor_json(tensor: Tensor) -> Json:
    """Shape and values, row-major; only both ends and the hash of a tensor over 64 elements."""
    values = tensor.detach().flatten().tolist()
    found: Json = {"shape": list(tensor.shape), "sha256": sha256(values, "f")}
    if len(values) <= 64:
        return found | {"values": values}
    return found | {"first": values[:16], "last": values[-16:]}


def init_json() -> Json:
    """Default initial weights; torch keeps Linear's as [out, in] and Conv2d's as [out, in, kh, kw]."""
    layers: dict[str, Callable[[], nn.Module]] = {
        "Linear(1, 1)": lambda: nn.Linear(1, 1),
        "Linear(64, 128)": lambda: nn.Linear(64, 128),
        "Linear(128, 10)": lambda: nn.Linear(128, 10),
        "Conv2d(3, 16, 3)": lambda: nn.Conv2d(3, 16, 3),
    }
    cases = []
    for seed in SEEDS:
        for text, build in layers.items():
            torch.manual_seed(seed)
            cases.append({"seed": seed, "module": text, "parameters": module_json(build())})
    text = "Sequential(Linear(64, 128), ReLU(), Linear(128, 10))"
    cases.append({"seed": 0, "module": text, "parameters": module_json(mlp(0))})
    return {"cases": cases}


def module_json(module: nn.Module) -> Json:
    """Every parameter by its name in `state_dict`, in order."""
    return {name: tensor_json(parameter) for name, parameter in module.named_parameters()}


def first_program_json() -> Json:
    """The first program for every pair and seed, with the printed lines of seed 0."""
    cases = []
    for text, pair in FIRST_PAIRS.items():
        for seed in SEEDS:
            run = first_program(seed, pair)
            case: Json = {"pair": text, "seed": seed, **vars(run)}
            cases.append(case | {"lines": run.lines()} if seed == 0 else case)
    return {"cases": cases}


DIGITS_OPTIMIZERS = [
    "SGD(lr=0.1, momentum=0.9)",
    "SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.001)",
    "Adam(lr=0.001)",
    "Adam(lr=0.001, amsgrad=True, weight_decay=0.01)",
    "AdamW(lr=0.001, weight_decay=0.1)",
    "NAdam(lr=0.002)",
    "RAdam(lr=0.003)",
    "Adamax(lr=0.002)",
    "Adagrad(lr=0.01)",
    "Adadelta(lr=1.0)",
    "RMSprop(lr=0.001)",
    "RMSprop(lr=0.001, alpha=0.9, momentum=0.5, centered=True)",
    "Rprop(lr=0.001, step_sizes=(1e-06, 0.01))",
    "ASGD(lr=0.1, lambd=0.01, t0=100.0)",
    "Adafactor(lr=0.01)",
]

DIGITS_OPTIMIZERS_OF_MATRICES = ["Muon(lr=0.005)", "Muon(lr=0.002, adjust_lr_fn='match_rms_adamw')"]


def digits_losses(text: str, biases: str | None = None, steps: int = 200) -> list[float]:
    """Losses before each step on the digits, in file order, short last batch dropped; shortest decimals of f32.

    With ``biases`` the optimizer of that text takes all vectors.
    """
    digits = load_digits()
    model = mlp(0)
    parameters = list(model.parameters())
    taken = [parameters] if biases is None else [[p for p in parameters if p.dim() == d] for d in (2, 1)]
    optimizers = [
        eval(text.replace("(", "(taken, ", 1), {**vars(torch.optim), "taken": taken})  # noqa: S307 - the list above
        for text, taken in zip([text, biases], taken)
    ]
    cross_entropy = nn.CrossEntropyLoss()
    losses = []
    for step in range(steps):
        rows = slice((step % digits.steps_per_epoch) * BATCH, (step % digits.steps_per_epoch + 1) * BATCH)
        model.zero_grad()
        loss = cross_entropy(model(digits.train_x[rows]), digits.train_y[rows])
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        losses.extend(optimizer_goldens.decimals(loss.reshape(1)))
    return losses


def digits_parity_json() -> Json:
    """The digits network under every optimizer of PyTorch that lrlab has."""
    digits = load_digits()
    return {
        "model": "Sequential(Linear(64, 128), ReLU(), Linear(128, 10))",
        "seed": 0,
        "batch": BATCH,
        "train_rows": len(digits.train_y),
        "valid_rows": len(digits.valid_y),
        "steps_per_epoch": digits.steps_per_epoch,
        "runs": [{"optimizer": text, "losses": digits_losses(text)} for text in DIGITS_OPTIMIZERS]
        + [
            {"optimizer": text, "biases": "AdamW(lr=0.01)", "losses": digits_losses(text, "AdamW(lr=0.01)")}
            for text in DIGITS_OPTIMIZERS_OF_MATRICES
        ],
    }


def main() -> None:
    """Writes the files named on the command line, or all of them."""
    torch.set_num_threads(1)
    makers: dict[str, Callable[[], Json]] = {
        "init": init_json,
        "first_program": first_program_json,
        **scheduler_goldens.MAKERS,
        "schedules": schedule_cases.schedules_json,
        "optimizers": optimizer_goldens.optimizers_json,
        "optimizer_peers": optimizer_peers.peers_json,
        "digits_parity": digits_parity_json,
        "expressions": expression_cases.expressions_json,
        "convert": convert_cases.convert_json,
        "convert_hugging_face": convert_hugging_face.hugging_face_json,
        "plateau_readings": plateau_readings.plateau_json,
        "strategies": strategy_cases.strategies_json,
        "models": model_cases.models_json,
        "normals": model_cases.normals_json,
    }
    for name in sys.argv[1:] or makers:
        if name in UNFUSED and torch.backends.cpu.get_cpu_capability() != "DEFAULT":
            # Chosen when torch is imported.
            environment = {**os.environ, "ATEN_CPU_CAPABILITY": "default"}
            subprocess.run([sys.executable, __file__, name], env=environment, check=True)
        else:
            write(f"{name}.json", makers[name]())


if __name__ == "__main__":
    main()
