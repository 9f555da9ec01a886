//! Another schedule, planned for an earlier length of the training, whose rest is stretched over what
//! is left now.
//!
//! - t <= at: `value(t) = of(t)`, with `of` built for the earlier training;
//! - then: `value(t) = of(u)` with `u = at + (t - at) * (from - at) / (end - at)`, a straight line
//!   between the whole steps on both sides of u, until t = end.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | at | when the length was changed | steps |
//! | from | steps of the whole training as it was planned before | steps |
//! | end | steps of the whole training now | steps |
//!
//! So a training that is made longer (or shorter) on the way keeps its past to the bit and comes to
//! the same end. Percentages inside are shares of the earlier training; `at` counts in the present
//! one. A schedule that jumps at a step runs through the jump in up to (end - at) / (from - at)
//! steps. Both plans count the same steps in an epoch.
//!
//! u is exact: its whole steps and the rest are those of a division of whole numbers.
//!
//! PyTorch has nothing for it: its schedulers must be built anew, and jump.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, Stretch, TorchForm, end::Ended, torch_form::at};
use crate::{
    Horizon,
    registry::{Keyword, Kind, Parameter, Range, Source},
    spec::Fault,
};

/// Times in steps from the schedule's own start, at < planned and at < end.
#[derive(Clone, Debug)]
struct Stretched {
    of: Arc<dyn Schedule>,
    at: u64,
    planned: u64,
    end: u64,
}

impl Schedule for Stretched {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if t <= self.at {
            return self.of.value_at(t, base);
        }
        if t >= self.end {
            return self.of.value_at(self.planned, base);
        }
        let (passed, planned, parts) = (t - self.at, self.planned - self.at, self.end - self.at);
        // Dividing numbers of twice the width takes many times as long, and is seldom needed.
        let (whole, rest) = if let Some(product) = passed.checked_mul(planned) {
            (product / parts, product % parts)
        } else {
            let (product, parts) = (u128::from(passed) * u128::from(planned), u128::from(parts));
            ((product / parts) as u64, (product % parts) as u64)
        };
        let whole = self.at + whole;
        let value = self.of.value_at(whole, base);
        match rest {
            0 => value,
            rest => value + (self.of.value_at(whole + 1, base) - value) * (rest as f64 / parts as f64),
        }
    }

    fn length(&self) -> Option<u64> {
        Some(self.end)
    }
}

pub(super) static STRETCHED: Entry = Entry {
    name: "stretched",
    pytorch: None,
    summary: "a schedule planned for another length, its rest stretched over what is left now",
    formula: "value = of(t) for t <= at, then of(at + (t - at) * (from - at) / (end - at))",
    example: "cosine to 0 stretched at 500 steps from 1000 steps",
    source: Source { citation: "", link: "" },
    params: &[
        Parameter {
            name: "at",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Word("at"),
            range: Range::NotNegative,
            pytorch: None,
            doc: "When the length of the training was changed.",
        },
        Parameter {
            name: "from",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Word("from"),
            range: Range::Positive,
            pytorch: None,
            doc: "The length of the whole training as it was planned before, in steps or epochs.",
        },
    ],
    form: Form::After("stretched"),
    flat: false,
    build,
    to_torch,
};

/// When the plan changed, and the stretch of the earlier plan.
fn earlier(recipe: &mut Recipe<'_>) -> (u64, Stretch) {
    let (start, left) = (recipe.start(), recipe.left());
    let (at, total) = (recipe.time("at"), recipe.steps_of_another_training("from"));
    if let (Some(at), Some(total)) = (at, total) {
        let changed = start.saturating_add(at);
        if changed >= total {
            let allowed =
                format!("a plan of more than {changed} steps, since an earlier one was over by then");
            recipe.note("from", Fault::value("from", format!("{total} steps"), allowed));
        }
        if at >= left {
            let allowed = format!("less than the {left} steps of the training now");
            recipe.note("at", Fault::value("at", format!("{at} steps"), allowed));
        }
    }
    let total = total.unwrap_or(start.saturating_add(left)).max(1);
    let horizon = Horizon { total_steps: total, ..recipe.stretch().horizon };
    (at.unwrap_or(0), Stretch { start, end: total, horizon })
}

