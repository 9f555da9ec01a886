"""Prodigy.

Written by `cargo xtask docs` from the registry of optimizers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrlab import _core
from lrlab.torch._optimizer import CoreOptimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim.optimizer import ParamsT


class Prodigy(CoreOptimizer):
    """Adam at a rate that it estimates from how far the parameters have come; leave lr at 1.

        d = largest of d_coef * <g, p0 - p> / |s|, weighted sums over time
        then Adam's step at the rate d * lr

    Mishchenko and Defazio 2023, Prodigy: An Expeditiously Adaptive Parameter-Free Learner,
    algorithm 4, arXiv:2306.06101.

    Args:
        params: Parameters, or dicts of them with values of their own.
        lr: Factor on the estimated rate: 1 unless a schedule moves it; a number of 0 or more.
        betas: Decay rate of the mean of gradients; a number from 0 up to, but not, 1. Decay rate of
            the mean of squared gradients; a number from 0 up to, but not, 1.
        beta3: Decay rate of the sums that estimate the rate; the square root of beta2 when left
            out; a number from 0 up to, but not, 1.
        eps: Added to the denominator to keep it from 0; a number above 0.
        weight_decay: Weight decay, decoupled unless told otherwise; a number of 0 or more.
        d0: The first estimate; only its smallness matters; a number above 0.
        d_coef: Factor on the estimates: what to tune, if anything; a number above 0.
        growth_rate: Most that the estimate may grow by in one update; without a bound when left
            out; a number of 1 or more.
        decouple: Takes weight decay off the parameter instead of adding it to the gradient.
        use_bias_correction: Corrects the means for their start at 0, which delays the rate a
            little.
        safeguard_warmup: Leaves lr out of the estimate's denominator, for a warmup of lr.
    """

    _lrlab: ClassVar = _core.TensorOptimizer("Prodigy")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        betas: tuple[float, float] = (0.9, 0.999),
        beta3: float | None = None,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        d0: float = 1e-6,
        d_coef: float = 1.0,
        growth_rate: float | None = None,
        *,
        decouple: bool = True,
        use_bias_correction: bool = False,
        safeguard_warmup: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "beta3": beta3,
                "eps": eps,
                "weight_decay": weight_decay,
                "d0": d0,
                "d_coef": d_coef,
                "growth_rate": growth_rate,
                "decouple": decouple,
                "use_bias_correction": use_bias_correction,
                "safeguard_warmup": safeguard_warmup,
            },
        )
