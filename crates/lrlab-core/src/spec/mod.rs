//! Strategies as data: trees that are read from text, TOML and JSON, printed back, and built.
//!
//! The one-line text: `sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5 | clip norm 1`. Every
//! word of it comes from the registries of schedules and optimizers.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    AfterEnd, Duration, Field, Horizon, Pattern, Schedule,
    optimizer::registry::{self as optimizers, Built},
    registry::{Argument, Arguments},
    schedule::Recipe,
    signal::{self, Setting, Signal},
};

mod any;
mod change;
mod code;
mod data;
mod data_out;
mod error;
mod fit;
mod hash;
mod hugging_face;
mod import;
mod named_text;
mod plan_text;
mod print;
mod rate;
mod schedule_text;
mod strategy_data;
mod strategy_text;
mod text;

mod torch_optimizer;
mod torch_read;
pub mod torch_text;
mod value;
mod whole_plan;
mod whole_text;

pub use any::Spec;
pub use error::{Fault, Problem, SpecError};
pub(crate) use hash::fnv1a;
pub use torch_text::{TorchCall, TorchValue, Unit};
pub use whole_plan::WholePlan;
pub(crate) use {torch_text::float_text, value::read_argument};

/// A schedule by name with its arguments; data, never a closure.
///
/// ```
/// use lrlab_core::{Horizon, ScheduleSpec};
/// let spec: ScheduleSpec = "warmup 10% then cosine to 0".parse()?;
/// let schedule = spec.build(Horizon::new(100, 10))?;
/// assert_eq!(schedule.value_at(10, 0.1), 0.1);
/// assert_eq!(schedule.value_at(100, 0.1), 0.0);
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleSpec {
    /// A name of the registry: `cosine`.
    pub name: &'static str,
    /// What was given; defaults stay with the registry.
    pub args: Arguments,
    /// The schedules that this one is made of, as many as its form takes.
    pub inner: Vec<ScheduleSpec>,
}

/// An optimizer by name with its hyperparameters.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerSpec {
    /// A name of the registry: `sgd`.
    pub name: &'static str,
    /// What was given; defaults stay with the registry.
    pub args: Arguments,
}

/// How gradients are clipped before an update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clip {
    /// Scales all gradients so that their global norm is at most this (`clip_grad_norm_`).
    Norm(f64),
    /// Clamps each element to plus or minus this (`clip_grad_value_`).
    Value(f64),
}

/// Whose meaning of a schedule is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compat {
    /// lrlab's own: the closed form, clamped at its end.
    #[default]
    Own,
    /// PyTorch's: its recursion, bit for bit.
    Torch,
}

/// What moves a group's learning rate, in whose meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleChoice {
    /// A schedule of the registry: the closed form, clamped at its end.
    Own(ScheduleSpec),
    /// A scheduler of PyTorch, whose recursion is replayed bit for bit.
    Torch {
        /// The constructor as it was written.
        call: TorchCall,
        /// What it counts.
        unit: Unit,
    },
}

/// What reacts to a metric, by name with its arguments; data.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalSpec {
    /// A name of the registry: `plateau`.
    pub name: &'static str,
    /// What was given; defaults stay with the registry.
    pub args: Arguments,
}

/// What moves the fields of a group: schedules, and signals over them.
///
/// ```
/// use lrlab_core::spec::PlanSpec;
/// let plan: PlanSpec = "warmup 5% then constant | momentum: linear from 90% | plateau x0.5".parse()?;
/// assert_eq!(plan.fields.len(), 1);
/// assert_eq!(plan.signals[0].name, "plateau");
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PlanSpec {
    /// How the learning rate moves.
    pub schedule: ScheduleChoice,
    /// How other fields move.
    pub fields: BTreeMap<Field, ScheduleSpec>,
    /// What reacts to metrics with a factor over the learning rate.
    pub signals: Vec<SignalSpec>,
}

/// One group of parameters with its optimizer and plan.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupStrategy {
    /// Which parameters, by name; the first group that fits takes a parameter.
    pub params: Pattern,
    /// What updates them.
    pub optimizer: OptimizerSpec,
    /// What moves their fields.
    pub plan: PlanSpec,
}

