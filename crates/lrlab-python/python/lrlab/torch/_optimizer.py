"""What the classes of `lrlab.torch.optim` have in common: updates in the tensors' own memory, made in Rust."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, overload

import torch
from torch.optim import Optimizer

if TYPE_CHECKING:
    from torch import Tensor

    from lrlab import _core

_TRAINS = "train_mode"


class CoreOptimizer(Optimizer):
    """A `torch.optim.Optimizer` whose update is made by lrlab's core.

    Parameters, gradients and state are dense, contiguous float32 or float64 tensors in the CPU's memory; they
    are changed where they lie, without a copy, while the interpreter runs on. Anything else is refused, with
    what to do. A parameter whose gradient is None is left alone. All of an update is checked before any of it
    is made.

    What is kept for a parameter stands in `state[p]`, what is kept for a group in `param_groups`, so that
    `state_dict`, `load_state_dict`, `torch.save`, `copy.deepcopy` and pickle do what they do elsewhere. A
    learning rate may be a tensor of one number.
    """

    _lrlab: ClassVar[_core.TensorOptimizer]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group of parameters, with values of its own where it has any.

        Raises:
            TypeError, ValueError: A value of another kind or out of range, or a parameter that cannot be
                updated here; the group is not added.
        """
        super().add_param_group(param_group)
        try:
            self._lrlab.begin(self.param_groups[-1], len(self.param_groups) - 1)
        except BaseException:
            del self.param_groups[-1]
            raise

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Makes one update.

        Args:
            closure: Computes the loss anew and its gradients; what it gives is returned.

        Raises:
            ValueError: A parameter or gradient that cannot be updated in place; nothing was changed.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        _changed(self._lrlab.step(self.param_groups, self.state))
        return loss


class MovingOptimizer(CoreOptimizer):
    """An optimizer that trains at one point and is evaluated at another.

    Call `train()` before training, and `eval()` before the model is evaluated or saved, beside the model's own;
    `step` refuses to work in between. Nothing moves before the first update, nor when called twice.
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group of parameters, at the point where the others are."""
        others = self.param_groups
        param_group.setdefault(_TRAINS, bool(others and others[0][_TRAINS]))
        super().add_param_group(param_group)

    def train(self) -> None:
        """Moves the parameters to where gradients are taken."""
        self._move(trains=True)

    def eval(self) -> None:
        """Moves the parameters to what is meant as the result."""
        self._move(trains=False)

    @torch.no_grad()
    def _move(self, trains: bool) -> None:
        apart = [group for group in self.param_groups if group[_TRAINS] != trains]
        _changed(self._lrlab.move_to(not trains, apart, self.state))
        for group in apart:
            group[_TRAINS] = trains

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Makes one update, at the point where gradients are taken.

        Args:
            closure: Computes the loss anew and its gradients; what it gives is returned.

        Raises:
            RuntimeError: The parameters are where the model is evaluated.
            ValueError: A parameter or gradient that cannot be updated in place; nothing was changed.
        """
        if not all(group[_TRAINS] for group in self.param_groups):
            raise RuntimeError(
                f"{type(self).__name__}.step() where the model is evaluated: call optimizer.train() before training, "
                "and optimizer.eval() before the model is evaluated or saved"
            )
        if closure is None:
            super().step()
            return None
        return super().step(closure)


def _changed(tensors: list[Tensor]) -> None:
    """Tells autograd what it would have seen of torch's own kernels."""
    torch.autograd.graph.increment_version(tensors)
