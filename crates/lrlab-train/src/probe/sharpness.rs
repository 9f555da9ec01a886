//! Sharpness: the largest eigenvalue of the (preconditioned) Hessian on the probe batch.

use super::{Extreme, largest_eigenvalue};
use crate::{Batch, Task, TaskError};

/// Length of the displacement by which a gradient is differenced, relative to the parameters' root
/// mean square size over all coordinates. Small enough for the third derivative not to matter, large
/// enough for f32 gradients to differ: on a quadratic any length is exact, and this one leaves
/// about five digits.
const DISPLACEMENT: f64 = 1e-2;

/// A residual below this share of the value is good enough.
const TOLERANCE: f64 = 0.01;

/// `H v` on the probe batch, by the central difference of gradients along `v`.
///
/// The parameters are put back bit by bit; the gradients held by the task are not, so call this
/// between updates only.
///
/// # Errors
/// Those of the task's gradient.
pub fn hessian_vector_product(task: &mut dyn Task, v: &[f32]) -> Result<Vec<f32>, TaskError> {
    let mut home = Vec::with_capacity(v.len());
    task.visit(&mut |param| home.extend_from_slice(param.value));
    let size = lrlab_core::vector::dot(&home, &home).sqrt().max(1e-3);
    let length = lrlab_core::vector::dot(v, v).sqrt().max(f64::MIN_POSITIVE);
    let h = (DISPLACEMENT * size / length) as f32;

    let mut side = |sign: f32| -> Result<Vec<f32>, TaskError> {
        displace(task, &home, v, sign * h);
        task.gradients(Batch::Probe)?;
        let mut gradient = Vec::with_capacity(v.len());
        task.visit_gradients(&mut |g| gradient.extend_from_slice(g));
        Ok(gradient)
    };
    let difference = side(1.0).and_then(|up| Ok((up, side(-1.0)?)));
    displace(task, &home, v, 0.0);
    let (up, down) = difference?;
    // What was really added differs from h by rounding; dividing by 2h would keep that error only
    // at the size of f32's own.
    Ok(up.iter().zip(&down).map(|(up, down)| (up - down) / (2.0 * h)).collect())
}

/// Sets the parameters to `home + h v`.
fn displace(task: &mut dyn Task, home: &[f32], v: &[f32], h: f32) {
    let mut at = 0;
    task.visit(&mut |param| {
        for value in param.value.iter_mut() {
            *value = if h == 0.0 { home[at] } else { home[at] + h * v[at] };
            at += 1;
        }
    });
}

/// The largest eigenvalue of `P^-1 H`, with at most `products` Hessian-vector products, searching
/// from `begin`. `inverse` is the diagonal of `P^-1`; empty for P = 1.
///
/// `P^-1 H` has the eigenvalues of the symmetric `P^-1/2 H P^-1/2`, which is what is iterated on.
///
/// # Errors
/// Those of the task's gradient.
pub fn sharpness(
    task: &mut dyn Task,
    begin: &[f32],
    inverse: &[f32],
    products: u32,
) -> Result<Extreme, TaskError> {
    if inverse.is_empty() {
        return largest_eigenvalue(begin, products, TOLERANCE, |v| hessian_vector_product(task, v));
    }
    let root: Vec<f32> = inverse.iter().map(|x| x.sqrt()).collect();
    let scale = |v: &[f32]| -> Vec<f32> { v.iter().zip(&root).map(|(v, r)| v * r).collect() };
    largest_eigenvalue(begin, products, TOLERANCE, |v| Ok(scale(&hessian_vector_product(task, &scale(v))?)))
}
