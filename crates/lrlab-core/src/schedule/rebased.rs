//! Another schedule for a group whose own value is changed on the way.
//!
//! - t < at: `value(t) = of(t, base)`;
//! - then: `value(t) = of(t, to)`, all that is a share of the group's own value being one of `to` now;
//! - with `over`, for at <= t < at + over: `(1 - p) of(t, base) + p of(t, to)`, p = (t - at) / over.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | at | when it is changed | steps |
//! | to | the group's new own value | share of the old one, or a rate |
//! | over | how long it takes; a jump when left out | steps |
//!
//! Rates of their own inside (`cosine to lr 1e-5`) stay what they are, which is what sets it apart
//! from multiplying with a factor. PyTorch: what changing `base_lrs` (not `param_group['lr']`) does to
//! schedulers that have a closed form.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::float_text,
};

#[derive(Clone, Debug)]
struct Rebased {
    of: Arc<dyn Schedule>,
    at: u64,
    to: Level,
    /// 0: a jump.
    over: u64,
}

impl Schedule for Rebased {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        if t < self.at {
            return self.of.value_at(t, base);
        }
        let (since, new) = (t - self.at, self.of.value_at(t, self.to.of(base)));
        if since >= self.over {
            return new;
        }
        let old = self.of.value_at(t, base);
        old + (new - old) * (since as f64 / self.over as f64)
    }

    fn length(&self) -> Option<u64> {
        self.of.length().map(|length| length.max(self.at.saturating_add(self.over)))
    }
}

pub(super) static REBASED: Entry = Entry {
    name: "rebased",
    pytorch: None,
    summary: "another schedule for a group whose own rate is changed on the way",
    formula: "value = of(t, base) for t < at, then of(t, to), blended in a straight line over `over`",
    example: "cosine to 0 rebased at 500 steps to 50% over 100 steps",
    source: Source { citation: "", link: "" },
    params: &[
        Parameter {
            name: "at",
            kind: Kind::Duration,
            default: None,
            keyword: Keyword::Word("at"),
            range: Range::NotNegative,
            pytorch: None,
            doc: "When the group's own value is changed.",
        },
        Parameter {
            name: "to",
            kind: Kind::Level,
            default: None,
            keyword: Keyword::Word("to"),
            range: Range::Positive,
            pytorch: Some("base_lrs"),
            doc: "The group's new own value.",
        },
        Parameter {
            name: "over",
            kind: Kind::Duration,
            default: Some(""),
            keyword: Keyword::Word("over"),
            range: Range::Positive,
            pytorch: None,
            doc: "How long it takes; a jump when left out.",
        },
    ],
    form: Form::After("rebased"),
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Rebased {
    Rebased {
        at: recipe.time("at").unwrap_or(0),
        to: recipe.level("to").unwrap_or(Level::Fraction(1.0)),
        over: recipe.steps("over").unwrap_or(0),
        of: recipe.inner(0),
    }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Rebased { at, to, over, .. } = read(recipe);
    let share = recipe.factor(to);
    let new = recipe.inner_to_torch_for(to.of(recipe.base()));
    let old = recipe.inner_to_torch(0);
    let (old, new) = (old.factor, format!("({}) * {}", new.factor, float_text(share)));
    let after = if over == 0 {
        new
    } else {
        let part = format!("min(({{t}} - {at}) / {over}, 1.0)");
        format!("({old}) * (1.0 - {part}) + {new} * {part}")
    };
    TorchForm::single(format!("({old} if {{t}} < {at} else {after})"), None)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates(text: &str) -> Vec<f64> {
        let built = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(8, 4)));
        let Ok(Ok(schedule)) = built else { panic!("{text}: {built:?}") };
        (0..10).map(|t| schedule.value_at(t, 16.0)).collect()
    }

    #[test]
    fn jumps_or_goes_over_in_a_straight_line() {
        let jump = [16.0, 14.0, 12.0, 10.0, 4.0, 3.0, 2.0, 1.0, 0.0, 0.0];
        assert_eq!(rates("linear to 0 rebased at 50% to lr 8"), jump);
        assert_eq!(rates("linear to 0 rebased at 50% to 50%"), jump);
        let blend = [16.0, 16.0, 16.0, 16.0, 16.0, 14.0, 12.0, 10.0, 8.0, 8.0];
        assert_eq!(rates("constant rebased at 4 steps to 50% over 4 steps"), blend);
    }

    #[test]
    fn rates_of_their_own_stay() {
        let line = [16.0, 14.5, 13.0, 11.5, 6.0, 5.5, 5.0, 4.5, 4.0, 4.0];
        assert_eq!(rates("linear to lr 4 rebased at 4 steps to 50%"), line);
    }
}
