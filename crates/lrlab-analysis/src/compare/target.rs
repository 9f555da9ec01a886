//! The objective that counts as reached, chosen from the study's own results.

use crate::StudyRuns;

use super::{Row, objectives, sound};

pub(super) struct Target {
    pub(super) value: f64,
    pub(super) words: String,
}

/// The worst final objective that is still good: the larger of the best arm's worst run, so that
/// every run of the best arm reaches it, and the worst mean among the arms that end at no more
/// than twice the best mean, so that it also tells how much sooner the best arm was where another
/// ended.
pub(super) fn choose(study: &StudyRuns, rows: &[Row], best: Option<usize>) -> Target {
    if let Some(value) = study.spec.protocol.target {
        return Target { value, words: set(study, value) };
    }
    let Some(best) = best else {
        return Target {
            value: f64::NAN,
            words: "No strategy ended well enough to set a target.".to_owned(),
        };
    };
    let best_mean = rows[best].objective.mean;
    let own = objectives(&study.arms[best]).map(|(_, value)| value).fold(f64::NEG_INFINITY, f64::max);
    let close = rows
        .iter()
        .zip(&study.arms)
        .filter(|(row, arm)| sound(arm) && row.objective.mean <= best_mean + best_mean.abs());
    let worst = close.max_by(|(a, _), (b, _)| a.objective.mean.total_cmp(&b.objective.mean));
    match worst {
        Some((row, _)) if row.objective.mean > own => Target {
            value: row.objective.mean,
            words: format!(
                "The target is the mean at which {} ended, the worst of the strategies within twice the best.",
                row.label
            ),
        },
        _ => Target {
            value: own,
            words: format!(
                "The target is the worst end of a run of {}, the best strategy.",
                rows[best].label
            ),
        },
    }
}

/// What there is to say of a target that the study set.
fn set(study: &StudyRuns, value: f64) -> String {
    let runs = || study.arms.iter().flat_map(|arm| &arm.runs);
    if runs().any(|run| run.steps_to(value).is_some()) {
        return format!("The target of {value} was set by the study.");
    }
    let validated = runs().flat_map(|run| {
        let name = &run.started.objective;
        run.validated.iter().filter_map(move |validated| validated.metrics.get(name))
    });
    let least = validated.map(|metric| metric.0).filter(|value| value.is_finite()).min_by(f64::total_cmp);
    match least {
        Some(least) => format!(
            "No run reached the target of {value} that the study set: the lowest value of any was {least:.4}. Set a \
             higher one, or train longer."
        ),
        None => format!(
            "No run reached the target of {value} that the study set: none had a value to hold it against."
        ),
    }
}
