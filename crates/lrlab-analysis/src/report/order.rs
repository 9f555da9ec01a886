//! In which order the strategies of a study are listed, and which of them figures show at first.
//!
//! A few strategies keep the study's own order and are all drawn. Of many, the best are drawn, each in a
//! colour of its own; the rest stand behind them in grey and are found in the table, best first.

use crate::{Comparison, compare::Row};

/// More strategies than this cannot be told apart in one figure.
const READABLE: usize = 12;
/// How many of many are drawn.
const LEADING: usize = 10;

/// The order of a study's arms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Indices of the arms as tables list them; those drawn come first.
    pub(super) listed: Vec<usize>,
    /// The place in `listed` of each arm, which decides its style.
    pub(super) places: Vec<usize>,
    leading: usize,
}

impl Order {
    /// The order of the arms that `comparison` judges.
    pub(super) fn of(comparison: &Comparison) -> Self {
        let rows = &comparison.rows;
        let mut listed: Vec<usize> = (0..rows.len()).collect();
        let mut leading = rows.len();
        if rows.len() > READABLE {
            leading = LEADING;
            // NaN, where no run completed, comes last in this order of numbers.
            let key = |index: usize| (comparison.best != Some(index), broken(&rows[index]));
            let mean = |index: usize| rows[index].objective.mean;
            listed.sort_by(|&a, &b| key(a).cmp(&key(b)).then(mean(a).total_cmp(&mean(b))));
        }
        let mut places = vec![0; rows.len()];
        for (place, &index) in listed.iter().enumerate() {
            places[index] = place;
        }
        Self { listed, places, leading }
    }

    /// Whether there are more arms than figures show at first.
    pub(super) fn is_crowd(&self) -> bool {
        self.leading < self.listed.len()
    }

    /// The arms that figures show at first.
    pub(super) fn leading(&self) -> &[usize] {
        &self.listed[..self.leading]
    }

    /// The arms that stand behind.
    pub(super) fn others(&self) -> &[usize] {
        &self.listed[self.leading..]
    }

    /// Whether figures show the arm at `index` at first.
    pub(super) fn leads(&self, index: usize) -> bool {
        self.places[index] < self.leading
    }
}

/// Whether runs of the arm diverged, failed or are missing, so that its mean leaves out the worst.
fn broken(row: &Row) -> bool {
    row.diverged + row.failed > 0
}
