//! `ReduceLROnPlateau`: times a factor when a metric has not got better for a while.
//!
//! ```text
//! better: m < best * (1 - threshold) (min, rel), m < best - threshold (min, abs),
//!         m > best * (threshold + 1) (max, rel), m > best + threshold (max, abs)
//! better -> best = m, bad = 0; else bad = bad + 1; in cooldown: bad = 0 and one step of it is over
//! bad > patience -> lr = max(lr * factor, min_lr) unless that is within eps of lr; cooldown begins, bad = 0
//! ```
//!
//! m: the metric of this step; patience, cooldown: steps, here calls of `step(metric)`.
//! PyTorch: `torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode='min', factor=0.1, patience=10,
//! threshold=1e-4, threshold_mode='rel', cooldown=0, min_lr=0, eps=1e-8)`.
//! `min_lr` may be a list, one value for each group. Quirks, all replayed: with 'rel' and a metric below
//! zero a worse one counts as better; NaN is bad, and so is a first metric that is infinite; `best` moves in
//! cooldown too; a `min_lr` above the rate is ignored; a rate of 1e-8 or less is never reduced, since eps is
//! absolute. It makes no step in its constructor, keeps no `initial_lr`, and has no closed form.

use super::{
    Arguments, Attribute, Attributes, Built, NumberOrNone, Refusal, State, StateDict, StateValue, TorchError,
    TorchScheduler, attributes, python_text, rates_of,
};
use crate::{
    Field, ParamGroup,
    spec::{TorchCall, TorchValue},
};

/// Which metrics are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateauMode {
    /// `min`: lower ones.
    Min,
    /// `max`: higher ones.
    Max,
}

/// What the threshold is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThresholdMode {
    /// `rel`: the best metric.
    Rel,
    /// `abs`: nothing, it is a distance.
    Abs,
}

/// torch's `ReduceLROnPlateau`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceLROnPlateau {
    /// `last_epoch` and `_last_lr`; torch's has no other of the attributes that all schedulers have.
    pub state: State,
    /// What a rate is multiplied with, below 1.
    pub factor: f64,
    /// The one `min_lr` of all groups, where it was given as one.
    pub default_min_lr: NumberOrNone,
    /// The lowest rate of each group.
    pub min_lrs: Vec<f64>,
    /// How many bad metrics in a row are borne.
    pub patience: f64,
    /// Steps after a reduction in which none is bad.
    pub cooldown: f64,
    /// The least change of a rate that is made.
    pub eps: f64,
    /// The worst metric there is, which `best` begins with.
    pub mode_worse: f64,
    /// Which metrics are better.
    pub mode: PlateauMode,
    /// By how much a metric has to be better.
    pub threshold: f64,
    /// What the threshold is measured by.
    pub threshold_mode: ThresholdMode,
    /// The best metric so far.
    pub best: f64,
    /// Steps of the cooldown that are left.
    pub cooldown_counter: f64,
    /// Bad metrics in a row.
    pub num_bad_epochs: f64,
}

const PARAMETERS: &[&str] =
    &["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"];

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, PARAMETERS, 0)?;
    let factor = arguments.compared("factor", 0.1, ">=", "float")?;
    if factor >= 1.0 {
        return Err(TorchError::Value("Factor should be < 1.0.".to_owned()));
    }
    let (default_min_lr, min_lrs) = if let Some(TorchValue::List(items)) = arguments.value("min_lr") {
        if items.len() != groups.len() {
            return Err(TorchError::Value(format!("expected {} min_lrs, got {}", groups.len(), items.len())));
        }
        (NumberOrNone(None), arguments.numbers("min_lr")?)
    } else {
        let min_lr = arguments.number("min_lr", 0.0)?;
        (NumberOrNone(Some(min_lr)), vec![min_lr; groups.len()])
    };
    let mode = word(&arguments, "mode", PlateauMode::WORDS)?.unwrap_or(PlateauMode::Min);
    let threshold_mode =
        word(&arguments, "threshold_mode", ThresholdMode::WORDS)?.unwrap_or(ThresholdMode::Rel);
    Ok(Box::new(ReduceLROnPlateau {
        state: State { last_lr: rates_of(groups), ..State::default() },
        factor,
        default_min_lr,
        min_lrs,
        patience: arguments.number("patience", 10.0)?,
        cooldown: arguments.number("cooldown", 0.0)?,
        eps: arguments.number("eps", 1e-8)?,
        mode_worse: mode.worst(),
        mode,
        threshold: arguments.number("threshold", 1e-4)?,
        threshold_mode,
        best: mode.worst(),
        cooldown_counter: 0.0,
        num_bad_epochs: 0.0,
    }))
}

/// The argument `name`, one of the `known` words.
fn word<T: Copy>(
    arguments: &Arguments<'_>,
    name: &str,
    known: [(&str, T); 2],
) -> Result<Option<T>, TorchError> {
    let wrong = |got: &TorchValue| match got {
        TorchValue::Text(text) => TorchError::Value(format!("{} {text} is unknown!", name.replace('_', " "))),
        TorchValue::List(_) => TorchError::Type("unhashable type: 'list'".to_owned()),
        other => {
            let kind = python_text::type_name(other);
            TorchError::Type(format!("can only concatenate str (not \"{kind}\") to str"))
        }
    };
    let Some(value) = arguments.value(name) else { return Ok(None) };
    let found = known.into_iter().find(|(word, _)| matches!(value, TorchValue::Text(text) if text == word));
    found.map(|(_, mode)| Some(mode)).ok_or_else(|| wrong(value))
}