fn read(recipe: &mut Recipe<'_>) -> Stretched {
    let (at, stretch) = earlier(recipe);
    // The harmless stand-ins keep at < planned and at < end where one of them was refused.
    let (planned, end) = (stretch.steps().max(1), recipe.left().max(1));
    let of = Ended::at(planned, recipe.inner_over(0, stretch));
    Stretched { of, at: at.min(planned.min(end) - 1), planned, end }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let (changed, stretch) = earlier(recipe);
    let of = recipe.inner_over_to_torch(0, stretch);
    let Stretched { at: _, planned, end, .. } = read(recipe);
    let (parts, speed) = (end.saturating_sub(changed).max(1), planned.saturating_sub(changed));
    // u as a fraction over `parts`, and of(u) on the line between its neighbours.
    let u = format!(
        "{changed} * {parts} + min({{t}} - {changed}, {parts}) * ({speed} if {{t}} > {changed} else {parts})"
    );
    let between = format!(
        "(lambda f, u: f(u // {parts}) + (f(u // {parts} + 1) - f(u // {parts})) * (u % {parts} / {parts}))"
    );
    let of = at(&of.factor, &format!("min(t, {planned})"));
    TorchForm::single(format!("{between}(lambda t: {of}, {u})"), None)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn build(text: &str, total: u64) -> Result<Vec<f64>, String> {
        let spec: ScheduleSpec = text.parse().map_err(|error| format!("{error}"))?;
        let schedule = spec.build(Horizon::new(total, 2)).map_err(|error| format!("{error}"))?;
        Ok((0..14).map(|t| schedule.value_at(t, 8.0)).collect())
    }

    #[test]
    fn keeps_its_past_and_comes_to_the_same_end() {
        // 8, 7, 6, 5, then 5 to 0 in 4 steps of the earlier plan over 8 of the present one.
        let expected = [8.0, 7.0, 6.0, 5.0, 4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5, 0.0, 0.0];
        assert_eq!(build("linear to 0 stretched at 4 steps from 8 steps", 12), Ok(expected.to_vec()));
        let shorter = [8.0, 7.0, 6.0, 5.0, 4.0, 2.0, 0.0, 0.0];
        assert_eq!(
            build("linear to 0 stretched at 4 steps from 8 steps", 6).map(|all| all[..8].to_vec()),
            Ok(shorter.to_vec())
        );
    }

    #[test]
    fn times_whose_product_is_beyond_64_bits_are_exact() {
        let length = 1_u64 << 34;
        let spec: ScheduleSpec =
            format!("linear to 0 stretched at 2 steps from {length} steps").parse().unwrap();
        let schedule = spec.build(Horizon::new(2 * length - 2, 2)).unwrap();
        // Two steps of the present plan are one of the earlier one.
        for (t, u) in [(2 + (length - 2), 2 + (length - 2) / 2), (length - 4, length / 2 - 1)] {
            assert_eq!(schedule.value_at(t, 1.0), 1.0 - u as f64 / length as f64);
        }
    }

    #[test]
    fn shares_inside_are_of_the_earlier_training() {
        let rates = build("step every 50% x0.5 stretched at 1 step from 4 epochs", 8);
        assert_eq!(rates, build("step every 4 steps x0.5 stretched at 1 step from 8 steps", 8));
        assert_eq!(rates, build("step every 4 steps x0.5", 8));
    }

    #[test]
    fn a_jump_is_run_through() {
        // u = 0, 1/3, 2/3, 1...: the jump lies between u = 1 and u = 2.
        let rates = build("step every 2 steps x0.25 stretched at 0 steps from 4 steps", 12);
        assert_eq!(rates.map(|all| all[..7].to_vec()), Ok(vec![8.0, 8.0, 8.0, 8.0, 6.0, 4.0, 2.0]));
    }

    #[test]
    fn plans_that_were_over_or_cannot_be_reached_are_refused() {
        for (text, told) in [
            (
                "linear stretched at 8 steps from 8 steps",
                "from: got `8 steps`, expected a plan of more than 8",
            ),
            (
                "linear stretched at 12 steps from 20 steps",
                "at: got `12 steps`, expected less than the 12 steps",
            ),
            ("linear stretched at 4 steps from 50%", "from: got `50%`, expected steps or epochs"),
        ] {
            let error = build(text, 12);
            assert!(matches!(&error, Err(error) if error.contains(told)), "{text}: {error:?}");
        }
    }
}
