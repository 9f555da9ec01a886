//! Made-up range tests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_analysis::finder::Sweep;

/// Numbers between -1 and 1 that look random, the same for every `seed`.
pub(crate) fn noise(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    })
}

/// 100 rates from 1e-7 to 8.3.
pub(crate) fn rates() -> Vec<f64> {
    (0..100).map(|t| 1e-7 * 1e8_f64.powf(f64::from(t) / 100.0)).collect()
}

/// A loss that falls from 2.3 at rates of about `middle` and rises above `edge`, with noise of the share
/// `loud` of it.
pub(crate) fn falls_and_rises(middle: f64, edge: f64, loud: f64, seed: u64) -> Sweep {
    let loss = |(rate, noise): (&f64, f64)| {
        (0.4 + 1.9 / (1.0 + rate / middle) + 3.0 * (rate / edge).powf(2.0)) * (1.0 + loud * noise)
    };
    let rates = rates();
    let losses = rates.iter().zip(noise(seed)).map(loss).collect();
    Sweep::new(rates, losses).unwrap().seeded(seed)
}
