//! The largest eigenvalue of a symmetric operator that is known only by its products.

use lrlab_core::vector;
use nalgebra::{DMatrix, SymmetricEigen};

/// The largest eigenvalue found, and how good it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Extreme {
    /// Largest Ritz value: never above the largest eigenvalue, but for rounding.
    pub value: f64,
    /// Some eigenvalue lies within this distance of `value`.
    pub residual: f64,
    /// The Ritz vector, of norm 1.
    pub vector: Vec<f32>,
    /// Products spent.
    pub products: u32,
}

/// Lanczos iteration with full reorthogonalisation, from `begin`, for at most `products` products;
/// it stops sooner once the residual is below `tolerance` times the value.
///
/// Source: Golub and Van Loan, Matrix Computations, 4th edition, section 10.1.
///
/// # Errors
/// Those of `product`.
pub fn largest_eigenvalue<E>(
    begin: &[f32],
    products: u32,
    tolerance: f64,
    mut product: impl FnMut(&[f32]) -> Result<Vec<f32>, E>,
) -> Result<Extreme, E> {
    let mut basis: Vec<Vec<f32>> = vec![start_vector(begin)];
    let (mut alphas, mut betas): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    loop {
        let newest = &basis[basis.len() - 1];
        let mut image = product(newest)?;
        alphas.push(vector::dot(newest, &image));
        // Twice is enough to keep the basis orthogonal to rounding.
        for _ in 0..2 {
            for earlier in &basis {
                let overlap = vector::dot(earlier, &image) as f32;
                image.iter_mut().zip(earlier).for_each(|(x, e)| *x -= overlap * e);
            }
        }
        let beta = vector::norm_squared(&image).sqrt();
        let (value, weights) = largest_ritz(&alphas, &betas);
        let residual = beta * weights[weights.len() - 1].abs();
        let spent = alphas.len() as u32;
        let exhausted = beta <= 1e-6 * value.abs().max(f64::MIN_POSITIVE) || alphas.len() == begin.len();
        if spent >= products || exhausted || residual <= tolerance * value.abs() {
            let mut vector = vec![0.0; begin.len()];
            for (weight, basis) in weights.iter().zip(&basis) {
                vector.iter_mut().zip(basis).for_each(|(x, b)| *x += *weight as f32 * b);
            }
            return Ok(Extreme { value, residual, vector, products: spent });
        }
        betas.push(beta);
        for x in &mut image {
            *x /= beta as f32;
        }
        basis.push(image);
    }
}

/// `begin` with norm 1, or some fixed direction where `begin` is zero.
fn start_vector(begin: &[f32]) -> Vec<f32> {
    let norm = vector::norm_squared(begin).sqrt();
    if norm > 0.0 && norm.is_finite() {
        begin.iter().map(|x| (f64::from(*x) / norm) as f32).collect()
    } else {
        vec![1.0 / (begin.len() as f32).sqrt(); begin.len()]
    }
}

/// Largest eigenvalue of the tridiagonal matrix, and its eigenvector.
fn largest_ritz(alphas: &[f64], betas: &[f64]) -> (f64, Vec<f64>) {
    let n = alphas.len();
    let matrix = DMatrix::from_fn(n, n, |row, column| match row.abs_diff(column) {
        0 => alphas[row],
        1 => betas[row.min(column)],
        _ => 0.0,
    });
    let eigen = SymmetricEigen::new(matrix);
    let largest = eigen.eigenvalues.imax();
    (eigen.eigenvalues[largest], eigen.eigenvectors.column(largest).iter().copied().collect())
}
