//! Data that tasks train on: lrlab's own, and what is read from users' files.

pub mod corpus;
pub mod find;
pub mod images;
pub mod read;
pub mod rows;
pub mod survey;

pub(crate) mod mnist_1d;
pub(crate) mod novel;
pub(crate) mod shared;
pub(crate) mod table;
pub(crate) mod vendored;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A standard normal number that belongs to `row`: the same at every call.
pub(crate) fn normal_from_row(row: u64) -> f64 {
    normals_from_row(row, 1)[0]
}

/// `n` independent standard normal numbers that belong to `row` (Box and Muller, 1958).
pub(crate) fn normals_from_row(row: u64, n: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(row);
    // In (0, 1]: its logarithm is finite.
    let mut unit = move || ((rng.next_u64() >> 11) + 1) as f64 / 9_007_199_254_740_992.0;
    let mut normals = Vec::with_capacity(n + 1);
    while normals.len() < n {
        let radius = (-2.0 * unit().ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * unit()).sin_cos();
        normals.extend([radius * cosine, radius * sine]);
    }
    normals.truncate(n);
    normals
}
