//! Which rows each batch has.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

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
}

impl Batches {
    pub(crate) fn new(supply: Supply, batch_size: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Stream 0 is left to tasks that make data; batches have a stream of their own.
        rng.set_stream(1);
        let order = match supply {
            Supply::Rows(rows) => (0..rows as u64).collect(),
            Supply::Stream { .. } => vec![0; batch_size],
        };
        Self { supply, batch_size, rng, order, next: 0 }
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
        for (index, row) in self.order.iter_mut().enumerate() {
            *row = index as u64;
        }
        for last in (1..self.order.len()).rev() {
            let range = last as u64 + 1;
            let pick = ((u128::from(self.rng.next_u64()) * u128::from(range)) >> 64) as usize;
            self.order.swap(last, pick);
        }
    }
}
