//! PyTorch's optimizer constructors in the registry's words.

use super::{Fault, OptimizerSpec, TorchCall, TorchValue, named_text};
use crate::{
    optimizer::registry::{self, OptimizerEntry},
    registry::{Argument, Arguments, Kind},
};

/// Arguments that choose an implementation and leave the numbers alone.
const SPEED_ONLY: [&str; 4] = ["foreach", "fused", "capturable", "differentiable"];

/// Flags of PyTorch that say nothing as long as they are off.
const VARIANTS: [&str; 4] = ["amsgrad", "maximize", "nesterov", "decoupled_weight_decay"];

/// What PyTorch takes by position after the parameters, where it is not the registry's order.
fn positions(entry: &OptimizerEntry) -> &'static [&'static str] {
    match entry.pytorch {
        "SGD" => &["lr", "momentum", "dampening", "weight_decay", "nesterov"],
        "Adam" | "AdamW" => &["lr", "betas", "eps", "weight_decay", "amsgrad"],
        "NAdam" => &["lr", "betas", "eps", "weight_decay", "momentum_decay", "decoupled_weight_decay"],
        "RAdam" => &["lr", "betas", "eps", "weight_decay", "decoupled_weight_decay"],
        "Adamax" => &["lr", "betas", "eps", "weight_decay", "foreach"],
        "Adagrad" => &["lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps", "foreach"],
        "Adadelta" => &["lr", "rho", "eps", "weight_decay", "foreach"],
        "RMSprop" => &[
            "lr",
            "alpha",
            "eps",
            "weight_decay",
            "momentum",
            "centered",
            "capturable",
            "foreach",
            "maximize",
            "differentiable",
        ],
        "Rprop" => &["lr", "etas", "step_sizes"],
        "ASGD" => &[
            "lr",
            "lambd",
            "alpha",
            "t0",
            "weight_decay",
            "foreach",
            "maximize",
            "differentiable",
            "capturable",
        ],
        "Lion" => &["lr", "betas", "weight_decay"],
        "SGDScheduleFree" => &["lr", "momentum", "weight_decay", "warmup_steps", "r", "weight_lr_power"],
        "AdamWScheduleFree" => {
            &["lr", "betas", "eps", "weight_decay", "warmup_steps", "r", "weight_lr_power"]
        }
        "RAdamScheduleFree" => &["lr", "betas", "eps", "weight_decay", "r", "weight_lr_power"],
        "Prodigy" => &[
            "lr",
            "betas",
            "beta3",
            "eps",
            "weight_decay",
            "decouple",
            "use_bias_correction",
            "safeguard_warmup",
            "d0",
            "d_coef",
            "growth_rate",
        ],
        "DoG" => &["reps_rel", "lr", "weight_decay", "eps", "init_eta"],
        "Adafactor" => &["lr", "beta2_decay", "eps", "d", "weight_decay"],
        "Muon" => &[
            "lr",
            "weight_decay",
            "momentum",
            "nesterov",
            "ns_coefficients",
            "eps",
            "ns_steps",
            "adjust_lr_fn",
        ],
        _ => &["lr"],
    }
}

/// Translates an optimizer.
pub(super) fn optimizer(call: &TorchCall) -> Result<OptimizerSpec, Fault> {
    let Some(entry) = registry::OPTIMIZERS.iter().find(|entry| entry.pytorch == call.name) else {
        return Err(match named_text::unknown_optimizer(&call.name) {
            Fault::Unknown { what, got, .. } => {
                let known = registry::OPTIMIZERS.iter().map(|entry| entry.pytorch);
                Fault::unknown(what, &got, known)
            }
            other => other,
        });
    };
    let names = positions(entry);
    if call.args.len() > names.len() {
        let allowed = format!("no more than {} by position", names.join(", "));
        return Err(Fault::value(call.name.clone(), format!("{} arguments", call.args.len()), allowed));
    }
    let mut args = Arguments::new();
    let positional = names.iter().copied().zip(&call.args);
    for (name, value) in positional.chain(call.kwargs.iter().map(|(name, value)| (name.as_str(), value))) {
        for (parameter, argument) in translate(entry, name, value)? {
            if args.insert(parameter, argument).is_some() {
                return Err(Fault::Twice { what: format!("`{name}`") });
            }
        }
    }
    Ok(OptimizerSpec { name: entry.name, args })
}

fn translate(
    entry: &OptimizerEntry,
    name: &str,
    value: &TorchValue,
) -> Result<Vec<(String, Argument)>, Fault> {
    let find = |name: &str| entry.params.iter().find(|param| param.pytorch == Some(name));
    if let Some(param) = find(name) {
        let has_none = param.default == Some("") || matches!(param.kind, Kind::Choice(_));
        if *value == TorchValue::None && has_none {
            return Ok(Vec::new());
        }
        let wrong = || Fault::value(name, value.to_string(), param.kind.describe());
        let argument = match (param.kind, value) {
            (Kind::Flag, TorchValue::Bool(flag)) => Argument::Flag(*flag),
            (Kind::Number | Kind::Integer, value) => Argument::Number(value.number().ok_or_else(wrong)?),
            (Kind::Choice(_), TorchValue::Text(word)) => Argument::Word(word.clone()),
            (Kind::Numbers, TorchValue::List(items)) => Argument::Numbers(
                items.iter().map(TorchValue::number).collect::<Option<_>>().ok_or_else(wrong)?,
            ),
            _ => return Err(wrong()),
        };
        param.check(&argument)?;
        return Ok(vec![(param.name.to_owned(), argument)]);
    }
    if find(&format!("{name}[0]")).is_some() {
        let fields = entry.params.iter().filter(|param| {
            param.pytorch.and_then(|pytorch| pytorch.split_once('[')).is_some_and(|(list, _)| list == name)
        });
        let expected = fields.clone().count();
        return match value {
            TorchValue::List(items) if items.len() == expected => {
                let pytorch = |index: usize| format!("{name}[{index}]");
                let item = |(index, item)| translate(entry, &pytorch(index), item);
                Ok(items.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>()?.concat())
            }
            _ => Err(Fault::value(name, value.to_string(), format!("{expected} numbers in brackets"))),
        };
    }
    if SPEED_ONLY.contains(&name) || (VARIANTS.contains(&name) && *value == TorchValue::Bool(false)) {
        return Ok(Vec::new());
    }
    let known = entry.params.iter().filter_map(|param| param.pytorch);
    Err(Fault::unknown(format!("argument of {}", entry.pytorch), name, known))
}
