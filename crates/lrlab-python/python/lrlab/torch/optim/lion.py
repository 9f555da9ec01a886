"""Lion.

Written by `cargo xtask docs` from the registry of optimizers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrlab import _core
from lrlab.torch._optimizer import CoreOptimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim.optimizer import ParamsT


class Lion(CoreOptimizer):
    """Steps of one length for every element, towards the sign of a mean gradient.

        p = (1 - lr * weight_decay) * p - lr * sign(beta1 * m + (1 - beta1) * g)
        m = mean of g with beta2

    Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, algorithm 2, arXiv:2302.06675.

    Args:
        params: Parameters, or dicts of them with values of their own.
        lr: Learning rate; a number of 0 or more.
        betas: Share of the mean of gradients in the direction; a number from 0 up to, but not, 1.
            Decay rate of the mean of gradients; a number from 0 up to, but not, 1.
        weight_decay: Share of the parameter, times lr, taken off at each update; a number of 0 or
            more.
        maximize: Raises the loss instead of lowering it.
    """

    _lrlab: ClassVar = _core.TensorOptimizer("Lion")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 0.0001,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "weight_decay": weight_decay,
                "maximize": maximize,
            },
        )
