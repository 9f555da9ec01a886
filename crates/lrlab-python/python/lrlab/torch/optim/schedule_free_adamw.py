"""AdamWScheduleFree.

Written by `cargo xtask docs` from the registry of optimizers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrlab import _core
from lrlab.torch._optimizer import MovingOptimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim.optimizer import ParamsT


class AdamWScheduleFree(MovingOptimizer):
    """AdamW whose running mean is evaluated, instead of a schedule that ends at 0.

        z = z - lr * (g(y) / (sqrt(v) + eps) + weight_decay * y)
        x = mean of all z
        y = (1 - beta1) * z + beta1 * x

    Defazio et al. 2024, The Road Less Scheduled, algorithm 1, arXiv:2405.15682.

    It trains at one point and is evaluated at another: call `train()` before training, and `eval()`
    before the model is evaluated or saved.

    Args:
        params: Parameters, or dicts of them with values of their own.
        lr: Learning rate; a number of 0 or more.
        betas: How near to the mean gradients are taken: 0 is at the last step, 1 at the mean; a
            number from 0 up to, but not, 1. Decay rate of the mean of squared gradients; a number
            from 0 up to, but not, 1.
        eps: Added to the denominator to keep it from 0; a number of 0 or more.
        weight_decay: Share of the parameter, where gradients are taken, added to its direction; a
            number of 0 or more.
        warmup_steps: Updates over which the rate rises in equal steps to lr; a number of 0 or more.
        r: Power of the number of the update in the weights of the mean; above 0 favours late
            updates; a number of 0 or more.
        weight_lr_power: Power of the largest rate so far in the weights of the mean, so that a
            warmup counts for little; a number of 0 or more.
    """

    _lrlab: ClassVar = _core.TensorOptimizer("AdamWScheduleFree")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 0.0025,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        r: float = 0.0,
        weight_lr_power: float = 2.0,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "warmup_steps": warmup_steps,
                "r": r,
                "weight_lr_power": weight_lr_power,
            },
        )
