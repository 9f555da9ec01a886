"""The scheduler constructions that the files `schedulers*.json` cover.

Each text is what a user types, without the optimizer argument; a function is a string with a lambda in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STEPS = 20_000


@dataclass
class Case:
    """One construction over one group per base rate, stepped `steps` times."""

    constructor: str
    base_lrs: list[float] = field(default_factory=lambda: [0.1])
    edits: list[tuple[int, int, float]] = field(default_factory=list)
    """(step, group, lr): the group's lr is set just before `scheduler.step()` number `step`, from 1."""
    optimizer: str = "sgd"
    """sgd (momentum 0.9), adam (betas 0.9 and 0.999) or adagrad (neither)."""
    steps: int = STEPS
    metrics: list[float] = field(default_factory=list)
    """The metrics of a ReduceLROnPlateau, over and over."""
    resume: list[int] = field(default_factory=lambda: [0, 3, 50])
    """Steps after which the states are saved, loaded into fresh objects and gone on with."""


@dataclass
class Script:
    """One construction and a few actions, of which the last may raise; no actions: the constructor may."""

    constructor: str
    actions: list[list[object]] = field(default_factory=list)
    """["step"], ["epoch", e], ["metric", m], ["lr", group, lr] or ["add", lr], which adds a group."""
    base_lrs: list[float] = field(default_factory=lambda: [0.1])
    optimizer: str = "sgd"
    keys: dict[str, float] = field(default_factory=dict)
    """What the groups hold before: `initial_lr` of a training that goes on."""


def _sequential(first: str, then: str, milestone: int) -> str:
    return f"SequentialLR([{first}, {then}], milestones=[{milestone}])"


_WARMUP = "LinearLR(start_factor=0.1, total_iters=5)"
_HOLD = "ConstantLR(factor=0.5, total_iters=7)"
_DECAY = "'lambda e: 0.999 ** e'"
_STAIRS = "'lambda e: 0.5 ** (e // 100)'"
_INVERSE = "'lambda e: 1 / (1 + 0.01 * e)'"
_RAMP = "'lambda e: min(1.0, (e + 1) / 10)'"
_WAVE = "'lambda e: 1 + 0.5 * math.sin(e / 7)'"
_ROOT = "'lambda e: 1 / math.sqrt(e + 1)'"

