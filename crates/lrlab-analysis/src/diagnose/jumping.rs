//! Jumping: the rate is too high for what is left.
//!
//! At a rate that throws the parameters from one side of the valley to the other, or that keeps
//! up a floor of noise, a lower rate lowers the loss at once. Where the rate is right, it does not:
//! it only goes more slowly. Heavy ball that swings through the valley with its momentum is held to
//! the same: caught in mid-swing, half the rate is lower.
//!
//! A rate so high that it throws a network to where its gradient tells nothing gets no such answer.
//! There the evidence is that the run lost again what it had learnt.

use super::{Diagnosis, Finding, Held, Readings, Sample, Word};

/// What half the rate must gain, over the loss at the run's own rate.
const GAIN: f64 = 0.1;

/// And over the starting loss, so that nobody is called jumping for the last digits of a loss
/// that is all but 0. The mean is enough here: that half the rate is lower at all is for [`GAIN`]
/// to show.
const GAIN_OVER_START: f64 = 0.001;

/// What a run must have lost again of what it had won, over the starting loss.
const LOST: f64 = 0.1;

pub(super) static JUMPING: Diagnosis = Diagnosis {
    word: Word::Jumping,
    rule: "Jumping: a clone that left the run near its end and went on at half the rate, on the same batches, \
           was at once lower in loss, by at least 10 % of the loss and, on average, 0.1 % of the starting loss; \
           or the mean loss of the run's last tenth lay above that of its best tenth by 10 % of the starting loss.",
    judge,
};

fn judge(readings: &Readings) -> Finding {
    let of_loss = readings.branch_ratio(|_, branch| branch.gain_at_half(), |_, branch| branch.same.abs());
    let of_start = readings.branch_ratio(|_, branch| branch.gain_at_half(), |start, _| start);
    if of_loss.is_empty() {
        return Finding { held: Held::No, evidence: vec![] };
    }
    let lost: Vec<f64> = readings.runs.iter().map(|run| run.lost).collect();
    let starts: Vec<f64> = readings.runs.iter().map(|run| run.start).collect();
    let lost = Sample::ratio(&lost, &starts, readings.noiseless);
    let mut evidence = readings.branch_losses();
    evidence.push(of_loss.evidence("gain at half the rate, over the loss", Some(GAIN)));
    evidence.push(of_start.evidence("gain at half the rate, over the starting loss", Some(GAIN_OVER_START)));
    evidence.extend(readings.context("share of steps that turn back, last half", |run| run.flips));
    evidence.extend(readings.context("sharpness over its limit, at the end", |run| run.last_sharpness));
    evidence.extend(readings.context("noise floor at the last rate (estimate)", |run| run.floor));
    evidence.push(lost.evidence("loss of the last tenth above the best tenth, over the start", Some(LOST)));
    let answered = of_loss.above(GAIN).and(of_start.mean_above(GAIN_OVER_START));
    Finding { held: answered.or(lost.above(LOST)), evidence }
}
