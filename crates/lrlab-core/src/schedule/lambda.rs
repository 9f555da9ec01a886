//! A factor as a function of time.
//!
//! `value(t) = base * f(floor(t / every))`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | f | an [`Expression`] of t and T, the counts made and to make | 1 |
//! | every | what it counts; single steps when left out | steps |
//!
//! PyTorch: `LambdaLR(lr_lambda)`. Differences: the function is data, so that it can be stored, compared
//! and checked: a value that is negative or no number is refused when the schedule is built.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm, constant::Constant};
use crate::{
    expression::Expression,
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
};

/// `value(t) = base * f(floor(t / every))`.
#[derive(Clone, Debug)]
struct Lambda {
    factor: Expression,
    every: u64,
    total: f64,
}

impl Schedule for Lambda {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        base * self.factor.value((t / self.every) as f64, self.total)
    }
}

pub(super) const FACTOR: Parameter = Parameter {
    name: "factor",
    kind: Kind::Expression,
    default: None,
    keyword: Keyword::Bare(&[""]),
    range: Range::Any,
    pytorch: Some("lr_lambda"),
    doc: "An expression of t, and of T, all that there is of the schedule.",
};

pub(super) const EVERY: Parameter = Parameter {
    name: "every",
    kind: Kind::Duration,
    default: Some("1 step"),
    keyword: Keyword::Word("every"),
    range: Range::Positive,
    pytorch: None,
    doc: "What t counts.",
};

pub(super) static LAMBDA: Entry = Entry {
    name: "lambda",
    pytorch: Some("LambdaLR"),
    summary: "follows a formula of your own",
    formula: "value = base * factor(t, T)",
    example: "lambda 0.5 * (1 + cos(pi * t / T))",
    source: Source {
        citation: "torch.optim.lr_scheduler.LambdaLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html",
    },
    params: &[FACTOR, EVERY],
    form: Form::Plain,
    flat: true,
    build,
    to_torch,
};

/// The expression, what it counts, and how often that fits into what is left.
pub(super) fn read(recipe: &mut Recipe<'_>) -> Option<(Expression, u64, u64)> {
    let every = recipe.steps("every").unwrap_or(1);
    let total = recipe.left() / every;
    let factor = recipe.expression("factor")?;
    match factor.check_factor(total) {
        Ok(()) => Some((factor, every, total)),
        Err(fault) => {
            recipe.note("factor", fault);
            None
        }
    }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    let last = recipe.left();
    match read(recipe) {
        Some((factor, every, total)) => {
            super::end::Ended::at(last, Arc::new(Lambda { factor, every, total: total as f64 }))
        }
        None => Arc::new(Constant { level: Level::Fraction(1.0) }),
    }
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Some((factor, every, total)) = read(recipe) else { return TorchForm::single("1.0".to_owned(), None) };
    let count = if every == 1 { "{t}".to_owned() } else { format!("({{t}} // {every})") };
    TorchForm::single(format!("({})", factor.python(&count, &total.to_string())), None)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn build(text: &str, horizon: Horizon) -> Result<Vec<f64>, String> {
        let spec: ScheduleSpec = text.parse().map_err(|error| format!("{error}"))?;
        let schedule = spec.build(horizon).map_err(|error| format!("{error}"))?;
        Ok((0..8).map(|t| schedule.value_at(t, 16.0)).collect())
    }

    #[test]
    fn follows_its_formula_and_holds_its_end() {
        let halves = Ok(vec![16.0, 8.0, 4.0, 2.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(build("lambda 0.5 ^ t", Horizon::new(4, 2)), halves);
        let epochs = Ok(vec![16.0, 16.0, 8.0, 8.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(build("lambda 0.5^t every epoch", Horizon::new(4, 2)), epochs);
        let stairs = Ok(vec![16.0, 16.0, 8.0, 8.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(build("lambda 0.5^floor(t / 2) stepped each step", Horizon::new(4, 2)), stairs);
    }

    #[test]
    fn what_gives_no_rate_is_refused_with_its_place() {
        for text in ["lambda 1 - t", "lambda 1 / (2 - t)", "lambda 10^(20 * t)", "lambda sqrt(1 - t)"] {
            assert!(build(text, Horizon::new(4, 2)).is_err(), "{text}");
        }
        let error = "lambda 0.5 * wave(t) then cosine".parse::<ScheduleSpec>().map_err(|error| error.span());
        assert_eq!(error, Err(Some(13..17)));
    }
}
