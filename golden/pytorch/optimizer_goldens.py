"""Runs the cases of `optimizer_cases.py` for `optimizers.json`."""

from __future__ import annotations

import inspect

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from optimizer_cases import CASES, LR_EDITS, PARAMS, STATE_STEPS, STEPS, STORED_STEPS, Case, row

Json = dict[str, object]


def optimizers_json() -> Json:
    """Every case in f64 and f32, single-tensor code path."""
    cases = [{"groups": case.texts(), **case_json(case)} for case in CASES]
    # A few gradients, so that who makes them anew can tell that they are the same.
    sample = [{"step": step, "row": row(step, range(20))} for step in (0, 4, 17, 60, 999)]
    return {"steps": STEPS, "lr_edits": LR_EDITS, "params": PARAMS, "gradients": sample, "cases": cases}


def case_json(case: Case) -> Json:
    """What one case's runs store."""
    run64, run32 = Run(case, torch.float64), Run(case, torch.float32)
    found: dict[str, list[Json]] = {"f64": [], "f32": [], "states": []}
    after32 = {*STATE_STEPS, STEPS} - {step - 1 for step in STATE_STEPS}
    for step in range(1, STEPS + 1):
        run64.step(step)
        run32.step(step)
        if step in STORED_STEPS:
            found["f64"].append({"step": step, "params": run64.params()})
        if step in after32:
            found["f32"].append({"step": step, "params": run32.params()})
        if step + 1 in STATE_STEPS:
            found["states"].append({"step": step, "params": run32.params(), "groups": run32.states()})
    return dict(found)


class Run:
    """One case in one float; what PyTorch keeps as numbers is f32 in both, its default type."""

    def __init__(self, case: Case, dtype: torch.dtype) -> None:
        """Parameters and optimizer before the first step."""
        self.parameters = [nn.Parameter(torch.tensor(values, dtype=dtype)) for values in PARAMS]
        build = getattr(torch.optim, case.name)
        groups = [
            {"params": [parameter], **options} for parameter, options in zip(self.parameters, case.groups, strict=True)
        ]
        known = inspect.signature(build).parameters
        plain = {name: False for name in ("foreach", "fused") if name in known}
        # What Adagrad puts into its state at first, it takes from the constructor for all groups.
        shared = {name: value for name, value in case.first.items() if name == "initial_accumulator_value"}
        self.optimizer: Optimizer = build(groups, **plain, **shared)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]

    def step(self, number: int) -> None:
        """Step `number`, from 1."""
        factor = dict(LR_EDITS).get(number)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = group["lr"] if factor is None else rate * factor
        first = 0
        for parameter in self.parameters:
            columns = range(first, first + parameter.numel())
            parameter.grad = torch.tensor(row(number - 1, columns), dtype=parameter.dtype)
            first = columns.stop
        self.optimizer.step()

    def params(self) -> list[list[float]]:
        """The parameters of each group."""
        return [decimals(parameter) for parameter in self.parameters]

    def states(self) -> list[Json]:
        """What is kept for each group's parameter: vectors, and numbers as they are."""
        return [
            {
                name: decimals(kept) if kept.ndim else kept.item()
                for name, kept in self.optimizer.state[parameter].items()
                if name != "step" and kept is not None
            }
            for parameter in self.parameters
        ]


def decimals(tensor: Tensor) -> list[float]:
    """The shortest decimals that read back as the same numbers of the tensor's type."""
    numbers = tensor.detach().numpy()
    short = [float(str(number)) for number in numbers]
    if not np.array_equal(np.array(short).astype(numbers.dtype), numbers):
        raise ValueError(f"a number that {short} does not read back as")
    return short
