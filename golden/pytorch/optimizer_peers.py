"""Optimizers that are no formula of one element, or that PyTorch lacks, for `optimizer_peers.json`.

Beside torch and numpy it needs the packages of `PACKAGES`:
`pip install schedulefree==1.4.1 prodigyopt==1.1.2 pytorch_optimizer==4.1.0 dog-optimizer==1.0.3`.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from optimizer_cases import LR_EDITS, PARAMS, STATE_STEPS, STEPS, STORED_STEPS, gradient, row
from optimizer_goldens import decimals

Json = dict[str, object]
Options = dict[str, object]

PACKAGES = ["schedulefree", "prodigyopt", "pytorch_optimizer", "dog-optimizer"]
"""Where the classes of `MODULES` come from; their versions stand in the file."""

MODULES = {
    "Lion": "pytorch_optimizer",
    "SGDScheduleFree": "schedulefree",
    "AdamWScheduleFree": "schedulefree",
    "RAdamScheduleFree": "schedulefree",
    "Prodigy": "prodigyopt",
    "DoG": "dog",
    "Adafactor": "torch.optim",
    "Muon": "torch.optim",
}


@dataclass(frozen=True)
class Case:
    """One optimizer over two groups, each with the options given for it and an instance of its own.

    Prodigy's reference has one estimate over all its groups, lrlab's has one a group. Where its estimate ran away, one
    rounding would decide all that follows: a `growth_rate` holds it.
    """

    name: str
    first: Options = field(default_factory=dict)
    second: Options = field(default_factory=dict)
    shapes: tuple[tuple[int, ...], ...] = ((10,), (10,))

    def texts(self) -> list[str]:
        """Each group as a constructor."""
        return [
            f"{self.name}({', '.join(f'{name}={value!r}' for name, value in options.items())})"
            for options in (self.first, self.second)
        ]


CASES = [
    Case("Lion", {}, {"lr": 0.01}),
    Case("Lion", {"lr": 0.01, "betas": (0.95, 0.98)}, {"lr": 0.003, "betas": (0.4, 0.3)}),
    Case("Lion", {"lr": 0.01, "weight_decay": 0.3}, {"lr": 0.003, "weight_decay": 1.0, "maximize": True}),
    Case("SGDScheduleFree", {}, {"lr": 0.01}),
    Case("SGDScheduleFree", {"lr": 0.1, "momentum": 0.6, "weight_decay": 0.05}, {"lr": 0.01, "momentum": 0.95}),
    Case("SGDScheduleFree", {"lr": 0.1, "warmup_steps": 50, "r": 1.0}, {"lr": 0.01, "weight_lr_power": 0.5, "r": 0.5}),
    Case("SGDScheduleFree", {"lr": 0.1, "momentum": 0.3}, {"lr": 0.01, "warmup_steps": 2000, "weight_lr_power": 0.0}),
    Case("AdamWScheduleFree", {}, {"lr": 0.01}),
    Case("AdamWScheduleFree", {"lr": 0.01, "betas": (0.95, 0.98)}, {"lr": 0.01, "betas": (0.4, 0.9), "eps": 1e-3}),
    Case(
        "AdamWScheduleFree",
        {"lr": 0.01, "weight_decay": 0.1, "warmup_steps": 50},
        {"lr": 0.02, "weight_decay": 0.01, "r": 2.0, "weight_lr_power": 1.0},
    ),
    Case("RAdamScheduleFree", {}, {"lr": 0.01}),
    Case("RAdamScheduleFree", {"lr": 0.01, "silent_sgd_phase": False}, {"lr": 0.01, "betas": (0.95, 0.98), "eps": 1e-3}),
    Case(
        "RAdamScheduleFree",
        {"lr": 0.01, "weight_decay": 0.1, "betas": (0.4, 0.5), "silent_sgd_phase": False},
        {"lr": 0.02, "weight_decay": 0.01, "r": 2.0, "weight_lr_power": 1.0},
    ),
    Case("Prodigy", {}, {"d0": 1e-3}),
    Case(
        "Prodigy",
        {"d0": 1e-3, "weight_decay": 0.1, "growth_rate": 1.005},
        {"d0": 1e-2, "weight_decay": 0.001, "decouple": False, "growth_rate": 1.001},
    ),
    Case(
        "Prodigy",
        {"d0": 1e-3, "betas": (0.0, 0.99), "growth_rate": 1.005},
        {"d0": 1e-3, "betas": (0.8, 0.95), "beta3": 0.999, "eps": 1e-3, "growth_rate": 1.005},
    ),
    Case(
        "Prodigy",
        {"d0": 1e-3, "use_bias_correction": True, "growth_rate": 1.02},
        {"d0": 1e-3, "safeguard_warmup": True, "d_coef": 0.5, "lr": 0.5},
    ),
    Case("DoG", {}, {"reps_rel": 1e-3}),
    Case("DoG", {"reps_rel": 1e-2, "weight_decay": 0.05}, {"reps_rel": 1e-2, "eps": 1.0}),
    Case("DoG", {"init_eta": 1e-6}, {"reps_rel": 1e-2, "lr": 0.5}),
    Case("Adafactor", {}, {"lr": 0.1}),
    Case("Adafactor", {}, {"lr": 0.1}, ((2, 5), (5, 2))),
    Case("Adafactor", {"beta2_decay": -0.5, "d": 2.0}, {"d": 1.5, "maximize": True}, ((2, 1, 5), (1, 5, 2))),
    Case(
        "Adafactor",
        {"lr": 0.05, "eps": (1e-3, 1e-2), "weight_decay": 0.1},
        {"lr": 0.05, "eps": (None, 0.5), "weight_decay": 0.01, "beta2_decay": -1.0},
        ((2, 5), (10,)),
    ),
    Case("Muon", {"lr": 0.02}, {"lr": 0.02, "nesterov": False}, ((2, 5), (5, 2))),
    Case(
        "Muon",
        {"lr": 0.02, "momentum": 0.5, "weight_decay": 0.0, "adjust_lr_fn": "match_rms_adamw"},
        {"lr": 0.02, "weight_decay": 0.5, "adjust_lr_fn": "spectral_unclamped", "eps": 1e-3},
        ((5, 2), (5, 2)),
    ),
    Case(
        "Muon",
        {"lr": 0.02, "ns_steps": 12, "ns_coefficients": (1.5, -0.5, 0.0)},
        {"lr": 0.02, "ns_steps": 0, "adjust_lr_fn": "original"},
        ((2, 5), (1, 10)),
    ),
]

ELEMENTWISE = {"Lion", "SGDScheduleFree", "AdamWScheduleFree", "RAdamScheduleFree"}
"""Of these, whole states are stored too."""

TENSORS = {"Prodigy": (4, 6), "DoG": (4, 6)}
"""The reference sees each group of these as tensors of so many elements, whose norms it has to put together."""

MATRICES = [(48, 64), (64, 48), (32, 32), (100, 17)]
"""Shapes of matrices that Muon updates once, at a rate of 1 and without decay."""


def peers_json() -> Json:
    """Every case in f64 and f32, one parameter at a time."""
    sample = [{"step": step, "row": row(step, range(20))} for step in (0, 4, 17, 60, 999)]
    return {
        "packages": {name: version(name) for name in PACKAGES},
        "steps": STEPS,
        "lr_edits": LR_EDITS,
        "params": PARAMS,
        "gradients": sample,
        "cases": [{"groups": case.texts(), "shapes": case.shapes, **case_json(case)} for case in CASES],
        "matrices": [matrix_json(shape) for shape in MATRICES],
    }


def case_json(case: Case) -> Json:
    """What one case's runs store."""
    run64, run32 = Run(case, torch.float64), Run(case, torch.float32)
    found: dict[str, list[Json]] = {"f64": [], "f32": [], "states": []}
    states = STATE_STEPS if case.name in ELEMENTWISE else []
    after32 = {*states, STEPS} - {step - 1 for step in states}
    for step in range(1, STEPS + 1):
        run64.step(step)
        run32.step(step)
        if step in STORED_STEPS:
            found["f64"].append({"step": step, **run64.points()})
        if step in after32:
            found["f32"].append({"step": step, **run32.points()})
        if step + 1 in states:
            found["states"].append({"step": step, "params": run32.params(), "groups": run32.states()})
    return dict(found)


