"""Expressions of t and T in lrlab's text and in Python's, and Python's own value of each at many (t, T)."""

from __future__ import annotations

import math

CASES: list[tuple[str, str]] = [
    ("0.5 * (1 + cos(pi * t / T))", "0.5 * (1.0 + math.cos(math.pi * t / T))"),
    ("0.95 ^ t", "0.95 ** t"),
    ("0.1 ^ (t // 30)", "0.1 ** (t // 30.0)"),
    ("1 - t / T", "1.0 - t / T"),
    ("(1 - t / T) ^ 0.9", "(1.0 - t / T) ** 0.9"),
    ("min((t + 1) / 100, 1)", "min((t + 1.0) / 100.0, 1.0)"),
    ("(t + 1) ^ -0.5", "(t + 1.0) ** -0.5"),
    ("min((t + 1) ^ -0.5, (t + 1) * 4000 ^ -1.5)", "min((t + 1.0) ** -0.5, (t + 1.0) * 4000.0 ** -1.5)"),
    ("if(t < 10, t / 10, 1)", "t / 10.0 if t < 10.0 else 1.0"),
    ("if(t < 10, 1, if(t < 20, 0.1, 0.01))", "1.0 if t < 10.0 else 0.1 if t < 20.0 else 0.01"),
    ("if(t % 2 == 0, 3, 5) * 2", "(3.0 if t % 2.0 == 0.0 else 5.0) * 2.0"),
    ("1 / (1 + 0.01 * t)", "1.0 / (1.0 + 0.01 * t)"),
    ("exp(-3 * t / T)", "math.exp(-3.0 * t / T)"),
    ("exp(t / T) - e ^ (t / T)", "math.exp(t / T) - math.e ** (t / T)"),
    ("ln(t + 1)", "math.log(t + 1.0)"),
    ("log2(t + 0.5)", "math.log2(t + 0.5)"),
    ("log10(3 * t + 0.1)", "math.log10(3.0 * t + 0.1)"),
    ("sqrt(t * 0.37)", "math.sqrt(t * 0.37)"),
    ("sin(t)", "math.sin(t)"),
    ("cos(t * 12.9898)", "math.cos(t * 12.9898)"),
    ("tan(t / 7)", "math.tan(t / 7.0)"),
    ("tanh((t - T / 2) / 50)", "math.tanh((t - T / 2.0) / 50.0)"),
    ("abs(sin(2 * pi * t / 9))", "abs(math.sin(2.0 * math.pi * t / 9.0))"),
    ("floor(t / 7) + ceil(-t / 7 + 0.3)", "math.floor(t / 7.0) + math.ceil(-t / 7.0 + 0.3)"),
    ("round(t / 2) + round(t / 4 - 3)", "round(t / 2.0) + round(t / 4.0 - 3.0)"),
    ("max(1, t, 30 - t)", "max(1.0, t, 30.0 - t)"),
    ("-t ^ 2", "-t ** 2.0"),
    ("(-t) ^ 3", "(-t) ** 3.0"),
    ("2 ^ -1 ^ 3 + t", "2.0 ** -1.0 ** 3.0 + t"),
    ("2 ^ 3 ^ (t % 4)", "2.0 ** 3.0 ** (t % 4.0)"),
    ("1.0001 ^ t ^ 1.01", "1.0001 ** t ** 1.01"),
    ("(t - 40.5) // 7", "(t - 40.5) // 7.0"),
    ("(t - 40.5) % 7", "(t - 40.5) % 7.0"),
    ("(t + 0.5) % -7.3", "(t + 0.5) % -7.3"),
    ("(0.1 * t + 0.05) // 0.1", "(0.1 * t + 0.05) // 0.1"),
    ("1 - (T - t) / 2 / 3 - (4 - t)", "1.0 - (T - t) / 2.0 / 3.0 - (4.0 - t)"),
    ("2 * (t % 10) / (3 * 4) // 0.25", "2.0 * (t % 10.0) / (3.0 * 4.0) // 0.25"),
    ("(t >= 5) * (t <= 50) + (t > 7) - (t != 9)", "(t >= 5.0) * (t <= 50.0) + (t > 7.0) - (t != 9.0)"),
    ("--t - -3", "--t - -3.0"),
    ("1e-7 * t + 1.5e20 / T", "1e-7 * t + 1.5e20 / T"),
]
"""Text, and the Python that lrlab makes of it."""

POINTS = [(t, total) for total in (100, 4999) for t in (*range(8), 9, 10, 20, 29, 30, 31, 50, 77, 99, 100)] + [
    (t, 4999) for t in (101, 617, 1000, 2048, 4998, 4999)
]


def value(python: str, t: float, total: float) -> float:
    """Python's value; t and T may be int or float."""
    return float(eval(python, {"math": math}, {"t": t, "T": total}))  # noqa: S307 - our own table


def expressions_json() -> dict[str, object]:
    """The value of each case at each point, with float t and T; with int ones only a zero's sign may differ."""
    cases = []
    for text, python in CASES:
        values = [value(python, float(t), float(total)) for t, total in POINTS]
        if values != [value(python, t, total) for t, total in POINTS]:
            raise RuntimeError(f"{python}: int and float differ")
        cases.append({"text": text, "python": python, "values": values})
    return {"points": POINTS, "cases": cases}