/// The whole recipe: groups, each with its optimizer and plan, and what is done over all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// At least one group; none of a strategy that was [recorded](Origin::Recorded).
    pub groups: Vec<GroupStrategy>,
    /// Gradient clipping, over all groups.
    pub clip: Option<Clip>,
    /// Batches whose mean gradient makes one update; 1 where nothing is accumulated.
    pub accumulate: u32,
    /// Whether a batch whose loss or gradient is not finite is passed over instead of trained on.
    pub skip_non_finite: bool,
    /// Parameters that no weight decay acts on, whatever their group's is.
    pub no_decay: Vec<Pattern>,
    /// Averages of the weights that are kept beside them; at most one of a kind.
    pub averages: Vec<Average>,
    /// What happens when training goes on after the plan's end.
    pub after_end: AfterEnd,
    /// What stands behind it.
    pub origin: Origin,
}

/// An average of the weights, kept and evaluated beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    /// How it is taken.
    pub kind: AverageKind,
    /// Whether the training is judged by these weights: then their metrics have the plain names, and
    /// those of the weights that are trained are told beside them.
    pub judged: bool,
}

/// How weights are averaged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AverageKind {
    /// An exponential mean: after each update, `decay` of the old average and the rest of the weights
    /// (`torch.optim.swa_utils.get_ema_avg_fn`).
    Ema {
        /// 0 <= decay < 1.
        decay: f64,
    },
    /// The plain mean of the weights at regular times (`torch.optim.swa_utils.AveragedModel`).
    Swa {
        /// The first time.
        from: Duration,
        /// The time between two of them.
        every: Duration,
    },
}

impl AverageKind {
    /// The words of all kinds.
    pub const WORDS: [&str; 2] = ["ema", "swa"];

    /// Its word in specs, and in the names of its metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ema { .. } => Self::WORDS[0],
            Self::Swa { .. } => Self::WORDS[1],
        }
    }
}

/// What stands behind a strategy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Its own groups.
    #[default]
    Spec,
    /// What other code used for a training that was recorded, in words. It describes and cannot be built.
    Recorded(String),
    /// The caller's code builds it; its one group stands for that, and only its learning rate is its own.
    Code(Code),
}

/// Code of the caller that builds an optimizer and what moves its rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Its name in reports: `train.with_lookahead`.
    pub name: String,
    /// Whether it is told the learning rate, so that one can be chosen for it; else it brings its own.
    pub takes_rate: bool,
}

impl ScheduleSpec {
    /// The group's own rate throughout.
    pub fn constant() -> Self {
        Self { name: "constant", args: Arguments::new(), inner: Vec::new() }
    }

    /// The schedule over a whole training, or everything that stands against it.
    pub fn build(&self, horizon: Horizon) -> Result<Arc<dyn Schedule>, SpecError> {
        Recipe::new(self, horizon)?.build()
    }
}

impl ScheduleSpec {
    /// Schedules inside schedules, itself counted.
    fn levels(&self) -> usize {
        1 + self.inner.iter().map(Self::levels).max().unwrap_or(0)
    }

    /// Steps of the warmup that it begins with; 0 where it has none.
    pub fn warmup_steps(&self, horizon: Horizon) -> u64 {
        let given = |name: &str| match self.args.get(name) {
            Some(Argument::Duration(duration)) => duration.steps(horizon),
            _ => 0,
        };
        match (self.name, &self.inner[..]) {
            ("warmup", _) => given("for"),
            ("warmup-stable-decay", _) => given("warmup"),
            (_, [first, ..]) => first.warmup_steps(horizon),
            (_, []) => 0,
        }
    }
}

impl SignalSpec {
    /// The signal, ready for its first reading, or everything that stands against it.
    pub fn build(&self, setting: Setting) -> Result<Box<dyn Signal>, Vec<Fault>> {
        let entry = signal::find(self.name).ok_or_else(|| vec![plan_text::unknown_signal(self.name)])?;
        (entry.build)(&self.args, setting)
    }
}

impl From<ScheduleSpec> for ScheduleChoice {
    fn from(spec: ScheduleSpec) -> Self {
        Self::Own(spec)
    }
}

impl From<ScheduleChoice> for PlanSpec {
    fn from(schedule: ScheduleChoice) -> Self {
        Self { schedule, fields: BTreeMap::new(), signals: Vec::new() }
    }
}