class Group:
    """One group with an optimizer of its own."""

    def __init__(
        self, name: str, options: Options, values: list[float], shape: tuple[int, ...], dtype: torch.dtype
    ) -> None:
        """The parameter, in as many tensors as the reference shall see, and the optimizer before the first step."""
        whole = torch.tensor(values, dtype=dtype)
        parts = whole.split(TENSORS[name]) if name in TENSORS else [whole.reshape(shape)]
        self.parameters = [nn.Parameter(part.clone()) for part in parts]
        build: Callable[..., Optimizer] = getattr(importlib.import_module(MODULES[name]), name)
        plain = {"foreach": False} if "foreach" in inspect.signature(build).parameters else {}
        with contextlib.redirect_stdout(io.StringIO()):  # prodigyopt prints how it decays
            self.optimizer = build(self.parameters, **plain, **options)
        self.rate = self.optimizer.param_groups[0]["lr"]
        if hasattr(self.optimizer, "train"):
            self.optimizer.train()

    def whole(self) -> Tensor:
        """The parameter in one piece."""
        return torch.cat([parameter.detach().flatten() for parameter in self.parameters])

    def step(self, gradients: Tensor) -> None:
        """One step."""
        for parameter, part in zip(self.parameters, gradients.split([p.numel() for p in self.parameters]), strict=True):
            parameter.grad = part.reshape(parameter.shape).clone()
        self.optimizer.step()

    def evaluated(self) -> Tensor | None:
        """The point that is evaluated, where that is another; the point that trains stays as it is, to the bit."""
        if not hasattr(self.optimizer, "eval"):
            return None
        kept = [parameter.detach().clone() for parameter in self.parameters]
        self.optimizer.eval()
        found = self.whole()
        self.optimizer.train()
        for parameter, value in zip(self.parameters, kept, strict=True):
            parameter.data.copy_(value)
        return found

    def state(self) -> Json:
        """What is kept for the parameter, and the numbers of the group."""
        (parameter,) = self.parameters
        slots = {name: decimals(kept.flatten()) for name, kept in self.optimizer.state[parameter].items()}
        group = self.optimizer.param_groups[0]
        return slots | {name: group[name] for name in ("weight_sum", "lr_max") if name in group}


