//! Optimizers as constructors of Python's classes, and constructors with their optimizer.

use crate::{
    optimizer::registry::{self as optimizers, Module},
    registry::{Argument, Parameter},
    spec::{OptimizerSpec, TorchCall, TorchValue, torch_text::float_text},
};

/// The class as code names it: PyTorch's own by its path, lrlab's by the name that is imported.
pub(super) fn class(spec: &OptimizerSpec) -> String {
    optimizers::find(spec.name).map_or_else(String::new, |entry| match entry.module {
        Module::Torch => format!("{}.{}", entry.module.path(), entry.pytorch),
        Module::Lrlab => entry.pytorch.to_owned(),
    })
}

/// What stands between the class's brackets, `params` first.
pub(super) fn constructor_arguments(spec: &OptimizerSpec, params: &str) -> String {
    [params.to_owned()].into_iter().chain(arguments(spec)).collect::<Vec<_>>().join(", ")
}

/// What was given, as keyword arguments.
pub(super) fn arguments(spec: &OptimizerSpec) -> Vec<String> {
    let mut args = Vec::new();
    let Some(entry) = optimizers::find(spec.name) else { return args };
    let mut lists: Vec<&str> = Vec::new();
    for param in entry.params {
        let Some(pytorch) = param.pytorch else { continue };
        let value = |name: &str| spec.args.get(name).map(python);
        let Some((list, _)) = pytorch.split_once('[') else {
            args.extend(value(param.name).map(|value| format!("{pytorch}={value}")));
            continue;
        };
        // A list is one argument in PyTorch: all of it is written once one item is given.
        let items: Vec<_> = entry
            .params
            .iter()
            .filter(|param| param.pytorch.is_some_and(|pytorch| pytorch.starts_with(&format!("{list}["))))
            .collect();
        if !lists.contains(&list) && items.iter().any(|item| spec.args.contains_key(item.name)) {
            // What may be left out with a meaning of its own is PyTorch's None.
            let default = |item: &Parameter| item.default.filter(|text| !text.is_empty()).unwrap_or("None");
            let values: Vec<String> = items
                .iter()
                .map(|item| value(item.name).unwrap_or_else(|| default(item).to_owned()))
                .collect();
            args.push(format!("{list}=({})", values.join(", ")));
        }
        lists.push(list);
    }
    args
}

fn python(argument: &Argument) -> String {
    match argument {
        Argument::Flag(true) => "True".to_owned(),
        Argument::Flag(false) => "False".to_owned(),
        Argument::Number(number) => float_text(*number),
        Argument::Numbers(numbers) => {
            format!("[{}]", numbers.iter().map(|number| float_text(*number)).collect::<Vec<_>>().join(", "))
        }
        Argument::Word(word) => format!("'{word}'"),
        other => other.to_string(),
    }
}
/// A scheduler's constructor with `optimizer` as its first argument, and as that of those inside.
pub(super) fn with_optimizer(call: &TorchCall) -> String {
    let plain = call.to_string();
    if call.name == "ChainedScheduler" {
        // It takes its optimizer from the schedulers inside.
        let args = insert(call);
        return format!("ChainedScheduler({args})");
    }
    let args = insert(call);
    if plain.ends_with("()") {
        format!("{}(optimizer)", call.name)
    } else {
        format!("{}(optimizer, {args})", call.name)
    }
}

/// The arguments as text, with the optimizer given to each constructor inside.
fn insert(call: &TorchCall) -> String {
    let positional = call.args.iter().map(inside);
    let keywords = call.kwargs.iter().map(|(name, value)| format!("{name}={}", inside(value)));
    positional.chain(keywords).collect::<Vec<_>>().join(", ")
}

fn inside(value: &TorchValue) -> String {
    match value {
        TorchValue::Call(call) => with_optimizer(call),
        TorchValue::List(items) => format!("[{}]", items.iter().map(inside).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
