//! `LR104`: the warmup takes most of the training.

use lrlab_core::{
    Duration,
    registry::{Argument, Source},
};

use crate::lint::{
    Check, Group, Hit, Lint, Severity,
    words::{count, percent},
};

/// A warmup takes at most this share. Published ones take 0.1 to 10 %, one-cycle policies 30 to 45 %.
const LONGEST: f64 = 0.5;

pub(in crate::lint) static WARMUP_TOO_LONG: Lint = Lint {
    code: "LR104",
    name: "warmup-too-long",
    severity: Severity::Warning,
    summary: "the warmup takes more than half of the training, or does not end in it",
    why: "A warmup is there to reach the full rate; where most of the training is spent below it, it was counted in \
          another unit or for another length.",
    source: Source {
        citation: "Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2 (5 of 90 epochs)",
        link: "arXiv:1706.02677",
    },
    check: Check::Group(check),
};

fn check(group: &Group<'_>) -> Vec<Hit> {
    let updates = group.updates();
    let too_long = |steps: u64| steps as f64 > LONGEST * updates as f64;
    let mut hits = Vec::new();
    for node in group.nodes.iter().filter(|node| node.is_main && node.start == 0) {
        let parameter = match node.spec.name {
            "warmup" => "for",
            "warmup-stable-decay" | "noam" => "warmup",
            _ => continue,
        };
        let Some(steps) = node.steps(parameter).filter(|steps| too_long(*steps)) else { continue };
        let shorter = group.own().map(|root| {
            node.changed(root, |part| {
                part.args.insert(parameter.to_owned(), Argument::Duration(Duration::Fraction(0.05)));
            })
        });
        let fix = shorter.map_or_else(String::new, |text| format!("shorten it: `{text}`"));
        hits.push(Hit::new(sentence(group, steps), fix).at(steps));
    }
    for placed in group.calls.iter().filter(|placed| placed.is("LinearLR") && placed.start == 0.0) {
        let rises = placed.number("start_factor") < placed.number("end_factor");
        let iterations = placed.number("total_iters").filter(|_| rises).unwrap_or(0.0).min(placed.end);
        let steps = group.update_at(iterations);
        if too_long(steps) {
            let shorter = (group.rates_asked() as f64 * 0.05).ceil().max(1.0);
            let fix = format!("shorten it, to total_iters={shorter} for 5 % of the training");
            hits.push(Hit::new(sentence(group, steps), fix).at(steps));
        }
    }
    hits
}

fn sentence(group: &Group<'_>, steps: u64) -> String {
    let updates = group.updates();
    if steps >= updates {
        return format!(
            "the warmup takes {}, training only {}: the full rate is never reached",
            count(steps, "step"),
            count(updates, "step")
        );
    }
    format!(
        "the warmup takes {} of {}, {}",
        steps,
        count(updates, "step"),
        percent(steps as f64 / updates as f64)
    )
}

#[cfg(test)]
mod tests {
    use crate::lint::sample::{finding, is_silent};

    #[test]
    fn a_warmup_over_most_of_the_training_is_told() {
        let found = finding("LR104", "adamw lr=3e-4 | warmup 600 steps then cosine to 0");
        assert_eq!(found.sentence, "the warmup takes 600 of 1000 steps, 60 %");
        assert_eq!(found.fix, "shorten it: `warmup 5% then cosine to 0`");
        assert_eq!(found.step, Some(600));
    }

    #[test]
    fn a_warmup_that_does_not_end_is_told() {
        let found = finding("LR104", "sgd lr=0.1 | torch LinearLR(0.1, total_iters=20)");
        assert!(found.sentence.contains("takes 2000 steps, training only 1000 steps"), "{}", found.sentence);
        finding("LR104", "adam lr=1 | noam model 512 warmup 4000 steps");
    }

    #[test]
    fn customary_warmups_are_let_be() {
        let texts = [
            "adamw lr=3e-4 | warmup 50% then cosine to 0",
            "adamw lr=3e-4 | one-cycle rising 60%",
            "adamw lr=3e-4 | constant for 20% then warmup 60% then constant",
            "sgd lr=0.1 | torch LinearLR(0.1, total_iters=5)",
            "sgd lr=0.1 | torch LinearLR(1.0, 0.1, total_iters=20)",
        ];
        assert!(texts.iter().all(|text| is_silent("LR104", text)));
    }
}