impl ReduceLROnPlateau {
    fn is_better(&self, metric: f64) -> bool {
        match (self.mode, self.threshold_mode) {
            (PlateauMode::Min, ThresholdMode::Rel) => metric < self.best * (1.0 - self.threshold),
            (PlateauMode::Min, ThresholdMode::Abs) => metric < self.best - self.threshold,
            (PlateauMode::Max, ThresholdMode::Rel) => metric > self.best * (self.threshold + 1.0),
            (PlateauMode::Max, ThresholdMode::Abs) => metric > self.best + self.threshold,
        }
    }

    /// Counts a metric: better, bad, or within the cooldown. Whether the rates are now to be reduced, which
    /// [`metric`](TorchScheduler::metric) does and this does not.
    pub fn judge(&mut self, metric: f64) -> bool {
        if self.is_better(metric) {
            self.best = metric;
            self.num_bad_epochs = 0.0;
        } else {
            self.num_bad_epochs += 1.0;
        }
        if self.cooldown_counter > 0.0 {
            self.cooldown_counter -= 1.0;
            self.num_bad_epochs = 0.0;
        }
        self.num_bad_epochs > self.patience
    }

    fn reduce(&mut self, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        if groups.len() != self.min_lrs.len() {
            let Some(min_lr) = self.default_min_lr.0 else {
                return Err(TorchError::Runtime(format!(
                    "The number of param groups in the `optimizer` ({}) differs from when `ReduceLROnPlateau` \
                     was initialized ({}), usually due to a new param group being added to the optimizer. \
                     Please modify the `min_lrs` field to match the length of the `optimizer` param groups.",
                    groups.len(),
                    self.min_lrs.len()
                )));
            };
            self.min_lrs = vec![min_lr; groups.len()];
        }
        for (group, min_lr) in groups.iter_mut().zip(&self.min_lrs) {
            let old = group.lr();
            let reduced = old * self.factor;
            // Python's max: the first of two unless the second is greater.
            let new = if *min_lr > reduced { *min_lr } else { reduced };
            if old - new > self.eps {
                group.set(Field::Lr, new);
            }
        }
        Ok(())
    }
}

impl TorchScheduler for ReduceLROnPlateau {
    fn name(&self) -> &'static str {
        "ReduceLROnPlateau"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, _groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        Err(TorchError::NotImplemented("ReduceLROnPlateau has no rates of its own".to_owned()))
    }

    fn step(&mut self, _epoch: Option<f64>, _groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        Err(TorchError::Type(
            "ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'".to_owned(),
        ))
    }

    fn metric(
        &mut self,
        metric: f64,
        epoch: Option<f64>,
        groups: &mut [ParamGroup],
    ) -> Result<(), TorchError> {
        self.state.last_epoch = epoch.unwrap_or(self.state.last_epoch + 1.0);
        if self.judge(metric) {
            self.reduce(groups)?;
            self.cooldown_counter = self.cooldown;
            self.num_bad_epochs = 0.0;
        }
        self.state.last_lr = rates_of(groups);
        Ok(())
    }

    fn takes_metric(&self) -> bool {
        true
    }

    fn attributes(&mut self) -> Attributes<'_> {
        vec![
            ("factor", &mut self.factor),
            ("default_min_lr", &mut self.default_min_lr),
            ("min_lrs", &mut self.min_lrs),
            ("patience", &mut self.patience),
            ("cooldown", &mut self.cooldown),
            ("eps", &mut self.eps),
            ("last_epoch", &mut self.state.last_epoch),
            ("_last_lr", &mut self.state.last_lr),
            ("mode_worse", &mut self.mode_worse),
            ("mode", &mut self.mode),
            ("threshold", &mut self.threshold),
            ("threshold_mode", &mut self.threshold_mode),
            ("best", &mut self.best),
            ("cooldown_counter", &mut self.cooldown_counter),
            ("num_bad_epochs", &mut self.num_bad_epochs),
        ]
    }

    fn load_state_dict(&mut self, dict: &StateDict) -> Result<(), TorchError> {
        attributes::load(self.name(), self.clone().attributes(), dict)?;
        attributes::load(self.name(), self.attributes(), dict)?;
        self.mode_worse = self.mode.worst();
        Ok(())
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}

impl PlateauMode {
    const WORDS: [(&'static str, Self); 2] = [("min", Self::Min), ("max", Self::Max)];

    fn worst(self) -> f64 {
        match self {
            Self::Min => f64::INFINITY,
            Self::Max => f64::NEG_INFINITY,
        }
    }
}

impl ThresholdMode {
    const WORDS: [(&'static str, Self); 2] = [("rel", Self::Rel), ("abs", Self::Abs)];
}

fn save_word<T: PartialEq>(mode: &T, words: &[(&'static str, T); 2]) -> Option<StateValue> {
    words.iter().find(|(_, known)| known == mode).map(|(word, _)| StateValue::Text((*word).to_owned()))
}

fn load_word<T>(value: &StateValue, words: [(&'static str, T); 2]) -> Result<T, Refusal> {
    let found = words.into_iter().find(|(word, _)| matches!(value, StateValue::Text(text) if text == word));
    found.map(|(_, mode)| mode).ok_or(Refusal::Expected("one of the words of the constructor"))
}

impl Attribute for PlateauMode {
    fn save(&self) -> Option<StateValue> {
        save_word(self, &Self::WORDS)
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        *self = load_word(value, Self::WORDS)?;
        Ok(())
    }
}

impl Attribute for ThresholdMode {
    fn save(&self) -> Option<StateValue> {
        save_word(self, &Self::WORDS)
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        *self = load_word(value, Self::WORDS)?;
        Ok(())
    }
}
