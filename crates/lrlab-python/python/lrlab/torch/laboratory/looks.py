"""Looks at the curvature while a model trains, which leave the training as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.optim import Optimizer

from lrlab import _core
from lrlab.torch.laboratory.sharpness import curvature

#: At most so many looks in a training, and products in the first and in the others.
_MOST = 12
_FIRST_PRODUCTS = 5
_NEXT_PRODUCTS = 3
#: Share of the training's own gradients that the looks may cost, two for each product.
_SHARE = 0.25


class Looks:
    """When to look, and in which direction the loss was steepest last."""

    def __init__(self, trial: _core.Trial, asked: bool) -> None:
        self._trial = trial
        affordable = int(_SHARE * trial.total_steps / (2 * _NEXT_PRODUCTS))
        looks = min(_MOST, max(1, affordable))
        self._every = -(-trial.total_steps // looks) if asked and trial.measure else 0
        self._steepest: Tensor | None = None

    def due(self, t: int) -> bool:
        """Whether to look after `t` updates."""
        return self._every > 0 and t % self._every == 0

    def look(
        self,
        loss_fn: Callable[[], Tensor],
        parameters: Sequence[Tensor],
        optimizers: Sequence[Optimizer],
    ) -> None:
        """Writes down the sharpness, where the optimizers' theory is known."""
        products = _FIRST_PRODUCTS if self._steepest is None else _NEXT_PRODUCTS
        known = curvature(loss_fn, parameters, optimizers, iterations=products, begin=self._steepest)
        if known is None:
            return
        found, self._steepest = known
        if found.limit is not None:
            self._trial.sharpness(found.value, found.residual, found.limit, found.products)
