//! `LR601`: an average whose first weights would come after the end.

use lrlab_core::{registry::Source, spec::AverageKind};

use crate::lint::{Check, Hit, Lint, Severity, Subject, words::count};

pub(in crate::lint) static AVERAGE_NEVER_BEGINS: Lint = Lint {
    code: "LR601",
    name: "average-never-begins",
    severity: Severity::Error,
    summary: "the weights would be averaged for the first time after the training's end",
    why: "There is no average to evaluate; in PyTorch an AveragedModel that was never updated is the untrained \
          model. Training refuses it.",
    source: Source {
        citation: "torch.optim.swa_utils.AveragedModel: it begins as a copy of the model that it is made of",
        link: "https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let total = subject.horizon.total_steps;
    let late = |average: &lrlab_core::spec::Average| match average.kind {
        AverageKind::Swa { from, .. } if from.steps(subject.horizon) > total => {
            let sentence = format!(
                "`{average}` begins after {}, and training ends after {total}",
                count(from.steps(subject.horizon), "step")
            );
            Some(Hit::new(sentence, "let it begin earlier: `swa from 75%`"))
        }
        _ => None,
    };
    subject.averages.iter().filter_map(late).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn an_average_after_the_end_is_told() {
        let found = finding("LR601", "sgd lr=0.1 | cosine | swa from 12 epochs");
        assert_eq!(
            found.sentence,
            "`swa from 12 epochs` begins after 1200 steps, and training ends after 1000"
        );
        assert!(is_silent("LR601", "sgd lr=0.1 | cosine | swa from 10 epochs | ema 0.9"));
    }
}
