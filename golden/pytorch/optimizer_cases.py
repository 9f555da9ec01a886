"""The optimizer settings that `optimizers.json` covers, and the gradients they all see."""

from __future__ import annotations

from dataclasses import dataclass, field

Options = dict[str, object]

STEPS = 1000
PARAMS = [
    [0.5, -1.25, 2.0, 0.1, -0.3, 3.0, 0.007, 1.5, -0.8, 0.6],
    [-0.05, 1.0, -2.5, 0.9, 0.02, -1.1, 0.4, -0.75, 1.75, -0.2],
]
"""The first values of the two groups, one tensor each."""

LR_EDITS = [(301, 0.3), (701, 2.0)]
"""(step, factor): just before step number `step`, from 1, every rate becomes this share of its first value."""

STORED_STEPS = [1, 3, 10, 100, 400, 999, 1000]
"""After these steps of the f64 runs, and after the last of the f32 runs, parameters are stored."""

STATE_STEPS = [1, 2, 3, 10, 100, 999]
"""Of the f32 runs, the whole state before these steps and the parameters after them."""

KINDS = 10


@dataclass(frozen=True)
class Case:
    """One optimizer of `torch.optim` over two groups, each with the options given for it."""

    name: str
    first: Options = field(default_factory=dict)
    second: Options = field(default_factory=lambda: {"lr": 0.01})

    @property
    def groups(self) -> list[Options]:
        """The options of each group."""
        return [self.first, self.second]

    def texts(self) -> list[str]:
        """Each group as a constructor."""
        return [
            f"{self.name}({', '.join(f'{name}={value!r}' for name, value in options.items())})"
            for options in self.groups
        ]


