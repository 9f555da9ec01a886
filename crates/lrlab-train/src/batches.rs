//! Which rows each batch has.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use serde::{Deserialize, Serialize};

use crate::task::Supply;

/// Deals the rows of each batch from the trial's own seed, so that every strategy with this seed
/// meets the same batches in the same order.
#[derive(Clone, Debug)]
pub(crate) struct Batches {
    supply: Supply,
    batch_size: usize,
    rng: ChaCha8Rng,
    order: Vec<u64>,
    next: usize,
    /// Where the generator stood before it shuffled the present pass.
    pass: u128,
}

/// Where the dealing stands: the order of a pass follows from where the generator stood before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchesState {
    /// Numbers of 64 bits drawn before the present pass, or in all where there is none.
    drawn: u64,
    /// Rows dealt of the present pass.
    next: usize,
}

/// The generator counts words of 32 bits, and every number drawn here takes two.
const WORDS: u128 = 2;

impl Batches {
    pub(crate) fn new(supply: Supply, batch_size: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Stream 0 is left to tasks that make data; batches have a stream of their own.
        rng.set_stream(1);
        let order = match supply {
            Supply::Rows(rows) => (0..rows as u64).collect(),
            Supply::Stream { .. } => vec![0; batch_size],
        };
        Self { supply, batch_size, rng, order, next: 0, pass: 0 }
    }

    /// Batches in one pass over the data; the last of a pass may be smaller, as in PyTorch's
    /// `DataLoader(drop_last=False)`.
    pub(crate) fn per_epoch(supply: Supply, batch_size: usize) -> u64 {
        match supply {
            Supply::Rows(rows) => rows.div_ceil(batch_size) as u64,
            Supply::Stream { steps_per_epoch } => steps_per_epoch,
        }
    }

    pub(crate) fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Batches of the next update, for which `most` are accumulated: those that are left of a pass over the
    /// data may be fewer. A stream has no end.
    pub(crate) fn share(&self, most: u32) -> u32 {
        match self.supply {
            Supply::Stream { .. } => most,
            Supply::Rows(rows) => {
                let left = (rows - self.next).div_ceil(self.batch_size);
                most.min(u32::try_from(left).unwrap_or(u32::MAX))
            }
        }
    }

    /// The rows of the next batch.
    pub(crate) fn deal(&mut self) -> &[u64] {
        match self.supply {
            Supply::Stream { .. } => {
                for row in &mut self.order {
                    *row = self.rng.next_u64();
                }
                &self.order
            }
            // Full batch: order means nothing, so nothing is drawn.
            Supply::Rows(rows) if rows <= self.batch_size => &self.order,
            Supply::Rows(rows) => {
                if self.next == 0 {
                    self.shuffle();
                }
                let start = self.next;
                let end = (start + self.batch_size).min(rows);
                self.next = if end == rows { 0 } else { end };
                &self.order[start..end]
            }
        }
    }

    /// Fisher-Yates from a sorted start, so that a pass depends on the generator alone. Written out
    /// because a library may change the order that a seed gives, and logs must not change with it.
    fn shuffle(&mut self) {
        self.pass = self.rng.get_word_pos();
        for (index, row) in self.order.iter_mut().enumerate() {
            *row = index as u64;
        }
        for last in (1..self.order.len()).rev() {
            let range = last as u64 + 1;
            let pick = ((u128::from(self.rng.next_u64()) * u128::from(range)) >> 64) as usize;
            self.order.swap(last, pick);
        }
    }
    /// What has to be kept to go on with the same batches.
    pub(crate) fn state(&self) -> BatchesState {
        let words = if self.next == 0 { self.rng.get_word_pos() } else { self.pass };
        BatchesState { drawn: (words / WORDS) as u64, next: self.next }
    }

    /// Goes on from what [`state`](Self::state) gave.
    ///
    /// # Errors
    /// A state that these batches cannot have had; they are then as before.
    pub(crate) fn restore(&mut self, state: BatchesState) -> Result<(), String> {
        let BatchesState { drawn, next } = state;
        match self.supply {
            Supply::Rows(rows) if next < rows && next.is_multiple_of(self.batch_size) => {}
            Supply::Stream { .. } if next == 0 => {}
            _ => return Err(format!("no batches of {} rows can stand at row {next}", self.batch_size)),
        }
        self.rng.set_word_pos(u128::from(drawn) * WORDS);
        if next > 0 {
            self.shuffle();
        }
        self.next = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_any_state_the_same_rows_follow() {
        for (supply, batch_size) in [
            (Supply::Rows(10), 3),
            (Supply::Rows(12), 4),
            (Supply::Rows(5), 5),
            (Supply::Rows(2), 1),
            (Supply::Stream { steps_per_epoch: 4 }, 3),
        ] {
            let mut dealt = Batches::new(supply, batch_size, 7);
            for steps in 0..30 {
                let mut resumed = Batches::new(supply, batch_size, 7);
                resumed.restore(dealt.state()).unwrap();
                let mut on = dealt.clone();
                for _ in 0..12 {
                    assert_eq!(resumed.deal(), on.deal(), "{supply:?}, {batch_size} rows, after {steps}");
                    assert_eq!(resumed.state(), on.state());
                }
                dealt.deal();
            }
        }
    }

    #[test]
    fn a_state_of_other_batches_is_refused() {
        let mut batches = Batches::new(Supply::Rows(10), 3, 7);
        for next in [10, 12, 4] {
            assert!(batches.restore(BatchesState { drawn: 0, next }).is_err(), "{next}");
        }
        let mut stream = Batches::new(Supply::Stream { steps_per_epoch: 4 }, 3, 7);
        assert!(stream.restore(BatchesState { drawn: 0, next: 3 }).is_err());
    }
}
