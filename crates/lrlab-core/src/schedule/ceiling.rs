//! Another schedule, kept from rising above a value.
//!
//! - by clip: `value(t) = min(of(t), at)`: the schedule as it is, cut off at the ceiling;
//! - by scale: `value(t) = of(t) * min(at / base, 1)`: the whole schedule lower, so that the group's
//!   own value becomes the ceiling.
//!
//! The two are often taken for each other: `warmup 10% then cosine to 0 ceiling 50%` is flat at 50%
//! in the middle; by scale it is the same curve at half the height throughout.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | at | the ceiling | share of base, or a rate |
//!
//! A ceiling above the group's own value never raises a rate: by scale it leaves the schedule as it
//! is, and a share above 100% is refused. By scale, rates of its own (`to lr 1e-4`) come down with
//! the rest. A group whose own value is 0 has nothing to be scaled by: its ceiling clips.
//!
//! PyTorch has no class for it; by scale it is a smaller `lr` of the group.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::{Fault, float_text},
};

#[derive(Clone, Debug)]
struct Ceiling {
    at: Level,
    scale: bool,
    of: Arc<dyn Schedule>,
}

/// The ceiling as a share of the group's own value, at most the whole.
fn share(at: Level, base: f64) -> f64 {
    match at {
        Level::Fraction(share) => share.min(1.0),
        Level::Absolute(value) if base > value => value / base,
        Level::Absolute(_) => 1.0,
    }
}

impl Schedule for Ceiling {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let value = self.of.value_at(t, base);
        if self.scale && base > 0.0 { value * share(self.at, base) } else { value.min(self.at.of(base)) }
    }

    fn length(&self) -> Option<u64> {
        self.of.length()
    }
}

pub(super) static CEILING: Entry = Entry {
    name: "ceiling",
    pytorch: None,
    summary: "keeps another schedule from rising above a rate, by cutting it off or by lowering it",
    formula: "value = min(of(t), at), or by scale of(t) * min(at / base, 1)",
    example: "cosine to 0 ceiling 80%",
    source: Source { citation: "", link: "" },
    params: &[
        Parameter {
            name: "at",
            kind: Kind::Level,
            default: None,
            keyword: Keyword::Bare(&[""]),
            range: Range::NotNegative,
            pytorch: None,
            doc: "The ceiling.",
        },
        Parameter {
            name: "by",
            kind: Kind::Choice(&["clip", "scale"]),
            default: Some("clip"),
            keyword: Keyword::Word("by"),
            range: Range::Any,
            pytorch: None,
            doc: "Whether what lies above is cut off, or the whole is lowered to begin at the ceiling.",
        },
    ],
    form: Form::After("ceiling"),
    flat: true,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> (Level, bool) {
    let at = recipe.level("at").unwrap_or(Level::Fraction(1.0));
    let scale = recipe.word("by") == "scale";
    if scale && matches!(at, Level::Fraction(share) if share > 1.0) {
        let allowed = "no more than 100% by scale, since a ceiling raises nothing";
        recipe.note("at", Fault::value("at", at.to_string(), allowed));
    }
    (at, scale)
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    let (at, scale) = read(recipe);
    Arc::new(Ceiling { at, scale, of: recipe.inner(0) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let (at, scale) = read(recipe);
    let of = recipe.inner_to_torch(0).factor;
    let factor = if scale {
        format!("({of}) * {}", float_text(share(at, recipe.base())))
    } else {
        format!("min({of}, {})", float_text(recipe.factor(at)))
    };
    TorchForm::single(factor, None)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates(text: &str, base: f64) -> Vec<f64> {
        let built = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(4, 1)));
        let Ok(Ok(schedule)) = built else { panic!("{text}") };
        (0..6).map(|t| schedule.value_at(t, base)).collect()
    }

    #[test]
    fn clip_cuts_off_and_scale_lowers() {
        assert_eq!(rates("linear to 0 ceiling 50%", 8.0), [4.0, 4.0, 4.0, 2.0, 0.0, 0.0]);
        assert_eq!(rates("linear to 0 ceiling 50% by scale", 8.0), [4.0, 3.0, 2.0, 1.0, 0.0, 0.0]);
        assert_eq!(rates("linear to 0 ceiling lr 2 by scale", 8.0), [2.0, 1.5, 1.0, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn a_ceiling_raises_nothing() {
        let plain = rates("linear to 0", 8.0);
        assert_eq!(rates("linear to 0 ceiling lr 9", 8.0), plain);
        assert_eq!(rates("linear to 0 ceiling lr 9 by scale", 8.0), plain);
        assert_eq!(rates("linear to lr 3 ceiling lr 2 by scale", 0.0)[3..], [2.0, 2.0, 2.0]);
        let spec = "linear ceiling 200% by scale".parse::<ScheduleSpec>();
        assert!(matches!(spec.map(|spec| spec.build(Horizon::new(4, 1))), Ok(Err(_))));
    }
}
