"""Random trainings with a scheduler of torch's, run side by side by torch's classes and lrlab's."""

from __future__ import annotations

import copy
import pickle
import warnings
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch.optim import lr_scheduler as torchs
from torch.optim import swa_utils as torchs_swa

from lrlab.torch import lr_scheduler as ours
from lrlab.torch import swa_utils as ours_swa


def halving(epoch: int) -> float:
    return 0.5**epoch


def whole(epoch: int) -> int:
    return 1 + epoch % 2


def fails_at_four(epoch: int) -> float:
    if epoch == 4:
        raise LookupError("no factor for epoch 4")
    return 0.9


def a_tensor(epoch: int) -> torch.Tensor:
    return torch.tensor(0.3) * epoch


class Power:
    """A function with a state, which `state_dict` saves."""

    def __init__(self, base: float) -> None:
        self.base = base
        self.calls = 0

    def __call__(self, epoch: float) -> float:
        self.calls += 1
        return float(self.base**epoch) + self.calls * 1e-3


OMITTED = object()


def mostly(
    usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any], times: int = 9
) -> st.SearchStrategy[Any]:
    """`odd` once among `times` of `usual`."""
    return st.integers(0, times).flatmap(lambda at: usual if at else odd)


rates = st.one_of(st.floats(1e-4, 2.0), st.sampled_from([0.1, 0.05, 1.0, 1e-9]))
odd_rates = st.sampled_from(
    [1, 0, 0.0, torch.tensor(0.5), torch.tensor(0.3, dtype=torch.float64), np.float64(0.7)]
)
group_rates = mostly(rates, odd_rates)
odd_counts = st.sampled_from([0, -2, 2.5, 3.0, True, np.int64(3), 1 << 40])
counts = mostly(st.integers(1, 9), odd_counts)
odd_shares = st.sampled_from([0, 1, 2, 0.0, -0.5, 1.5, float("nan"), np.float32(0.3)])
plain_shares = st.one_of(st.floats(0.01, 1.0), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
shares = mostly(plain_shares, odd_shares)
functions = st.sampled_from([halving, whole, fails_at_four, a_tensor, "Power", 3])
per_group_functions = st.one_of(functions, functions, st.lists(functions, min_size=1, max_size=3))
lists_of_rates = st.lists(rates, min_size=1, max_size=3)
odd_bounds = st.one_of(st.sampled_from([1, 0, torch.tensor(0.2)]), lists_of_rates)
bounds = mostly(rates, odd_bounds)
epochs_before = mostly(st.just(OMITTED), st.sampled_from([-1, 0, 3]), 7)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(OMITTED), strategy)


def words(*known: str) -> st.SearchStrategy[str]:
    return mostly(st.sampled_from(known), st.just("other"), 12)


KEYWORDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "LambdaLR": {"lr_lambda": per_group_functions},
    "MultiplicativeLR": {"lr_lambda": per_group_functions},
    "StepLR": {"step_size": counts, "gamma": maybe(shares)},
    "MultiStepLR": {"milestones": st.lists(st.integers(0, 9), max_size=4), "gamma": maybe(shares)},
    "ConstantLR": {"factor": maybe(shares), "total_iters": maybe(counts)},
    "LinearLR": {
        "start_factor": maybe(shares),
        "end_factor": maybe(shares),
        "total_iters": maybe(counts),
    },
    "ExponentialLR": {"gamma": shares},
    "PolynomialLR": {
        "total_iters": maybe(counts),
        "power": maybe(st.one_of(shares, st.sampled_from([1, 2, 2.0]))),
    },
    "CosineAnnealingLR": {"T_max": counts, "eta_min": maybe(shares)},
    "CosineAnnealingWarmRestarts": {
        "T_0": counts,
        "T_mult": maybe(st.sampled_from([1, 2, 3, 2.0, 0])),
        "eta_min": maybe(shares),
    },
    "CyclicLR": {
        "base_lr": bounds,
        "max_lr": bounds,
        "step_size_up": counts,
        "step_size_down": maybe(counts),
        "mode": maybe(words("triangular", "triangular2", "exp_range")),
        "gamma": maybe(shares),
        "scale_fn": st.sampled_from([OMITTED, OMITTED, OMITTED, halving, "Power"]),
        "scale_mode": maybe(st.sampled_from(["cycle", "iterations"])),
        "cycle_momentum": maybe(st.booleans()),
        "base_momentum": maybe(shares),
        "max_momentum": maybe(shares),
    },
    "OneCycleLR": {
        "max_lr": bounds,
        "total_steps": mostly(st.integers(4, 12), st.one_of(counts, st.just(OMITTED)), 4),
        "epochs": maybe(counts),
        "steps_per_epoch": maybe(counts),
        "pct_start": maybe(st.one_of(st.floats(0.1, 0.9), shares)),
        "anneal_strategy": maybe(words("cos", "linear")),
        "cycle_momentum": maybe(st.booleans()),
        "base_momentum": maybe(shares),
        "div_factor": maybe(st.sampled_from([10, 25.0, 0])),
        "three_phase": maybe(st.booleans()),
    },
    "SWALR": {
        "swa_lr": bounds,
        "anneal_epochs": maybe(counts),
        "anneal_strategy": maybe(words("cos", "linear")),
    },
}
PLATEAU: dict[str, st.SearchStrategy[Any]] = {
    "mode": maybe(words("min", "max")),
    "factor": maybe(shares),
    "patience": st.one_of(st.integers(0, 3), counts),
    "threshold": maybe(st.sampled_from([0.1, 1e-4, 0, 1])),
    "threshold_mode": maybe(words("rel", "abs")),
    "cooldown": maybe(st.integers(0, 3)),
    "min_lr": maybe(st.one_of(bounds, st.sampled_from([0, 0.01]))),
    "eps": maybe(st.sampled_from([0, 1e-8, 0.1])),
}


@dataclass
class Call:
    """A constructor with its arguments; those of a composite are calls too."""

    name: str
    keywords: dict[str, Any]
    parts: list[Call] = field(default_factory=list)
    milestones: list[Any] = field(default_factory=list)


@dataclass
class Case:
    """A training: its groups, its scheduler, and what happens."""

    optimizer: str
    lrs: list[Any]
    call: Call
    events: list[tuple[Any, ...]]


@st.composite
def plain_calls(draw: st.DrawFn) -> Call:
    name = draw(st.sampled_from(sorted(KEYWORDS)))
    given = {key: draw(values) for key, values in KEYWORDS[name].items()}
    given["last_epoch"] = draw(epochs_before)
    return Call(name, {key: value for key, value in given.items() if value is not OMITTED})


@st.composite
def composite_calls(draw: st.DrawFn) -> Call:
    parts = draw(st.lists(mostly(plain_calls(), calls, 3), min_size=1, max_size=3))
    if draw(st.booleans()):
        return Call("ChainedScheduler", {}, parts)
    wrong = draw(st.sampled_from([0] * 9 + [1]))
    size = len(parts) - 1 + wrong
    milestones = draw(st.lists(st.integers(0, 6), min_size=size, max_size=size))
    if draw(st.booleans()):
        milestones.sort()
    return Call("SequentialLR", {}, parts, milestones)


calls: st.SearchStrategy[Call] = st.deferred(lambda: st.one_of(plain_calls(), composite_calls()))

