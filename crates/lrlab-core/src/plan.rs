//! A plan: which schedule moves which field of which groups, and what reacts to metrics.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Field, ParamGroup, Schedule, Scheduler,
    scheduler::{SchedulerState, torch::TorchError},
    signal::{Signal, SignalError},
};

/// Which names a rule speaks of: `*` stands for any run of characters, all else for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// The pattern that matches every name.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_bytes(), name.as_bytes());
        let (mut at, mut read) = (0, 0);
        // Where to go on when the last star has to take one character more.
        let mut star: Option<(usize, usize)> = None;
        while read < name.len() {
            if pattern.get(at) == Some(&b'*') {
                star = Some((at, read));
                at += 1;
            } else if pattern.get(at) == Some(&name[read]) {
                at += 1;
                read += 1;
            } else if let Some((after, taken)) = star {
                star = Some((after, taken + 1));
                at = after + 1;
                read = taken + 1;
            } else {
                return false;
            }
        }
        pattern[at..].iter().all(|c| *c == b'*')
    }
}

/// One line of a plan: this schedule moves this field of the groups whose name fits.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which groups.
    pub group: Pattern,
    /// Which of their fields.
    pub field: Field,
    /// How the field moves.
    pub schedule: Arc<dyn Schedule>,
}

/// What happens when training goes on after the plan's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterEnd {
    /// The last values hold.
    #[default]
    Hold,
    /// The last values hold, and the plan warns once.
    Warn,
    /// An update after the end is an error.
    Error,
}

impl AfterEnd {
    /// Every policy with its word in specs.
    pub const WORDS: [(&'static str, Self); 3] =
        [("hold", Self::Hold), ("warn", Self::Warn), ("error", Self::Error)];

    /// Its word in specs.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, policy)| *policy == self).map_or("hold", |(word, _)| word)
    }
}

/// Why a plan cannot give values for an update.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The plan is over, and its policy forbids to go on.
    #[error(
        "update {t} lies after the plan's end (it was made for {total} updates, t = 0 to {}); make it longer, or \
         let it hold its last values with `after end hold`",
        total.saturating_sub(1)
    )]
    AfterEnd {
        /// Updates made before this one.
        t: u64,
        /// Updates that the plan was made for.
        total: u64,
    },
    /// A signal refused a reading.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A state of another scheduler.
    #[error("this state belongs to another scheduler; it is restored into {wanted}")]
    State {
        /// What kind of state is restored here.
        wanted: String,
    },
    /// PyTorch raises here.
    #[error("{call} raises {} before update {t}: {error}", error.python_class())]
    Torch {
        /// The constructor.
        call: String,
        /// Updates made before this one.
        t: u64,
        /// What it raises.
        error: TorchError,
    },
}

/// A group's own values, and when it joined.
#[derive(Clone, Debug)]
struct Member {
    base: ParamGroup,
    start: u64,
}

/// When a plan ends, and what then.
#[derive(Clone, Copy, Debug)]
struct End {
    total: u64,
    policy: AfterEnd,
    warned: bool,
}

/// Rules over groups, and signals over their learning rates. The value that a schedule starts from
/// is the group's own at the plan's first step, so a plan can be entered at any `t`: resuming is
/// setting `t` (and [restoring](Scheduler::restore) the signals, where there are any).
///
/// ```
/// use lrlab_core::{Field, Horizon, ParamGroup, Pattern, Plan, Rule, ScheduleSpec, Scheduler};
///
/// let linear = "linear to 0".parse::<ScheduleSpec>()?.build(Horizon::new(10, 5))?;
/// let rule = Rule { group: Pattern::all(), field: Field::Lr, schedule: linear };
/// let mut groups = vec![ParamGroup::new("backbone").with(Field::Lr, 0.5)];
/// let mut plan = Plan::new(vec![rule], groups.clone());
/// plan.before_step(5, &mut groups)?;
/// assert_eq!(groups[0].lr(), 0.25);
/// // A group that joins with its own rate, its schedule beginning now.
/// groups.push(ParamGroup::new("head").with(Field::Lr, 1.0));
/// plan.add_group(groups[1].clone(), 5);
/// plan.before_step(6, &mut groups)?;
/// assert_eq!((groups[0].lr(), groups[1].lr()), (0.2, 0.9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plan {
    rules: Vec<Rule>,
    signals: Vec<Box<dyn Signal>>,
    members: Vec<Member>,
    end: Option<End>,
}

