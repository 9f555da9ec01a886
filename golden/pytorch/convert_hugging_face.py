"""The factors of Hugging Face's schedules from formulas written here, without transformers.

The formulas follow the description of transformers 5.23: `w` steps of warmup, `n` steps in all, `t` updates
made. The heads of a training of 10 steps with a warmup of 2 that transformers itself gave are asserted.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Json = dict[str, object]
Factor = Callable[[int], float]

LR = 0.3


def after_warmup(w: int, n: int, rest: Callable[[float], float]) -> Factor:
    """A straight rise from 0, then `rest` of the share of the remaining steps that has passed."""
    return lambda t: t / w if t < w else rest((t - w) / max(1, n - w))


def wave(cycles: float) -> Callable[[float], float]:
    """Cosines from 1 down to 0 and up again."""
    return lambda share: 0.5 + 0.5 * math.cos(2.0 * math.pi * cycles * share)


def restarts(cycles: int) -> Callable[[float], float]:
    """Half a cosine, `cycles` times."""
    return lambda share: 0.0 if share >= 1.0 else 0.5 + 0.5 * math.cos(math.pi * ((cycles * share) % 1.0))


def raised(lowest: float, factor: Callable[[float], float]) -> Callable[[float], float]:
    """Squeezed, so that 0 becomes `lowest` and 1 stays."""
    return lambda share: lowest + (1.0 - lowest) * factor(share)


def inverse_sqrt(w: int, timescale: int) -> Factor:
    """A rise, then the inverse square root of the time since `timescale` steps before its end."""
    return lambda t: t / w if t < w else math.sqrt(timescale / (t - w + timescale))


def early(w: int, n: int, lowest: float, first: float | None, cycles: float) -> Factor:
    """The warmup that begins above 0 and whose cosine begins one step early."""

    def factor(t: int) -> float:
        if t >= w:
            return raised(lowest, wave(cycles))((t - w + 1) / max(1, n - w))
        return (t + 1) / w if first is None else first + (1.0 - first) * t / max(1, w - 1)

    return factor


SHAPES: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "cosine": lambda x: 0.5 - 0.5 * math.cos(math.pi * x),
    "1-sqrt": lambda x: 1.0 - math.sqrt(1.0 - x),
}
FALLS: dict[str, Callable[[float], float]] = {
    "linear": lambda x: 1.0 - x,
    "cosine": wave(0.5),
    "1-sqrt": lambda x: 1.0 - math.sqrt(x),
}


def stages(w: int, stable: int, decay: int, rise: str, fall: str, lowest: float) -> Factor:
    """Warmup, a stable stage and a decay."""

    def factor(t: int) -> float:
        if t < w:
            return raised(lowest, SHAPES[rise])(t / w)
        if t < w + stable:
            return 1.0
        share = (t - w - stable) / decay
        return raised(lowest, FALLS[fall])(share) if share < 1.0 else lowest

    return factor


Case = tuple[list[str], int, Factor]


def cases() -> list[Case]:
    """Texts that say the same with the steps of their training and their formula."""
    found: list[Case] = []
    for w, n in [(2, 10), (0, 10), (30, 300), (7, 60), (1, 33), (5, 5)]:
        counts = f"num_warmup_steps={w}, num_training_steps={n}"
        both = [
            ("linear", "get_linear_schedule_with_warmup", "", lambda x: 1.0 - x),
            ("cosine", "get_cosine_schedule_with_warmup", "", wave(0.5)),
        ]
        both += [
            ("cosine", "get_cosine_schedule_with_warmup", f", num_cycles={c}", wave(c)) for c in (1, 1.25, 2.5)
        ]
        both += [
            (
                "cosine_with_restarts",
                "get_cosine_with_hard_restarts_schedule_with_warmup",
                f", num_cycles={c}",
                restarts(c),
            )
            for c in (1, 2, 3, 7, 49)
        ]
        for end, power in [(1e-7, 1.0), (0.01, 2.0)]:
            text = f", lr_end={end}, power={power}"
            falls = raised(end / LR, lambda x, power=power: (1.0 - x) ** power)
            both.append(("polynomial", "get_polynomial_decay_schedule_with_warmup", text, falls))
        name, function = "cosine_with_min_lr", "get_cosine_with_min_lr_schedule_with_warmup"
        both.append((name, function, ", min_lr_rate=0.1", raised(0.1, wave(0.5))))
        both.append((name, function, ", min_lr=0.03, num_cycles=2", raised(0.03 / LR, wave(2))))
        for name, function, text, rest in both:
            factor = after_warmup(w, n, rest)
            specific = ", ".join(f"'{part.split('=')[0]}': {part.split('=')[1]}" for part in text.split(", ")[1:])
            texts = [
                f"{name}({counts}{text})",
                f"{function}(optimizer, {w}, {n}{text})",
                f"get_scheduler('{name}', optimizer, {counts}, scheduler_specific_kwargs={{{specific}}})",
            ]
            found.append((texts, n, factor))
        for first in (None, 0.25):
            text = "" if first is None else f", warmup_lr_rate={first}"
            for cycles in (0.5, 1.5):
                arguments = f"{counts}, min_lr_rate=0.1, num_cycles={cycles}{text}"
                text_of_it = f"cosine_warmup_with_min_lr({arguments})"
                found.append(([text_of_it], n, early(w, n, 0.1, first, cycles)))
        found.append(([f"constant_with_warmup({w})"], n, after_warmup(w, n, lambda _: 1.0)))
        found.append(([f"inverse_sqrt({w})"], n, inverse_sqrt(w, w or 10_000)))
        found.append(([f"inverse_sqrt({w}, timescale=40)"], n, inverse_sqrt(w, 40)))
        if n > w + 3:
            for rise in SHAPES:
                for fall in FALLS:
                    kinds = f"warmup_type='{rise}', decay_type='{fall}', min_lr_ratio=0.1"
                    text = f"warmup_stable_decay({w}, 3, {n}, {kinds})"
                    found.append(([text], n, stages(w, n - w - 3, 3, rise, fall, 0.1)))
            text = f"get_wsd_schedule(optimizer, {w}, num_decay_steps=3, num_stable_steps=1)"
            found.append(([text], w + 4, stages(w, 1, 3, "linear", "cosine", 0.0)))
    found.append((["constant()", "get_constant_schedule(optimizer)"], 10, lambda _: 1.0))
    return found


# What transformers gave for a warmup of 2 in 10 steps, rounded.
HEADS = {
    "linear(num_warmup_steps=2, num_training_steps=10)": [0, 0.5, 1, 0.875],
    "cosine(num_warmup_steps=2, num_training_steps=10)": [0, 0.5, 1, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381],
    "cosine_with_restarts(num_warmup_steps=2, num_training_steps=10, num_cycles=2)": [
        0, 0.5, 1, 0.8536, 0.5, 0.1464, 1, 0.8536, 0.5, 0.1464,
    ],
    "inverse_sqrt(2)": [0, 0.5, 1, 0.8165, 0.7071, 0.6325, 0.5774, 0.5345, 0.5, 0.4714],
    "cosine_with_min_lr(num_warmup_steps=2, num_training_steps=10, min_lr_rate=0.1)": [0, 0.5, 1, 0.9657],
    "cosine_warmup_with_min_lr(num_warmup_steps=2, num_training_steps=10, min_lr_rate=0.1, num_cycles=0.5)": [
        0.5, 1, 0.9657,
    ],
}


def hugging_face_json() -> Json:
    """The factors of every update of the training."""
    made, headed = [], set()
    for texts, steps, factor in cases():
        values = [max(0.0, factor(t)) for t in range(steps)]
        for text in HEADS.keys() & set(texts):
            headed.add(text)
            for value, head in zip(values, HEADS[text], strict=False):
                if abs(value - head) > 5e-5:
                    raise RuntimeError(f"{text}: {value} for {head}")
        made.append({"texts": texts, "steps": steps, "factors": values})
    if headed != HEADS.keys():
        raise RuntimeError("a head has no case")
    return {"lr": LR, "cases": made}
