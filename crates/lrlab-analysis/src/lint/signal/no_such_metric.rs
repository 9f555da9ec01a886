//! `LR405`: a signal that waits for a metric that nobody reports.

use lrlab_core::{registry::Source, signal::Setting};

use crate::lint::{Check, Hit, Lint, Severity, Subject};

pub(in crate::lint) static NO_SUCH_METRIC: Lint = Lint {
    code: "LR405",
    name: "no-such-metric",
    severity: Severity::Error,
    summary: "a signal listens to none of the metrics that the training reports, or to several",
    why: "Without readings it never reacts; from two metrics it would take the best of one for the other's.",
    source: Source {
        citation: "Lightning, lr_scheduler_config: monitor and strict; Lightning issue 3205",
        link: "https://github.com/Lightning-AI/pytorch-lightning/issues/3205",
    },
    check: Check::Whole(check),
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let Some(metrics) = subject.metrics else { return Vec::new() };
    let mut hits = Vec::new();
    for group in &subject.groups {
        let warmup = group.own().map_or(0, |spec| spec.warmup_steps(subject.horizon));
        for spec in &group.spec.plan.signals {
            let Ok(signal) = spec.build(Setting { horizon: subject.horizon, warmup }) else { continue };
            let heard: Vec<&str> =
                metrics.iter().map(String::as_str).filter(|name| signal.listens_to(name)).collect();
            let all = metrics.join(", ");
            let sentence = match heard.len() {
                1 => continue,
                0 => format!("{} listens to none of the metrics that are reported: {all}", spec.name),
                _ => format!("{} listens to several metrics at once: {}", spec.name, heard.join(", ")),
            };
            let fix = "name one that is reported: `of loss`, `of accuracy` or `of training_loss`";
            hits.push(Hit::new(sentence, fix).of(group));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use lrlab_core::{Horizon, Strategy};

    use crate::lint::Subject;

    fn codes(text: &str, metrics: &[&str]) -> Vec<&'static str> {
        let strategy: Strategy = text.parse().unwrap();
        let names: Vec<String> = metrics.iter().map(|name| (*name).to_owned()).collect();
        let subject = Subject::new(&strategy, Horizon::new(1000, 100)).unwrap().with_metrics(&names);
        subject.findings().unwrap().iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_metric_that_is_not_there_or_twice_is_told() {
        let text = "sgd lr=0.1 | constant | plateau patience 2 epochs of accuracy";
        assert_eq!(codes(text, &["loss", "training loss"]), ["LR405"]);
        let text = "sgd lr=0.1 | constant | plateau patience 2 epochs";
        assert_eq!(codes(text, &["loss", "excess loss"]), ["LR405"]);
    }

    #[test]
    fn a_metric_that_is_there_is_let_be() {
        let text = "sgd lr=0.1 | constant | plateau patience 2 epochs";
        assert!(codes(text, &["loss", "accuracy", "training loss"]).is_empty());
    }
}