impl From<ScheduleSpec> for PlanSpec {
    fn from(schedule: ScheduleSpec) -> Self {
        ScheduleChoice::Own(schedule).into()
    }
}

impl ScheduleChoice {
    /// Whose meaning is used.
    pub fn compat(&self) -> Compat {
        match self {
            Self::Own(_) => Compat::Own,
            Self::Torch { .. } => Compat::Torch,
        }
    }
}

impl OptimizerSpec {
    /// The same optimizer with room for a momentum that is 0 now and will not stay so.
    pub(crate) fn with_momentum_to_come(&self) -> Self {
        let mut spec = self.clone();
        let known = optimizers::find(self.name).map_or(&[][..], |entry| entry.params);
        if known.iter().any(|param| param.name == Field::Momentum.name()) {
            // Any momentum above 0 makes the room; its value is the group's.
            spec.args.insert(Field::Momentum.name().to_owned(), Argument::Number(0.5));
        }
        spec
    }

    /// The optimizer and the values of its group, or everything that stands against it.
    pub fn build(&self) -> Result<Built, SpecError> {
        let problems = |faults: Vec<Fault>| {
            SpecError::new(faults.into_iter().map(|fault| Problem::of("", fault)).collect())
        };
        let entry = optimizers::find(self.name)
            .ok_or_else(|| problems(vec![named_text::unknown_optimizer(self.name)]))?;
        (entry.build)(&self.args).map_err(problems)
    }
}

impl Strategy {
    /// One group of all parameters, without clipping.
    pub fn single(optimizer: OptimizerSpec, schedule: impl Into<ScheduleChoice>) -> Self {
        Self::of(optimizer, PlanSpec::from(schedule.into()))
    }

    /// One group of all parameters with a whole plan, without clipping.
    pub fn of(optimizer: OptimizerSpec, plan: PlanSpec) -> Self {
        Self::of_groups(vec![GroupStrategy { params: Pattern::all(), optimizer, plan }])
    }

    /// What the caller's code builds, with the rate that it begins with.
    ///
    /// ```
    /// use lrlab_core::{Strategy, spec::Code};
    /// let strategy = Strategy::of_code(Code { name: "train.lion".to_owned(), takes_rate: true }, 0.01);
    /// assert_eq!(strategy.with_lr(0.02).to_string(), "the code train.lion at lr=0.02");
    /// ```
    pub fn of_code(code: Code, lr: f64) -> Self {
        let optimizer = OptimizerSpec { name: "sgd", args: Arguments::new() }.with_lr(lr);
        Self { origin: Origin::Code(code), ..Self::single(optimizer, ScheduleSpec::constant()) }
    }

    /// Whether it brings a learning rate of its own, so that none can be chosen for it.
    pub fn has_own_rate(&self) -> bool {
        matches!(&self.origin, Origin::Code(code) if !code.takes_rate)
    }

    /// What other code used, in words, for a training that was recorded.
    ///
    /// ```
    /// use lrlab_core::{Horizon, Strategy};
    /// let strategy = Strategy::as_recorded("SGD(lr=0.1) | StepLR(step_size=30)");
    /// assert_eq!(strategy.to_string(), "as recorded: SGD(lr=0.1) | StepLR(step_size=30)");
    /// assert!(strategy.build(Horizon::new(100, 10)).is_err());
    /// ```
    pub fn as_recorded(description: impl Into<String>) -> Self {
        Self { origin: Origin::Recorded(description.into()), ..Self::of_groups(Vec::new()) }
    }

    /// These groups, with nothing done over all of them.
    pub fn of_groups(groups: Vec<GroupStrategy>) -> Self {
        Self {
            groups,
            clip: None,
            accumulate: 1,
            skip_non_finite: false,
            no_decay: Vec::new(),
            averages: Vec::new(),
            after_end: AfterEnd::Hold,
            origin: Origin::Spec,
        }
    }

    /// Refuses a strategy that was recorded.
    pub(crate) fn check_buildable(&self) -> Result<(), SpecError> {
        if !matches!(self.origin, Origin::Recorded(_)) {
            return Ok(());
        }
        let why = "a strategy as recorded describes what other code did and cannot be built; write the optimizer \
                   and schedule as a spec";
        Err(SpecError::new(vec![Problem::of("", Fault::refused(why))]))
    }
}
