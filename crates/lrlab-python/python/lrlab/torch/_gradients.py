"""Norms and angles of gradients and updates, measured around an optimizer's step on the gradients'
device."""

from __future__ import annotations

from typing import Any

import torch


class Gradients:
    """Measures at the optimizer's hooks; `measured` holds (gradient norm, turn, update ratio).

    Each is a float where it lies on the CPU, else a tensor on its device, or `None` where there is
    none.
    """

    def __init__(self, norm: bool, turn: bool, ratio: bool) -> None:
        self._norm, self._turn, self._ratio = norm, turn, ratio
        self._last: dict[int, torch.Tensor] = {}
        self._last_norm: torch.Tensor | None = None
        self._before: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.measured: tuple[Any, Any, Any] = (None, None, None)

    @torch.no_grad()
    def before(self, groups: list[dict[str, Any]]) -> None:
        """Measures before an update of these groups: gradients are what the optimizer gets."""
        params = [p for group in groups for p in group["params"] if p.grad is not None]
        grads = {id(p): p.grad.to_dense() if p.grad.is_sparse else p.grad for p in params}
        norm = turn = None
        if (self._norm or self._turn) and grads:
            norm = _norm(list(grads.values()))
        if self._turn:
            if (
                norm is not None
                and self._last_norm is not None
                and grads.keys() == self._last.keys()
            ):
                product = _sum([(grad * self._last[key]).sum() for key, grad in grads.items()])
                # Not a number where a gradient is 0 and points nowhere; such a turn is left out.
                turn = (product / (norm * self._last_norm)).clamp(-1.0, 1.0)
            self._last = {key: grad.clone() for key, grad in grads.items()}
            self._last_norm = norm
        if self._ratio:
            self._before = [(p, p.detach().clone()) for p in params]
        self.measured = (_read(norm) if self._norm else None, _read(turn), None)

    @torch.no_grad()
    def after(self) -> None:
        """Measures after the update."""
        if self._ratio and self._before:
            moved = _norm([now.detach() - then for now, then in self._before])
            ratio = moved / _norm([then for _, then in self._before])
            self.measured = (*self.measured[:2], _read(ratio))
            self._before = []


def _norm(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.sqrt(_sum([torch.linalg.vector_norm(t, dtype=_wide(t)).square() for t in tensors]))


def _wide(tensor: torch.Tensor) -> torch.dtype | None:
    """Halves are added up as singles."""
    return torch.float32 if tensor.dtype in (torch.float16, torch.bfloat16) else None


def _sum(numbers: list[torch.Tensor]) -> torch.Tensor:
    device = numbers[0].device
    return torch.stack([number.to(device, torch.float32) for number in numbers]).sum()


def _read(value: torch.Tensor | None) -> Any:
    if value is None or value.device.type != "cpu":
        return value
    return float(value)
