"""Sharpness: the largest eigenvalue of the (preconditioned) Hessian, by double backward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer

from lrlab import _core

#: A residual below this share of the value is good enough.
_TOLERANCE = 0.01
#: Share of a fixed random direction beside the gradient in which the search begins: a gradient may lie
#: wholly across the steepest direction.
_ASIDE = 0.1


class Sharpness(NamedTuple):
    """How sharply the loss curves, and how sharply it may."""

    #: Largest eigenvalue of P^-1 H; P = 1 for SGD and where no optimizer was given.
    value: float
    #: An eigenvalue lies within this distance of `value`.
    residual: float
    #: The sharpness above which the optimizer's steps grow; `None` where no optimizer was given.
    limit: float | None
    #: Hessian-vector products spent.
    products: int


def sharpness(
    loss_fn: Callable[[], Tensor],
    parameters: Iterable[Tensor],
    *,
    iterations: int = 30,
    optimizer: Optimizer | None = None,
) -> Sharpness:
    """Measures the largest eigenvalue of the Hessian of a loss with respect to `parameters`.

    Args:
        loss_fn: Computes the loss, a tensor of one element; called once. Keep it free of noise: call
            `model.eval()` or fix what dropout draws.
        parameters: The tensors that the loss depends on.
        iterations: Hessian-vector products, at most; each costs about as much as two backward passes. It
            stops sooner once the residual is below 1 % of the value.
        optimizer: With it, the eigenvalue is that of P^-1 H, where P is the optimizer's preconditioner
            (for Adam the root of its mean squared gradients), and `limit` says above which value its
            steps grow. An optimizer of `torch.optim` for which theory tells that: SGD, Adam, AdamW, NAdam,
            RAdam, Adamax, Adagrad, RMSprop, ASGD.

    Raises:
        ValueError: An optimizer without a known limit; Adam before its first update, which has no
            preconditioner yet; no iterations.

    >>> import torch
    >>> from lrlab.torch import sharpness
    >>> x = torch.tensor([1.0, 1.0], requires_grad=True)
    >>> found = sharpness(lambda: (3 * x[0] ** 2 + x[1] ** 2) / 2, [x])
    >>> round(found.value, 4)
    3.0
    """
    tensors = list(parameters)
    if iterations < 1:
        raise ValueError(f"iterations = {iterations}, expected at least 1")
    if not tensors:
        raise ValueError("no parameters were given: pass model.parameters()")
    known = curvature(loss_fn, tensors, [] if optimizer is None else [optimizer], iterations=iterations)
    if known is None:
        raise ValueError(
            f"{type(optimizer).__name__} has no preconditioner that is known here: SGD, ASGD, Adam, AdamW, "
            "NAdam, RAdam, Adamax, Adagrad and RMSprop have one, most of them once they made an update"
        )
    return known[0]


def curvature(
    loss_fn: Callable[[], Tensor],
    parameters: Sequence[Tensor],
    optimizers: Sequence[Optimizer],
    *,
    iterations: int,
    begin: Tensor | None = None,
) -> tuple[Sharpness, Tensor] | None:
    """The sharpness and the steepest direction, searched from `begin` or else from the gradient; `None` where
    an optimizer's preconditioner is not known."""
    limit, root = None, None
    if optimizers:
        known = _stability(optimizers, parameters)
        if known is None:
            return None
        limit, root = known[0], known[1].sqrt()
    with torch.enable_grad():
        loss = loss_fn()
        gradient = _flat(
            torch.autograd.grad(loss.reshape(()), parameters, create_graph=True, allow_unused=True),
            parameters,
        )

    def product(v: Tensor) -> Tensor:
        if not gradient.requires_grad:
            return torch.zeros_like(v)
        v = v if root is None else root * v
        image = torch.autograd.grad(gradient, parameters, v, retain_graph=True, allow_unused=True)
        return _flat(image, parameters) if root is None else root * _flat(image, parameters)

    start = _beside(gradient.detach()) if begin is None else begin
    value, residual, products, steepest = _largest_eigenvalue(product, start, iterations)
    return Sharpness(value, residual, limit, products), steepest


def _flat(parts: Iterable[Tensor | None], like: Sequence[Tensor]) -> Tensor:
    pairs = zip(parts, like, strict=True)
    return torch.cat([(torch.zeros_like(p) if part is None else part).flatten() for part, p in pairs])


