//! Another schedule, its value held through each epoch.
//!
//! `value(t) = of(floor(t / each) * each)`
//!
//! This is what calling PyTorch's `scheduler.step()` once after each epoch does to any scheduler.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | each | how long a value is held | steps |

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm, torch_form::at};
use crate::registry::{Keyword, Kind, Parameter, Range, Source};

#[derive(Clone, Debug)]
struct Staircase {
    each: u64,
    of: Arc<dyn Schedule>,
}

impl Schedule for Staircase {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.of.value_at(t / self.each * self.each, base)
    }

    fn length(&self) -> Option<u64> {
        self.of.length()
    }
}

pub(super) static STAIRCASE: Entry = Entry {
    name: "staircase",
    pytorch: None,
    summary: "holds another schedule's value through each epoch, as stepping once an epoch does",
    formula: "value = of(floor(t / each) * each)",
    example: "cosine to 0 stepped each epoch",
    source: Source {
        citation: "torch.optim, How to adjust learning rate: scheduler.step() after each epoch",
        link: "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate",
    },
    params: &[Parameter {
        name: "each",
        kind: Kind::Duration,
        default: None,
        keyword: Keyword::Bare(&["each", "every"]),
        range: Range::Positive,
        pytorch: None,
        doc: "How long a value is held.",
    }],
    form: Form::After("stepped"),
    flat: true,
    build,
    to_torch,
};

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(Staircase { each: recipe.steps("each").unwrap_or(1), of: recipe.inner(0) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let each = recipe.steps("each").unwrap_or(1);
    let of = recipe.inner_to_torch(0);
    // Called once in just that time, the schedulers inside are held by being called so seldom.
    if recipe.start().is_multiple_of(each) && recipe.tick() == each {
        return of;
    }
    TorchForm::single(at(&of.factor, &format!("({{t}} // {each} * {each})")), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Count;

    impl Schedule for Count {
        fn value_at(&self, t: u64, base: f64) -> f64 {
            base + t as f64
        }
    }

    #[test]
    fn holds_through_each_stretch() {
        let stairs = Staircase { each: 3, of: Arc::new(Count) };
        assert_eq!([0, 1, 2, 3, 5, 6].map(|t| stairs.value_at(t, 0.0)), [0.0, 0.0, 0.0, 3.0, 3.0, 6.0]);
    }
}