CASES = [
    Case("SGD"),
    Case("SGD", {"momentum": 0.9}, {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1}),
    Case("SGD", {"momentum": 0.9, "dampening": 0.3}, {"lr": 0.01, "momentum": 0.95, "dampening": 0.9}),
    Case("SGD", {"momentum": 0.9, "nesterov": True}, {"lr": 0.01, "momentum": 0.8, "nesterov": True}),
    Case("SGD", {"weight_decay": 0.05}, {"lr": 0.01, "weight_decay": 0.3}),
    Case("SGD", {"maximize": True}, {"lr": 0.01, "maximize": True, "weight_decay": 0.05}),
    Case(
        "SGD",
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.01, "momentum": 0.6, "dampening": 0.2, "maximize": True},
    ),
    Case("Adam"),
    Case("Adam", {"lr": 0.01, "betas": (0.8, 0.95)}, {"lr": 0.003, "betas": (0.4, 0.9)}),
    Case("Adam", {"lr": 0.01, "eps": 1e-3}, {"lr": 0.02, "eps": 1e-12}),
    Case("Adam", {"lr": 0.01, "weight_decay": 0.01}, {"lr": 0.02, "weight_decay": 0.2}),
    Case("Adam", {"lr": 0.01, "amsgrad": True}, {"lr": 0.02, "amsgrad": True, "betas": (0.9, 0.9)}),
    Case("Adam", {"maximize": True}, {"lr": 0.01, "maximize": True, "weight_decay": 0.1}),
    Case(
        "Adam",
        {"lr": 0.01, "decoupled_weight_decay": True, "weight_decay": 0.3},
        {"lr": 0.02, "decoupled_weight_decay": True, "weight_decay": 0.01, "amsgrad": True},
    ),
    Case(
        "Adam",
        {"lr": 0.01, "amsgrad": True, "weight_decay": 0.01, "maximize": True},
        {"lr": 0.02, "betas": (0.5, 0.99), "eps": 1e-6},
    ),
    Case("AdamW"),
    Case("AdamW", {"lr": 0.01, "weight_decay": 0.3}, {"lr": 0.02, "weight_decay": 0.0}),
    Case("AdamW", {"lr": 0.01, "amsgrad": True, "betas": (0.8, 0.99)}, {"lr": 0.02, "amsgrad": True, "eps": 1e-4}),
    Case("AdamW", {"maximize": True}, {"lr": 0.01, "maximize": True, "weight_decay": 0.1}),
    Case("NAdam"),
    Case("NAdam", {"betas": (0.8, 0.95), "eps": 1e-3}, {"lr": 0.01, "betas": (0.4, 0.99), "eps": 1e-6}),
    Case("NAdam", {"weight_decay": 0.05}, {"lr": 0.01, "weight_decay": 0.2, "momentum_decay": 0.1}),
    Case(
        "NAdam",
        {"weight_decay": 0.05, "decoupled_weight_decay": True, "momentum_decay": 0.0},
        {"lr": 0.01, "weight_decay": 0.2, "decoupled_weight_decay": True, "maximize": True},
    ),
    Case("RAdam"),
    Case("RAdam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-3}, {"lr": 0.02, "betas": (0.9, 0.6), "eps": 1e-6}),
    Case("RAdam", {"weight_decay": 0.05}, {"lr": 0.01, "weight_decay": 0.2, "maximize": True}),
    Case(
        "RAdam",
        {"weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.01, "weight_decay": 0.2, "decoupled_weight_decay": True, "betas": (0.4, 0.99)},
    ),
    Case("Adamax"),
    Case("Adamax", {"betas": (0.8, 0.9), "eps": 1e-3}, {"lr": 0.01, "betas": (0.4, 0.99), "eps": 1e-6}),
    Case("Adamax", {"weight_decay": 0.05}, {"lr": 0.01, "weight_decay": 0.2, "maximize": True}),
    Case("Adagrad"),
    Case("Adagrad", {"lr_decay": 0.01, "eps": 1e-3}, {"lr": 0.1, "lr_decay": 0.5}),
    Case("Adagrad", {"weight_decay": 0.05}, {"lr": 0.1, "weight_decay": 0.2, "maximize": True}),
    Case(
        "Adagrad",
        {"initial_accumulator_value": 0.1},
        {"lr": 0.1, "initial_accumulator_value": 0.1, "weight_decay": 0.05},
    ),
    Case("Adadelta"),
    Case("Adadelta", {"rho": 0.5, "eps": 1e-3}, {"lr": 0.1, "rho": 0.99}),
    Case("Adadelta", {"weight_decay": 0.05}, {"lr": 0.1, "weight_decay": 0.2, "maximize": True}),
    Case("RMSprop"),
    Case("RMSprop", {"alpha": 0.9, "eps": 1e-3}, {"lr": 0.001, "alpha": 0.5, "eps": 1e-6}),
    Case("RMSprop", {"momentum": 0.9}, {"lr": 0.001, "momentum": 0.5, "weight_decay": 0.2}),
    Case("RMSprop", {"centered": True}, {"lr": 0.001, "centered": True, "alpha": 0.9, "eps": 1e-4}),
    Case(
        "RMSprop",
        {"centered": True, "momentum": 0.9, "weight_decay": 0.05},
        {"lr": 0.001, "centered": True, "momentum": 0.8, "maximize": True},
    ),
    Case("Rprop"),
    Case("Rprop", {"etas": (0.3, 1.5)}, {"lr": 0.1, "step_sizes": (1e-3, 0.2)}),
    Case("Rprop", {"lr": 1e-8, "maximize": True}, {"lr": 3.0, "etas": (0.9, 1.01), "step_sizes": (0.01, 2.0)}),
    Case("ASGD"),
    Case("ASGD", {"t0": 50.0, "lambd": 0.01}, {"lr": 0.001, "t0": 500.0, "alpha": 0.5, "lambd": 0.1}),
    Case("ASGD", {"weight_decay": 0.05, "t0": 0.0}, {"lr": 0.001, "weight_decay": 0.2, "maximize": True, "alpha": 1.0}),
]


def row(step: int, columns: range) -> list[float]:
    """The gradients of some columns in the update after `step` updates."""
    return [gradient(step, column) for column in columns]


def gradient(step: int, column: int) -> float:
    """Ten kinds of columns in turn; numbers and bits that `golden.rs` makes in the same way."""
    noise = _noise(step, column)
    kinds = [
        noise,
        noise * 1e4,
        noise * 1e-8,
        noise if step % 9 == 4 else 0.0,
        0.75 if step % 2 == 0 else -0.75,
        noise if step >= 60 else 0.0,
        noise * (1e4 if step % 50 == 17 else 1e-3),
        0.0,
        0.5 + 0.25 * noise,
        noise * 1e-20,
    ]
    return kinds[column % KINDS]


def _noise(step: int, column: int) -> float:
    """A thousandth in -1..1 from a hash of 32 bits."""
    mixed = (step * 8191 + column + 1) * 2654435761 % 2**32
    mixed = (mixed ^ mixed >> 15) * 2246822519 % 2**32
    return ((mixed >> 11) % 2001 - 1000) / 1000
