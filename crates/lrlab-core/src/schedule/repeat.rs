//! Another schedule again and again.
//!
//! `value(t) = of(t mod length) * gamma^floor(t / length)`; with a count, for t < count * length,
//! then what the last one ends with: `of(length) * gamma^(count - 1)`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | count | how many times; without end when left out | 1 |
//! | gamma | what the values of each cycle are multiplied with, compared with the one before | 1 |
//! | length | the schedule's own length | steps |
//!
//! With a count, a length that the schedule leaves out is that part of what is left:
//! `cosine to 0 repeat 4` is four cosines over the whole training, rounded down to whole steps.
//! Without one the schedule must tell its length: `cosine to 0 over 5 epochs repeat`.
//!
//! Loshchilov and Hutter 2017, section 3 (warm restarts). PyTorch: `CosineAnnealingWarmRestarts(T_0)`
//! is a cosine repeated without end. Differences: any schedule can be repeated, its warmup with it;
//! a count ends at the end of a cycle, where PyTorch's rate jumps up again; PyTorch has no gamma
//! (Hugging Face's `num_cycles` is the count, timm's `cycle_decay` is gamma). Cycles that grow
//! (`T_mult`) are no repetition.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, Stretch, TorchForm, torch_form::at};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::{Fault, float_text},
};

#[derive(Clone, Debug)]
struct Repeat {
    of: Arc<dyn Schedule>,
    /// Of one cycle, above 0.
    length: u64,
    count: Option<u64>,
    gamma: f64,
}

impl Schedule for Repeat {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let cycle = t / self.length;
        let (time, cycle) = match self.count {
            Some(count) if cycle >= count => (self.length, count - 1),
            _ => (t % self.length, cycle),
        };
        self.of.value_at(time, base) * self.gamma.powf(cycle as f64)
    }

    fn length(&self) -> Option<u64> {
        self.count.map(|count| count.saturating_mul(self.length))
    }
}

pub(super) static REPEAT: Entry = Entry {
    name: "repeat",
    pytorch: Some("CosineAnnealingWarmRestarts"),
    summary: "another schedule again and again, lower each time if wanted",
    formula: "value = of(t mod length) * gamma^floor(t / length)",
    example: "cosine to 0 repeat 4 x0.5",
    source: Source {
        citation: "Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 3",
        link: "arXiv:1608.03983",
    },
    params: &[
        Parameter {
            name: "count",
            kind: Kind::Integer,
            default: Some(""),
            keyword: Keyword::Bare(&[""]),
            range: Range::Positive,
            pytorch: None,
            doc: "How many times; without end when left out.",
        },
        Parameter {
            name: "gamma",
            kind: Kind::Number,
            default: Some("1"),
            keyword: Keyword::Times,
            range: Range::Positive,
            pytorch: None,
            doc: "What the values of each cycle are multiplied with, compared with the cycle before.",
        },
    ],
    form: Form::After("repeat"),
    flat: false,
    build,
    to_torch,
};

/// Where a cycle's length comes from when the schedule leaves it out.
fn of_a_cycle(recipe: &mut Recipe<'_>) -> (Option<u64>, Stretch) {
    let count = recipe.number_if_given("count").map(|count| (count as u64).max(1));
    let stretch = recipe.stretch();
    (count, count.map_or(stretch, |count| stretch.first((recipe.left() / count).max(1))))
}

