"""`lrlab.torch.optim` beside the packages that its optimizers come from, step by step in one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import prodigyopt
import pytest
import pytorch_optimizer
import schedulefree
import torch
from torch import Tensor

from lrlab.torch import optim
from lrlab.torch._optimizer import MovingOptimizer

STEPS = 200
SHAPES = [(7, 5), (33,), (), (2, 3, 4)]
#: What two ways to round may lead to: the largest difference over the largest parameter.
BOUND = {torch.float64: 1e-11, torch.float32: 1e-5}
#: Prodigy's estimate is a quotient of sums over everything, which the original adds up in float32.
PRODIGYS = {torch.float64: 1e-11, torch.float32: 1e-4}

Case = tuple[str, Callable[..., Any], dict[str, Any], dict[str, Any]]

#: Class, the original, keyword arguments of both, and further ones of the original.
CASES: list[Case] = [
    ("Lion", pytorch_optimizer.Lion, {"lr": 1e-3}, {"foreach": False}),
    (
        "Lion",
        pytorch_optimizer.Lion,
        {"lr": 1e-3, "betas": (0.8, 0.95), "weight_decay": 0.1, "maximize": True},
        {"foreach": False},
    ),
    ("SGDScheduleFree", schedulefree.SGDScheduleFree, {"lr": 0.05}, {"foreach": False}),
    (
        "SGDScheduleFree",
        schedulefree.SGDScheduleFree,
        {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.01, "warmup_steps": 20, "r": 1.0},
        {"foreach": False},
    ),
    ("AdamWScheduleFree", schedulefree.AdamWScheduleFree, {"lr": 0.01}, {"foreach": False}),
    (
        "AdamWScheduleFree",
        schedulefree.AdamWScheduleFree,
        {"lr": 0.01, "betas": (0.95, 0.99), "eps": 1e-6, "weight_decay": 0.1, "warmup_steps": 30},
        {"foreach": False},
    ),
    ("RAdamScheduleFree", schedulefree.RAdamScheduleFree, {"lr": 0.01}, {"foreach": False}),
    (
        "RAdamScheduleFree",
        schedulefree.RAdamScheduleFree,
        {"lr": 0.01, "betas": (0.9, 0.99), "weight_decay": 0.05, "weight_lr_power": 1.0},
        {"foreach": False},
    ),
    ("Prodigy", prodigyopt.Prodigy, {}, {}),
    (
        "Prodigy",
        prodigyopt.Prodigy,
        {"weight_decay": 0.02, "use_bias_correction": True, "safeguard_warmup": True, "d_coef": 0.5},
        {},
    ),
]


def parameters(dtype: torch.dtype) -> list[Tensor]:
    draw = torch.Generator().manual_seed(1)
    return [
        torch.randn(shape, generator=draw, dtype=torch.float64).to(dtype).requires_grad_()
        for shape in SHAPES
    ]


def gradient(p: Tensor, step: int, index: int) -> Tensor:
    """A pull towards 0 with noise of changing size: a training that goes somewhere."""
    draw = torch.Generator().manual_seed(1000 * step + index)
    noise = torch.randn(p.shape, generator=draw, dtype=torch.float64).to(p.dtype)
    return 0.3 * p.detach() + noise * (3.0 if step % 7 == 0 else 0.1)


def distance(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """The largest difference over the largest parameter."""
    pairs = list(zip(ours, theirs, strict=True))
    apart = max(float((a - b).detach().abs().max()) for a, b in pairs)
    return apart / max(float(b.detach().abs().max()) for _, b in pairs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_every_step_is_the_originals(case: Case, dtype: torch.dtype) -> None:
    name, original, both, theirs_alone = case
    ours, theirs = parameters(dtype), parameters(dtype)
    bound = (PRODIGYS if name == "Prodigy" else BOUND)[dtype]
    optimizer = getattr(optim, name)(ours, **both)
    reference = original(theirs, **both, **theirs_alone)
    moves = isinstance(optimizer, MovingOptimizer)
    for step in range(STEPS):
        if moves and step % 50 == 0:
            optimizer.train()
            reference.train()
        # One sequence of gradients for both: differences may not feed on themselves.
        for index, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            b.grad = gradient(b, step, index)
            a.grad = b.grad.clone()
        for group in (*optimizer.param_groups, *reference.param_groups):
            group["lr"] = both.get("lr", 1.0) * (1.0 - 0.5 * step / STEPS)
        optimizer.step()
        reference.step()
        assert distance(ours, theirs) <= bound, (name, step)
        if moves and step % 50 == 49:
            optimizer.eval()
            reference.eval()
            assert distance(ours, theirs) <= bound, (name, step, "evaluated")


def test_every_class_has_a_case() -> None:
    tested = {name for name, *_ in CASES}
    # DoG's original is no package that runs here; the goldens of the core hold it.
    assert tested | {"DoG"} >= set(optim.__all__)
