//! Values at given times, and a curve between each of them and the next.
//!
//! For the points (a, x) and (b, y) around t, and `f = (t - x) / (y - x)`:
//!
//! | by | value(t) |
//! |---|---|
//! | linear | `a + (b - a) * f` |
//! | cosine | `a + (b - a) * (1 - cos(pi f)) / 2`: level at both ends |
//! | log | `a * (b / a)^f`: the same factor each step; needs values above 0 |
//! | step | `a`: the value of the last point that was passed |
//!
//! The first value holds before the first point, the last one after the last. Times count from the
//! schedule's own start; percentages are of the whole training. Shares and rates may be mixed: a
//! curve runs between what they are for the group at hand. For a group whose own value is 0, shares
//! are 0, and a curve by log from or to a 0 is at 0 between its points.
//!
//! PyTorch: `LambdaLR`. optax: `piecewise_interpolate_schedule` (linear, cosine), timm and Keras:
//! piecewise constant. A table of points is read by [`ScheduleSpec::from_csv`](crate::ScheduleSpec::from_csv).

use std::{f64::consts::PI, sync::Arc};

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{
    registry::{Keyword, Kind, Level, Parameter, Range, Source},
    spec::{Fault, float_text},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    Linear,
    Cosine,
    Log,
    Step,
}

#[derive(Clone, Debug)]
struct Piecewise {
    /// At least one; times grow.
    points: Vec<(u64, Level)>,
    by: Curve,
}

impl Curve {
    /// Between two values, for f from 0 up to, but not, 1.
    fn between(self, a: f64, b: f64, f: f64) -> f64 {
        match self {
            Self::Linear => a + (b - a) * f,
            Self::Cosine => a + (b - a) * ((1.0 - (PI * f).cos()) / 2.0),
            Self::Log if f == 0.0 => a,
            Self::Log if a <= 0.0 || b <= 0.0 => 0.0,
            // Where the factor itself is out of reach, the values between are not.
            Self::Log if !(b / a).is_normal() => a.powf(1.0 - f) * b.powf(f),
            Self::Log => a * (b / a).powf(f),
            Self::Step => a,
        }
    }
}

impl Schedule for Piecewise {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        let next = self.points.partition_point(|(at, _)| *at <= t);
        let value = |index: usize| self.points.get(index).map_or(base, |(_, level)| level.of(base));
        match (next.checked_sub(1), self.points.get(next)) {
            (None, _) => value(0),
            (Some(last), None) => value(last),
            (Some(before), Some((end, _))) => {
                let start = self.points[before].0;
                let f = (t - start) as f64 / (end - start) as f64;
                self.by.between(value(before), value(next), f)
            }
        }
    }

    fn length(&self) -> Option<u64> {
        self.points.last().map(|(at, _)| *at)
    }
}

