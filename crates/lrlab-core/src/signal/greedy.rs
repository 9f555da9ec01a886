//! Raises the rates while a metric keeps improving, and lowers them while it does not.
//!
//! ```text
//! value = mean of the last `window` readings; good if it is below best - threshold * |best|
//! good:  best = value; bad_since = t;   if t - good_since > patience:  factor = min(factor / f, ceiling)
//! bad:                 good_since = t;  if t - bad_since > patience:   factor = max(factor * f, floor)
//! after a change:  good_since = bad_since = t + cooldown
//! ```
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | t | updates made before the reading | steps |
//! | `good_since`, `bad_since` | when good, or bad, readings began to follow each other | steps |
//! | patience, cooldown | parameters | steps |
//! | f | the parameter `factor` | 1 |
//! | factor | what the plan's rates are multiplied by | 1 |
//!
//! Papers: Subramanian, Krishnamoorthy, Murthy 2025, "Dynamic Learning Rate Scheduling based on Loss
//! Changes Leads to Faster Convergence", arXiv:2512.14527; before it Subramanian, Ganapathiraman
//! 2023, "Zeroth order `GreedyLR`".
//!
//! PyTorch has none. Differences from `GreedyLR` of Hugging Face's transformers
//! (`get_greedy_schedule`), which reacts at the same readings but for these:
//! - patience and cooldown are lengths of training, not counts of readings, and one cooldown serves
//!   raising (its `warmup`) and lowering;
//! - the first reading is what the next are compared with and counts as neither good nor bad (there
//!   it is good, and raises at once without patience);
//! - floor and ceiling are shares of a plan that goes on moving, 1% and 1000% by default, where its
//!   `min_lr` of 0.001 is above many a rate;
//! - the threshold is a share of the best reading unless `threshold_abs` is given, and works for
//!   metrics below 0, where its `best * (1 - threshold)` takes worse readings for better ones;
//! - a gate: readings before it (by default the end of the warmup) are ignored;
//! - NaN and infinities do not enter the mean;
//! - it never resets itself after a time at the floor (`reset_start`): a good streak raises it again.

use super::{
    Setting, Signal, SignalEntry, SignalError, SignalState,
    arguments::{
        AFTER, COOLDOWN, METRIC, MODE, NAN, PATIENCE, Settings, THRESHOLD, THRESHOLD_ABS, factor, floor,
    },
    registry::Built,
    watch::{Reading, Watch},
    window::Window,
};
use crate::{
    horizon::number_text,
    registry::{Arguments, Keyword, Kind, Parameter, Range, Source},
    spec::Fault,
};

/// More readings than any smoothing needs.
const WIDEST: f64 = 10_000.0;

/// Greedy in the registry.
pub(super) static ENTRY: SignalEntry = SignalEntry {
    name: "greedy",
    pytorch: None,
    summary: "raises the rates while a metric keeps improving, lowers them while it does not",
    formula: "factor = min(factor / f, ceiling) after good readings for more than `patience`, max(factor * f, floor) after bad ones",
    example: "greedy patience 2 epochs x0.9 floor 1% ceiling 400% smoothed=5",
    source: Source {
        citation: "Subramanian, Krishnamoorthy, Murthy 2025, Dynamic Learning Rate Scheduling based on Loss Changes Leads to Faster Convergence",
        link: "arXiv:2512.14527",
    },
    params: &[
        PATIENCE,
        factor("0.95", "What the rates are multiplied by when lowered, and divided by when raised."),
        THRESHOLD,
        COOLDOWN,
        floor("1%"),
        Parameter {
            name: "ceiling",
            kind: Kind::Level,
            default: Some("1000%"),
            keyword: Keyword::Word("ceiling"),
            range: Range::Positive,
            pytorch: None,
            doc: "The highest share of the plan's rates.",
        },
        METRIC,
        AFTER,
        Parameter {
            name: "smoothed",
            kind: Kind::Integer,
            default: Some("1"),
            keyword: Keyword::Named,
            range: Range::Positive,
            pytorch: None,
            doc: "How many of the last readings are averaged, up to 10000.",
        },
        THRESHOLD_ABS,
        MODE,
        NAN,
    ],
    build,
};

