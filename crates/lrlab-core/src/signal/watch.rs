//! Which readings count, and which of them are better.

use super::{SignalError, SignalState, arguments::Settings};
use crate::{event::is_of_other_weights, spec::Fault};

/// Takes the readings of one metric and remembers the best.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    metric: String,
    maximize: bool,
    threshold: Threshold,
    unfit: Unfit,
    after: u64,
    best: Option<f64>,
    last: Option<u64>,
}

/// By how much a reading must be better than the best.
#[derive(Clone, Copy, Debug)]
enum Threshold {
    /// A share of the best one's size.
    Relative(f64),
    /// In the metric's unit.
    Absolute(f64),
}

/// What a reading counts as that is NaN or infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfit {
    Bad,
    Ignored,
    Error,
}

/// A reading that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    /// A finite number.
    Finite(f64),
    /// NaN or infinite, and as bad as any.
    Bad,
}

/// Whether `name` is the metric that a spec calls `metric`, `loss` being also `validation loss` and
/// `excess loss`. Weights that the training is not judged by are not heard.
pub(crate) fn means(metric: &str, name: &str) -> bool {
    if is_of_other_weights(name) {
        return false;
    }
    if metric == "training_loss" {
        return name == "training loss";
    }
    let before = name.strip_suffix(metric);
    before.is_some_and(|before| before.is_empty() || before.ends_with(' ') && before != "training ")
}

impl Watch {
    pub(super) fn new(settings: &mut Settings<'_>, after: u64) -> Self {
        if settings.is_given("threshold") && settings.is_given("threshold_abs") {
            let why = "give `threshold` (a share of the best reading) or `threshold_abs` (in the metric's unit), not both";
            settings.refuse(Fault::refused(why));
        }
        let share = settings.share("threshold");
        let threshold =
            settings.number("threshold_abs").map_or(Threshold::Relative(share), Threshold::Absolute);
        let metric = settings.word("metric");
        let maximize = match settings.word("mode").as_str() {
            "min" => false,
            "max" => true,
            _ => metric == "accuracy",
        };
        let unfit = match settings.word("nan").as_str() {
            "ignore" => Unfit::Ignored,
            "error" => Unfit::Error,
            _ => Unfit::Bad,
        };
        Self { metric, maximize, threshold, unfit, after, best: None, last: None }
    }

    /// Whether `name` is the metric.
    pub(super) fn listens_to(&self, name: &str) -> bool {
        means(&self.metric, name)
    }

    /// The reading, if it counts: of this metric, once the gate is open.
    pub(super) fn admit(&mut self, t: u64, name: &str, value: f64) -> Result<Option<Reading>, SignalError> {
        if !self.listens_to(name) {
            return Ok(None);
        }
        if let Some(last) = self.last.filter(|last| t < *last) {
            return Err(SignalError::OutOfOrder { name: name.to_owned(), t, last });
        }
        let open = t >= self.after;
        if open && !value.is_finite() && self.unfit == Unfit::Error {
            return Err(SignalError::NotFinite { name: name.to_owned(), t, value });
        }
        self.last = Some(t);
        Ok(match (open, value.is_finite(), self.unfit) {
            (false, ..) | (_, false, Unfit::Ignored) => None,
            (true, true, _) => Some(Reading::Finite(value)),
            (true, false, _) => Some(Reading::Bad),
        })
    }

    /// Whether no reading has been taken as the best yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.best.is_none()
    }

    /// Whether the reading is better than the best by more than the threshold; it is the best then.
    pub(super) fn improves(&mut self, reading: Reading) -> bool {
        let Reading::Finite(value) = reading else { return false };
        let better = self.best.is_none_or(|best| {
            let worth = if self.maximize { 1.0 } else { -1.0 };
            let bar = match self.threshold {
                // Written so that it rounds as PyTorch's does where `best` is above 0.
                Threshold::Relative(share) if best < 0.0 => best * (1.0 - worth * share),
                Threshold::Relative(share) => best * (1.0 + worth * share),
                Threshold::Absolute(distance) => best + worth * distance,
            };
            if self.maximize { value > bar } else { value < bar }
        });
        if better {
            self.best = Some(value);
        }
        better
    }

    /// The state of a signal that watches with this; its other numbers are to be filled in.
    pub(super) fn state(&self, signal: &str, factor: f64) -> SignalState {
        let (best, last) = (self.best, self.last);
        let signal = signal.to_owned();
        SignalState { signal, factor, best, last, bad_since: 0, good_since: 0, recent: Vec::new() }
    }

    /// Goes on from `state`, whose factor must lie in `from..=to`; nothing changes if it is refused.
    pub(super) fn restore(
        &mut self,
        signal: &'static str,
        state: &SignalState,
        (from, to): (f64, f64),
    ) -> Result<(), SignalError> {
        let refuse =
            |field, got: String, allowed: String| Err(SignalError::State { signal, field, got, allowed });
        if state.signal != signal {
            return refuse("signal", state.signal.clone(), format!("`{signal}`"));
        }
        if !(from..=to).contains(&state.factor) {
            return refuse("factor", state.factor.to_string(), format!("from {from} to {to}"));
        }
        if let Some(value) = state.best.iter().chain(&state.recent).find(|value| !value.is_finite()) {
            return refuse("best or recent", value.to_string(), "finite numbers".to_owned());
        }
        (self.best, self.last) = (state.best, state.last);
        Ok(())
    }
}
