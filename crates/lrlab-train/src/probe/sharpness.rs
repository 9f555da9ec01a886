//! Sharpness: the largest eigenvalue of the (preconditioned) Hessian on the probe batch.

use lrlab_core::vector;

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
    let mut differences = Differences::begin(task);
    let product = differences.product(v);
    differences.end();
    product
}

/// Parameters that are moved about and put back in the end.
struct Differences<'a> {
    task: &'a mut dyn Task,
    home: Vec<f32>,
    size: f64,
}

impl<'a> Differences<'a> {
    fn begin(task: &'a mut dyn Task) -> Self {
        let mut home = Vec::new();
        task.visit(&mut |param| home.extend_from_slice(param.value));
        let size = vector::norm_squared(&home).sqrt().max(1e-3);
        Self { task, home, size }
    }

    fn product(&mut self, v: &[f32]) -> Result<Vec<f32>, TaskError> {
        let length = vector::norm_squared(v).sqrt().max(f64::MIN_POSITIVE);
        let h = (DISPLACEMENT * self.size / length) as f32;
        self.displace(v, h);
        self.task.gradients(Batch::Probe)?;
        let mut product = Vec::with_capacity(v.len());
        self.task.visit_gradients(&mut |gradient| product.extend_from_slice(gradient));
        self.displace(v, -h);
        self.task.gradients(Batch::Probe)?;
        let mut start = 0;
        let scale = 1.0 / (2.0 * h);
        self.task.visit_gradients(&mut |gradient| {
            let end = start + gradient.len();
            for (up, down) in product[start..end].iter_mut().zip(gradient) {
                *up = (*up - *down) * scale;
            }
            start = end;
        });
        Ok(product)
    }

    /// Sets the parameters to `home + h v`.
    fn displace(&mut self, v: &[f32], h: f32) {
        let (home, mut start) = (&self.home, 0);
        self.task.visit(&mut |param| {
            let end = start + param.value.len();
            for ((value, home), v) in param.value.iter_mut().zip(&home[start..end]).zip(&v[start..end]) {
                *value = home + h * v;
            }
            start = end;
        });
    }

    fn end(self) {
        let mut start = 0;
        self.task.visit(&mut |param| {
            let end = start + param.value.len();
            param.value.copy_from_slice(&self.home[start..end]);
            start = end;
        });
    }
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
    let root: Vec<f32> = inverse.iter().map(|x| x.sqrt()).collect();
    let mut differences = Differences::begin(task);
    let extreme = largest_eigenvalue(begin, products, TOLERANCE, |v| {
        if root.is_empty() {
            return differences.product(v);
        }
        let scale = |v: &[f32]| -> Vec<f32> { v.iter().zip(&root).map(|(v, r)| v * r).collect() };
        Ok(scale(&differences.product(&scale(v))?))
    });
    differences.end();
    extreme
}
