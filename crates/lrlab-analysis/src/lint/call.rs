//! The constructors of a `PyTorch` scheduler, with the steps at which they take over.

use lrlab_core::spec::{TorchCall, TorchValue};

/// A class's numeric parameters after the optimizer, with defaults; NaN where there is none or it is
/// no number.
type Signature = (&'static str, &'static [(&'static str, f64)]);

const NONE: f64 = f64::NAN;

const SIGNATURES: &[Signature] = &[
    ("LambdaLR", &[("lr_lambda", NONE)]),
    ("MultiplicativeLR", &[("lr_lambda", NONE)]),
    ("StepLR", &[("step_size", NONE), ("gamma", 0.1)]),
    ("MultiStepLR", &[("milestones", NONE), ("gamma", 0.1)]),
    ("ConstantLR", &[("factor", 1.0 / 3.0), ("total_iters", 5.0)]),
    ("LinearLR", &[("start_factor", 1.0 / 3.0), ("end_factor", 1.0), ("total_iters", 5.0)]),
    ("ExponentialLR", &[("gamma", NONE)]),
    ("PolynomialLR", &[("total_iters", 5.0), ("power", 1.0)]),
    ("CosineAnnealingLR", &[("T_max", NONE), ("eta_min", 0.0)]),
    ("CosineAnnealingWarmRestarts", &[("T_0", NONE), ("T_mult", 1.0), ("eta_min", 0.0)]),
    (
        "CyclicLR",
        &[
            ("base_lr", NONE),
            ("max_lr", NONE),
            ("step_size_up", 2000.0),
            ("step_size_down", NONE),
            ("mode", NONE),
            ("gamma", 1.0),
            ("scale_fn", NONE),
            ("scale_mode", NONE),
            ("cycle_momentum", 1.0),
            ("base_momentum", 0.8),
            ("max_momentum", 0.9),
        ],
    ),
    (
        "OneCycleLR",
        &[
            ("max_lr", NONE),
            ("total_steps", NONE),
            ("epochs", NONE),
            ("steps_per_epoch", NONE),
            ("pct_start", 0.3),
            ("anneal_strategy", NONE),
            ("cycle_momentum", 1.0),
            ("base_momentum", 0.85),
            ("max_momentum", 0.95),
            ("div_factor", 25.0),
            ("final_div_factor", 1e4),
        ],
    ),
    (
        "ReduceLROnPlateau",
        &[
            ("mode", NONE),
            ("factor", 0.1),
            ("patience", 10.0),
            ("threshold", 1e-4),
            ("threshold_mode", NONE),
            ("cooldown", 0.0),
            ("min_lr", 0.0),
            ("eps", 1e-8),
        ],
    ),
    ("SequentialLR", &[("schedulers", NONE), ("milestones", NONE)]),
    ("ChainedScheduler", &[("schedulers", NONE)]),
    ("SWALR", &[("swa_lr", NONE), ("anneal_epochs", 10.0), ("anneal_strategy", NONE)]),
];

/// One constructor of a tree of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) call: &'a TorchCall,
    /// The steps of the whole made when it takes over.
    pub(super) start: f64,
    /// The steps made when the next one takes over; infinite for the last.
    pub(super) end: f64,
    /// What it is a part of.
    pub(super) parent: Option<&'a TorchCall>,
    /// Which part it is.
    pub(super) index: usize,
}

impl Placed<'_> {
    pub(super) fn is(&self, class: &str) -> bool {
        self.call.name == class
    }

    /// Whether it is a later part of a `SequentialLR`.
    pub(super) fn follows(&self) -> bool {
        self.index > 0 && self.parent.is_some_and(|parent| parent.name == "SequentialLR")
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        number(self.call, name)
    }
}

fn position(call: &TorchCall, name: &str) -> usize {
    let signature = SIGNATURES.iter().find(|(class, _)| *class == call.name);
    let found = signature.and_then(|(_, names)| names.iter().position(|(known, _)| *known == name));
    found.unwrap_or(usize::MAX)
}

/// The argument of a name, wherever it stands.
pub(super) fn value<'a>(call: &'a TorchCall, name: &str) -> Option<&'a TorchValue> {
    call.get(position(call, name), name).filter(|value| **value != TorchValue::None)
}