# What a user may set in the middle of a run, where the class has it.
EDITS: dict[str, st.SearchStrategy[Any]] = {
    "gamma": shares,
    "step_size": counts,
    "total_iters": counts,
    "factor": shares,
    "T_max": counts,
    "eta_min": shares,
    "T_i": counts,
    "T_cur": st.sampled_from([0, 2, 1.5]),
    "last_epoch": st.integers(0, 9),
    "_step_count": st.integers(1, 5),
    "base_lrs": lists_of_rates,
    "max_lrs": lists_of_rates,
    "mode": st.sampled_from(["triangular2", "max"]),
    "cycle_momentum": st.booleans(),
    "best": st.sampled_from([0.5, 1, float("nan")]),
    "patience": st.integers(0, 2),
    "num_bad_epochs": st.integers(0, 3),
    "cooldown_counter": st.integers(0, 3),
    "min_lrs": lists_of_rates,
    "anneal_epochs": st.integers(0, 6),
    "total_steps": st.integers(2, 8),
}
odd_epochs = st.sampled_from([0.5, 2.5, 7.25, -1, 1210, 3.0, True, np.int64(2)])
epochs = st.one_of(st.integers(0, 12), odd_epochs)
step = st.just(("step",))
edits = st.sampled_from(sorted(EDITS)).flatmap(
    lambda name: st.tuples(st.just("edit"), st.just(name), EDITS[name])
)
others = ["state", "swap", "pickle", "deepcopy", "get_lr", "optimizer"]
events = st.one_of(
    step,
    step,
    step,
    step,
    st.tuples(st.just("steps"), st.integers(2, 8)),
    st.tuples(st.just("step"), epochs),
    st.tuples(st.just("lr"), st.integers(0, 2), group_rates),
    edits,
    st.tuples(st.just("group"), rates),
    st.tuples(st.sampled_from(others)),
)
odd_metrics = st.sampled_from([float("nan"), float("inf"), 1, torch.tensor(0.7), "0.3", None])
metrics = mostly(st.one_of(st.floats(-2.0, 2.0), st.sampled_from([1.0, 0.5])), odd_metrics)
with_metric = st.tuples(st.just("step"), metrics)
with_epoch = st.tuples(st.just("step"), metrics, epochs)
metric_events = mostly(with_metric, st.one_of(with_epoch, events), 3)


@st.composite
def cases(draw: st.DrawFn, of: st.SearchStrategy[Call] = calls) -> Case:
    lrs = draw(st.lists(group_rates, min_size=1, max_size=3))
    optimizer = draw(st.sampled_from(["SGD", "momentum", "Adam", "RMSprop"]))
    return Case(optimizer, lrs, draw(of), draw(st.lists(events, min_size=3, max_size=9)))


@st.composite
def plateau_cases(draw: st.DrawFn) -> Case:
    lrs = draw(st.lists(group_rates, min_size=1, max_size=3))
    given = {key: draw(values) for key, values in PLATEAU.items()}
    given = {key: value for key, value in given.items() if value is not OMITTED}
    happening = draw(st.lists(metric_events, min_size=4, max_size=16))
    return Case("SGD", lrs, Call("ReduceLROnPlateau", given), happening)


@dataclass
class Maker:
    """Who makes the schedulers."""

    schedulers: ModuleType
    swa: ModuleType

    def cls(self, name: str) -> Any:
        return getattr(self.swa if name == "SWALR" else self.schedulers, name)


TORCH = Maker(torchs, torchs_swa)
OURS = Maker(ours, ours_swa)


def parameter() -> torch.Tensor:
    return torch.zeros(1, requires_grad=True)


def fresh(value: Any) -> Any:
    """A value of the case that two runs do not share."""
    if isinstance(value, str) and value == "Power":
        return Power(0.9)
    if isinstance(value, list):
        return [fresh(item) for item in value]
    return value.clone() if isinstance(value, torch.Tensor) else value


