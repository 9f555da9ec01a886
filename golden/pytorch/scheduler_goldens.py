"""Runs the scheduler cases: rates, momenta, states and exceptions of `torch.optim.lr_scheduler`."""

from __future__ import annotations

import copy
import functools
import hashlib
import math
import struct
import warnings
from collections.abc import Callable

import torch
from torch import nn
from torch.optim import SGD, Adagrad, Adam, Optimizer, lr_scheduler, swa_utils

from scheduler_cases import ABSOLUTE, COMPOSED, PLATEAU, RECURSIVE, SCRIPTS, Case, Script

HEAD = 64
STRIDE = 1_000
CONTINUED = 300
"""Steps that are made after resuming."""
CLASSES = [
    "LambdaLR",
    "MultiplicativeLR",
    "StepLR",
    "MultiStepLR",
    "ConstantLR",
    "LinearLR",
    "ExponentialLR",
    "PolynomialLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
]
OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": functools.partial(SGD, momentum=0.9),
    "adam": Adam,
    "adagrad": Adagrad,
}
GROUP_KEYS = ["lr", "momentum", "dampening", "weight_decay", "betas", "eps"]
SCHEDULER_KEYS = ["initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr"]

Json = dict[str, object]


def plain(value: object) -> object:
    """What JSON can hold: no tuples, no keys but strings, and names for what is no finite number."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    return value


def new_group(lr: float) -> dict[str, object]:
    """A group of one parameter."""
    return {"params": [nn.Parameter(torch.zeros(1))], "lr": lr}


def new_optimizer(case: Case | Script) -> Optimizer:
    """The case's optimizer, with a group for each rate."""
    return OPTIMIZERS[case.optimizer]([new_group(lr) for lr in case.base_lrs])


def functions(value: object) -> object:
    """Strings that hold a lambda, as the functions that they are."""
    if isinstance(value, list):
        return [functions(item) for item in value]
    if isinstance(value, str) and value.startswith("lambda"):
        return eval(value, {"math": math})  # noqa: S307 - our own table
    return value


def new_scheduler(constructor: str, optimizer: Optimizer) -> lr_scheduler.LRScheduler:
    """What the text constructs."""

    def bind(cls: type) -> Callable[..., object]:
        def make(*args: object, **kwargs: object) -> object:
            given = {name: functions(value) for name, value in kwargs.items()}
            return cls(optimizer, *map(functions, args), **given)

        return make

    names: Json = {name: bind(getattr(lr_scheduler, name)) for name in CLASSES}
    names |= {"SWALR": bind(swa_utils.SWALR), "ChainedScheduler": lr_scheduler.ChainedScheduler}
    return eval(constructor, names)  # noqa: S307 - our own table


def momenta(optimizer: Optimizer) -> list[float] | None:
    """What takes momentum's place in each group; None where there is none."""
    if "betas" in optimizer.defaults:
        return [group["betas"][0] for group in optimizer.param_groups]
    if "momentum" in optimizer.defaults:
        return [group["momentum"] for group in optimizer.param_groups]
    return None


def groups_json(optimizer: Optimizer) -> list[object]:
    """The groups as the optimizer's state_dict has them: the numbers that a scheduler may move, and its keys."""
    keys = [*GROUP_KEYS, *SCHEDULER_KEYS]
    return [
        {key: plain(group[key]) for key in keys if key in group}
        for group in optimizer.state_dict()["param_groups"]
    ]


class Run:
    """A case's objects on their way."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.optimizer = new_optimizer(case)
        self.scheduler = new_scheduler(case.constructor, self.optimizer)
        self.optimizer.step()

    def step(self, step: int) -> None:
        """Step number `step`, from 1, with what is edited before it."""
        for at, group, lr in self.case.edits:
            if at == step:
                self.optimizer.param_groups[group]["lr"] = lr
        if self.case.metrics:
            self.scheduler.step(self.case.metrics[(step - 1) % len(self.case.metrics)])
        else:
            self.scheduler.step()

    def values(self) -> tuple[list[float], list[float] | None]:
        """The groups' rates and momenta."""
        return [group["lr"] for group in self.optimizer.param_groups], momenta(self.optimizer)

    def state(self) -> tuple[dict[str, object], dict[str, object]]:
        """Copies of both state_dicts."""
        return copy.deepcopy((self.scheduler.state_dict(), self.optimizer.state_dict()))


def sequence_json(values: list[float]) -> Json:
    """The head, every thousandth value and the hash of one group's whole sequence."""
    return {
        "first": values[:HEAD],
        "every_1000th": values[::STRIDE],
        "sha256": hashlib.sha256(struct.pack(f"<{len(values)}d", *values)).hexdigest(),
    }