RECURSIVE: list[Case] = [
    Case("ConstantLR()"),
    Case("ConstantLR(factor=0.5, total_iters=4)", [1.0]),
    Case("ConstantLR(factor=0.1, total_iters=1)", [0.3]),
    Case("ConstantLR(factor=0.7, total_iters=1000)", [0.1, 0.003]),
    Case("ConstantLR(factor=0.3, total_iters=0)"),
    Case("ConstantLR(factor=1.0, total_iters=10)", [0.05]),
    Case("ConstantLR(factor=0.25, total_iters=50)", resume=[49, 50, 51]),
    Case("LinearLR()"),
    Case("LinearLR(start_factor=0.1, total_iters=10)", [0.3]),
    Case("LinearLR(start_factor=0.001, end_factor=1.0, total_iters=1000)", [0.1, 0.0007]),
    Case("LinearLR(start_factor=1.0, end_factor=0.0, total_iters=7)"),
    Case("LinearLR(start_factor=1.0, end_factor=0.1, total_iters=20000)", [0.01]),
    Case("LinearLR(start_factor=1/3, end_factor=0.5, total_iters=1)"),
    Case("LinearLR(start_factor=0.5, total_iters=0)"),
    Case("StepLR(step_size=5, gamma=0.5)", resume=[4, 5, 6, 10]),
    Case("StepLR(step_size=10, gamma=0.5)"),
    Case("StepLR(step_size=5)", [0.1, 0.01]),
    Case("StepLR(step_size=30, gamma=1/3)", [0.7]),
    Case("StepLR(step_size=1, gamma=0.9)", [1.0]),
    Case("StepLR(step_size=7, gamma=0.99)", [0.3, 1e-5, 3.0]),
    Case("StepLR(step_size=25000, gamma=0.1)"),
    Case("StepLR(step_size=1000, gamma=1.1)", [0.001]),
    Case("MultiStepLR(milestones=[30, 80])", resume=[29, 30, 80]),
    Case("MultiStepLR(milestones=[30, 80], gamma=1/3)", [0.1, 0.7]),
    Case("MultiStepLR(milestones=[0, 5, 5, 9], gamma=0.5)", resume=[0, 5, 9]),
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
    Case("PolynomialLR()"),
    Case("PolynomialLR(total_iters=50)", [0.3], resume=[1, 49, 50, 51]),
    Case("PolynomialLR(total_iters=100, power=0.9)", [0.1, 0.01]),
    Case("PolynomialLR(total_iters=1000, power=2.0)", [0.7]),
    Case("PolynomialLR(total_iters=20000)", [0.1, 3e-4]),
    Case("PolynomialLR(total_iters=20000, power=0.5)", [0.1]),
    Case("PolynomialLR(total_iters=30000, power=3)", [1.0]),
    Case("PolynomialLR(total_iters=1)", [0.1]),
    Case("PolynomialLR(total_iters=0)", [0.1]),
    Case("PolynomialLR(total_iters=7, power=0)", [0.2]),
    Case("PolynomialLR(total_iters=7, power=1/3)", [0.2]),
    Case("PolynomialLR(50, 4.5)", [0.1], [(7, 0, 0.5), (60, 0, 0.25)]),
    Case("CosineAnnealingLR(T_max=10)"),
    Case("CosineAnnealingLR(T_max=10, eta_min=0.001)", resume=[9, 10, 11, 20]),
    Case("CosineAnnealingLR(T_max=20000)", [0.3]),
    Case("CosineAnnealingLR(T_max=5000, eta_min=1e-5)", [0.1, 0.003]),
    Case("CosineAnnealingLR(T_max=7)", [0.7]),
    Case("CosineAnnealingLR(T_max=333, eta_min=0.05)", [0.1, 0.01]),
    Case("CosineAnnealingLR(T_max=1)"),
    Case("CosineAnnealingLR(T_max=50000, eta_min=1e-6)", [0.001]),
    *(
        Case(f"MultiplicativeLR({function})", base_lrs)
        for function, base_lrs in [
            (_DECAY, [0.1]),
            ("'lambda e: 0.95'", [0.3, 0.01]),
            ("'lambda e: 1 - 1 / (e + 1)'", [0.1]),
            ("'lambda e: 0.5 if e % 1000 == 0 else 1'", [0.7]),
            ("'lambda e: 1 + 0.001 * math.cos(e / 10)'", [0.1]),
            ("['lambda e: 0.9999', 'lambda e: 1.0001']", [0.1, 0.01]),
        ]
    ),
    Case("MultiplicativeLR('lambda e: 0.99')", [0.1], [(9, 0, 2.0)]),
    Case("StepLR(step_size=5, gamma=0.5)", [0.1, 0.2], [(8, 0, 1.0), (5, 1, 0.03)]),
    Case("ExponentialLR(gamma=0.9)", [0.1], [(4, 0, 5.0), (21, 0, 0.001)]),
    Case("CosineAnnealingLR(T_max=20, eta_min=0.001)", [0.1, 0.05], [(7, 0, 0.3), (20, 1, 0.4)]),
    Case("SWALR(swa_lr=0.05)", resume=[0, 1, 5, 9, 10, 11]),
    Case("SWALR(0.01, anneal_epochs=5, anneal_strategy='linear')", [0.1, 0.5], resume=[1, 4, 5, 6]),
    Case("SWALR(0.5, 100)", [0.1]),
    Case("SWALR([0.05, 0.001], 37)", [0.1, 0.1]),
    Case("SWALR([0.05, 0.001], 20, 'linear')", [0.1, 0.2]),
    Case("SWALR(0.05, 0)", [0.1]),
    Case("SWALR(0.05, 0, 'linear')", [0.1]),
    Case("SWALR(0.05, 1)", [0.1]),
    Case("SWALR(0.05, 2, 'linear')", [0.3]),
    Case("SWALR(1e-4, 20000)", [0.1], resume=[1, 700]),
    Case("SWALR(1e-4, 25000, 'linear')", [0.1]),
    Case("SWALR(0.05, 10)", [0.05]),
    Case("SWALR(0.05, 10)", [0.1], [(4, 0, 1.0), (15, 0, 2.0)]),
    Case("SWALR(0.05, 30, 'linear')", [0.1, 0.7], [(11, 1, 0.2)], "adam"),
]

_UP_DOWN = "base_lr=0.01, max_lr=0.1"

