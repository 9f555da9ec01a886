//! `LR602`: an exponential average that remembers the beginning until the end.

use lrlab_core::{registry::Source, spec::AverageKind};

use crate::lint::{
    Check, Hit, Lint, Severity, Subject,
    words::{number, percent},
};

/// Share of the first weights that is worth a word.
const SHARE: f64 = 0.05;

/// Share that a decay which is proposed would leave.
const LEFT: f64 = 0.01;

pub(in crate::lint) static AVERAGE_OF_THE_START: Lint = Lint {
    code: "LR602",
    name: "average-of-the-start",
    severity: Severity::Warning,
    summary: "the exponential average still holds much of the first weights when training ends",
    why: "It begins as a copy of the weights after the first update and forgets them by its decay at each update: \
          decay^(updates - 1) of them is left. Decays of 0.999 and 0.9999 are made for long trainings.",
    source: Source {
        citation: "torch.optim.swa_utils.get_ema_avg_fn: W = decay W + (1 - decay) W_model, from a copy",
        link: "https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let forgets = subject.horizon.total_steps.saturating_sub(1) as f64;
    let remembers = |average: &lrlab_core::spec::Average| {
        let AverageKind::Ema { decay } = average.kind else { return None };
        let left = decay.powf(forgets);
        (left > SHARE && forgets > 0.0).then(|| {
            let sentence = format!("{} of `{average}` are the weights after the first update", percent(left));
            Hit::new(sentence, format!("use a decay of {} or less", number(LEFT.powf(1.0 / forgets))))
        })
    };
    subject.averages.iter().filter_map(remembers).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_decay_for_longer_trainings_is_told() {
        let found = finding("LR602", "sgd lr=0.1 | cosine | ema 0.999");
        assert_eq!(found.sentence, "36.8 % of `ema 0.999` are the weights after the first update");
        assert_eq!(found.fix, "use a decay of 0.995 or less");
        assert!(is_silent("LR602", "sgd lr=0.1 | cosine | ema 0.995 | swa from 75%"));
    }
}