def _beside(gradient: Tensor) -> Tensor:
    """The gradient's direction, and a little of a fixed one."""
    aside = torch.randn(gradient.numel(), generator=torch.Generator().manual_seed(0)).to(gradient)
    norm = gradient.norm()
    along = gradient / norm if 0.0 < float(norm) < float("inf") else torch.zeros_like(gradient)
    start: Tensor = along + _ASIDE * aside / aside.norm()
    return start


def _largest_eigenvalue(
    product: Callable[[Tensor], Tensor], begin: Tensor, iterations: int
) -> tuple[float, float, int, Tensor]:
    """Lanczos iteration with full reorthogonalisation: value, residual, products, Ritz vector.

    Source: Golub and Van Loan, Matrix Computations, 4th edition, section 10.1.
    """
    basis = [begin / begin.norm()]
    alphas: list[float] = []
    betas: list[float] = []
    while True:
        image = product(basis[-1])
        alphas.append(float(torch.dot(basis[-1], image)))
        # Twice is enough to keep the basis orthogonal to rounding.
        for _ in range(2):
            for earlier in basis:
                image = image - torch.dot(earlier, image) * earlier
        beta = float(image.norm())
        ritz = torch.diag(torch.tensor(alphas, dtype=torch.float64))
        if betas:
            side = torch.tensor(betas, dtype=torch.float64)
            ritz = ritz + torch.diag(side, 1) + torch.diag(side, -1)
        if not bool(torch.isfinite(ritz).all()):
            return float("nan"), float("nan"), len(alphas), begin
        values, vectors = torch.linalg.eigh(ritz)
        value, residual = float(values[-1]), beta * abs(float(vectors[-1, -1]))
        spent = len(alphas)
        exhausted = beta <= 1e-6 * max(abs(value), 1e-300) or spent == begin.numel()
        if spent >= iterations or exhausted or residual <= _TOLERANCE * abs(value):
            weights = vectors[:, -1].tolist()
            steepest = sum((w * b for w, b in zip(weights, basis, strict=True)), torch.zeros_like(begin))
            return value, residual, spent, steepest
        betas.append(beta)
        basis.append(image / beta)


def _stability(
    optimizers: Sequence[Optimizer], parameters: Sequence[Tensor]
) -> tuple[float, Tensor] | None:
    """The largest stable sharpness over all groups, and the diagonal of P^-1 scaled so that it asks all of
    them at once: each group has a limit of its own, and H is measured in shares of it."""
    groups = []
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            states = [_state(optimizer, p) for p in group["params"]]
            t = max((int(state.get("step", 0)) for _, state in states), default=0)
            plain = {key: value for key, value in group.items() if key != "params"}
            bare = [(size, {k: v for k, v in state.items() if k != "step"}) for size, state in states]
            known = _core.preconditioner(type(optimizer).__name__, plain, t, bare)
            if known is None:
                return None
            groups.append((group["params"], *known))
    limit = min(limit for _, limit, _ in groups)
    inverse: dict[int, Tensor] = {}
    for members, own, diagonals in groups:
        share = 1.0 if own == limit else limit / own
        for p, diagonal in zip(members, diagonals, strict=True):
            if diagonal is None:
                inverse[id(p)] = torch.full_like(p, share).flatten()
            else:
                P = torch.frombuffer(bytearray(diagonal), dtype=torch.float32)
                inverse[id(p)] = (share / P).to(p)
    strange = [p for p in parameters if id(p) not in inverse]
    if strange:
        raise ValueError(f"the optimizer does not train {len(strange)} of the parameters")
    return limit, torch.cat([inverse[id(p)] for p in parameters]).detach()


def _state(optimizer: Optimizer, p: Tensor) -> tuple[int, dict[str, Any]]:
    """Elements of a parameter, and what the optimizer keeps for it as bytes, numbers too; its step as a number."""
    kept: dict[str, Any] = {}
    for name, value in optimizer.state.get(p, {}).items():
        if name == "step":
            kept[name] = int(value)
        elif isinstance(value, Tensor) and value.numel() in (1, p.numel()):
            kept[name] = value.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()
    return p.numel(), kept