pub(super) static PIECEWISE: Entry = Entry {
    name: "piecewise",
    pytorch: Some("LambdaLR"),
    summary: "goes through given values at given times",
    formula: "value = a + (b - a) * (t - x) / (y - x) between the points (a at x) and (b at y)",
    example: "piecewise 10% at 0 steps, 100% at 10%, 0 at 100% by cosine",
    source: Source {
        citation: "optax.piecewise_interpolate_schedule",
        link: "https://optax.readthedocs.io/en/latest/api/optimizer_schedules.html",
    },
    params: &[
        Parameter {
            name: "points",
            kind: Kind::Points,
            default: None,
            keyword: Keyword::Bare(&[""]),
            range: Range::NotNegative,
            pytorch: None,
            doc: "The values with their times, which grow.",
        },
        Parameter {
            name: "by",
            kind: Kind::Choice(&["linear", "cosine", "log", "step"]),
            default: Some("linear"),
            keyword: Keyword::Word("by"),
            range: Range::Any,
            pytorch: None,
            doc: "The curve between two points: straight, half a cosine, by equal factors, or none until the next.",
        },
    ],
    form: Form::Plain,
    flat: false,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Piecewise {
    let mut points = recipe.points("points");
    let by = match recipe.word("by") {
        "cosine" => Curve::Cosine,
        "log" => Curve::Log,
        "step" => Curve::Step,
        _ => Curve::Linear,
    };
    let zero = |(_, level): &&(u64, Level)| matches!(level, Level::Fraction(value) | Level::Absolute(value) if *value == 0.0);
    if by == Curve::Log
        && let Some((at, level)) = points.iter().find(zero)
    {
        let allowed = "values above 0 by log; end above 0 (`1%`), or go `by linear`";
        recipe.note("points", Fault::value("points", format!("{level} at {at} steps"), allowed));
    }
    if points.is_empty() {
        points.push((0, Level::Fraction(1.0)));
    }
    Piecewise { points, by }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let Piecewise { points, by } = read(recipe);
    let factors: Vec<(u64, f64)> = points.iter().map(|(at, level)| (*at, recipe.factor(*level))).collect();
    let [(_, first), .., (_, last)] = factors[..] else {
        return TorchForm::single(float_text(factors.first().map_or(1.0, |(_, only)| *only)), None);
    };
    // Each piece is its start, its length, its value at the start and one to move with: the next one first.
    let curve = match by {
        Curve::Linear => "a + d * (({t} - x) / n)",
        Curve::Cosine => "a + d * (1 - math.cos(math.pi * (({t} - x) / n))) / 2",
        Curve::Log => "a * d ** (({t} - x) / n)",
        Curve::Step => "a",
    };
    let still = if by == Curve::Log { 1.0 } else { 0.0 };
    let mut pieces = vec![(factors[factors.len() - 1].0, 1, last, still)];
    for pair in factors.windows(2).rev() {
        let [(start, a), (end, b)] = [pair[0], pair[1]];
        pieces.push((
            start,
            end.saturating_sub(start).max(1),
            a,
            if by == Curve::Log { b / a } else { b - a },
        ));
    }
    let pieces: Vec<String> = pieces
        .into_iter()
        .map(|(x, n, a, d)| format!("({x}, {n}, {}, {})", float_text(a), float_text(d)))
        .collect();
    let (pieces, first) = (pieces.join(", "), float_text(first));
    TorchForm::single(format!("next(({curve} for x, n, a, d in [{pieces}] if {{t}} >= x), {first})"), None)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates(text: &str, base: f64) -> Vec<f64> {
        let built = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(10, 5)));
        let Ok(Ok(schedule)) = built else { panic!("{text}: {built:?}") };
        (0..10).map(|t| schedule.value_at(t, base)).collect()
    }

    #[test]
    fn goes_through_its_points_and_holds_both_ends() {
        let points = "piecewise 25% at 2 steps, 100% at 5 steps, lr 2 at 7 steps";
        assert_eq!(rates(points, 16.0), [4.0, 4.0, 4.0, 8.0, 12.0, 16.0, 9.0, 2.0, 2.0, 2.0]);
        let steps = rates(&format!("{points} by step"), 16.0);
        assert_eq!(steps, [4.0, 4.0, 4.0, 4.0, 4.0, 16.0, 16.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn curves_have_their_own_middle() {
        let at_two = |by: &str| rates(&format!("piecewise 100% at 0 steps, 25% at 4 steps by {by}"), 16.0)[2];
        assert!((at_two("cosine") - 10.0).abs() < 1e-14);
        assert!((at_two("log") - 8.0).abs() < 1e-14);
        let quarter = rates("piecewise 100% at 0 steps, 0 at 3 steps by cosine", 16.0)[1];
        assert!((quarter - 12.0).abs() < 1e-14, "{quarter}");
    }

    #[test]
    fn a_group_at_0_has_no_share_to_go_through() {
        let text = "piecewise 100% at 1 step, lr 8 at 4 steps by log";
        assert_eq!(rates(text, 0.0)[..6], [0.0, 0.0, 0.0, 0.0, 8.0, 8.0]);
    }

    #[test]
    fn a_0_by_log_and_times_that_do_not_grow_are_refused() {
        for (text, told) in [
            (
                "piecewise 100% at 0 steps, 0 at 5 steps by log",
                "points: got `0 at 5 steps`, expected values above 0",
            ),
            ("piecewise 100% at 5 steps, 0 at 50%", "points: got `5 steps, 50%`, expected times that grow"),
        ] {
            let error = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(10, 5)));
            let Ok(Err(error)) = error else { panic!("{text}") };
            assert!(error.to_string().starts_with(told), "{error}");
        }
    }
}
