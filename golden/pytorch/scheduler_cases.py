"""The scheduler constructions that `schedulers.json` covers.

Each text is what a user types, without the optimizer argument.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Case:
    """One construction over one group per base rate."""

    constructor: str
    base_lrs: list[float] = field(default_factory=lambda: [0.1])
    edits: list[tuple[int, int, float]] = field(default_factory=list)
    """(step, group, lr): the group's lr is set just before `scheduler.step()` number `step`, from 1."""


def _sequential(first: str, then: str, milestone: int) -> str:
    return f"SequentialLR([{first}, {then}], milestones=[{milestone}])"


_WARMUP = "LinearLR(start_factor=0.1, total_iters=5)"
_HOLD = "ConstantLR(factor=0.5, total_iters=7)"

CASES: list[Case] = [
    Case("ConstantLR()"),
    Case("ConstantLR(factor=0.5, total_iters=4)", [1.0]),
    Case("ConstantLR(factor=0.1, total_iters=1)", [0.3]),
    Case("ConstantLR(factor=0.7, total_iters=1000)", [0.1, 0.003]),
    Case("ConstantLR(factor=0.3, total_iters=0)"),
    Case("ConstantLR(factor=1.0, total_iters=10)", [0.05]),
    Case("LinearLR()"),
    Case("LinearLR(start_factor=0.1, total_iters=10)", [0.3]),
    Case("LinearLR(start_factor=0.001, end_factor=1.0, total_iters=1000)", [0.1, 0.0007]),
    Case("LinearLR(start_factor=1.0, end_factor=0.0, total_iters=7)"),
    Case("LinearLR(start_factor=1.0, end_factor=0.1, total_iters=20000)", [0.01]),
    Case("LinearLR(start_factor=1/3, end_factor=0.5, total_iters=1)"),
    Case("LinearLR(start_factor=0.5, total_iters=0)"),
    Case("StepLR(step_size=5, gamma=0.5)"),
    Case("StepLR(step_size=10, gamma=0.5)"),
    Case("StepLR(step_size=5)", [0.1, 0.01]),
    Case("StepLR(step_size=30, gamma=1/3)", [0.7]),
    Case("StepLR(step_size=1, gamma=0.9)", [1.0]),
    Case("StepLR(step_size=7, gamma=0.99)", [0.3, 1e-5, 3.0]),
    Case("StepLR(step_size=25000, gamma=0.1)"),
    Case("StepLR(step_size=1000, gamma=1.1)", [0.001]),
    Case("MultiStepLR(milestones=[30, 80])"),
    Case("MultiStepLR(milestones=[30, 80], gamma=1/3)", [0.1, 0.7]),
    Case("MultiStepLR(milestones=[0, 5, 5, 9], gamma=0.5)"),
    Case("MultiStepLR(milestones=[80, 10, 40], gamma=0.3)", [0.05]),
    Case("MultiStepLR(milestones=[], gamma=0.1)"),
    Case("MultiStepLR(milestones=[3, 3, 3, 500, 19999, 20000, 30000], gamma=0.1)"),
    Case("ExponentialLR(gamma=0.9)", [0.01]),
    Case("ExponentialLR(gamma=0.1)"),
    Case("ExponentialLR(gamma=1/3)", [0.7, 0.1]),
    Case("ExponentialLR(gamma=0.999)", [0.3]),
    Case("ExponentialLR(gamma=0.9999)", [0.1, 1e-4]),
    Case("ExponentialLR(gamma=1.0001)", [0.001]),
    Case("ExponentialLR(gamma=1.0)"),
    Case("CosineAnnealingLR(T_max=10)"),
    Case("CosineAnnealingLR(T_max=10, eta_min=0.001)"),
    Case("CosineAnnealingLR(T_max=20000)", [0.3]),
    Case("CosineAnnealingLR(T_max=5000, eta_min=1e-5)", [0.1, 0.003]),
    Case("CosineAnnealingLR(T_max=7)", [0.7]),
    Case("CosineAnnealingLR(T_max=333, eta_min=0.05)", [0.1, 0.01]),
    Case("CosineAnnealingLR(T_max=1)"),
    Case("CosineAnnealingLR(T_max=50000, eta_min=1e-6)", [0.001]),
    *(
        Case(_sequential(first, then, milestone), base_lrs)
        for then, base_lrs in [
            ("StepLR(step_size=5, gamma=0.5)", [0.1]),
            ("MultiStepLR(milestones=[0, 10, 10, 25], gamma=0.3)", [0.1, 0.02]),
            ("ExponentialLR(gamma=0.9)", [0.1]),
            ("CosineAnnealingLR(T_max=30, eta_min=1e-4)", [0.1, 0.7]),
            ("LinearLR(start_factor=1.0, end_factor=0.1, total_iters=30)", [0.3]),
        ]
        for first, milestone in [(_WARMUP, 5), (_HOLD, 4)]
    ),
    Case(_sequential(_WARMUP, "CosineAnnealingLR(T_max=19500)", 500), [0.3]),
    Case(_sequential("ConstantLR(factor=0.5, total_iters=3)", "StepLR(step_size=4)", 10)),
    Case(
        "SequentialLR([LinearLR(start_factor=0.25, total_iters=4), ConstantLR(factor=1.0, total_iters=0), "
        "LinearLR(start_factor=1.0, end_factor=0.0, total_iters=12)], milestones=[4, 20])",
        [0.1, 0.01],
    ),
    Case("StepLR(step_size=5, gamma=0.5)", [0.1, 0.2], [(8, 0, 1.0), (5, 1, 0.03)]),
    Case("ExponentialLR(gamma=0.9)", [0.1], [(4, 0, 5.0), (21, 0, 0.001)]),
    Case("CosineAnnealingLR(T_max=20, eta_min=0.001)", [0.1, 0.05], [(7, 0, 0.3), (20, 1, 0.4)]),
    Case(_sequential(_WARMUP, "CosineAnnealingLR(T_max=30, eta_min=1e-4)", 5), [0.1], [(3, 0, 0.5), (12, 0, 0.02)]),
]
