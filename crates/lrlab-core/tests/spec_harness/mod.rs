//! What must hold of any text that is given to the readers, however it came about.
//!
//! The property tests ask it of random text, the fuzz target (`fuzz/`) of what it finds.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may panic, and each uses a part of it")]

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use lrlab_core::{
    Duration, Expression, Field, Horizon, OptimizerSpec, ScheduleSpec, SpecError, Strategy, TaskSpec,
    spec::{Clip, Compat, PlanSpec, ScheduleChoice, SignalSpec, Spec, TorchCall},
};
use serde::{Serialize, de::DeserializeOwned};

/// Trainings to build for: the shortest, some that do not come out even, and one longer than any.
pub(crate) const HORIZONS: [(u64, u64); 5] = [(1, 1), (7, 3), (100, 10), (3000, 250), (u64::MAX, 1)];

/// The groups' own rates, from fine-tuning to far too high.
pub(crate) const BASES: [f64; 4] = [1e-9, 3e-4, 1.0, 10.0];

/// Everything that must hold of a text, whatever reader it is given to.
pub(crate) fn holds_of_text(text: &str) {
    if let Some(strategy) = reads_back::<Strategy>(text) {
        holds_of_strategy(&strategy);
    }
    if let Some(schedule) = reads_back::<ScheduleSpec>(text) {
        rates_are_rates(&schedule);
    }
    reads_back::<Spec>(text);
    reads_back::<PlanSpec>(text);
    reads_back::<ScheduleChoice>(text);
    reads_back::<SignalSpec>(text);
    reads_back::<OptimizerSpec>(text);
    reads_back::<Clip>(text);
    reads_back::<TaskSpec>(text);
    reads_back::<TorchCall>(text);
    reads_back::<Expression>(text);
    reads_back::<Duration>(text);
    match ScheduleSpec::from_csv(text) {
        Ok(schedule) => rates_are_rates(&schedule),
        Err(error) => tells_where(text, &error),
    }
    if let Ok(strategy) = serde_json::from_str::<Strategy>(text) {
        holds_of_strategy(&strategy);
    }
    if let Ok(strategy) = toml::from_str::<Strategy>(text) {
        holds_of_strategy(&strategy);
    }
}

/// What was accepted: each of its forms reads back as the same tree, and training with it goes well or
/// is refused.
pub(crate) fn holds_of_strategy(strategy: &Strategy) {
    let text = strategy.to_string();
    assert_eq!(text.parse::<Strategy>().as_ref(), Ok(strategy), "{text}");
    survives(strategy);
    for group in &strategy.groups {
        survives(&group.plan);
    }
    for (total, epoch) in HORIZONS {
        trains(strategy, Horizon::new(total, epoch));
    }
    let _ = strategy.to_torch_code(Horizon::new(100, 10));
}

/// Reads a text and what is then printed; what is refused tells where.
fn reads_back<T: FromStr<Err = SpecError> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(value) => {
            let printed = value.to_string();
            let again = printed.parse::<T>();
            assert_eq!(again.as_ref(), Ok(&value), "`{text}` was printed as `{printed}`");
            assert_eq!(again.unwrap().to_string(), printed, "`{text}`");
            Some(value)
        }
        Err(error) => {
            tells_where(text, &error);
            None
        }
    }
}

fn tells_where(text: &str, error: &SpecError) {
    assert!(!error.problems().is_empty() && !error.to_string().is_empty(), "{text}");
    for problem in error.problems() {
        assert!(problem.span.clone().is_none_or(|span| text.get(span).is_some()), "`{text}`: {problem:?}");
    }
}

/// Through JSON and TOML and back.
fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).map_err(|error| error.to_string()).as_ref(), Ok(value));
    let toml = toml::to_string(value).unwrap();
    assert_eq!(toml::from_str::<T>(&toml).map_err(|error| error.to_string()).as_ref(), Ok(value), "{toml}");
}

/// Times at which a training of `total` steps is looked at; also after its end.
fn times(total: u64) -> impl Iterator<Item = u64> {
    let parts = (1..8).map(move |part| total / 8 * part);
    [0, 1, 2, 3].into_iter().chain(parts).chain([total.saturating_sub(1), total, total.saturating_add(1)])
}

/// A schedule that can be built gives rates: finite and not negative.
pub(crate) fn rates_are_rates(spec: &ScheduleSpec) {
    for (total, epoch) in HORIZONS {
        match spec.build(Horizon::new(total, epoch)) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(schedule) => {
                for (t, base) in times(total).chain([u64::MAX]).flat_map(|t| BASES.map(|base| (t, base))) {
                    let rate = schedule.value_at(t, base);
                    assert!(rate >= 0.0 && rate.is_finite(), "`{spec}` at {t} of {total} for {base}: {rate}");
                }
            }
        }
    }
}

/// A strategy that can be built moves its groups without a panic; in lrlab's own meaning the rates stay
/// rates, whatever the readings of its metrics are.
fn trains(strategy: &Strategy, horizon: Horizon) {
    let Ok(mut built) = strategy.build(horizon) else { return };
    let own = strategy.groups.iter().all(|group| group.plan.schedule.compat() == Compat::Own);
    let mut groups: Vec<_> = built.groups.iter().map(|group| group.group.clone()).collect();
    // PyTorch's recursion makes every step up to t.
    let last = if own { u64::MAX } else { 200 };
    let readings = [2.0, 1.0, 1.5, f64::NAN, f64::INFINITY, -1e300, 1.0];
    for (t, reading) in times(horizon.total_steps).filter(|t| *t <= last).zip(readings.iter().cycle()) {
        if built.scheduler.before_step(t, &mut groups).is_err() {
            break;
        }
        for group in groups.iter().filter(|_| own) {
            assert!(group.lr() >= 0.0, "`{strategy}` at {t} of {horizon:?}: {group:?}");
            for field in Field::ALL {
                assert!(group.get(field).is_finite(), "`{strategy}` at {t} of {horizon:?}: {group:?}");
            }
        }
        let _ = ["loss", "accuracy"]
            .map(|name| built.scheduler.on_metric(t, name, *reading, &mut groups).is_ok());
        let _ = built.scheduler.warning(t);
    }
}