fn read(recipe: &mut Recipe<'_>) -> Repeat {
    let ((count, stretch), gamma, left) = (of_a_cycle(recipe), recipe.number("gamma"), recipe.left());
    let of = recipe.inner_over(0, stretch);
    let length = of.length().filter(|length| *length > 0);
    match (length, count) {
        (None, _) => recipe.refuse(
            "what is repeated needs a length: put it in brackets and add `for 5 epochs`, `for 500 steps` or `for 10%`"
                .to_owned(),
        ),
        (Some(length), None) if length >= left && left > 0 => recipe.refuse(format!(
            "one cycle takes {length} steps and {left} are left of the training, so nothing would be repeated; \
             say how many cycles there shall be (`repeat 4`), or give what is repeated a length (`over 5 epochs`)"
        )),
        (Some(_), Some(count)) if count > left && left > 0 => {
            let allowed = format!("no more cycles than the {left} steps that are left of the training");
            recipe.note("count", Fault::value("count", count.to_string(), allowed));
        }
        (Some(length), _) => {
            let last = count.unwrap_or(u64::MAX).min(left / length);
            let growth = gamma.powf(last as f64);
            if growth > Level::LARGEST {
                let allowed = format!("less, since {last} cycles would multiply the rates with {growth:e}");
                recipe.note("gamma", Fault::value("gamma", float_text(gamma), allowed));
            }
        }
    }
    Repeat { of, length: length.unwrap_or(1), count, gamma }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let repeat = read(recipe);
    let (_, stretch) = of_a_cycle(recipe);
    let form = recipe.inner_over_to_torch(0, stretch);
    let Repeat { length, gamma, .. } = repeat;
    let again = at(&form.factor, &format!("({{t}} % {length})"));
    let again = match gamma {
        1.0 => again,
        _ => format!("({again}) * {} ** ({{t}} // {length})", float_text(gamma)),
    };
    let Some(end) = repeat.length() else {
        return TorchForm::single(again, restarts(&form, length, gamma));
    };
    let last = float_text(repeat.value_at(end, recipe.base()) / recipe.base());
    let class = restarts(&form, length, gamma).filter(|_| end >= recipe.left());
    TorchForm::single(format!("({again} if {{t}} < {end} else {last})"), class)
}

/// PyTorch's class for a cosine that is repeated as it is.
fn restarts(form: &TorchForm, length: u64, gamma: f64) -> Option<String> {
    let [part] = &form.parts[..] else { return None };
    let rest =
        part.class.as_deref()?.strip_prefix(&format!("CosineAnnealingLR(optimizer, T_max={length},"))?;
    (gamma == 1.0).then(|| format!("CosineAnnealingWarmRestarts(optimizer, T_0={length},{rest}"))
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec, SpecError};

    fn built(text: &str) -> Result<Vec<f64>, SpecError> {
        let schedule = text.parse::<ScheduleSpec>()?.build(Horizon::new(10, 5))?;
        Ok((0..12).map(|t| schedule.value_at(t, 20.0)).collect())
    }

    #[test]
    fn a_count_divides_what_is_left_and_ends_with_a_cycle() {
        let rates = built("linear to 0 repeat 2");
        assert_eq!(rates, Ok(vec![20.0, 16.0, 12.0, 8.0, 4.0, 20.0, 16.0, 12.0, 8.0, 4.0, 0.0, 0.0]));
        let rates = built("linear to 50% over 2 steps repeat 3 x0.5");
        assert_eq!(rates, Ok(vec![20.0, 15.0, 10.0, 7.5, 5.0, 3.75, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5]));
    }

    #[test]
    fn without_a_count_it_goes_on() {
        let rates = built("linear to 0 over 4 steps repeat");
        assert_eq!(rates, Ok(vec![20.0, 15.0, 10.0, 5.0, 20.0, 15.0, 10.0, 5.0, 20.0, 15.0, 10.0, 10.0]));
    }

    #[test]
    fn what_would_not_repeat_is_refused_with_what_to_do() {
        for (text, told) in [
            ("linear to 0 repeat", "say how many cycles"),
            ("constant repeat", "needs a length"),
            ("step every 1 step x0.5 repeat 2", "needs a length"),
            ("linear to 0 repeat 11", "no more cycles than the 10 steps"),
            ("linear to 0 over 1 step repeat x1e9", "less, since 10 cycles"),
        ] {
            let error = built(text).map_err(|error| error.to_string());
            assert!(matches!(&error, Err(error) if error.contains(told)), "{text}: {error:?}");
        }
        assert!(built("(step every 1 step x0.5) for 3 steps repeat").is_ok());
    }
}
