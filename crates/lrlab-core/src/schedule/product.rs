//! A schedule times others.
//!
//! `value(t) = factor_0(t, base) * factor_1(t, 1) * factor_2(t, 1)...`
//!
//! The first one is a schedule like any other; those after it are factors, so they name no rates of
//! their own (`to lr 1e-4`), only shares. PyTorch: `ChainedScheduler` of schedulers that multiply.
//! Differences: chained schedulers that set the rate (a cosine with `eta_min`, `LambdaLR`) overwrite
//! there what stands before them.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::registry::Source;

#[derive(Clone, Debug)]
struct Product {
    first: Arc<dyn Schedule>,
    factors: Vec<Arc<dyn Schedule>>,
}

impl Schedule for Product {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.factors
            .iter()
            .fold(self.first.value_at(t, base), |value, factor| value * factor.value_at(t, 1.0))
    }

    fn length(&self) -> Option<u64> {
        self.factors
            .iter()
            .try_fold(self.first.length()?, |longest, factor| Some(longest.max(factor.length()?)))
    }
}

pub(super) static PRODUCT: Entry = Entry {
    name: "product",
    pytorch: Some("ChainedScheduler"),
    summary: "a schedule multiplied by others",
    formula: "value = factor_0(t, base) * factor_1(t, 1) * ...",
    example: "cosine to 10% times step every 20 epochs x0.5",
    source: Source {
        citation: "torch.optim.lr_scheduler.ChainedScheduler",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html",
    },
    params: &[],
    form: Form::Between { word: "times", key: "factors" },
    flat: true,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    let first = recipe.inner(0);
    let factors = (1..recipe.inner_count()).map(|index| recipe.inner_factor(index)).collect();
    Arc::new(Product { first, factors })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let factors: Vec<String> = (0..recipe.inner_count())
        .map(|index| format!("({})", recipe.inner_over_to_torch(index, recipe.stretch()).factor))
        .collect();
    TorchForm::single(factors.join(" * "), None)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    #[test]
    fn multiplies_its_factors() {
        let Ok(spec) = "linear to 0 times step every 2 steps x0.5".parse::<ScheduleSpec>() else { panic!() };
        let Ok(schedule) = spec.build(Horizon::new(4, 1)) else { panic!() };
        let rates: Vec<f64> = (0..5).map(|t| schedule.value_at(t, 8.0)).collect();
        assert_eq!(rates, [8.0, 6.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn a_factor_names_no_rate_of_its_own() {
        let spec = "cosine to lr 0.1 times constant lr 0.2".parse::<ScheduleSpec>();
        let error = spec.map(|spec| spec.build(Horizon::new(4, 1)));
        assert!(matches!(error, Ok(Err(error)) if error.to_string().contains("factors[1]")));
    }
}
