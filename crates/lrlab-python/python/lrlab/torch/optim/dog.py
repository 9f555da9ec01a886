"""DoG.

Written by `cargo xtask docs` from the registry of optimizers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lrlab import _core
from lrlab.torch._optimizer import CoreOptimizer

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim.optimizer import ParamsT


class DoG(CoreOptimizer):
    """Gradient descent at a rate that it measures: distance travelled over root of all squared gradients.

        r = max(r, |p - p0|)
        G = G + |g|^2
        p = p - lr * r / sqrt(G) * g

    Ivgi, Hinder and Carmon 2023, DoG is SGD's Best Friend: A Parameter-Free Dynamic Step Size
    Schedule, arXiv:2302.12022.

    Args:
        params: Parameters, or dicts of them with values of their own.
        lr: Factor on the measured rate: 1 unless a schedule moves it; a number of 0 or more.
        reps_rel: Length of the first step, as a share of 1 + the norm of all parameters; a number
            above 0.
        eps: Added to the sum of squared gradients to keep it from 0; a number above 0.
        weight_decay: Share of the parameter added to its gradient; a number of 0 or more.
        init_eta: Rate of the first update; what reps_rel comes to when left out; a number above 0.
    """

    _lrlab: ClassVar = _core.TensorOptimizer("DoG")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        reps_rel: float = 1e-6,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        init_eta: float | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "reps_rel": reps_rel,
                "eps": eps,
                "weight_decay": weight_decay,
                "init_eta": init_eta,
            },
        )