fn build(args: &Arguments, setting: Setting) -> Built {
    let mut settings = Settings::new(&ENTRY, args, setting);
    let (after, patience) = settings.gate_and_patience();
    let ceiling = settings.share("ceiling");
    if ceiling < 1.0 {
        let fault = Fault::value("ceiling", number_text(ceiling * 100.0) + "%", "a share of 100% or more");
        settings.refuse(fault);
    }
    let smoothed = settings.number("smoothed").unwrap_or(1.0);
    if smoothed > WIDEST {
        let allowed = format!("a whole number of readings from 1 to {WIDEST}");
        settings.refuse(Fault::value("smoothed", number_text(smoothed), allowed));
    }
    let greedy = Greedy {
        watch: Watch::new(&mut settings, after),
        window: Window::new(smoothed.min(WIDEST) as usize),
        patience,
        cooldown: settings.steps("cooldown").unwrap_or(0),
        shrink: settings.shrinking("factor"),
        floor: settings.share("floor"),
        ceiling,
        factor: 1.0,
        good_since: after,
        bad_since: after,
    };
    settings.done(Box::new(greedy))
}

#[derive(Clone, Debug)]
struct Greedy {
    watch: Watch,
    window: Window,
    patience: u64,
    cooldown: u64,
    shrink: f64,
    floor: f64,
    ceiling: f64,
    factor: f64,
    good_since: u64,
    bad_since: u64,
}

impl Signal for Greedy {
    fn listens_to(&self, name: &str) -> bool {
        self.watch.listens_to(name)
    }

    fn on_metric(&mut self, t: u64, name: &str, value: f64) -> Result<(), SignalError> {
        let Some(mut reading) = self.watch.admit(t, name, value)? else { return Ok(()) };
        if let Reading::Finite(value) = reading {
            reading = Reading::Finite(self.window.push(value));
        }
        let resting = t <= self.good_since.min(self.bad_since);
        if self.watch.is_fresh() && self.watch.improves(reading) {
            self.good_since = self.good_since.max(t);
            self.bad_since = self.bad_since.max(t);
        } else if resting {
            // Neither counted nor compared, as during the cooldown of the original.
        } else if self.watch.improves(reading) {
            self.bad_since = self.bad_since.max(t);
            if t.saturating_sub(self.good_since) > self.patience {
                self.change((self.factor / self.shrink).min(self.ceiling), t);
            }
        } else {
            self.good_since = self.good_since.max(t);
            if t.saturating_sub(self.bad_since) > self.patience {
                self.change((self.factor * self.shrink).max(self.floor), t);
            }
        }
        Ok(())
    }

    fn factor(&self) -> f64 {
        self.factor
    }

    fn state(&self) -> SignalState {
        SignalState {
            bad_since: self.bad_since,
            good_since: self.good_since,
            recent: self.window.values().collect(),
            ..self.watch.state(ENTRY.name, self.factor)
        }
    }

    fn restore(&mut self, state: &SignalState) -> Result<(), SignalError> {
        if state.recent.len() > self.window.size() {
            return Err(SignalError::State {
                signal: ENTRY.name,
                field: "recent",
                got: format!("{} readings", state.recent.len()),
                allowed: format!("at most {}", self.window.size()),
            });
        }
        self.watch.restore(ENTRY.name, state, (self.floor, self.ceiling))?;
        self.window.refill(&state.recent);
        (self.factor, self.good_since, self.bad_since) = (state.factor, state.good_since, state.bad_since);
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn Signal> {
        Box::new(self.clone())
    }
}

impl Greedy {
    fn change(&mut self, factor: f64, t: u64) {
        self.factor = factor;
        self.good_since = t.saturating_add(self.cooldown);
        self.bad_since = self.good_since;
    }
}