def sequences_json(rows: list[list[float]]) -> list[Json]:
    """A sequence for each group."""
    return [sequence_json(list(values)) for values in zip(*rows, strict=True)]


def case_json(case: Case) -> Json:
    """Runs one case to its end; `closed_form` follows the same steps where its class has one."""
    run = Run(case)
    closed_form = getattr(run.scheduler, "_get_closed_form_lr", None)
    closed_error = None
    closed: list[list[float]] = []
    rows = []
    saved = {}
    for step in range(case.steps + 1):
        if step > 0:
            run.step(step)
        rows.append(run.values())
        if run.scheduler.get_last_lr() != rows[-1][0]:
            raise RuntimeError(f"{case.constructor}: get_last_lr differs from the groups at step {step}")
        if step in case.resume:
            saved[step] = (*run.state(), groups_json(run.optimizer))
        if closed_form and closed_error is None:
            try:
                closed.append(closed_form())
            except ArithmeticError as error:
                closed_error = type(error).__name__
    for step, (scheduler_state, optimizer_state, _) in saved.items():
        resumed = Run(case)
        resumed.scheduler.load_state_dict(copy.deepcopy(scheduler_state))
        resumed.optimizer.load_state_dict(optimizer_state)
        for later in range(step + 1, min(step + CONTINUED, case.steps) + 1):
            resumed.step(later)
            if resumed.values() != rows[later]:
                raise RuntimeError(f"{case.constructor}: resumed at {step}, differs at {later}")
    result: Json = {
        "name": case.constructor.split("(")[0],
        "constructor": case.constructor,
        "base_lrs": case.base_lrs,
        "optimizer": case.optimizer,
        "steps": case.steps,
        "edits": case.edits,
        "metrics": plain(case.metrics),
        "last_lrs": sequences_json([rates for rates, _ in rows]),
        "momenta": None,
        "closed_form": None,
        "closed_form_error": closed_error,
        "saved": [
            {"step": step, "state": plain(state), "groups": groups} for step, (state, _, groups) in saved.items()
        ],
        "state": plain(run.scheduler.state_dict()),
        "groups": groups_json(run.optimizer),
    }
    momentum_rows = [values for _, values in rows if values is not None]
    if any(row != momentum_rows[0] or set(row) != {0.9} for row in momentum_rows):
        result["momenta"] = sequences_json(momentum_rows)
    if closed and not closed_error:
        result["closed_form"] = sequences_json(closed)
    return result


def act(action: list[object], scheduler: lr_scheduler.LRScheduler, optimizer: Optimizer) -> None:
    """Carries out one action of a script."""
    match action:
        case ["step"]:
            scheduler.step()
        case ["epoch", epoch] | ["metric", epoch]:
            scheduler.step(epoch)
        case ["metric", metric, epoch]:
            scheduler.step(metric, epoch)
        case ["lr", group, lr]:
            optimizer.param_groups[group]["lr"] = lr
        case ["add", lr]:
            optimizer.add_param_group(new_group(lr))
        case _:
            raise ValueError(f"no such action: {action}")


def script_json(script: Script) -> Json:
    """Runs one script: a row after the constructor and after each action, until something raises."""
    optimizer = new_optimizer(script)
    for group in optimizer.param_groups:
        group.update(script.keys)
    rows: list[Json] = []
    error: Json | None = None

    def note() -> None:
        rows.append({"lr": [group["lr"] for group in optimizer.param_groups], "momentum": momenta(optimizer)})

    try:
        scheduler = new_scheduler(script.constructor, optimizer)
        optimizer.step()
        note()
        for action in script.actions:
            act(action, scheduler, optimizer)
            note()
    except Exception as raised:  # noqa: BLE001 - what is raised is what is asked
        message = raised.args[0] if isinstance(raised, KeyError) else str(raised)
        error = {"class": type(raised).__name__, "message": message}
    return {
        "constructor": script.constructor,
        "base_lrs": script.base_lrs,
        "optimizer": script.optimizer,
        "keys": script.keys,
        "actions": script.actions,
        "rows": rows,
        "error": error,
        "groups": groups_json(optimizer),
    }


def cases_json(cases: list[Case]) -> Json:
    """Runs cases without torch's warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"cases": [case_json(case) for case in cases]}


def scripts_json() -> Json:
    """Runs the scripts without torch's warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"scripts": [script_json(script) for script in SCRIPTS]}


MAKERS: dict[str, Callable[[], Json]] = {
    "schedulers": lambda: cases_json(RECURSIVE),
    "schedulers_absolute": lambda: cases_json(ABSOLUTE),
    "schedulers_composed": lambda: cases_json(COMPOSED),
    "schedulers_plateau": lambda: cases_json(PLATEAU),
    "schedulers_scripts": scripts_json,
}
"""By the file that each makes."""
