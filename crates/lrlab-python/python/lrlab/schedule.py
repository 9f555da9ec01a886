"""`Schedule`: a learning-rate strategy over a training of known length, and what is found in it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

from lrlab import _core

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import Self


class Finding(NamedTuple):
    """What a lint found: something that a strategy will do and its author hardly meant.

    >>> from lrlab import Schedule
    >>> [found] = Schedule("cosine to 0 over 70 steps", 100).check()
    >>> found.code, found.name, found.severity, found.step
    ('LR101', 'plan-ends-early', 'warning', 70)
    """

    code: str
    """The code of the lint, which stays: `LR101`."""
    name: str
    """Its name: `plan-ends-early`."""
    severity: str
    """`note`, `warning` or `error`."""
    message: str
    """What is so, with its numbers."""
    step: int | None
    """The step at which it shows, where there is one."""
    fix: str
    """What to write instead."""
    group: str | None
    """The groups that it is about, where it is not about all of them."""

    def __str__(self) -> str:
        """The finding as the command `lrlab check` prints it."""
        step = "" if self.step is None else f" at step {self.step}"
        group = "" if self.group is None else f" in group {self.group}"
        head = f"{self.severity} {self.code} {self.name}{step}{group}"
        return f"{head}\n    {self.message}\n    fix: {self.fix}"


class Schedule(_core.Schedule):
    """A learning-rate strategy over a training of known length: its value at any step.

    Immutable, and safe to share between threads. Two of the three lengths tell the third; with
    `total_steps` alone an epoch is taken to be one step, with a warning where the spec counts
    epochs.

    Args:
        spec: One line of text (`"warmup 5% then cosine to 0"`, a plan, a whole strategy
            `"sgd lr=0.1 | cosine"`, a PyTorch constructor `"StepLR(step_size=30)"`, or its
            recursion to the bit, `"torch StepLR(step_size=30)"`), the JSON form of the same as a
            dict, or another schedule, whose length and rate stay where none is given.
        total_steps: Optimizer updates in all, at least 1.
        epochs: Passes over the training data, at least 1.
        steps_per_epoch: Optimizer updates in one pass, at least 1.
        lr: The learning rate of every group. By default the optimizer's own; 1 for a plan without
            an optimizer, so that values are shares of the group's rate.

    Raises:
        SpecError: A spec that cannot be read or built; the text shows the place.
        ValueError: Lengths that are missing, below 1 or contradict each other.
        TypeError: A spec, length or rate of another type.

    >>> from lrlab import Schedule
    >>> schedule = Schedule("warmup 10% then cosine to 0", 100, lr=0.1)
    >>> schedule(10), schedule(55), schedule(100)
    (0.1, 0.05, 0.0)
    >>> Schedule("StepLR(step_size=2, gamma=0.5)", epochs=4, steps_per_epoch=10).values()[::10]
    array([1. , 1. , 0.5, 0.5])
    """

    __slots__ = ()

    def __new__(
        cls,
        spec: str | Mapping[str, Any] | _core.Schedule,
        total_steps: SupportsIndex | None = None,
        *,
        epochs: SupportsIndex | None = None,
        steps_per_epoch: SupportsIndex | None = None,
        lr: float | None = None,
    ) -> Self:
        if isinstance(spec, _core.Schedule):
            if total_steps is None and epochs is None and steps_per_epoch is None:
                total_steps, steps_per_epoch = spec.total_steps, spec.steps_per_epoch
            lr = spec._own_lr if lr is None else lr
        text = _text(spec)
        schedule = super().__new__(cls, text, total_steps, epochs, steps_per_epoch, lr)
        if schedule._guesses_epochs:
            told = "an epoch is taken to be 1 step; steps_per_epoch says what it is"
            warnings.warn(told, stacklevel=2)
        return schedule

    @classmethod
    def from_toml(
        cls,
        text: str,
        total_steps: SupportsIndex | None = None,
        *,
        epochs: SupportsIndex | None = None,
        steps_per_epoch: SupportsIndex | None = None,
        lr: float | None = None,
    ) -> Self:
        """The schedule of a spec in its TOML form; lengths and `lr` as in the class.

        Raises:
            SpecError: What is no TOML, or no spec.

        >>> from lrlab import Schedule
        >>> print(Schedule.from_toml('schedule = { name = "cosine", to = "10%" }', 100))
        cosine to 10%
        """
        spec = _core.text_of_toml(text)
        return cls(spec, total_steps, epochs=epochs, steps_per_epoch=steps_per_epoch, lr=lr)

    @classmethod
    def from_json(
        cls,
        text: str,
        total_steps: SupportsIndex | None = None,
        *,
        epochs: SupportsIndex | None = None,
        steps_per_epoch: SupportsIndex | None = None,
        lr: float | None = None,
    ) -> Self:
        """The schedule of a spec in its JSON form; lengths and `lr` as in the class.

        Raises:
            SpecError: What is no JSON, or no spec.

        >>> from lrlab import Schedule
        >>> print(Schedule.from_json('{"name": "cosine", "to": "10%"}', 100))
        cosine to 10%
        """
        spec = _core.text_of_json(text)
        return cls(spec, total_steps, epochs=epochs, steps_per_epoch=steps_per_epoch, lr=lr)

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        total_steps: SupportsIndex | None = None,
        *,
        epochs: SupportsIndex | None = None,
        steps_per_epoch: SupportsIndex | None = None,
        lr: float | None = None,
    ) -> Self:
        """The schedule of the spec in a file: `.toml`, `.json`, or `.csv` with points `step,lr`.

        Lengths and `lr` are as in the class.

        Raises:
            SpecError: A file with another ending, or that holds no spec.
            OSError: A file that cannot be read.
        """
        spec = _core.text_of_file(path)
        return cls(spec, total_steps, epochs=epochs, steps_per_epoch=steps_per_epoch, lr=lr)

    def value(self, t: SupportsIndex, field: str = "lr", group: int | str = 0) -> float:
        """The value for the update after `t` updates have been made: t = 0 is the first.

        After the end the last value holds, unless the spec says otherwise (`after end error`). What
        reacts to a metric is taken to hear none.

        Args:
            t: Updates made, 0 or more.
            field: `lr`, or another number of the optimizer: `momentum`, `weight_decay`, `beta1`...
            group: The group's place or name, where the strategy has several.

        Raises:
            ValueError: A negative `t`, a field that the optimizer does not have.
            TypeError: A `t` that is no whole number.
            IndexError, KeyError: A group that is not there.
            RuntimeError: A plan that is over and may not go on; what PyTorch raises in training.

        >>> from lrlab import Schedule
        >>> Schedule("linear to 0", 10, lr=0.5).value(5)
        0.25
        """
        return self._value(t, field, group)

    def __call__(self, t: SupportsIndex, field: str = "lr", group: int | str = 0) -> float:
        """The same as `value`."""
        return self._value(t, field, group)

    def values(self, field: str = "lr", group: int | str = 0) -> npt.NDArray[np.float64]:
        """The values of all `total_steps` updates as an array of float64; needs NumPy.

        Args:
            field: `lr`, or another number of the optimizer: `momentum`, `weight_decay`, `beta1`...
            group: The group's place or name, where the strategy has several.

        Raises:
            ValueError: A field that the optimizer does not have.
            IndexError, KeyError: A group that is not there.
            RuntimeError: What PyTorch raises in the middle of training.
            MemoryError: A training too long for an array.

        >>> from lrlab import Schedule
        >>> plan = Schedule("linear to 0 | momentum: linear from 50% to 100%", 4)
        >>> plan.values(), plan.values("momentum")
        (array([1.  , 0.75, 0.5 , 0.25]), array([0.45  , 0.5625, 0.675 , 0.7875]))
        """
        import numpy as np

        return np.frombuffer(self._values(field, group), dtype=np.float64)

    def check(self, parameters: Iterable[str] | None = None) -> list[Finding]:
        """What it will do that is hardly meant, the worst first; an empty list is good news.

        Args:
            parameters: The names of the model's parameters, `dict(model.named_parameters())`,
                against which the patterns of groups are held.

        Raises:
            TypeError: Names that are no text.

        >>> from lrlab import Schedule
        >>> Schedule("adamw lr=3e-4 | warmup 2% then cosine to 10%", 10_000).check()
        []
        """
        if isinstance(parameters, str):
            raise TypeError(f"parameters: expected names in a list, got one text {parameters!r}")
        names = None if parameters is None else list(parameters)
        return [Finding(*row) for row in self._findings(names)]

    def plot(
        self,
        path: str | os.PathLike[str] | None = None,
        log: bool = False,
        ax: Any = None,
        field: str = "lr",
    ) -> Any:
        """Draws it: into a file, on Matplotlib's axes, or, without Matplotlib, as SVG.

        Args:
            path: The file to write, by its ending: `.svg`, `.png` or `.csv`. It needs no Matplotlib
                and shows every field that moves.
            log: A logarithmic axis.
            ax: Axes of Matplotlib to draw on; new ones by default.
            field: What the axes show: `lr`, `momentum`...

        Returns:
            `path` where it was given; else the axes; else, without Matplotlib, the SVG as text.

        Raises:
            ValueError: Another ending, both `path` and `ax`, or values that cannot be drawn.
            OSError: A file that cannot be written.

        >>> import pathlib, tempfile
        >>> from lrlab import Schedule
        >>> file = pathlib.Path(tempfile.mkdtemp(), "rates.csv")
        >>> Schedule("linear to 0", 2).plot(file) == file
        True
        >>> print(file.read_text())
        step,epoch,linear to 0
        0,,1
        1,,0.5
        <BLANKLINE>
        """
        if path is not None:
            if ax is not None:
                raise ValueError("plot: give a path to write or axes to draw on, not both")
            ending = os.path.splitext(os.fspath(path))[1].removeprefix(".").lower()
            drawn = self._drawn(ending, log)
            with open(path, "wb") as file:
                file.write(drawn)
            return path
        if ax is None:
            try:
                import matplotlib.pyplot as plt
            except ModuleNotFoundError:
                return self._drawn("svg", log).decode()
            _, ax = plt.subplots()
        for index, group in enumerate(self.groups):
            label = str(self) if len(self.groups) == 1 else group
            ax.plot(self.values(field, index), drawstyle="steps-post", label=label)
        ax.set_xlabel("step")
        ax.set_ylabel("learning rate" if field == "lr" else field.replace("_", " "))
        if log:
            ax.set_yscale("log")
        ax.legend()
        return ax

    def _repr_svg_(self) -> str | None:
        """The picture that a notebook shows; none where it cannot be drawn, and the text stands."""
        try:
            return self._drawn("svg", False).decode()
        except (ValueError, RuntimeError):
            return None

    def __repr__(self) -> str:
        words = [repr(str(self)), f"total_steps={self.total_steps}"]
        if self.steps_per_epoch is not None:
            words.append(f"steps_per_epoch={self.steps_per_epoch}")
        if self._own_lr is not None:
            words.append(f"lr={self._own_lr!r}")
        return f"{type(self).__name__}({', '.join(words)})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        length = (self.total_steps, None, self.steps_per_epoch)
        return _core.Schedule.__new__, (type(self), str(self), *length, self._own_lr)


def _text(spec: str | Mapping[str, Any] | _core.Schedule) -> str:
    """The spec as the core reads it."""
    if isinstance(spec, (str, _core.Schedule)):
        return str(spec)
    if isinstance(spec, Mapping):
        import json

        return _core.text_of_json(json.dumps(dict(spec)))
    got = type(spec).__name__
    raise TypeError(f"spec: expected text such as 'cosine to 0', a dict or a Schedule, got {got}")