class Training:
    """One side of a comparison."""

    def __init__(self, case: Case, maker: Maker) -> None:
        self.maker = maker
        groups = [{"params": [parameter()], "lr": fresh(lr)} for lr in case.lrs]
        match case.optimizer:
            case "SGD":
                self.optimizer: Any = torch.optim.SGD(groups, lr=0.1)
            case "momentum":
                self.optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
            case "Adam":
                self.optimizer = torch.optim.Adam(groups, lr=0.1, betas=(0.8, 0.99), foreach=False)
            case _:
                self.optimizer = torch.optim.RMSprop(groups, lr=0.1, foreach=False)
        self.case = case
        self.scheduler: Any = None

    def make(self, call: Call) -> Any:
        keywords = {key: fresh(value) for key, value in call.keywords.items()}
        if keywords.get("last_epoch", -1) != -1:
            for group in self.optimizer.param_groups:
                group.setdefault("initial_lr", 0.3)
        parts = [self.make(part) for part in call.parts]
        if call.name == "ChainedScheduler":
            return self.maker.cls(call.name)(parts)
        if call.name == "SequentialLR":
            return self.maker.cls(call.name)(self.optimizer, parts, list(call.milestones))
        return self.maker.cls(call.name)(self.optimizer, **keywords)

    def begin(self) -> None:
        self.scheduler = self.make(self.case.call)

    def happen(self, event: tuple[Any, ...], other: dict[str, Any]) -> Any:
        """Lets `event` happen; `other` is the state of the other side."""
        match event:
            case ("step", *arguments):
                return self.scheduler.step(*arguments)
            case ("steps", count):
                for _ in range(count):
                    self.scheduler.step()
            case ("optimizer",):
                self.optimizer.step()
            case ("lr", index, value):
                groups = self.optimizer.param_groups
                groups[index % len(groups)]["lr"] = fresh(value)
            case ("edit", name, value):
                for scheduler in self.leaves(self.scheduler):
                    if name in scheduler.__dict__:
                        setattr(scheduler, name, fresh(value))
            case ("group", lr):
                self.optimizer.add_param_group({"params": [parameter()], "lr": lr})
            case ("get_lr",):
                return seen([scheduler.get_lr() for scheduler in self.leaves(self.scheduler)])
            case ("state",):
                self.scheduler.load_state_dict(copy.deepcopy(self.scheduler.state_dict()))
            case ("swap",):
                self.scheduler.load_state_dict(other)
            case ("pickle",):
                self.scheduler = pickle.loads(pickle.dumps(self.scheduler))
                self.optimizer = self.scheduler.optimizer
            case ("deepcopy",):
                self.scheduler = copy.deepcopy(self.scheduler)
                self.optimizer = self.scheduler.optimizer
        return None

    def leaves(self, scheduler: Any) -> list[Any]:
        parts = getattr(scheduler, "_schedulers", None)
        if parts is None:
            return [scheduler]
        return [leaf for part in parts for leaf in self.leaves(part)]

    def state(self) -> dict[str, Any]:
        return {} if self.scheduler is None else copy.deepcopy(self.scheduler.state_dict())

    def look(self) -> Any:
        """All that can be seen, the order of the attributes too."""
        groups = [
            {key: group[key] for key in group if key != "params"}
            for group in self.optimizer.param_groups
        ]
        if self.scheduler is None:
            return seen(groups)
        return seen(groups), seen(self.scheduler.state_dict()), list(self.scheduler.__dict__)


def seen(value: Any) -> Any:
    """The value with its type and its bits, in the order of its keys."""
    if isinstance(value, float):
        return type(value).__name__, value.hex()
    if isinstance(value, torch.Tensor):
        return str(value.dtype), value.tolist().hex() if value.ndim == 0 else value.tolist()
    if isinstance(value, np.generic):
        return type(value).__name__, value.tobytes()
    if isinstance(value, dict):
        return type(value).__name__, [(seen(key), seen(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [seen(item) for item in value]
    return type(value).__name__, value


def outcome(act: Any) -> Any:
    """What `act` gives or raises, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result: Any = act()
        except Exception as error:  # whatever torch raises
            result = type(error), error.args
    return seen(result), [(warning.category, str(warning.message)) for warning in caught]


def hold_side_by_side(case: Case) -> None:
    """Asserts that nothing tells lrlab's scheduler from torch's, after every event of the case."""
    sides = [Training(case, TORCH), Training(case, OURS)]
    torch_began, we_began = [outcome(side.begin) for side in sides]
    assert we_began == torch_began
    assert sides[1].look() == sides[0].look()
    if sides[0].scheduler is None:
        return
    for event in case.events:
        states = [side.state() for side in sides]
        theirs, mine = [
            outcome(lambda: side.happen(event, other)) for side, other in zip(sides, states[::-1])
        ]
        assert mine == theirs, event
        assert sides[1].look() == sides[0].look(), event
