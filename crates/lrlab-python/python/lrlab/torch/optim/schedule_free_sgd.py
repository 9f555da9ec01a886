"""SGDScheduleFree.

Written by `cargo xtask docs` from the registry of optimizers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrlab import _core
from lrlab.torch._optimizer import MovingOptimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim.optimizer import ParamsT


class SGDScheduleFree(MovingOptimizer):
    """SGD whose running mean is evaluated, instead of a schedule that ends at 0.

        z = z - lr * g(y)
        x = mean of all z
        y = (1 - momentum) * z + momentum * x

    Defazio et al. 2024, The Road Less Scheduled, algorithm 1, arXiv:2405.15682.

    It trains at one point and is evaluated at another: call `train()` before training, and `eval()`
    before the model is evaluated or saved.

    Args:
        params: Parameters, or dicts of them with values of their own.
        lr: Learning rate; a number of 0 or more.
        momentum: How near to the mean gradients are taken: 0 is at the last step, 1 at the mean; a
            number from 0 up to, but not, 1.
        weight_decay: Share of the parameter added to its gradient; a number of 0 or more.
        warmup_steps: Updates over which the rate rises in equal steps to lr; a number of 0 or more.
        r: Power of the number of the update in the weights of the mean; above 0 favours late
            updates; a number of 0 or more.
        weight_lr_power: Power of the largest rate so far in the weights of the mean, so that a
            warmup counts for little; a number of 0 or more.
    """

    _lrlab: ClassVar = _core.TensorOptimizer("SGDScheduleFree")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "weight_decay": weight_decay,
                "warmup_steps": warmup_steps,
                "r": r,
                "weight_lr_power": weight_lr_power,
            },
        )
