//! Rules for the rate when the batch size changes.
//!
//! `rate(B') = rate(B) (B' / B)^p`
//!
//! All hold only well below the batch size at which noise stops mattering (the gradient noise scale of
//! arXiv 1812.06162), and for equal numbers of epochs, not of steps.

use lrlab_core::registry::Source;

/// One rule, and where it is known to hold.
#[derive(Debug)]
pub struct BatchSizeRule {
    /// Its name: `linear`.
    pub name: &'static str,
    /// The power of the ratio of the batch sizes.
    pub power: f64,
    /// The optimizers that it is known for.
    pub optimizers: &'static str,
    /// What it assumes, and where it ends.
    pub holds: &'static str,
    /// Who found it.
    pub source: Source,
}

/// A rate or batch size that no training has.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum BatchSizeError {
    /// A batch without rows.
    #[error("a batch has at least 1 row; {from} and {to} were given")]
    Empty {
        /// Rows before.
        from: u64,
        /// Rows after.
        to: u64,
    },
    /// A rate that is not finite and above 0.
    #[error("rate {rate} is not finite and above 0")]
    Rate {
        /// The rate.
        rate: f64,
    },
}

/// The rules there are.
pub static BATCH_SIZE_RULES: &[BatchSizeRule] = &[
    BatchSizeRule {
        name: "linear",
        power: 1.0,
        optimizers: "SGD, with momentum or without",
        holds: "the weights move little within the steps that are joined: with a warmup, and up to batches of \
                about 8,000 rows on ImageNet; above the gradient noise scale the rate no longer grows",
        source: Source {
            citation: "Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.1",
            link: "arXiv:1706.02677",
        },
    },
    BatchSizeRule {
        name: "square-root",
        power: 0.5,
        optimizers: "Adam, RMSprop and others that divide by the gradient's size",
        holds: "noise outweighs the mean gradient, and 1 - beta1 and 1 - beta2 grow by the ratio of the batch \
                sizes and eps falls by its root; with betas left as they are it is a rule of thumb",
        source: Source {
            citation: "Malladi et al. 2022, On the SDEs and Scaling Rules for Adaptive Gradient Algorithms",
            link: "arXiv:2205.10473",
        },
    },
];

impl BatchSizeRule {
    /// The rate for batches of `to` rows where `rate` is right for `from` rows.
    ///
    /// ```
    /// use lrlab_analysis::finder::BATCH_SIZE_RULES;
    /// assert_eq!(BATCH_SIZE_RULES[0].rate(0.1, 256, 1024)?, 0.4);
    /// assert_eq!(BATCH_SIZE_RULES[1].rate(0.1, 256, 1024)?, 0.2);
    /// # Ok::<(), lrlab_analysis::finder::BatchSizeError>(())
    /// ```
    ///
    /// # Errors
    /// A batch without rows, or a rate that is not finite and above 0.
    pub fn rate(&self, rate: f64, from: u64, to: u64) -> Result<f64, BatchSizeError> {
        if from == 0 || to == 0 {
            return Err(BatchSizeError::Empty { from, to });
        }
        if !(rate.is_finite() && rate > 0.0) {
            return Err(BatchSizeError::Rate { rate });
        }
        Ok(rate * (to as f64 / from as f64).powf(self.power))
    }
}
