//! Crawling: the rate is too low for the budget.
//!
//! The clone at a raised rate shows it, unless the rate is so low that twice as much is still next
//! to nothing. Then the branches answer smoothly to their rates and can be drawn further, up to
//! half the limit of stability; five times as much is asked of that, as it was not run.

use super::{Diagnosis, Finding, Held, Readings, Word};

/// What the raised rate must gain in a tenth of the training, over the starting loss.
const GAIN: f64 = 0.01;

/// What half the limit must gain where the branches are drawn further.
const DRAWN_GAIN: f64 = 0.05;

/// A run whose clones do not move at all is crawling if its rate is below this share of the limit
/// and its own loss moved by less than [`GAIN`].
const STILL: f64 = 0.01;

pub(super) static CRAWLING: Diagnosis = Diagnosis {
    word: Word::Crawling,
    rule: "Crawling: a clone that left the run near its end and went on at the larger of twice its rate and its \
           highest rate so far, on the same batches, would gain at least 1 % of the starting loss in a tenth of \
           the training; or it gained at all, and the clones answer so evenly to their rates that half the \
           limit of stability would gain 5 %; or neither the run (by 1 %) nor any clone moves the loss, at a \
           hundredth of the limit or less.",
    judge,
};

fn judge(readings: &Readings) -> Finding {
    let raised = readings.branch_ratio(|start, branch| branch.gain_at_raised(start), |start, _| start);
    if raised.is_empty() {
        return Finding { held: Held::No, evidence: vec![] };
    }
    let drawn = readings.branch_ratio(|start, branch| branch.gain_drawn_further(start), |start, _| start);
    let still = readings.runs.iter().all(|run| {
        run.branch.is_some_and(|branch| branch.still)
            && run.growth.abs() < GAIN * run.start
            && run.last_sharpness.is_some_and(|ratio| ratio <= STILL)
    });
    // Only a clone that gained can be drawn further: among runs that gained by chance alone, those
    // that did would promise something and those that did not would not take it back.
    let gained = raised.above(0.0) == Held::Yes;
    let held = match raised.above(GAIN) {
        _ if still => Held::Yes,
        held if gained => held.or(drawn.above(DRAWN_GAIN)),
        held => held,
    };
    let mut evidence = readings.branch_losses();
    evidence.push(
        raised.evidence(
            "gain at the raised rate in a tenth of the training, over the starting loss",
            Some(GAIN),
        ),
    );
    if gained {
        evidence.push(drawn.evidence(
            "gain at half the limit of stability, drawn from the clones, over the starting loss",
            Some(DRAWN_GAIN),
        ));
    }
    evidence.extend(readings.context("sharpness over its limit, at the end", |run| run.last_sharpness));
    Finding { held, evidence }
}
