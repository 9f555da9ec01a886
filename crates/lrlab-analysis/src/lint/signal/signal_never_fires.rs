//! `LR401`: a signal whose patience outlasts the training.

use lrlab_core::{
    Duration, Horizon,
    registry::{Argument, Source},
    signal,
    spec::SignalSpec,
};

use crate::lint::{Check, Group, Hit, Lint, Severity, words::count};

pub(in crate::lint) static SIGNAL_NEVER_FIRES: Lint = Lint {
    code: "LR401",
    name: "signal-never-fires",
    severity: Severity::Warning,
    summary: "no reading can come after the patience of a plateau or greedy signal and still matter",
    why: "It reacts at a reading that comes later than its patience after another; with one reading an epoch there is \
          none left before the last update.",
    source: Source {
        citation: "torch.optim.lr_scheduler.ReduceLROnPlateau, patience; fastai issue 4046",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let own = group.spec.plan.signals.iter().filter_map(|spec| own(group, spec));
    let torch = group.calls.iter().filter(|placed| placed.is("ReduceLROnPlateau")).filter_map(|placed| {
        let (patience, made) = (placed.number("patience")?, group.steps_made());
        // The first reading is the best, and the rate falls at the first of more bad ones than are borne.
        let needed = patience + 2.0;
        let sentence = format!(
            "ReduceLROnPlateau(patience={patience}) first lowers the rate at reading {needed}, of which there {} \
             before the last update",
            if made == 1 { "is 1".to_owned() } else { format!("are {made}") }
        );
        (needed > made as f64).then(|| Hit::new(sentence, format!("bear less: patience={}", made / 4)))
    });
    own.chain(torch).collect()
}

/// The duration of a signal's parameter, given or by default.
pub(in crate::lint) fn steps(spec: &SignalSpec, name: &str, horizon: Horizon) -> Option<u64> {
    if let Some(Argument::Duration(duration)) = spec.args.get(name) {
        return Some(duration.steps(horizon));
    }
    let entry = signal::find(spec.name)?;
    let default = entry.params.iter().find(|parameter| parameter.name == name)?.default?;
    default.parse::<Duration>().ok().map(|duration| duration.steps(horizon))
}

fn own(group: &Group<'_>, spec: &SignalSpec) -> Option<Hit> {
    // Every step has a training loss.
    if matches!(spec.args.get("metric"), Some(Argument::Word(metric)) if metric == "training_loss") {
        return None;
    }
    let (horizon, updates) = (group.horizon, group.updates());
    let epoch = horizon.steps_per_epoch.max(1);
    let patience = steps(spec, "patience", horizon)?;
    let gate = steps(spec, "after", horizon)
        .unwrap_or_else(|| group.own().map_or(0, |own| own.warmup_steps(horizon)));
    // Validation comes after each epoch; the one after the last update moves nothing any more.
    let first = gate.div_ceil(epoch).max(1).saturating_mul(epoch);
    let last = updates.saturating_sub(1) / epoch * epoch;
    if last > first.saturating_add(patience) {
        return None;
    }
    let sentence = format!(
        "{} reacts at a reading more than {} after the first one, at step {first}; the last that matters is at step {last}",
        spec.name,
        count(patience, "step")
    );
    let fewer = (last.saturating_sub(first) / epoch / 4).max(1);
    let mut shorter = spec.clone();
    let patience =
        if last > first.saturating_add(epoch) { Duration::Epochs(fewer as f64) } else { Duration::Steps(0) };
    shorter.args.insert("patience".to_owned(), Argument::Duration(patience));
    Some(Hit::new(sentence, format!("bear less, or read a metric more often: patience {patience}")).at(last))
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_patience_that_outlasts_training_is_told() {
        let found = finding("LR401", "sgd lr=0.1 | constant | plateau patience 9 epochs");
        let text = "plateau reacts at a reading more than 900 steps after the first one, at step 100; the last that \
                    matters is at step 900";
        assert_eq!((found.sentence.as_str(), found.step), (text, Some(900)));
        assert!(found.fix.ends_with("patience 2 epochs"), "{}", found.fix);
        let found = finding("LR401", "sgd lr=0.1 | torch ReduceLROnPlateau(patience=8)");
        assert!(found.sentence.contains("at reading 10, of which there are 9"), "{}", found.sentence);
    }

    #[test]
    fn signals_that_can_react_are_let_be() {
        let texts = [
            "sgd lr=0.1 | constant | plateau patience 7 epochs",
            "sgd lr=0.1 | constant | plateau patience 9 epochs of training_loss",
            "sgd lr=0.1 | torch ReduceLROnPlateau(patience=7)",
        ];
        assert!(texts.iter().all(|text| is_silent("LR401", text)));
    }
}
