//! Diverged: the loss grew out of bounds, or ended above where it began.

use lrlab_core::Outcome;

use crate::Run;

use super::{Diagnosis, Evidence, Finding, Held, Reading, Readings, Sample, Word, reading::end_loss};

/// Growth of the loss, over its start, that counts without a sharpness that explains it: below
/// it, a run that starts close to its noise floor would be called names for settling there.
const GROWTH: f64 = 0.1;

pub(super) static DIVERGED: Diagnosis = Diagnosis {
    word: Word::Diverged,
    rule: "Diverged: the loss of at least one run left all bounds; or it ended above where it began, in \
           full-batch training with a sharpness above the limit 2/lr (or the optimizer's own) at some step, \
           or otherwise by more than a tenth of the starting loss.",
    judge,
};

/// The step and loss at which a run blew up: as its outcome says, or at the first loss that is no
/// number.
pub(super) fn blown_up(run: &Run) -> Option<(u64, f64)> {
    match run.outcome {
        Some(Outcome::Diverged { t, loss }) => Some((t, loss)),
        Some(Outcome::Completed) => {
            let steps = run.steps.iter().map(|step| (step.t, step.loss));
            let end = end_loss(run).map(|loss| (run.updates(), loss));
            steps.chain(end).find(|(_, loss)| !loss.is_finite())
        }
        _ => None,
    }
}

fn judge(readings: &Readings) -> Finding {
    if let Some(&(t, loss)) = readings.blown_up.iter().min_by_key(|(t, _)| t) {
        let number =
            |name: &str, value, bound| Evidence { name: name.to_owned(), value, bound, interval: None };
        let mut evidence = vec![
            number("runs that diverged", readings.blown_up.len() as f64, Some(0.0)),
            number("step at which the first did", t as f64, None),
            number("its loss there", loss, None),
        ];
        evidence.extend(sharpness(readings));
        return Finding { held: Held::Yes, evidence };
    }
    let growths: Vec<f64> = readings.runs.iter().map(|run| run.growth).collect();
    let starts: Vec<f64> = readings.runs.iter().map(|run| run.start).collect();
    let growth = Sample::ratio(&growths, &starts, readings.noiseless);
    let unstable = |run: &Reading| run.worst_sharpness.is_some_and(|ratio| ratio > 1.0);
    let held = if growth.is_empty() {
        Held::No
    } else if readings.noiseless {
        // Nothing random is in it: one seed whose loss grew is proof enough.
        let grew = |run: &Reading| run.growth > if unstable(run) { 0.0 } else { GROWTH * run.start };
        if readings.runs.iter().any(grew) { Held::Yes } else { Held::No }
    } else {
        growth.above(GROWTH)
    };
    let mut evidence = Vec::new();
    if !growth.is_empty() {
        let explained = readings.noiseless && readings.runs.iter().any(unstable);
        let bound = if explained { 0.0 } else { GROWTH };
        evidence.push(growth.evidence("growth of the loss, over its start", Some(bound)));
    }
    evidence.extend(sharpness(readings));
    Finding { held, evidence }
}

fn sharpness(readings: &Readings) -> Option<Evidence> {
    let worst = readings.sample(|run| run.worst_sharpness);
    (!worst.is_empty()).then(|| worst.evidence("largest sharpness over its limit", Some(1.0)))
}
