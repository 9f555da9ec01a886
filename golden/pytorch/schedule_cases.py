"""The schedules that `schedules.json` covers, each with what its rates must be.

What they must be comes from PyTorch's own class where it has one, stepped in f64 or from its closed form,
and from the formula written out here with `math` where it has none.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import SGD, lr_scheduler

Json = dict[str, object]
Rate = Callable[[int], float]

BASE = 0.1
TOTAL_STEPS = 1000
STEPS_PER_EPOCH = 10
CLASSES = [
    "LinearLR",
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "CosineAnnealingLR",
    "PolynomialLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "OneCycleLR",
]


@dataclass
class Case:
    """A schedule's text, where its rates come from, and the rates of the steps 0, 1, 2..."""

    text: str
    source: str
    rates: list[float]
    total_steps: int = TOTAL_STEPS


def stepped(text: str, source: str, total_steps: int = TOTAL_STEPS, steps: int | None = None) -> Case:
    """A class of PyTorch, one `scheduler.step()` an update, in its closed form if it has one."""
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=BASE)
    classes = {name: functools.partial(getattr(lr_scheduler, name), optimizer) for name in CLASSES}
    scheduler = eval(source, classes)  # noqa: S307 - our own table
    optimizer.step()
    rates = []
    for step in range(total_steps if steps is None else steps):
        if step > 0:
            scheduler.step()
        closed_form = getattr(scheduler, "_get_closed_form_lr", scheduler.get_last_lr)
        rates.append(closed_form()[0])
    return Case(text, source, rates, total_steps)


def formula(text: str, source: str, rate: Rate, total_steps: int = TOTAL_STEPS) -> Case:
    """A formula for the rate after t updates."""
    return Case(text, source, [rate(t) for t in range(total_steps + 1)], total_steps)


def falling(length: int, to: float, share: Callable[[float], float], start: float = BASE) -> Rate:
    """From `start` to `to` over `length`; `share` of the height is left after a part of the length."""
    return lambda t: to + (start - to) * share(min(t / length, 1.0))


def rex(passed: float) -> float:
    return (1 - passed) / (0.5 + 0.5 * (1 - passed))


def tanh(lower: float, upper: float) -> Callable[[float], float]:
    return lambda passed: 0.5 * (1 - math.tanh(lower * (1 - passed) + upper * passed))


def noam(model: int, warmup: int) -> Rate:
    return lambda t: BASE * model**-0.5 * min((t + 1) ** -0.5, (t + 1) * warmup**-1.5)


def slanted(length: int, cut: int, ratio: float) -> Rate:
    def rate(t: int) -> float:
        p = t / cut if t < cut else 1 - (t - cut) / (length - cut)
        return BASE * (1 + max(p, 0.0) * (ratio - 1)) / ratio

    return rate


def warmup_stable_decay(warmup: int, stable: int, decay: int, low: float, share: Callable[[float], float]) -> Rate:
    def rate(t: int) -> float:
        if t < warmup:
            return BASE * (low + (1 - low) * t / warmup)
        passed = min(max(t - warmup - stable, 0) / decay, 1.0)
        return BASE * (low + (1 - low) * share(passed))

    return rate


def inverse_sqrt_after(warmup: int, timescale: int) -> Rate:
    def rate(t: int) -> float:
        if t < warmup:
            return BASE * (t + 1) / (warmup + 1)
        return BASE / math.sqrt((t + timescale - warmup) / timescale)

    return rate


def restarting(lengths: list[int], growth: float, gamma: float, to: float) -> Rate:
    """Walks from cycle to cycle."""

    def rate(t: int) -> float:
        cycle = start = 0
        while True:
            extra = cycle - len(lengths) + 1
            length = lengths[cycle] if extra <= 0 else math.floor(lengths[-1] * growth**extra + 0.5)
            if t < start + length:
                break
            start, cycle = start + length, cycle + 1
        return to + (BASE - to) * gamma**cycle * (1 + math.cos(math.pi * (t - start) / length)) / 2

    return rate


def cosine(passed: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * passed))


def one_minus_sqrt(passed: float) -> float:
    return 1 - math.sqrt(passed)


def cyclic(text: str, arguments: str) -> Case:
    return stepped(text, f"CyclicLR({arguments}, cycle_momentum=False)")


