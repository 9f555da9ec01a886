"""What a scheduler is handed, checked and brought into the form that the compiled half takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat, SupportsInt

from lrlab import _core

# A dict with one of these keys is a plan in its JSON form, any other a plan for each group.
_JSON_KEYS = {"schedule", "fields", "signals", "name", "optimizer", "groups"}


def entries_of(spec: Any) -> list[tuple[int | str, str, bool]]:
    """The plans as the compiled half takes them: for whom, the text, and whether it is JSON."""
    if not isinstance(spec, Mapping) or (spec and _JSON_KEYS.intersection(spec)):
        return [("*", *_text(spec))]
    if not spec:
        raise ValueError("a mapping of group to plan needs one entry or more, got none")
    entries = []
    for group, plan in spec.items():
        if isinstance(group, bool) or not isinstance(group, int | str):
            raise TypeError(f"a group is its index or a pattern of its name, got {group!r}")
        if isinstance(group, int) and group < 0:
            raise ValueError(f"a group's index is 0 or more, got {group}")
        entries.append((group, *_text(plan)))
    return entries


def _text(spec: Any) -> tuple[str, bool]:
    if isinstance(spec, str):
        return spec, False
    if isinstance(spec, Mapping):
        try:
            return json.dumps(dict(spec)), True
        except (TypeError, ValueError) as error:
            raise TypeError(f"the plan's JSON form holds something else than data: {error}") from error
    if type(spec).__name__ == "Schedule" and type(spec).__module__.partition(".")[0] == "lrlab":
        return str(spec), False
    raise TypeError(
        f"a plan is text, a lrlab.Schedule, a dict, or a mapping of group to plan, got {type(spec).__name__}"
    )


def metrics_of(spec: Any) -> list[str]:
    """The metrics that the plans wait for; none where all are functions of time."""
    return _core.metrics(entries_of(spec))


def readings_of(
    metrics: SupportsFloat | Mapping[str, SupportsFloat], wanted: Sequence[str]
) -> list[tuple[str, float]]:
    """The readings for a plan that listens to `wanted`, under the plan's names."""
    names = ", ".join(wanted)
    if not isinstance(metrics, Mapping):
        if len(wanted) > 1:
            raise ValueError(
                f"the plan listens to {names}: hand over readings by name, step({{{wanted[0]!r}: ...}})"
            )
        return [(wanted[0], _number("the reading", metrics))]
    readings = []
    for metric in wanted:
        called = [name for name in metrics if _means(metric, name)]
        if len(called) > 1:
            raise ValueError(f"{' and '.join(called)} are all called {metric} by the plan; hand over one")
        readings += [(metric, _number(name, metrics[name])) for name in called]
    if not readings:
        given = ", ".join(map(str, metrics)) or "nothing"
        raise ValueError(f"the plan listens to {names}, not to {given}")
    return readings


def _means(metric: str, name: object) -> bool:
    """Whether a framework's name (`eval_loss`, `train/loss`) is the plan's metric."""
    words = str(name).lower().replace("_", " ").replace("/", " ").replace("-", " ").split()
    training = words[:1] in (["train"], ["training"])
    *before, last = metric.split()
    return bool(words) and words[-1] == last and training == (before == ["training"])


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is {value!r}, expected a number or a Tensor of one") from error


def whole(name: str, value: SupportsInt, *, least: int) -> int:
    """The whole number that `value` is, if it is one, and `least` or more."""
    count: int | None = None
    if not isinstance(value, bool | str):
        try:
            count = int(value)
        except (TypeError, ValueError, OverflowError):
            count = None
    if count is None:
        raise TypeError(f"{name} is {value!r}, expected a whole number")
    if count != value or count < least or count >= 2**63:
        raise ValueError(f"{name} is {value!r}, expected a whole number, {least} or more")
    return count
