//! Schedules out of Rust code: a closure, or a table of factors.
//!
//! A spec is data and holds no closures, so these have no text form; they are for programs that build
//! a [`Plan`](crate::Plan) themselves. PyTorch: `LambdaLR` ([`from_fn`], [`from_table`]) and
//! `MultiplicativeLR` ([`from_multipliers`]). Difference from the latter: the products are worked out
//! once, so any step can be asked for.

use std::{fmt, sync::Arc};

use super::Schedule;
use crate::spec::{Fault, Problem, SpecError};

struct FromFn<F>(F);

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("from_fn")
    }
}

impl<F: Fn(u64, f64) -> f64 + Send + Sync> Schedule for FromFn<F> {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        (self.0)(t, base)
    }
}

#[derive(Clone, Debug)]
struct Table {
    /// At least one.
    factors: Vec<f64>,
}

impl Schedule for Table {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let last = self.factors.len() - 1;
        base * self.factors[usize::try_from(t).map_or(last, |t| t.min(last))]
    }

    fn length(&self) -> Option<u64> {
        Some(self.factors.len() as u64)
    }
}

/// A schedule from a function of t, the updates already made, and of the group's own value.
///
/// The function must be pure: training may ask for any step at any time. Nothing checks what it
/// gives, which must be finite and 0 or more. PyTorch: `LambdaLR`, whose function gives a factor:
/// `|t, base| base * factor(t)`.
///
/// ```
/// use lrlab_core::schedule;
/// let inverse_sqrt = schedule::from_fn(|t, base| base / (1.0 + t as f64).sqrt());
/// assert_eq!(inverse_sqrt.value_at(3, 0.1), 0.05);
/// ```
pub fn from_fn(value: impl Fn(u64, f64) -> f64 + Send + Sync + 'static) -> Arc<dyn Schedule> {
    Arc::new(FromFn(value))
}

/// A schedule from a table: the factor for the group's own value at each step; the last one holds.
///
/// An empty table is refused, and so is a factor that is negative or not finite.
///
/// ```
/// use lrlab_core::schedule;
/// let table = schedule::from_table(vec![1.0, 0.5, 0.25])?;
/// assert_eq!([0, 1, 2, 9].map(|t| table.value_at(t, 0.1)), [0.1, 0.05, 0.025, 0.025]);
/// assert!(schedule::from_table(vec![1.0, -0.5]).is_err());
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
pub fn from_table(factors: Vec<f64>) -> Result<Arc<dyn Schedule>, SpecError> {
    let wrong = |got: String, allowed: &str| {
        Err(SpecError::new(vec![Problem::of("", Fault::value("factors", got, allowed))]))
    };
    if factors.is_empty() {
        return wrong("none".to_owned(), "one or more");
    }
    if let Some(t) = factors.iter().position(|factor| !(factor.is_finite() && *factor >= 0.0)) {
        return wrong(format!("{} at step {t}", factors[t]), "finite factors of 0 or more");
    }
    Ok(Arc::new(Table { factors }))
}

/// A schedule from a function that says, for each of the `steps` steps after the first, what the value
/// of the step before is multiplied with; the last value holds. PyTorch: `MultiplicativeLR`.
///
/// Step t has `base * multiplier(1) * ... * multiplier(t)`, the products worked out here, once. A
/// product that is negative or not finite is refused.
///
/// ```
/// use lrlab_core::schedule;
/// let slower = schedule::from_multipliers(100, |t| if t % 10 == 0 { 0.5 } else { 1.0 })?;
/// assert_eq!([0, 9, 10, 25, 1000].map(|t| slower.value_at(t, 1024.0)), [1024.0, 1024.0, 512.0, 256.0, 1.0]);
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
pub fn from_multipliers(
    steps: usize,
    multiplier: impl Fn(u64) -> f64,
) -> Result<Arc<dyn Schedule>, SpecError> {
    let mut factor = 1.0;
    let products = (1..=steps as u64).map(|t| {
        factor *= multiplier(t);
        factor
    });
    from_table(std::iter::once(1.0).chain(products).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_checked_when_they_are_made() {
        for (factors, told) in [
            (vec![], "factors: got `none`, expected one or more"),
            (vec![1.0, f64::NAN], "factors: got `NaN at step 1`, expected finite factors of 0 or more"),
            (vec![-0.5], "factors: got `-0.5 at step 0`, expected finite factors of 0 or more"),
        ] {
            assert_eq!(
                from_table(factors).map(drop).map_err(|error| error.to_string()),
                Err(told.to_owned())
            );
        }
        assert!(from_multipliers(2000, |_| 2.0).is_err());
    }

    #[test]
    fn the_last_value_of_a_table_holds() {
        let Ok(table) = from_table(vec![0.5, 2.0]) else { panic!() };
        assert_eq!([0, 1, 2, u64::MAX].map(|t| table.value_at(t, 4.0)), [2.0, 8.0, 8.0, 8.0]);
        assert_eq!(table.length(), Some(2));
    }
}
