//! A schedule changed while training runs: the same data, wrapped.
//!
//! Every change keeps what was: before the step `at` the new schedule gives the values of the old one
//! to the bit, so a training that goes on from there needs no more than the new text.

use super::ScheduleSpec;
use crate::{
    Duration, Horizon,
    registry::{Argument, Arguments, Level},
    schedule::CooldownShape,
};

impl ScheduleSpec {
    /// The same until the step `at`, then down to `to` in `over`.
    ///
    /// ```
    /// use lrlab_core::{Duration, Horizon, ScheduleSpec, registry::Level, schedule::CooldownShape};
    /// let horizon = Horizon::new(1000, 100);
    /// let before: ScheduleSpec = "warmup 5% then constant".parse()?;
    /// let (over, shape) = (Duration::Steps(200), CooldownShape::OneMinusSqrt);
    /// let after = before.clone().cooled_down(500, over, shape, Level::Fraction(0.0));
    /// assert_eq!(after.to_string(), "warmup 5% then constant cooldown 200 steps at 500 steps to 0 by 1-sqrt");
    /// let (old, new) = (before.build(horizon)?, after.build(horizon)?);
    /// assert!((0..=500).all(|t| new.value_at(t, 0.1) == old.value_at(t, 0.1)));
    /// assert_eq!(new.value_at(700, 0.1), 0.0);
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn cooled_down(self, at: u64, over: Duration, shape: CooldownShape, to: Level) -> Self {
        self.wrapped(
            "cooldown",
            [
                ("over", Argument::Duration(over)),
                ("at", Argument::Duration(Duration::Steps(at))),
                ("to", Argument::Level(to)),
                ("shape", Argument::Word(shape.word().to_owned())),
            ],
        )
    }

    /// The same until the step `at`, then the rest of what was planned for the horizon `earlier`,
    /// stretched (or pressed) into what is left of the horizon that it will be built for. Both must
    /// count the same steps in an epoch.
    ///
    /// ```
    /// use lrlab_core::{Horizon, ScheduleSpec};
    /// let (earlier, now) = (Horizon::new(1000, 100), Horizon::new(3000, 100));
    /// let before: ScheduleSpec = "cosine to 0".parse()?;
    /// let after = before.clone().extended(500, earlier);
    /// assert_eq!(after.to_string(), "cosine to 0 stretched at 500 steps from 1000 steps");
    /// let (old, new) = (before.build(earlier)?, after.build(now)?);
    /// assert!((0..=500).all(|t| new.value_at(t, 0.1) == old.value_at(t, 0.1)));
    /// // 5 steps are now what 1 was.
    /// assert_eq!(new.value_at(500 + 5 * 300, 0.1), old.value_at(500 + 300, 0.1));
    /// assert_eq!(new.value_at(3000, 0.1), 0.0);
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn extended(self, at: u64, earlier: Horizon) -> Self {
        self.wrapped(
            "stretched",
            [
                ("at", Argument::Duration(Duration::Steps(at))),
                ("from", Argument::Duration(Duration::Steps(earlier.total_steps))),
            ],
        )
    }

    /// The same until the step `at`, from where on the group's own value is `to`: at once, or in a
    /// straight line over `over`.
    ///
    /// ```
    /// use lrlab_core::{Duration, Horizon, ScheduleSpec, registry::Level};
    /// let horizon = Horizon::new(1000, 100);
    /// let before: ScheduleSpec = "linear to lr 1e-3".parse()?;
    /// let after = before.clone().rebased(500, Level::Fraction(0.5), Some(Duration::Steps(100)));
    /// assert_eq!(after.to_string(), "linear to lr 0.001 rebased at 500 steps to 50% over 100 steps");
    /// let (old, new) = (before.build(horizon)?, after.build(horizon)?);
    /// assert!((0..=500).all(|t| new.value_at(t, 0.1) == old.value_at(t, 0.1)));
    /// assert_eq!(new.value_at(600, 0.1), old.value_at(600, 0.05));
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn rebased(self, at: u64, to: Level, over: Option<Duration>) -> Self {
        let mut spec = self.wrapped(
            "rebased",
            [("at", Argument::Duration(Duration::Steps(at))), ("to", Argument::Level(to))],
        );
        spec.args.extend(over.map(|over| ("over".to_owned(), Argument::Duration(over))));
        spec
    }

    fn wrapped<const N: usize>(self, name: &'static str, args: [(&str, Argument); N]) -> Self {
        let args: Arguments = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { name, args, inner: vec![self] }
    }
}
