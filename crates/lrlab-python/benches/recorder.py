"""What `Recorder.step` costs beside the loss's own `.item()`, as JSON: microseconds a step.

    python crates/lrlab-python/benches/recorder.py

CPU time of the thread. Each figure is the least of several repeats, each the mean over many steps,
taken in turns. The optimizer does nothing but call its hooks, which takes torch tens of
microseconds by itself.
`over_item` is what recording adds to a loop that reads the loss; `capture` and `write` are its two
halves.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable

import torch

from lrlab.torch import Recorder

STEPS = 1_000
REPEATS = 60


class Still(torch.optim.Optimizer):
    """Updates nothing."""

    def __init__(self, groups: int) -> None:
        given = [{"params": [torch.nn.Parameter(torch.ones(1))]} for _ in range(groups)]
        super().__init__(given, {"lr": 0.1, "momentum": 0.9})

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Nothing; torch calls the hooks around it."""


def least(loops: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Microseconds a step of each."""
    times: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(REPEATS):
        for name, loop in loops.items():
            start = time.thread_time()
            loop()
            times[name].append(time.thread_time() - start)
    return {name: min(of_loop) / STEPS * 1e6 for name, of_loop in times.items()}


def measure(groups: int) -> dict[str, float]:
    """The figures with so many parameter groups."""
    loss = torch.tensor(0.123456)
    plain, recorded = Still(groups), Still(groups)

    def bare() -> None:
        for _ in range(STEPS):
            plain.step()
            loss.item()

    def item() -> None:
        for _ in range(STEPS):
            loss.item()

    with tempfile.TemporaryDirectory() as folder, Recorder(folder, recorded) as recorder:

        def recording() -> None:
            for _ in range(STEPS):
                recorded.step()
                recorder.step(loss)

        [before] = recorded._optimizer_step_pre_hooks.values()
        [after] = recorded._optimizer_step_post_hooks.values()

        def capture() -> None:
            for _ in range(STEPS):
                before(recorded, (), {})
                after(recorded, (), {})

        def both() -> None:
            for _ in range(STEPS):
                before(recorded, (), {})
                after(recorded, (), {})
                recorder.step(loss)

        loops = {
            "torch": bare,
            "recorded": recording,
            "item": item,
            "capture": capture,
            "both": both,
        }
        figures = least(loops)
    return {
        "over_item": figures["both"] - figures["item"],
        "capture": figures["capture"],
        "write": figures["both"] - figures["capture"] - figures["item"],
        "over_item_in_a_loop": figures["recorded"] - figures["torch"],
    }


def main() -> None:
    """Prints the figures."""
    torch.set_num_threads(1)
    figures = {f"{groups} groups": measure(groups) for groups in (1, 2, 10)}
    print(
        json.dumps({"unit": "us a step", "torch": torch.__version__, "figures": figures}, indent=2)
    )


if __name__ == "__main__":
    main()