def one_cycle(text: str, arguments: str, total_steps: int, steps: int | None = None) -> Case:
    return stepped(text, f"OneCycleLR({arguments}, cycle_momentum=False)", total_steps, steps)


def simple() -> list[Case]:
    return [
        stepped("step every 5 epochs x0.5", "StepLR(step_size=50, gamma=0.5)"),
        stepped("multi-step at 30%, 80% x0.3", "MultiStepLR(milestones=[300, 800], gamma=0.3)"),
        stepped("exponential x0.99 every step", "ExponentialLR(gamma=0.99)"),
        stepped("linear from 30% to 5% over 400 steps", "LinearLR(start_factor=0.3, end_factor=0.05, total_iters=400)"),
        stepped("cosine to lr 1e-3", "CosineAnnealingLR(T_max=1000, eta_min=1e-3)"),
    ]


def falls() -> list[Case]:
    hsueh = "HTD (Hsueh et al. 2018)"
    chen = "REX (Chen et al. 2021)"
    haegele = "1-sqrt (Hägele et al. 2024)"
    return [
        formula("cosine from 50% to 10%", "half a cosine", falling(1000, 0.01, cosine, 0.05)),
        stepped("polynomial to 0", "PolynomialLR(total_iters=1000, power=1.0)"),
        stepped("polynomial to 0 over 80% power 2", "PolynomialLR(total_iters=800, power=2.0)"),
        stepped("polynomial over 333 steps power 0.5", "PolynomialLR(total_iters=333, power=0.5)"),
        formula(
            "polynomial from 50% to lr 1e-3 power 0.9",
            "a power",
            falling(1000, 1e-3, lambda passed: (1 - passed) ** 0.9, 0.05),
        ),
        formula("rex to 1% over 70%", chen, falling(700, 0.001, rex)),
        formula("rex from 20% to lr 0.3", chen, falling(1000, 0.3, rex, 0.02)),
        formula("tanh to 0", hsueh, falling(1000, 0.0, tanh(-6, 3))),
        formula("tanh to 10% over 60% lower=-7 upper=4", hsueh, falling(600, 0.01, tanh(-7, 4))),
        formula("one-minus-sqrt to 0", haegele, falling(1000, 0.0, one_minus_sqrt)),
        formula("one-minus-sqrt from 50% to 5% over 20%", haegele, falling(200, 0.005, one_minus_sqrt, 0.05)),
    ]


def endless() -> list[Case]:
    shen = "Power (Shen et al. 2024)"
    vaswani = "Vaswani et al. 2017, equation 3"
    hugging_face = "Hugging Face's inverse square root"
    return [
        formula("inverse-sqrt timescale 10%", hugging_face, inverse_sqrt_after(0, 100)),
        formula("warmup 5% then inverse-sqrt", hugging_face, inverse_sqrt_after(50, 50)),
        formula("warmup 5% then inverse-sqrt timescale 300 steps", hugging_face, inverse_sqrt_after(50, 300)),
        formula("power-law timescale 10% power 1.5", "a power of time", lambda t: BASE * ((t + 100) / 100) ** -1.5),
        formula(
            "hold 5% then power-law power 0.51",
            shen,
            lambda t: min(BASE, BASE * (max(t, 1) / 50) ** -0.51),
        ),
        formula("noam model 512 warmup 5%", vaswani, noam(512, 50)),
        formula("noam model 1 warmup 4000 steps", vaswani, noam(1, 4000)),
    ]