/// The number of a name, given or by default, as Python counts: `False` is 0.
pub(super) fn number(call: &TorchCall, name: &str) -> Option<f64> {
    if let Some(given) = value(call, name) {
        return match given {
            TorchValue::Bool(flag) => Some(f64::from(u8::from(*flag))),
            other => other.number(),
        };
    }
    let signature = SIGNATURES.iter().find(|(class, _)| *class == call.name)?;
    signature
        .1
        .iter()
        .find(|(known, default)| *known == name && !default.is_nan())
        .map(|(_, default)| *default)
}

/// The numbers of a list; of one number, that.
pub(super) fn numbers(call: &TorchCall, name: &str) -> Vec<f64> {
    match value(call, name) {
        Some(TorchValue::List(items)) => items.iter().filter_map(TorchValue::number).collect(),
        Some(other) => other.number().into_iter().collect(),
        None => Vec::new(),
    }
}

/// The schedulers that a composite drives.
pub(super) fn parts(call: &TorchCall) -> Vec<&TorchCall> {
    let Some(TorchValue::List(items)) = value(call, "schedulers") else { return Vec::new() };
    let calls = items.iter().filter_map(|item| match item {
        TorchValue::Call(call) => Some(call),
        _ => None,
    });
    calls.collect()
}

/// Whether it drives others.
pub(super) fn is_composite(call: &TorchCall) -> bool {
    matches!(call.name.as_str(), "SequentialLR" | "ChainedScheduler")
}

/// Whether it computes its rates anew at every step, whatever the groups have.
pub(super) fn is_absolute(call: &TorchCall) -> bool {
    matches!(call.name.as_str(), "LambdaLR" | "CosineAnnealingWarmRestarts" | "CyclicLR" | "OneCycleLR")
}

/// Whether it goes up and down as often as training lasts.
pub(super) fn is_cyclic(call: &TorchCall) -> bool {
    matches!(call.name.as_str(), "CosineAnnealingWarmRestarts" | "CyclicLR")
}

/// Whether it moves momentum, or beta1.
pub(super) fn moves_momentum(call: &TorchCall) -> bool {
    matches!(call.name.as_str(), "OneCycleLR" | "CyclicLR") && number(call, "cycle_momentum") != Some(0.0)
}

/// The steps after which a scheduler has done what it was made for, where there are such.
pub(super) fn length(call: &TorchCall) -> Option<f64> {
    match call.name.as_str() {
        "ConstantLR" | "LinearLR" | "PolynomialLR" => number(call, "total_iters"),
        "CosineAnnealingLR" => number(call, "T_max"),
        "OneCycleLR" => number(call, "total_steps")
            .or_else(|| Some(number(call, "epochs")? * number(call, "steps_per_epoch")?)),
        "SWALR" => number(call, "anneal_epochs"),
        "SequentialLR" => {
            let milestones = numbers(call, "milestones");
            let last = parts(call).last().and_then(|part| length(part))?;
            Some(milestones.last().copied().unwrap_or(0.0) + last)
        }
        "ChainedScheduler" => {
            parts(call).into_iter().map(length).try_fold(0.0, |longest: f64, part| Some(longest.max(part?)))
        }
        _ => None,
    }
}

