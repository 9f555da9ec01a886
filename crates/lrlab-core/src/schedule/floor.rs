//! Another schedule, kept from falling below a value.
//!
//! - by clip: `value(t) = max(of(t), at)`: the schedule as it is, cut off at the floor;
//! - by scale: `value(t) = at + of(t) * (1 - at / base)`: the schedule squeezed, so that what went
//!   from `base` to 0 goes from `base` to the floor.
//!
//! The two are often taken for each other. `cosine to 0 floor 10%` follows the cosine and runs flat
//! along 10% for its last fifth; `cosine to 0 floor 10% by scale` is at 10% at the very end only, and
//! above the cosine everywhere between: it is `cosine to 10%`. By scale, a value of 0 becomes the
//! floor and the group's own value stays; values above the group's own come down towards it.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | at | the floor | share of base, or a rate |
//!
//! A floor above the group's own value (`lr 1e-3` for a group at 1e-4): by clip the floor is all
//! there is; by scale there is nothing left to squeeze, and the value is the floor as well. A share
//! above 100% by scale would turn the schedule upside down and is refused. A group whose own value
//! is 0 has the floor by scale, and the greater of the two by clip.
//!
//! PyTorch has no class for it: `eta_min` of `CosineAnnealingLR` is a floor by scale, `min_lr` of
//! `ReduceLROnPlateau` one by clip. Hugging Face's `min_lr_rate` and `min_lr_ratio` are by scale.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::{Fault, float_text},
};

#[derive(Clone, Debug)]
struct Floor {
    at: Level,
    scale: bool,
    of: Arc<dyn Schedule>,
}

/// What is left above the floor, as a share of the group's own value; none for a floor above it.
fn room(at: Level, base: f64) -> f64 {
    match at {
        Level::Fraction(share) => (1.0 - share).max(0.0),
        Level::Absolute(value) if base > value => 1.0 - value / base,
        Level::Absolute(_) => 0.0,
    }
}

impl Schedule for Floor {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let (value, at) = (self.of.value_at(t, base), self.at.of(base));
        match self.scale {
            true if base > 0.0 => at + value * room(self.at, base),
            true => at,
            false => value.max(at),
        }
    }

    fn length(&self) -> Option<u64> {
        self.of.length()
    }
}

pub(super) static FLOOR: Entry = Entry {
    name: "floor",
    pytorch: None,
    summary: "keeps another schedule from falling below a rate, by cutting it off or by squeezing it",
    formula: "value = max(of(t), at), or by scale at + of(t) * (1 - at / base)",
    example: "cosine to 0 floor 1%",
    source: Source {
        citation: "torch.optim.lr_scheduler.CosineAnnealingLR, eta_min (by scale); ReduceLROnPlateau, min_lr (by clip)",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html",
    },
    params: &[
        Parameter {
            name: "at",
            kind: Kind::Level,
            default: None,
            keyword: Keyword::Bare(&[""]),
            range: Range::NotNegative,
            pytorch: Some("min_lr"),
            doc: "The floor.",
        },
        Parameter {
            name: "by",
            kind: Kind::Choice(&["clip", "scale"]),
            default: Some("clip"),
            keyword: Keyword::Word("by"),
            range: Range::Any,
            pytorch: None,
            doc: "Whether what lies below is cut off, or the whole is squeezed to end above the floor.",
        },
    ],
    form: Form::After("floor"),
    flat: true,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> (Level, bool) {
    let at = recipe.level("at").unwrap_or(Level::Fraction(0.0));
    let scale = recipe.word("by") == "scale";
    if scale && matches!(at, Level::Fraction(share) if share > 1.0) {
        let allowed = "no more than 100% by scale; to cut off instead, leave out `by scale`";
        recipe.note("at", Fault::value("at", at.to_string(), allowed));
    }
    (at, scale)
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    let (at, scale) = read(recipe);
    Arc::new(Floor { at, scale, of: recipe.inner(0) })
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let (at, scale) = read(recipe);
    let of = recipe.inner_to_torch(0).factor;
    let low = float_text(recipe.factor(at));
    let factor = if scale {
        format!("({low} + ({of}) * {})", float_text(room(at, recipe.base())))
    } else {
        format!("max({of}, {low})")
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
    fn clip_cuts_off_and_scale_squeezes() {
        assert_eq!(rates("linear to 0 floor 50%", 8.0), [8.0, 6.0, 4.0, 4.0, 4.0, 4.0]);
        assert_eq!(rates("linear to 0 floor 50% by scale", 8.0), [8.0, 7.0, 6.0, 5.0, 4.0, 4.0]);
        assert_eq!(rates("linear to 0 floor lr 2 by scale", 8.0), [8.0, 6.5, 5.0, 3.5, 2.0, 2.0]);
    }

    #[test]
    fn a_floor_above_the_groups_own_value_is_all_there_is() {
        assert_eq!(rates("linear to 0 floor lr 9", 8.0), [9.0; 6]);
        assert_eq!(rates("linear to 0 floor lr 9 by scale", 8.0), [9.0; 6]);
        assert_eq!(rates("linear to 0 floor lr 9 by scale", 0.0), [9.0; 6]);
        assert_eq!(rates("linear to 0 floor 50% by scale", 0.0), [0.0; 6]);
    }

    #[test]
    fn a_share_above_the_whole_is_refused_by_scale() {
        let build = |text: &str| text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(4, 1)));
        assert!(matches!(build("linear floor 200%"), Ok(Ok(_))));
        let Ok(Err(error)) = build("linear floor 200% by scale") else { panic!() };
        assert!(error.to_string().starts_with("at: got `200%`, expected no more than 100%"), "{error}");
    }
}