def cycles() -> list[Case]:
    return [
        stepped("warm-restarts every 10 epochs", "CosineAnnealingWarmRestarts(T_0=100)"),
        stepped(
            "warm-restarts every 7 steps growing x2 to lr 1e-3",
            "CosineAnnealingWarmRestarts(T_0=7, T_mult=2, eta_min=1e-3)",
        ),
        stepped("warm-restarts every 10 steps growing x3", "CosineAnnealingWarmRestarts(T_0=10, T_mult=3)", 4000),
        formula("warm-restarts every 10%, 20%, 70%", "cycle by cycle", restarting([100, 200, 700], 1, 1, 0)),
        formula(
            "warm-restarts every 50 steps, 30 steps growing 1.5 x0.8 to 5%",
            "cycle by cycle",
            restarting([50, 30], 1.5, 0.8, 0.005),
        ),
        formula("warm-restarts every 37 steps x0.5 to lr 0.01", "cycle by cycle", restarting([37], 1, 0.5, 0.01)),
        cyclic("cyclic from 10% up 4 epochs", "base_lr=0.01, max_lr=0.1, step_size_up=40"),
        cyclic(
            "cyclic from 10% to 200% up 30 steps down 77 steps mode triangular2",
            "base_lr=0.01, max_lr=0.2, step_size_up=30, step_size_down=77, mode='triangular2'",
        ),
        cyclic(
            "cyclic from lr 1e-3 up 50 steps down 25 steps mode exp_range gamma=0.998",
            "base_lr=1e-3, max_lr=0.1, step_size_up=50, step_size_down=25, mode='exp_range', gamma=0.998",
        ),
    ]


def one_cycles() -> list[Case]:
    howard = "Howard and Ruder 2018, equation 3"
    return [
        one_cycle("one-cycle", "max_lr=0.1, total_steps=1000", 1000),
        one_cycle("one-cycle", "max_lr=0.1, total_steps=15", 15),
        one_cycle("one-cycle over 500 steps", "max_lr=0.1, total_steps=500", 1000, 500),
        one_cycle(
            "one-cycle rising 25% shape linear",
            "max_lr=0.1, total_steps=1000, pct_start=0.25, anneal_strategy='linear'",
            1000,
        ),
        one_cycle(
            "one-cycle rising 45% three_phase=true",
            "max_lr=0.1, total_steps=333, pct_start=0.45, three_phase=True",
            333,
        ),
        one_cycle(
            "one-cycle peak 300% from 30% to 0.3% rising 20% shape linear three_phase=true",
            "max_lr=0.3, total_steps=77, pct_start=0.2, anneal_strategy='linear', div_factor=10, "
            "final_div_factor=100, three_phase=True",
            77,
        ),
        formula("slanted-triangular", howard, slanted(1000, 100, 32)),
        formula("slanted-triangular rising 1% over 50% ratio 4", howard, slanted(500, 10, 4)),
    ]


def stages() -> list[Case]:
    hugging_face = "Hugging Face's stages"
    return [
        formula(
            "warmup-stable-decay warmup 5% from 0 decay 20% shape linear",
            hugging_face,
            warmup_stable_decay(50, 750, 200, 0.0, lambda passed: 1 - passed),
        ),
        formula(
            "warmup-stable-decay warmup 10% from 10% decay 30% shape cosine to 10%",
            hugging_face,
            warmup_stable_decay(100, 600, 300, 0.1, cosine),
        ),
        formula(
            "warmup-stable-decay warmup 5% from 1% decay 50% shape 1-sqrt to 1%",
            hugging_face,
            warmup_stable_decay(50, 450, 500, 0.01, one_minus_sqrt),
        ),
        formula(
            "warmup-stable-decay decay 100% shape 1-square",
            "1 - x^2",
            warmup_stable_decay(0, 0, 1000, 0.0, lambda passed: 1 - passed**2),
        ),
        formula("range-test", "an exponential sweep", lambda t: 1e-7 * (10 / 1e-7) ** (t / 1000)),
        formula(
            "range-test from 1% to lr 3 over 50% sweep linear",
            "a linear sweep",
            falling(500, 3.0, lambda passed: 1 - passed, 0.001),
        ),
    ]


def stored(case: Case) -> list[tuple[int, float]]:
    """The rates of a case to compare with: the first 16 steps, every 11th, and the last 3."""
    last = len(case.rates) - 1
    return [(t, rate) for t, rate in enumerate(case.rates) if t < 16 or t % 11 == 0 or t > last - 3]


def schedules_json() -> Json:
    """Every case with its stored rates."""
    cases = [*simple(), *falls(), *endless(), *cycles(), *one_cycles(), *stages()]
    return {
        "base": BASE,
        "steps_per_epoch": STEPS_PER_EPOCH,
        "cases": [
            {"text": case.text, "source": case.source, "total_steps": case.total_steps, "rates": stored(case)}
            for case in cases
        ],
    }