/// Every constructor of a tree, the outermost first.
pub(super) fn placed(call: &TorchCall) -> Vec<Placed<'_>> {
    let mut found = Vec::new();
    let mut open = vec![Placed { call, start: 0.0, end: f64::INFINITY, parent: None, index: 0 }];
    while let Some(whole) = open.pop() {
        let milestones = numbers(whole.call, "milestones");
        let in_turn = whole.is("SequentialLR");
        let parts = parts(whole.call).into_iter().enumerate().map(|(index, call)| {
            let milestone = |at: usize| milestones.get(at).map(|steps| whole.start + steps);
            let (start, end) = if in_turn {
                let start = index.checked_sub(1).map_or(Some(whole.start), milestone);
                (start.unwrap_or(whole.start), milestone(index).unwrap_or(whole.end).min(whole.end))
            } else {
                (whole.start, whole.end)
            };
            Placed { call, start, end, parent: Some(whole.call), index }
        });
        let parts: Vec<Placed<'_>> = parts.collect();
        open.extend(parts.into_iter().rev());
        found.push(whole);
    }
    found
}

/// The same call with another number for `name`.
pub(super) fn with_number(call: &TorchCall, name: &str, number: f64) -> TorchCall {
    let value = if number.fract() == 0.0 && number.abs() < 1e15 {
        TorchValue::Int(number as i64)
    } else {
        TorchValue::Float(number)
    };
    let place = position(call, name);
    let mut call = call.clone();
    if let Some(given) = call.args.get_mut(place) {
        *given = value;
    } else if let Some((_, given)) = call.kwargs.iter_mut().find(|(key, _)| key == name) {
        *given = value;
    } else {
        call.kwargs.push((name.to_owned(), value));
    }
    call
}

/// The same tree of calls, each as it is at the start of a training.
pub(super) fn without_last_epoch(call: &TorchCall) -> TorchCall {
    let clean = |value: &TorchValue| match value {
        TorchValue::Call(inner) => TorchValue::Call(without_last_epoch(inner)),
        TorchValue::List(items) => TorchValue::List(
            items
                .iter()
                .map(|item| match item {
                    TorchValue::Call(inner) => TorchValue::Call(without_last_epoch(inner)),
                    other => other.clone(),
                })
                .collect(),
        ),
        other => other.clone(),
    };
    TorchCall {
        name: call.name.clone(),
        args: call.args.iter().map(clean).collect(),
        kwargs: call
            .kwargs
            .iter()
            .filter(|(key, _)| key != "last_epoch")
            .map(|(key, value)| (key.clone(), clean(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_take_over_at_milestones() {
        let text = "SequentialLR([LinearLR(0.1, total_iters=5), SequentialLR([ConstantLR(), CosineAnnealingLR(20)], [10])], \
                    milestones=[5])";
        let call: TorchCall = text.parse().unwrap();
        let found: Vec<(&str, f64, f64)> =
            placed(&call).iter().map(|at| (at.call.name.as_str(), at.start, at.end)).collect();
        let all = f64::INFINITY;
        let expected = [
            ("SequentialLR", 0.0, all),
            ("LinearLR", 0.0, 5.0),
            ("SequentialLR", 5.0, all),
            ("ConstantLR", 5.0, 15.0),
            ("CosineAnnealingLR", 15.0, all),
        ];
        assert_eq!(found, expected);
        assert_eq!(length(&call), Some(35.0));
    }

    #[test]
    fn arguments_are_found_by_place_and_by_name() {
        let call: TorchCall =
            "OneCycleLR(0.1, epochs=3, steps_per_epoch=7, cycle_momentum=False)".parse().unwrap();
        assert_eq!((number(&call, "max_lr"), length(&call)), (Some(0.1), Some(21.0)));
        assert!(!moves_momentum(&call));
        assert_eq!(with_number(&call, "max_lr", 0.5).args, [TorchValue::Float(0.5)]);
        let resumed: TorchCall = "SequentialLR([StepLR(3, last_epoch=4)], [], last_epoch=4)".parse().unwrap();
        assert_eq!(without_last_epoch(&resumed).to_string(), "SequentialLR([StepLR(3)], [])");
    }
}