class Run:
    """One case in one float."""

    def __init__(self, case: Case, dtype: torch.dtype) -> None:
        """Both groups before the first step."""
        options = (case.first, case.second)
        self.dtype = dtype
        self.groups = [
            Group(case.name, own, values, shape, dtype)
            for own, values, shape in zip(options, PARAMS, case.shapes, strict=True)
        ]

    def step(self, number: int) -> None:
        """Step `number`, from 1."""
        factor = dict(LR_EDITS).get(number)
        for index, group in enumerate(self.groups):
            if factor is not None:
                group.optimizer.param_groups[0]["lr"] = group.rate * factor
            columns = range(index * 10, index * 10 + 10)
            group.step(torch.tensor(row(number - 1, columns), dtype=self.dtype))

    def params(self) -> list[list[float]]:
        """The parameters of each group."""
        return [decimals(group.whole()) for group in self.groups]

    def points(self) -> Json:
        """The parameters, and the point that is evaluated where that is another."""
        found = [group.evaluated() for group in self.groups]
        evaluated = [decimals(point) for point in found if point is not None]
        return {"params": self.params()} | ({"evaluated": evaluated} if evaluated else {})

    def states(self) -> list[Json]:
        """What is kept for each group."""
        return [group.state() for group in self.groups]


def matrix_json(shape: tuple[int, int]) -> Json:
    """Where a matrix of zeros is after one step of Muon, against a gradient of ordinary numbers."""
    matrix = nn.Parameter(torch.zeros(shape))
    matrix.grad = torch.tensor([gradient(0, 10 * i) for i in range(matrix.numel())]).reshape(shape)
    torch.optim.Muon([matrix], lr=1.0, weight_decay=0.0).step()
    return {"shape": shape, "after": decimals(matrix.detach().flatten())}
