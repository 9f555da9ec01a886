//! `LR522`: a function of Hugging Face's where a class of `PyTorch`'s is wanted.

use lrlab_core::{registry::Source, spec::TorchCall};

use crate::lint::{Check, Group, Hit, Lint, Severity, call};

pub(in crate::lint) static HUGGING_FACE_FUNCTION: Lint = Lint {
    code: "LR522",
    name: "hugging-face-function",
    severity: Severity::Error,
    summary: "a scheduler function of transformers stands after `torch`",
    why: "Only PyTorch's own classes are replayed; what these functions mean can be written as a schedule of lrlab's.",
    source: Source {
        citation: "transformers.optimization, get_scheduler",
        link: "https://huggingface.co/docs/transformers/main_classes/optimizer_schedules",
    },
    check: Check::Group(check),
};

/// A function, and what follows its warmup in lrlab's words.
const FUNCTIONS: &[(&str, &str)] = &[
    ("get_constant_schedule", "constant"),
    ("get_constant_schedule_with_warmup", "constant"),
    ("get_linear_schedule_with_warmup", "linear to 0"),
    ("get_cosine_schedule_with_warmup", "cosine to 0"),
    ("get_cosine_with_hard_restarts_schedule_with_warmup", "cosine to 0 repeat 4"),
    ("get_polynomial_decay_schedule_with_warmup", "polynomial to lr 1e-7"),
    ("get_inverse_sqrt_schedule", "inverse-sqrt"),
    ("get_cosine_with_min_lr_schedule_with_warmup", "cosine to 10%"),
    ("get_wsd_schedule", "hold 70% then linear to 0"),
];

/// Whether a name is one of these functions'.
pub(in crate::lint) fn is_one(name: &str) -> bool {
    FUNCTIONS.iter().any(|(function, _)| *function == name)
}

fn warmup(call: &TorchCall) -> Option<u64> {
    let given = call.kwarg("num_warmup_steps").or_else(|| call.args.first())?;
    given.number().filter(|steps| *steps > 0.0).map(|steps| steps as u64)
}

fn check(group: &Group<'_>) -> Vec<Hit> {
    let found = group.calls.iter().find_map(|placed: &call::Placed<'_>| {
        FUNCTIONS
            .iter()
            .find(|(function, _)| *function == placed.call.name)
            .map(|(_, then)| (placed.call, then))
    });
    let Some((call, then)) = found else { return Vec::new() };
    let sentence = format!("`{}` is a function of transformers, not a class of PyTorch's", call.name);
    let text = match warmup(call) {
        Some(steps) => format!("warmup {steps} steps from 0 then {then}"),
        None => (*then).to_owned(),
    };
    vec![Hit::new(sentence, format!("write its meaning: `{text}`"))]
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;
    use crate::lint::sample::{all, finding};

    #[test]
    fn a_function_is_told_with_its_meaning() {
        let text = "adamw lr=3e-4 | torch get_cosine_schedule_with_warmup(num_warmup_steps=100, num_training_steps=1000)";
        let found = finding("LR522", text);
        assert_eq!(found.fix, "write its meaning: `warmup 100 steps from 0 then cosine to 0`");
        assert_eq!(all(text, 1000).len(), 1);
    }

    #[test]
    fn every_meaning_can_be_written() {
        for (function, then) in FUNCTIONS {
            let findings = all(&format!("adamw lr=3e-4 | warmup 100 steps then ({then})"), 1000);
            assert!(findings.iter().all(|finding| finding.code != "LR522"), "{function}");
        }
    }
}
