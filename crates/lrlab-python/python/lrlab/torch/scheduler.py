"""Any lrlab plan on a PyTorch optimizer, as a scheduler that training loops and frameworks accept."""

from __future__ import annotations

import json
import warnings
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, SupportsFloat

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from lrlab import _core
from lrlab.torch._arguments import entries_of, metrics_of, readings_of, whole

# So many calls of step() without an update of the optimizer are a mistake worth a warning.
_PATIENT_CALLS = 10


class Scheduler(LRScheduler):
    """Moves an optimizer's rates, and other fields, by an lrlab plan.

    It counts the optimizer's updates: `step()` advances by those made since the last call, by none
    where mixed precision skipped the update, and by all of them if it is called once an epoch. Values
    are functions of the count, so resuming and going to any update are exact.

    With something in the plan that reacts to a metric (`plateau`, `greedy`) the object is also a
    `torch.optim.lr_scheduler.ReduceLROnPlateau`: it follows the updates by itself, and `step(metric)`
    hands over a reading.

    Args:
        optimizer: a `torch.optim.Optimizer`; its parameter groups keep their own rates as bases.
        spec: the plan as text (`"warmup 5% then cosine to 0 | momentum: linear from 90%"`), as a
            `lrlab.Schedule`, as a dict of the JSON form, or a mapping of group to plan, where a group is
            its index or a pattern of its `"name"`; groups that nothing fits stay as they are.
        total_steps: updates of the whole training, at least 1.
        epochs: passes over the data; alone, the plan counts epochs and `step()` is called once an epoch.
        steps_per_epoch: updates in one pass.
        last_epoch: updates made before, minus 1, as PyTorch counts; the groups then need `initial_lr`.

    Raises:
        ValueError: a plan that cannot be read or built (`lrlab.SpecError` where its text is wrong), an
            optimizer in it, a length that is missing or contradicts itself, a group that is not there.
        TypeError: an optimizer or a spec of another type.
        KeyError: `last_epoch` without `initial_lr` in the groups.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.zeros(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> scheduler = Scheduler(optimizer, "warmup 2 steps then linear to 0", total_steps=6)
    >>> rates = []
    >>> for _ in range(6):
    ...     rates.append(round(optimizer.param_groups[0]["lr"], 4))
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.0333, 0.0667, 0.1, 0.075, 0.05, 0.025]
    >>> round(scheduler.value(4), 4)
    0.05
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Scheduler:
        """The class that the plan needs: one that takes metrics where something reacts to them."""
        spec = kwargs.get("spec", args[1] if len(args) > 1 else None)
        if spec is not None and not issubclass(cls, ReduceLROnPlateau) and metrics_of(spec):
            if cls is not Scheduler:
                raise TypeError(
                    f"the plan reacts to a metric, and {cls.__name__} takes none: derive it from "
                    "lrlab.torch.Scheduler and torch.optim.lr_scheduler.ReduceLROnPlateau, in this order"
                )
            cls = MetricScheduler
        return object.__new__(cls)

    def __init__(
        self,
        optimizer: Optimizer,
        spec: Any,
        *,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        entries = entries_of(spec)
        start = whole("last_epoch", last_epoch, least=-1) + 1
        for index, group in enumerate(optimizer.param_groups):
            if start > 0 and "initial_lr" not in group:
                raise KeyError(
                    f"group {index} has no 'initial_lr', which last_epoch={last_epoch} needs: load the "
                    "optimizer's state before, or leave last_epoch out and load the scheduler's state"
                )
        lengths = {"total_steps": total_steps, "epochs": epochs, "steps_per_epoch": steps_per_epoch}
        for name, length in lengths.items():
            if length is not None:
                lengths[name] = whole(name, length, least=1)
        self.optimizer = optimizer
        self._metrics = tuple(_core.metrics(entries))
        self._plans = _core.GroupPlans(entries, optimizer.param_groups, **lengths)
        # Nothing was refused: from here on the optimizer is changed.
        for group in optimizer.param_groups:
            rate = group["lr"]
            group.setdefault("initial_lr", rate.clone() if isinstance(rate, Tensor) else rate)
        self._step_count = 1
        self._count_updates()
        self._last_lr = self._plans.enter(start, optimizer.param_groups)

    def _count_updates(self) -> None:
        # What a wrapper (Accelerate's, Lightning's) wraps makes the updates.
        inner = self.optimizer
        while not hasattr(inner, "_optimizer_step_post_hooks") and hasattr(inner, "optimizer"):
            inner = inner.optimizer
        self._updates = _Updates(self if self._follows else None)
        self._seen = 0
        handle = inner.register_step_post_hook(self._updates)
        weakref.finalize(self, handle.remove).atexit = False

    @property
    def _follows(self) -> bool:
        """Whether the values are set after each update, without a call of step()."""
        return False

    def _follow(self) -> None:
        made = self._updates.count
        self._last_lr = self._plans.advance(made - self._seen, self.optimizer.param_groups)
        self._seen = made

    # What PyTorch's signature calls an epoch is t, whatever it counts.
    def step(self, epoch: int | None = None) -> None:
        """Advances by the updates made since the last call and sets the groups' values.

        Args:
            epoch: if given, where to go to instead: updates (or epochs, if the plan counts those), 0 or
                more.

        Raises:
            lrlab.PlanEnded: training went on after the end of a plan with `after end error`.
        """
        if epoch is not None:
            return self._update_lr(epoch)
        self._step_count += 1
        made = self._updates.count
        if made == 0 and self._step_count == _PATIENT_CALLS + 1:
            self._warn_of_no_update()
        self._last_lr = self._plans.advance(made - self._seen, self.optimizer.param_groups)
        self._seen = made

    def _warn_of_no_update(self) -> None:
        warnings.warn(
            f"step() was called {_PATIENT_CALLS} times and the optimizer has made no update: the rates "
            "stay. It has to be the optimizer that this scheduler was given, and its step() has to come "
            "first",
            UserWarning,
            stacklevel=3,
        )

    def _update_lr(self, epoch: int | None = None) -> None:
        # SequentialLR begins a part by `_update_lr(0)`.
        if epoch is None:
            return self._follow()
        t = whole("epoch", epoch, least=0)
        self._seen = self._updates.count
        self._last_lr = self._plans.enter(t, self.optimizer.param_groups)

    def _initial_step(self) -> None:
        # SequentialLR takes back what constructors did and begins with its first part.
        self._step_count = 1
        self._update_lr(max(self.last_epoch + 1, 0))

    # PyTorch's composites write it.
    @property
    def last_epoch(self) -> int:
        """Updates made (epochs, if the plan counts those): t."""
        return self._plans.t

    @last_epoch.setter
    def last_epoch(self, t: int) -> None:
        if t < 0:
            self._plans.undo(t, self.optimizer.param_groups)
        else:
            self._update_lr(t)

    @property
    def base_lrs(self) -> list[float | Tensor]:
        """The rates that schedules start from, one a group."""
        bases = self._plans.bases
        groups = self.optimizer.param_groups
        return [group["lr"] if base is None else base for base, group in zip(bases, groups)]

    @base_lrs.setter
    def base_lrs(self, rates: Sequence[SupportsFloat]) -> None:
        for index, rate in enumerate(rates):
            self.rebase(float(rate), index)

    @property
    def horizon(self) -> tuple[int, int]:
        """Updates of the whole training, and updates in an epoch."""
        return self._plans.horizon

    @property
    def spec(self) -> str | dict[str, str]:
        """The plan in its canonical text; with a plan for each group, those by group."""
        plans = self._plans.plans
        return plans[0][1] if plans[0][0] == "`*`" and len(plans) == 1 else dict(plans)

    def get_lr(self) -> list[float | Tensor]:
        """The rates at the present t, one a group, worked out anew."""
        t = max(self.last_epoch, 0)
        moved = self._plans.bases
        groups = self.optimizer.param_groups
        return [
            self._plans.value(t, index, "lr") if moved[index : index + 1] not in ([], [None]) else group["lr"]
            for index, group in enumerate(groups)
        ]

    def value(self, t: int, group: int | str = 0, field: str = "lr") -> float:
        """The value of a field after `t` updates; nothing is changed.

        What reacts to metrics keeps its present factor.

        Args:
            t: updates (or epochs, if the plan counts those), 0 or more.
            group: a group's index, or its name.
            field: `lr`, `momentum`, `weight_decay`, `beta1`, `beta2`, `dampening` or `eps`.

        Raises:
            ValueError: a group that no plan moves, or an unknown field.
        """
        return self._plans.value(whole("t", t, least=0), self._index(group), field)

    def add_group(self, start: int | None = None) -> None:
        """Takes in groups that `optimizer.add_param_group` added, with schedules that begin at `start`.

        Without this call they are found at the next step and join where the others are.

        Args:
            start: the t at which their schedules begin; now, if left out.
        """
        t = max(self.last_epoch, 0)
        begin = t if start is None else whole("start", start, least=0)
        self._plans.add_groups(begin, self.optimizer.param_groups)
        self._last_lr = self._plans.enter(t, self.optimizer.param_groups)

    def rebase(self, lr: SupportsFloat | None = None, group: int | str | None = None) -> None:
        """Gives the plan another rate to start from, from now on: what a new `lr` after loading means.

        Args:
            lr: the rate that the plan's shares are of; the group's present one, if left out.
            group: a group's index or name; all groups, if left out.
        """
        groups = self.optimizer.param_groups
        for index in range(len(groups)) if group is None else [self._index(group)]:
            rate = float(groups[index]["lr"] if lr is None else lr)
            if not 0.0 <= rate < float("inf"):
                raise ValueError(f"lr is {rate}, expected a finite number, 0 or more")
            self._plans.rebase(index, rate)
            if isinstance(groups[index].get("initial_lr"), Tensor):
                groups[index]["initial_lr"].fill_(rate)
            else:
                groups[index]["initial_lr"] = rate
        self._last_lr = self._plans.enter(max(self.last_epoch, 0), groups)

    def _index(self, group: int | str) -> int:
        names = self._plans.names
        if isinstance(group, str):
            if group not in names:
                raise ValueError(f"there is no group {group!r}, only {', '.join(names)}")
            return names.index(group)
        if not 0 <= group < len(names):
            raise ValueError(f"there is no group {group}, only 0 to {len(names) - 1}")
        return group

    def plot(self, *args: Any, **kwargs: Any) -> Any:
        """Draws the plan with the first group's rate: see `lrlab.Schedule.plot`."""
        from lrlab import Schedule

        total, each = self.horizon
        text = self._plans.plans[0][1].partition(" | after end ")[0]
        schedule = Schedule(text, total, steps_per_epoch=each, lr=float(self.base_lrs[0]))
        return schedule.plot(*args, **kwargs)

    def state_dict(self) -> dict[str, Any]:
        """The plan, its length, t, the bases and what reacts, as numbers, texts, lists and dicts.

        `torch.load(..., weights_only=True)` reads it.
        """
        rates = [float(rate) for rate in self._last_lr]
        state: dict[str, Any] = json.loads(self._plans.state())
        return {**state, "_last_lr": rates, "_step_count": self._step_count}

    def load_state_dict(self, state_dict: dict[str, Any], *, changed: bool = False) -> None:
        """Goes on from a state, and sets the groups' values for its t.

        Args:
            state_dict: what `state_dict()` gave.
            changed: whether another plan or length than the state's is meant.

        Raises:
            ValueError: a state of another plan or length, with the choices that there are; a damaged
                one; one with groups that are not there.
            TypeError: something else than a dict.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"state_dict is {type(state_dict).__name__}, expected a dict")
        known = {key: value for key, value in state_dict.items() if not key.startswith("_")}
        try:
            text = json.dumps(known)
        except TypeError as error:
            raise ValueError(f"this is no state of an lrlab Scheduler: {error}") from error
        self._plans.load(text, changed)
        self._step_count = int(state_dict.get("_step_count", 1))
        self._seen = self._updates.count
        # A part of a SequentialLR that has not begun sets nothing.
        if self.last_epoch >= 0:
            self._last_lr = self._plans.enter(self.last_epoch, self.optimizer.param_groups)

    def __getstate__(self) -> dict[str, Any]:
        hidden = ("_plans", "_updates", "_seen")
        state = {key: value for key, value in self.__dict__.items() if key not in hidden}
        # Updates that step() has not heard of yet come along.
        return {**state, "_plans": self._plans.state(), "_pending": self._updates.count - self._seen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        plans, pending = state["_plans"], state["_pending"]
        self.__dict__.update({k: v for k, v in state.items() if k not in ("_plans", "_pending")})
        self._plans = _core.GroupPlans.from_state(plans)
        self._count_updates()
        self._seen = -pending

    def __repr__(self) -> str:
        unit = "epochs" if self._plans.once_an_epoch else "updates"
        return f"Scheduler({self.spec!r}, {self.last_epoch} of {self.horizon[0]} {unit})"


class MetricScheduler(Scheduler, ReduceLROnPlateau):
    """A scheduler whose plan reacts to a metric; `Scheduler(...)` gives one where that is so.

    After each update of the optimizer the next values are set, whether or not step() is called.
    """

    @property
    def _follows(self) -> bool:
        return not self._plans.once_an_epoch

    def step(  # type: ignore[override]
        self, metrics: SupportsFloat | Mapping[str, SupportsFloat] | None = None, epoch: int | None = None
    ) -> None:
        """Hands over a reading, made after the updates so far.

        Args:
            metrics: the reading, a number or a Tensor of one; or readings by name (`{"loss": 0.3,
                "accuracy": 0.9}`) for a plan that listens to several. Without it nothing is heard.
            epoch: if given, where to go to first: updates, or epochs if the plan counts those.

        Raises:
            ValueError: one number for a plan that listens to several metrics, readings that nothing
                listens to, or one that the plan was told to refuse (`nan=error`).
            TypeError: a reading that is no number.
        """
        readings = [] if metrics is None else readings_of(metrics, self._metrics)
        super().step(epoch)
        if readings:
            self._last_lr = self._plans.hear(readings, self.optimizer.param_groups)


class _Updates:
    """Counts an optimizer's updates, as its post-step hook."""

    __slots__ = ("count", "_follower")

    def __init__(self, follower: Scheduler | None) -> None:
        self.count = 0
        self._follower = None if follower is None else weakref.ref(follower)

    def __call__(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        # A fused optimizer that was told of overflown gradients has left the parameters alone.
        found_inf = getattr(optimizer, "found_inf", None)
        if found_inf is not None and float(found_inf) != 0.0:
            return
        self.count += 1
        if self._follower is not None:
            follower = self._follower()
            if follower is not None:
                follower._follow()
