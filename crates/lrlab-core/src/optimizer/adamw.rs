//! `AdamW`: Adam with weight decay that shrinks the parameter itself.
//!
//! ```text
//! p = (1 - lr * weight_decay) * p      before Adam's step, which sees the undecayed gradient
//! ```
//!
//! The formula and its symbols stand in [`adam`](super::adam): it is the same function, with
//! [`Adam::decoupled`] set. Here `weight_decay` has the unit 1 / p, its share of a step is
//! lr * `weight_decay`, and it follows the rate's schedule.
//!
//! Paper: Loshchilov and Hutter 2017, "Decoupled Weight Decay Regularization", algorithm 2
//! (arXiv 1711.05101), with the schedule multiplier taken into lr.
//!
//! PyTorch: `torch.optim.AdamW`; default weight decay 0.01. Differences: those of Adam.

use super::{
    Adam,
    adam::{AMSGRAD, BETA1, BETA2, EPS},
    registry::{Built, LR, MAXIMIZE, Module, OptimizerEntry, Settings, number},
};
use crate::{
    registry::{Arguments, Range, Source},
    spec::Fault,
};

/// `AdamW` in the registry.
pub(super) static ENTRY: OptimizerEntry = OptimizerEntry {
    name: "adamw",
    pytorch: "AdamW",
    module: Module::Torch,
    summary: "Adam whose weight decay shrinks the parameters apart from the gradient",
    formula: "p = (1 - lr * weight_decay) * p, then Adam's step",
    source: Source {
        citation: "Loshchilov and Hutter 2017, Decoupled Weight Decay Regularization, algorithm 2",
        link: "arXiv:1711.05101",
    },
    params: &[
        LR,
        BETA1,
        BETA2,
        EPS,
        number(
            "weight_decay",
            "0.01",
            Range::NotNegative,
            "Share of the parameter, times lr, taken off at each update.",
        ),
        AMSGRAD,
        MAXIMIZE,
    ],
    build,
};

fn build(args: &Arguments) -> Result<Built, Vec<Fault>> {
    let settings = Settings::read(&ENTRY, args)?;
    let (amsgrad, maximize) = (settings.flag("amsgrad"), settings.flag("maximize"));
    Ok(settings.with(Adam { decoupled: true, amsgrad, maximize }))
}