impl Plan {
    /// A plan of `rules` for groups whose own values are `bases`, one for each group in order.
    pub fn new(rules: Vec<Rule>, bases: Vec<ParamGroup>) -> Self {
        let members = bases.into_iter().map(|base| Member { base, start: 0 }).collect();
        Self { rules, members, ..Self::default() }
    }

    /// The same plan with `signals`, whose factors multiply the learning rate of every group.
    pub fn with_signals(self, signals: Vec<Box<dyn Signal>>) -> Self {
        Self { signals, ..self }
    }

    /// The same plan, over after `total` updates.
    pub fn ending(self, total: u64, policy: AfterEnd) -> Self {
        Self { end: Some(End { total, policy, warned: false }), ..self }
    }

    /// Takes in a group, last in order, whose own values are `base` and whose schedules begin at
    /// update `start`: the present one to begin afresh, 0 to join where the others are.
    pub fn add_group(&mut self, base: ParamGroup, start: u64) {
        self.members.push(Member { base, start });
    }

    /// Lets the schedules of the group at `index` begin at update `start`; without such a group nothing
    /// happens.
    pub fn begin_at(&mut self, index: usize, start: u64) {
        if let Some(member) = self.members.get_mut(index) {
            member.start = start;
        }
    }

    /// The patterns of rules that no group fits.
    pub fn unused_rules(&self) -> impl Iterator<Item = &Pattern> {
        let used = |rule: &&Rule| self.members.iter().any(|member| rule.group.matches(&member.base.name));
        self.rules.iter().filter(move |rule| !used(rule)).map(|rule| &rule.group)
    }
}

impl Scheduler for Plan {
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) -> Result<(), PlanError> {
        if let Some(End { total, policy: AfterEnd::Error, .. }) = self.end
            && t >= total
        {
            return Err(PlanError::AfterEnd { t, total });
        }
        let factor: f64 = self.signals.iter().map(|signal| signal.factor()).product();
        for rule in &self.rules {
            let factor = if rule.field == Field::Lr { factor } else { 1.0 };
            for (group, Member { base, start }) in groups.iter_mut().zip(&self.members) {
                if rule.group.matches(&group.name) {
                    let value = rule.schedule.value_at(t.saturating_sub(*start), base.get(rule.field));
                    group.set(rule.field, value * factor);
                }
            }
        }
        Ok(())
    }

    fn on_metric(&mut self, t: u64, name: &str, value: f64, _: &mut [ParamGroup]) -> Result<(), PlanError> {
        self.signals
            .iter_mut()
            .try_for_each(|signal| signal.on_metric(t, name, value))
            .map_err(PlanError::from)
    }

    fn writes(&self, field: Field) -> bool {
        self.rules.iter().any(|rule| rule.field == field)
    }

    fn unheard(&self, names: &[&str]) -> Option<String> {
        let deaf = |signal: &dyn Signal| !names.iter().any(|name| signal.listens_to(name));
        self.signals.iter().find(|signal| deaf(&***signal)).map(|signal| signal.state().signal)
    }

    fn state(&self) -> SchedulerState {
        SchedulerState::Signals(self.signals.iter().map(|signal| signal.state()).collect())
    }

    fn restore(&mut self, state: &SchedulerState) -> Result<(), PlanError> {
        match state {
            SchedulerState::Signals(states) if states.len() == self.signals.len() => {
                // All of them or none: a state that does not fit leaves the plan as it is.
                let mut signals = self.signals.clone();
                signals.iter_mut().zip(states).try_for_each(|(signal, state)| signal.restore(state))?;
                self.signals = signals;
                Ok(())
            }
            _ => Err(PlanError::State { wanted: format!("a plan with {} signals", self.signals.len()) }),
        }
    }

    fn warning(&mut self, t: u64) -> Option<String> {
        let End { total, policy: AfterEnd::Warn, warned: false } = self.end? else { return None };
        let end = self.end.as_mut().filter(|_| t >= total)?;
        end.warned = true;
        Some(format!("the plan was made for {total} updates; at update {t} and after its last values hold"))
    }

    fn clone_box(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}
