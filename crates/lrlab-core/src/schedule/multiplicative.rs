//! A factor for each step, all of them multiplied.
//!
//! `value(t) = base * f(1) * f(2) * ... * f(floor(t / every))`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | f | an expression of t and T, the counts made and to make | 1 |
//! | every | what it counts; single steps when left out | steps |
//!
//! The products are kept in a table, 8 bytes for each count. PyTorch: `MultiplicativeLR(lr_lambda)`.
//! Differences: the function is data, and is checked when the schedule is built.

use std::sync::Arc;

use super::{
    Entry, Form, Recipe, Schedule, TorchForm,
    constant::Constant,
    lambda::{EVERY, FACTOR, read},
};
use crate::{
    registry::{Level, Source},
    spec::Fault,
};

/// `value(t) = base * products[t / every]`, the last one held.
#[derive(Clone, Debug)]
struct Multiplicative {
    products: Arc<[f64]>,
    every: u64,
}

impl Schedule for Multiplicative {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let last = self.products.len() - 1;
        base * self.products[usize::try_from(t / self.every).map_or(last, |count| count.min(last))]
    }
}

pub(super) static MULTIPLICATIVE: Entry = Entry {
    name: "multiplicative",
    pytorch: Some("MultiplicativeLR"),
    summary: "multiplies the rate by a formula's value at each step",
    formula: "value = base * factor(1, T) * factor(2, T) * ... * factor(t, T)",
    example: "multiplicative 1 - 1 / (t + 10) every epoch",
    source: Source {
        citation: "torch.optim.lr_scheduler.MultiplicativeLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html",
    },
    params: &[FACTOR, EVERY],
    form: Form::Plain,
    flat: true,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    let stand_in = || Arc::new(Constant { level: Level::Fraction(1.0) });
    let Some((factor, every, total)) = read(recipe) else { return stand_in() };
    let mut products = Vec::with_capacity(usize::try_from(total).unwrap_or(0) + 1);
    let mut product = 1.0;
    products.push(product);
    for count in 1..=total {
        product *= factor.value(count as f64, total as f64);
        if product > Level::LARGEST {
            let why = format!("the product grows beyond {:e} at t = {count}", Level::LARGEST);
            recipe.note("factor", Fault::refused(why));
            return stand_in();
        }
        products.push(product);
    }
    Arc::new(Multiplicative { products: products.into(), every })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Some((factor, every, total)) = read(recipe) else { return TorchForm::single("1.0".to_owned(), None) };
    let count = if every == 1 { "{t}".to_owned() } else { format!("({{t}} // {every})") };
    let one = |t: &str| factor.python(t, &total.to_string());
    let class = (recipe.tick() == every)
        .then(|| format!("MultiplicativeLR(optimizer, lambda epoch: {})", one("epoch")));
    TorchForm::single(format!("math.prod(({}) for i in range(1, {count} + 1))", one("i")), class)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    #[test]
    fn multiplies_as_it_goes() {
        let Ok(spec) = "multiplicative if(t == 2, 0.5, 1) every 2 steps".parse::<ScheduleSpec>() else {
            panic!()
        };
        let Ok(schedule) = spec.build(Horizon::new(8, 4)) else { panic!() };
        let rates: Vec<f64> = (0..10).map(|t| schedule.value_at(t, 4.0)).collect();
        assert_eq!(rates, [4.0, 4.0, 4.0, 4.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn growth_without_end_is_refused() {
        let spec = "multiplicative 10".parse::<ScheduleSpec>();
        assert!(matches!(spec.map(|spec| spec.build(Horizon::new(100, 4))), Ok(Err(_))));
    }
}