ABSOLUTE: list[Case] = [
    *(
        Case(f"LambdaLR({function})", base_lrs)
        for function, base_lrs in [
            (_DECAY, [0.1]),
            (_STAIRS, [0.3, 0.01]),
            (_INVERSE, [0.1]),
            (_RAMP, [0.7]),
            (_WAVE, [0.1]),
            (_ROOT, [0.1, 1e-4]),
            (f"[{_RAMP}, {_WAVE}, {_INVERSE}]", [0.1, 0.2, 0.3]),
            ("'lambda e: 0 if e % 3 else 2'", [0.1]),
        ]
    ),
    Case(f"LambdaLR({_WAVE})", [0.1], [(4, 0, 9.0)]),
    *(
        Case(f"CosineAnnealingWarmRestarts({arguments})", base_lrs, resume=resume)
        for arguments, base_lrs, resume in [
            ("T_0=10", [0.1], [9, 10, 11]),
            ("T_0=10, T_mult=2", [0.1], [9, 10, 29, 30, 31, 70]),
            ("T_0=10, T_mult=3", [0.3, 0.01], [10, 39, 40, 130]),
            ("T_0=1", [0.1], [0, 1, 5]),
            ("T_0=1, T_mult=2", [0.1], [1, 3, 100]),
            ("T_0=7, eta_min=0.001", [0.7], [6, 7]),
            ("T_0=5, T_mult=2, eta_min=0.01", [0.1, 0.005], [5, 14, 15]),
            ("T_0=50000", [0.1], [50]),
            ("T_0=333, T_mult=1, eta_min=1e-5", [0.1], [333]),
            ("T_0=100, T_mult=5, eta_min=-0.1", [0.1], [600]),
            ("T_0=3, T_mult=10", [0.1], [3, 33]),
            ("20, 4, 1e-3", [1.0], [20, 100, 101]),
        ]
    ),
    Case("CosineAnnealingWarmRestarts(T_0=10, T_mult=2)", [0.1], [(4, 0, 5.0)]),
    *(
        Case(f"CyclicLR({arguments})", base_lrs, optimizer=optimizer)
        for arguments, base_lrs, optimizer in [
            (_UP_DOWN, [0.3], "sgd"),
            (f"{_UP_DOWN}, step_size_up=10", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=10", [0.1], "adam"),
            (f"{_UP_DOWN}, step_size_up=4, step_size_down=11", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=50, mode='triangular2'", [0.1, 0.2], "sgd"),
            (f"{_UP_DOWN}, step_size_up=50, step_size_down=7, mode='triangular2'", [0.1], "adam"),
            (f"{_UP_DOWN}, step_size_up=20, mode='exp_range', gamma=0.999", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=20, mode='exp_range', gamma=0.9999", [0.1, 1.0], "adam"),
            (f"{_UP_DOWN}, step_size_up=20, cycle_momentum=False", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=20, cycle_momentum=False", [0.1], "adagrad"),
            (f"{_UP_DOWN}, step_size_up=20, base_momentum=0.5, max_momentum=0.99", [0.1], "sgd"),
            ("[0.01, 0.001], [0.1, 0.02], 30, base_momentum=[0.8, 0.7], max_momentum=[0.9, 0.95]", [1.0, 2.0], "sgd"),
            ("[0.01, 0.001], 0.5, 1000, mode='triangular2'", [1.0, 2.0], "adam"),
            (f"{_UP_DOWN}, step_size_up=30, scale_fn='lambda x: 1 / (5 ** (x * 0.0001))', scale_mode='iterations'", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=30, mode='none', scale_fn='lambda x: 0.9 ** x'", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=5, step_size_down=0", [0.1], "sgd"),
            (f"{_UP_DOWN}, step_size_up=2.5, step_size_down=4.25", [0.1], "sgd"),
        ]
    ),
    Case(f"CyclicLR({_UP_DOWN}, step_size_up=10)", [0.1], [(4, 0, 5.0)]),
    *(
        Case(f"OneCycleLR({arguments})", base_lrs, optimizer=optimizer, steps=steps, resume=[0, 1, steps // 3, steps - 1])
        for arguments, base_lrs, optimizer, steps in [
            ("max_lr=0.1, total_steps=20000", [0.3], "sgd", 20000),
            ("max_lr=0.1, total_steps=20000, anneal_strategy='linear'", [0.3], "sgd", 20000),
            ("max_lr=0.1, total_steps=20000, three_phase=True", [0.1], "adam", 20000),
            ("max_lr=0.1, epochs=10, steps_per_epoch=2000, pct_start=0.1", [0.1], "adam", 20000),
            ("max_lr=0.01, total_steps=30000, pct_start=0.9, div_factor=10, final_div_factor=100.0", [0.1], "sgd", 20000),
            ("max_lr=[0.1, 0.02], total_steps=20001, base_momentum=[0.8, 0.7], max_momentum=[0.9, 0.99]", [0.1, 0.2], "sgd", 20000),
            ("max_lr=[0.1, 0.02], total_steps=20001, base_momentum=[0.8, 0.7], three_phase=True", [0.1, 0.2], "adam", 20000),
            ("max_lr=0.1, total_steps=100", [0.1], "sgd", 100),
            ("max_lr=0.1, total_steps=100, anneal_strategy='linear'", [0.1], "sgd", 100),
            ("max_lr=0.1, total_steps=100, three_phase=True, anneal_strategy='linear', pct_start=0.25", [0.1], "sgd", 100),
            ("max_lr=0.1, total_steps=100, cycle_momentum=False", [0.1], "adagrad", 100),
            ("max_lr=0.1, total_steps=1", [0.1], "sgd", 1),
            ("max_lr=0.1, total_steps=10, pct_start=0.0", [0.1], "sgd", 10),
            ("0.1, None, 5, 13, pct_start=1/3", [0.1], "sgd", 65),
            ("max_lr=0.1, total_steps=3", [0.1, 0.2], "adam", 3),
        ]
    ),
    Case("OneCycleLR(max_lr=0.1, total_steps=200)", [0.1], [(4, 0, 5.0)], steps=200),
]

_CAWR = "CosineAnnealingWarmRestarts(T_0=6, T_mult=2)"
_CYCLE = "CyclicLR(0.01, 0.1, step_size_up=8)"
_ONE = "OneCycleLR(0.1, total_steps=200)"
_LAMBDA = f"LambdaLR({_INVERSE})"
_TIMES = "MultiplicativeLR('lambda e: 0.9')"
_SWA = "SWALR(0.02, 12)"
_EXP = "ExponentialLR(gamma=0.9)"
_POLY = "PolynomialLR(total_iters=30, power=2.0)"
_COSINE = "CosineAnnealingLR(T_max=30, eta_min=1e-4)"
_AROUND = [3, 4, 5, 6]

COMPOSED: list[Case] = [
    *(
        Case(_sequential(first, then, milestone), base_lrs, resume=_AROUND)
        for then, base_lrs in [
            ("StepLR(step_size=5, gamma=0.5)", [0.1]),
            ("MultiStepLR(milestones=[0, 10, 10, 25], gamma=0.3)", [0.1, 0.02]),
            (_EXP, [0.1]),
            (_COSINE, [0.1, 0.7]),
            ("LinearLR(start_factor=1.0, end_factor=0.1, total_iters=30)", [0.3]),
            (_POLY, [0.1]),
            (_LAMBDA, [0.1, 0.3]),
            (_TIMES, [0.1]),
            (_CAWR, [0.1]),
            (_CYCLE, [0.3]),
            (_SWA, [0.1]),
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
    Case(_sequential(_WARMUP, _COSINE, 5), [0.1], [(3, 0, 0.5), (12, 0, 0.02)]),
    *(
        Case(_sequential(first, "StepLR(step_size=9, gamma=0.5)", 20), [0.1], resume=[5, 19, 20, 21])
        for first in [_LAMBDA, _TIMES, _CAWR, _CYCLE, _SWA, _POLY]
    ),
    Case(_sequential(_EXP, _ONE, 10), [0.1], steps=210, resume=[9, 10, 11]),
    Case(_sequential(_WARMUP, _ONE, 5), [0.1, 0.5], optimizer="adam", steps=205),
    Case(_sequential(_ONE, _EXP, 150), [0.1], resume=[149, 150, 151]),
    Case(f"SequentialLR([{_WARMUP}, {_COSINE}, {_SWA}], [5, 25])", [0.1, 0.3], resume=[5, 24, 25, 26]),
    Case(f"SequentialLR([{_HOLD}, {_CAWR}, {_EXP}], [4, 40])", [0.1], resume=[4, 10, 39, 40]),
    Case(f"SequentialLR([{_WARMUP}, {_CYCLE}, {_POLY}], [5, 50])", [0.1], optimizer="adam"),
    Case(f"SequentialLR([{_EXP}, {_TIMES}, {_LAMBDA}, {_WARMUP}], [3, 9, 300])", [0.1]),
    Case(f"SequentialLR([{_EXP}, StepLR(2)], [0])", [0.1]),
    Case(f"SequentialLR([{_EXP}, StepLR(2), {_WARMUP}], [5, 3])", [0.1]),
    Case(f"SequentialLR([{_EXP}], [])", [0.1]),
    Case(f"SequentialLR([SequentialLR([{_EXP}, StepLR(2)], [3]), {_COSINE}], [8])", [0.1, 0.2], resume=[2, 3, 7, 8]),
    Case(f"SequentialLR([SequentialLR([{_CAWR}, {_SWA}], [9]), {_TIMES}], [20])", [0.1], resume=[8, 9, 20]),
    Case(f"SequentialLR([SequentialLR([SequentialLR([{_HOLD}, {_EXP}], [2]), {_POLY}], [4]), {_LAMBDA}], [6])", [0.1]),
    Case(f"SequentialLR([ChainedScheduler([{_EXP}, {_WARMUP}]), StepLR(5)], [12])", [0.1], resume=[1, 11, 12]),
    Case(f"SequentialLR([ChainedScheduler([{_CAWR}, {_EXP}]), {_CYCLE}], [12])", [0.1]),
    Case("ChainedScheduler([ConstantLR(0.1, 20), ExponentialLR(0.9)])", [1.0], resume=[1, 19, 20]),
    Case(f"ChainedScheduler([{_WARMUP}, {_COSINE}])", [0.1, 0.3], resume=[4, 5, 30]),
    Case(f"ChainedScheduler([{_COSINE}, MultiStepLR([10, 15], 0.1)])", [0.1]),
    Case(f"ChainedScheduler([{_CAWR}, MultiStepLR([3, 9], 0.1)])", [0.1], resume=[3, 5, 6]),
    Case(f"ChainedScheduler([MultiStepLR([3, 9], 0.1), {_CAWR}])", [0.1]),
    Case(f"ChainedScheduler([{_LAMBDA}, {_EXP}, {_TIMES}])", [0.1, 0.2]),
    Case(f"ChainedScheduler([{_CYCLE}, {_POLY}])", [0.1], optimizer="adam"),
    Case(f"ChainedScheduler([{_EXP}, {_SWA}])", [0.1]),
    Case(f"ChainedScheduler([{_ONE}, StepLR(30, 0.5)])", [0.1], steps=200),
    Case(f"ChainedScheduler([StepLR(7)])", [0.1], [(5, 0, 3.0)]),
    Case(f"ChainedScheduler([SequentialLR([{_WARMUP}, {_EXP}], [5]), StepLR(9)])", [0.1], resume=[4, 5, 9]),
    Case(f"ChainedScheduler([ChainedScheduler([{_EXP}, {_WARMUP}]), {_HOLD}])", [0.1]),
]

_INF, _NAN = float("inf"), float("nan")
_IMPROVING = [1 / (k + 1) for k in range(40)]
_FLAT = [0.5]
_NOISY = [0.9, 0.7, 0.71, 0.69, 0.8, 0.65, 0.66, 0.67, 0.68, 0.64, 0.9, 0.9, 0.9, 0.63]
_WITH_NAN = [1.0, _NAN, 0.9, _NAN, _NAN, _NAN, 0.8, 0.85]
_NEGATIVE = [-1.0, -0.99, -0.9, -1.5, -1.4, -2.0, -0.5]

PLATEAU: list[Case] = [
    Case(f"ReduceLROnPlateau({arguments})", base_lrs, edits, optimizer, metrics=metrics, resume=resume)
    for arguments, metrics, base_lrs, edits, optimizer, resume in [
        ("", _FLAT, [0.1], [], "sgd", [5, 11, 12]),
        ("", _IMPROVING, [0.1, 0.5], [], "adam", [39, 45]),
        ("patience=0", _FLAT, [0.1], [], "sgd", [1, 2]),
        ("patience=2, cooldown=3, factor=0.5", _FLAT, [0.1], [], "sgd", [3, 4, 5, 6, 7]),
        ("patience=2, cooldown=3, factor=0.9", _NOISY, [0.1, 1.0], [], "sgd", [9, 12, 13, 14]),
        ("'max', patience=3, factor=0.9", _NOISY, [0.1], [], "sgd", [7]),
        ("'max', 0.9, 1, 0.05, 'abs'", _NOISY, [0.1], [], "sgd", [7]),
        ("threshold=0.05, threshold_mode='abs', patience=1, factor=0.99", _NOISY, [0.1], [], "adagrad", [7]),
        ("threshold=0.2, patience=1, factor=0.99", _IMPROVING, [0.1], [], "sgd", [7]),
        ("patience=1, factor=0.5", _WITH_NAN, [0.1], [], "sgd", [1, 2, 6]),
        ("patience=1, factor=0.5", [_INF, _INF, 1.0, -_INF], [0.1], [], "sgd", [1, 3, 4]),
        ("'max', patience=1, factor=0.5", [-_INF, 1.0, _INF, _NAN], [0.1], [], "sgd", [1, 3, 4]),
        ("patience=1, factor=0.5, threshold=0.1", _NEGATIVE, [0.1], [], "sgd", [3]),
        ("'max', patience=1, factor=0.5, threshold=0.1", _NEGATIVE, [0.1], [], "sgd", [3]),
        ("patience=1, factor=0.5, threshold_mode='abs'", _NEGATIVE, [0.1], [], "sgd", [3]),
        ("patience=1, min_lr=0.02", _FLAT, [0.1, 0.01], [], "sgd", [3]),
        ("patience=1, min_lr=[0.02, 0.001, 1.0]", _FLAT, [0.1, 0.01, 0.5], [], "sgd", [3]),
        ("patience=1, eps=0.01", _FLAT, [0.1], [], "sgd", [3]),
        ("patience=1, eps=0", _FLAT, [1e-7, 1e-8, 1e-9], [], "sgd", [3]),
        ("patience=0, factor=0.5, eps=0.05", _FLAT, [0.1, 0.2], [], "sgd", [3]),
        ("patience=1, factor=0.5, threshold=0", _FLAT, [0.1], [], "sgd", [3]),
        ("'max', patience=1, factor=0.5, threshold=0, threshold_mode='abs'", _FLAT, [0.1], [], "sgd", [3]),
        ("patience=1, factor=-0.5", _FLAT, [0.1], [], "sgd", [3]),
        ("patience=3, factor=0.5, cooldown=1", _NOISY, [0.1], [(20, 0, 1.0), (77, 0, 0.3)], "sgd", [19, 20]),
    ]
]


def _steps(count: int) -> list[list[object]]:
    return [["step"] for _ in range(count)]


def _epochs(*epochs: float) -> list[list[object]]:
    return [["epoch", epoch] for epoch in epochs]


_RESUMED = {"initial_lr": 1.0}

SCRIPTS: list[Script] = [
    # Constructors that raise, each guard and their order.
    *(
        Script(constructor, base_lrs=base_lrs)
        for constructor, base_lrs in [
            ("LambdaLR(0.5)", [0.1]),
            ("LambdaLR(None)", [0.1]),
            ("LambdaLR(['lambda e: 1.0'])", [0.1, 0.2]),
            ("LambdaLR(['lambda e: 1.0', 7])", [0.1, 0.2]),
            ("LambdaLR()", [0.1]),
            ("MultiplicativeLR(0.5)", [0.1]),
            ("MultiplicativeLR([0.5, 0.5])", [0.1]),
            ("MultiplicativeLR(['lambda e: 1.0', None])", [0.1, 0.2]),
            ("ConstantLR(1.5)", [0.1]),
            ("ConstantLR(-0.1)", [0.1]),
            ("ConstantLR([1])", [0.1]),
            ("LinearLR(0)", [0.1]),
            ("LinearLR(1.5, 3)", [0.1]),
            ("LinearLR(0.5, -0.1)", [0.1]),
            ("LinearLR(0.5, 1.5)", [0.1]),
            ("LinearLR(None)", [0.1]),
            ("StepLR()", [0.1]),
            ("StepLR(5, 0.1, -1, 7)", [0.1]),
            ("StepLR(5, 0.1, -1, 7, gama=1)", [0.1]),
            ("StepLR(5, step_size=5)", [0.1]),
            ("PolynomialLR(5, 1.0, verbose=True)", [0.1]),
            ("StepLR(5, last_epoch=3)", [0.1]),
            ("CosineAnnealingWarmRestarts(0)", [0.1]),
            ("CosineAnnealingWarmRestarts(-3)", [0.1]),
            ("CosineAnnealingWarmRestarts(2.5)", [0.1]),
            ("CosineAnnealingWarmRestarts(1e20)", [0.1]),
            ("CosineAnnealingWarmRestarts('5')", [0.1]),
            ("CosineAnnealingWarmRestarts(5, 0)", [0.1]),
            ("CosineAnnealingWarmRestarts(5, 1.5)", [0.1]),
            ("CosineAnnealingWarmRestarts(5, None)", [0.1]),
            ("CosineAnnealingWarmRestarts(5, 1, '0')", [0.1]),
            ("CosineAnnealingWarmRestarts(5, 1, None)", [0.1]),
            ("CosineAnnealingWarmRestarts(5, 1, [0.1])", [0.1]),
            ("CosineAnnealingWarmRestarts(True, True, True)", [3.0]),
            ("CyclicLR(0.1)", [0.1]),
            ("CyclicLR([0.1], 0.2)", [0.1, 0.2]),
            ("CyclicLR(0.1, [0.2])", [0.1, 0.2]),
            ("CyclicLR(0.1, 0.2, 0)", [0.1]),
            ("CyclicLR(0.1, 0.2, 0, 5)", [0.1]),
            ("CyclicLR(0.1, 0.2, None)", [0.1]),
            ("CyclicLR(0.1, 0.2, 'many')", [0.1]),
            ("CyclicLR(0.1, 0.2, '4')", [0.1]),
            ("CyclicLR(0.1, 0.2, [3])", [0.1]),
            ("CyclicLR(0.1, 0.2, mode='square')", [0.1]),
            ("CyclicLR(0.1, 0.2, scale_fn=3)", [0.1]),
            ("CyclicLR(0.1, 0.2, base_momentum=[0.8])", [0.1, 0.2]),
            ("CyclicLR(0.1, 0.2, max_momentum=[0.8, 0.9, 0.9])", [0.1, 0.2]),
            ("OneCycleLR()", [0.1]),
            ("OneCycleLR(0.1)", [0.1]),
            ("OneCycleLR(0.1, 0)", [0.1]),
            ("OneCycleLR(0.1, -5, pct_start=7)", [0.1]),
            ("OneCycleLR(0.1, 10.0)", [0.1]),
            ("OneCycleLR(0.1, '10')", [0.1]),
            ("OneCycleLR(0.1, epochs=3)", [0.1]),
            ("OneCycleLR(0.1, epochs=0, steps_per_epoch=0)", [0.1]),
            ("OneCycleLR(0.1, epochs=3, steps_per_epoch=2.5)", [0.1]),
            ("OneCycleLR(0.1, epochs='3', steps_per_epoch=2)", [0.1]),
            ("OneCycleLR(0.1, 10, pct_start=1)", [0.1]),
            ("OneCycleLR(0.1, 10, pct_start=1.5)", [0.1]),
            ("OneCycleLR(0.1, 10, pct_start=-0.1, anneal_strategy='square')", [0.1]),
            ("OneCycleLR(0.1, 10, anneal_strategy='square')", [0.1]),
            ("OneCycleLR([0.1], 10)", [0.1, 0.2]),
            ("OneCycleLR(0.1, 10, div_factor=0)", [0.1]),
            ("OneCycleLR(0.1, 10, max_momentum=[0.9])", [0.1, 0.2]),
            ("OneCycleLR(0.1, 10, base_momentum=[0.9])", [0.1, 0.2]),
            ("OneCycleLR(0.1, 10, last_epoch=4)", [0.1]),
            ("ReduceLROnPlateau(factor=1.0)", [0.1]),
            ("ReduceLROnPlateau('best', 2, min_lr=[1, 2])", [0.1]),
            ("ReduceLROnPlateau(factor='0.1')", [0.1]),
            ("ReduceLROnPlateau('best', min_lr=[1, 2], threshold_mode='no')", [0.1]),
            ("ReduceLROnPlateau('best', threshold_mode='no')", [0.1]),
            ("ReduceLROnPlateau(threshold_mode='no')", [0.1]),
            ("ReduceLROnPlateau(5)", [0.1]),
            ("ReduceLROnPlateau(threshold_mode=None)", [0.1]),
            ("ReduceLROnPlateau(mode=['min'])", [0.1]),
            ("ReduceLROnPlateau(verbose=True)", [0.1]),
            ("SequentialLR()", [0.1]),
            ("SequentialLR([], [])", [0.1]),
            ("SequentialLR(5, [])", [0.1]),
            ("SequentialLR([StepLR(5)], [3])", [0.1]),
            ("SequentialLR([StepLR(5), 7], [3])", [0.1]),
            ("SequentialLR([StepLR(5), ReduceLROnPlateau()], [3])", [0.1]),
            ("SequentialLR([7, ReduceLROnPlateau(), StepLR()], [3])", [0.1]),
            ("SequentialLR([7, ReduceLROnPlateau()], [3])", [0.1]),
            ("SequentialLR([ReduceLROnPlateau(), 7], [3])", [0.1]),
            ("ChainedScheduler()", [0.1]),
            ("ChainedScheduler([])", [0.1]),
            ("ChainedScheduler(None)", [0.1]),
            ("ChainedScheduler([StepLR(5), 7])", [0.1]),
            ("ChainedScheduler([StepLR(5), ReduceLROnPlateau()])", [0.1]),
            ("ChainedScheduler([StepLR(5)], last_epoch=3)", [0.1]),
            ("SWALR()", [0.1]),
            ("SWALR([0.1])", [0.1, 0.2]),
            ("SWALR(0.1, -1)", [0.1]),
            ("SWALR(0.1, 2.0)", [0.1]),
            ("SWALR(0.1, '3')", [0.1]),
            ("SWALR(0.1, -1, 'square')", [0.1]),
        ]
    ),
    Script("CyclicLR(0.1, 0.2)", optimizer="adagrad"),
    Script("CyclicLR(0.1, 0.2, cycle_momentum=0)", _steps(2), optimizer="adagrad"),
    Script("OneCycleLR(0.1, 10)", optimizer="adagrad"),
    # Steps that raise.
    Script("StepLR(0)", _steps(1)),
    Script("CosineAnnealingLR(0)", _steps(1)),
    Script("ConstantLR(0.0, 2)", _steps(2)),
    Script("PolynomialLR(4, -1.0)", _steps(4)),
    Script("OneCycleLR(0.1, 10)", _steps(11)),
    Script("OneCycleLR(0.1, 10, anneal_strategy='linear')", _steps(11), optimizer="adam"),
    Script("OneCycleLR(0.1, epochs=2, steps_per_epoch=3, three_phase=True)", _steps(7)),
    Script("OneCycleLR(0.1, 2, pct_start=0.5)", _steps(2)),
    Script("OneCycleLR(0.1, 10, pct_start=1.0)", _steps(11)),
    Script("OneCycleLR(0.1, 1)", _steps(2)),
    Script(f"SequentialLR([{_EXP}, OneCycleLR(0.1, 6)], [3])", _steps(10)),
    Script("CyclicLR(0.1, 0.2, 0.001, mode='triangular2')", _steps(4)),
    Script("CyclicLR(0.1, 0.2, 5, mode='exp_range', gamma=1e30)", _steps(12)),
    Script(f"SequentialLR([{_EXP}, SequentialLR([StepLR(5), StepLR(5)], [3])], [4])", _steps(4)),
    Script(f"SequentialLR([{_EXP}, ChainedScheduler([StepLR(5)])], [2])", _steps(2)),
    Script("ReduceLROnPlateau()", _steps(1)),
    Script("ChainedScheduler([StepLR(2)])", [["epoch", 3]]),
    Script("SequentialLR([StepLR(2)], [])", [["epoch", 3]]),
    Script("CosineAnnealingWarmRestarts(5)", _epochs(-1)),
    Script("CosineAnnealingWarmRestarts(5)", _epochs(-0.25)),
    # step(epoch).
    Script("CosineAnnealingWarmRestarts(10)", [*_epochs(0, 3, 9.5, 10, 10.25, 25.75, 7), *_steps(5)]),
    Script(
        "CosineAnnealingWarmRestarts(10, 2)",
        [*_epochs(0.1, 9.9, 10, 29.5, 30, 69, 70, 70.5, 150, 1e5, 3), *_steps(9), *_epochs(630), *_steps(2)],
    ),
    Script(
        "CosineAnnealingWarmRestarts(10, 3)",
        [*_epochs(10, 40, 130, 400, 1210, 1210.5, 3640, 10930, 32800), *_steps(3), *_epochs(1210), *_steps(3)],
    ),
    Script("CosineAnnealingWarmRestarts(7, 5, 0.01)", _epochs(7, 42, 217, 1092, 5467, 27342, 2.5), [0.1, 0.3]),
    Script("CosineAnnealingLR(10)", _epochs(3.5, 10, 12.25, -2)),
    Script("LinearLR()", _epochs(3, -3, 7)),
    Script("LinearLR(0.5, total_iters=0)", _epochs(1)),
    Script("PolynomialLR(6, 2.0)", [*_epochs(3, 4.5, -2), *_steps(2), *_epochs(8)]),
    Script("PolynomialLR(0)", _epochs(3)),
    Script("ExponentialLR(0.5)", [*_epochs(3, 0.5, -2), *_steps(2)]),
    Script("ExponentialLR(0.0)", _epochs(3, -3)),
    Script("ExponentialLR(10.0)", _epochs(308, 309)),
    Script("StepLR(3)", _epochs(-1, 7, 3.5)),
    Script("MultiStepLR([2, 4])", _epochs(1.5, 4.5, -1)),
    Script("ConstantLR(0.5, 3)", _epochs(2, 3, 7, -1)),
    Script(f"LambdaLR({_WAVE})", _epochs(2.5, 10, -3)),
    Script("MultiplicativeLR('lambda e: 1 + e / 10')", [*_epochs(2, 5), *_steps(2)]),
    Script("CyclicLR(0.1, 0.2, 4)", [*_epochs(2.5, 9, -3), *_steps(2)]),
    Script("OneCycleLR(0.1, 10)", _epochs(2.5, 9, 10, 10.5)),
    Script("SWALR(0.05, 4)", [*_epochs(9), *_steps(2), *_epochs(0)]),
    Script("ReduceLROnPlateau(patience=0)", [["metric", 1.0, 7], ["metric", 2.0, 3], ["metric", 2.0]]),
    # Resuming with last_epoch, right or wrong.
    *(
        Script(constructor, _steps(12), keys=_RESUMED)
        for constructor in [
            "LambdaLR('lambda e: 0.9 ** e', last_epoch=4)",
            "MultiplicativeLR('lambda e: 0.9', 4)",
            "StepLR(5, 0.5, last_epoch=4)",
            "MultiStepLR([3], last_epoch=2)",
            "ConstantLR(0.5, 3, last_epoch=2)",
            "LinearLR(last_epoch=2)",
            "ExponentialLR(0.9, last_epoch=2)",
            "PolynomialLR(9, 2.0, 3)",
            "CosineAnnealingLR(10, last_epoch=2)",
            "CosineAnnealingWarmRestarts(5, 2, last_epoch=8)",
            "CyclicLR(0.1, 0.2, 4, last_epoch=5)",
            "SWALR(0.05, 4, last_epoch=2)",
            f"SequentialLR([{_EXP}, StepLR(2)], [6], last_epoch=3)",
            f"LinearLR(last_epoch=-2)",
        ]
    ),
    Script(
        "OneCycleLR(0.1, 10, last_epoch=4)",
        _steps(7),
        keys={"initial_lr": 0.01, "max_lr": 0.2, "min_lr": 1e-5, "base_momentum": 0.7, "max_momentum": 0.99},
    ),
    Script("OneCycleLR(0.1, 10, last_epoch=4)", keys={"initial_lr": 0.01, "max_lr": 0.2, "min_lr": 1e-5}),
    # A first scheduler has been here: its initial_lr survives.
    Script("CyclicLR(0.1, 0.2, 4)", _steps(3), keys=_RESUMED),
    Script("OneCycleLR(0.1, 10)", _steps(3), keys=_RESUMED),
    Script("CosineAnnealingWarmRestarts(5)", _steps(6), keys=_RESUMED),
    # Groups that are added while training runs.
    *(
        Script(constructor, [*_steps(2), ["add", 1.0], *_steps(4)])
        for constructor in [
            "LambdaLR('lambda e: 0.9 ** e')",
            "MultiplicativeLR('lambda e: 0.9')",
            "StepLR(4)",
            "MultiStepLR([4, 5])",
            "ConstantLR(0.5, 4)",
            "LinearLR(total_iters=4)",
            "ExponentialLR(0.9)",
            "PolynomialLR(7)",
            "CosineAnnealingLR(3)",
            "CosineAnnealingWarmRestarts(5)",
            "CyclicLR(0.1, 0.2, 4)",
            "CyclicLR(0.1, 0.2, 4, cycle_momentum=False)",
            "OneCycleLR(0.1, 10)",
            "SWALR(0.05)",
            "ChainedScheduler([ExponentialLR(0.9)])",
        ]
    ),
    *(
        Script(f"ReduceLROnPlateau(patience=1{rest})", [["metric", 1.0], ["metric", 1.0], ["add", 1.0], ["metric", 1.0]])
        for rest in ["", ", min_lr=[0.01]", ", min_lr=0.05"]
    ),
]
