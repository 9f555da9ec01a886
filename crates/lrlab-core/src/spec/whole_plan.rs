//! A plan that stands alone, with what happens after its end: what drives an optimizer outside of lrlab.

use std::{
    fmt::{self, Display},
    str::FromStr,
};

use serde::{Deserialize, Deserializer};

use super::{
    Fault, GroupStrategy, PlanSpec, Problem, SpecError, Strategy,
    any::begins_with_optimizer,
    data::{Data, read},
    fnv1a,
    plan_text::PlanReader,
    strategy_text::{after_word, split, stop, whole},
    whole_text::after_end,
};
use crate::{
    AfterEnd, Duration, Horizon,
    registry::{Argument, Arguments},
    signal,
    spec::{ScheduleChoice, ScheduleSpec, SignalSpec, Unit},
};

/// What moves the fields of groups whose optimizer is not lrlab's.
///
/// ```
/// use lrlab_core::{AfterEnd, spec::WholePlan};
/// let plan: WholePlan = "warmup 5% then cosine to 0 | after end error".parse()?;
/// assert_eq!(plan.after_end, AfterEnd::Error);
/// let refused = "adamw lr=1e-3 | cosine to 0".parse::<WholePlan>().unwrap_err();
/// assert!(refused.to_string().contains("give the plan alone: `cosine to 0`"));
/// # Ok::<(), lrlab_core::SpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WholePlan {
    /// What moves the fields.
    pub plan: PlanSpec,
    /// What happens when training goes on after the plan's end.
    pub after_end: AfterEnd,
}

impl WholePlan {
    /// A hash of the canonical text: equal plans have equal ones, on every machine.
    pub fn spec_hash(&self) -> u64 {
        fnv1a(&self.to_string())
    }

    /// Whether it speaks of epochs, so that somebody has to say what one is.
    pub fn counts_epochs(&self) -> bool {
        let plan = &self.plan;
        let schedule = match &plan.schedule {
            ScheduleChoice::Own(spec) => counts_epochs(spec),
            ScheduleChoice::Torch { unit, .. } => *unit == Unit::Epoch,
        };
        schedule || plan.fields.values().any(counts_epochs) || plan.signals.iter().any(signal_counts_epochs)
    }

    /// The metrics that something in it waits for, each once, in the words of a log: `loss`, `accuracy`
    /// or `training loss`.
    pub fn metrics(&self) -> Vec<String> {
        let mut metrics: Vec<String> = Vec::new();
        let named = self.plan.signals.iter().map(|signal| match signal.args.get("metric") {
            Some(Argument::Word(word)) => word.replace('_', " "),
            _ => "loss".to_owned(),
        });
        let torch = match &self.plan.schedule {
            ScheduleChoice::Torch { call, .. } => call.metric().map(str::to_owned),
            ScheduleChoice::Own(_) => None,
        };
        for metric in named.chain(torch) {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        metrics
    }
}

impl PlanSpec {
    /// Stretches every schedule after `t` updates of the horizon `earlier`; `None` where PyTorch's
    /// recursion stands instead of one.
    pub(crate) fn stretch(&mut self, t: u64, earlier: Horizon) -> Option<()> {
        let ScheduleChoice::Own(spec) = &self.schedule else { return None };
        self.schedule = spec.clone().extended(t, earlier).into();
        for field in self.fields.values_mut() {
            *field = field.clone().extended(t, earlier);
        }
        Some(())
    }
}

fn counts_epochs(spec: &ScheduleSpec) -> bool {
    any_epochs(&spec.args) || spec.inner.iter().any(counts_epochs)
}

/// Patience counts epochs where it is not told.
fn signal_counts_epochs(spec: &SignalSpec) -> bool {
    let params = signal::find(spec.name).map_or(&[][..], |entry| entry.params);
    let left_out = params.iter().filter(|param| !spec.args.contains_key(param.name));
    any_epochs(&spec.args)
        || left_out.filter_map(|param| param.default).any(|default| default.contains("epoch"))
}

fn any_epochs(args: &Arguments) -> bool {
    let epochs = |duration: &Duration| matches!(duration, Duration::Epochs(_));
    args.values().any(|argument| match argument {
        Argument::Duration(duration) => epochs(duration),
        Argument::Durations(durations) => durations.iter().any(epochs),
        other => other.to_string().split(|c: char| !c.is_alphabetic()).any(|word| word.starts_with("epoch")),
    })
}

/// A strategy where a plan is wanted: what to write instead.
fn without_optimizer(strategy: &Strategy) -> Fault {
    let after_end = strategy.after_end;
    let part = |group: &GroupStrategy| WholePlan { plan: group.plan.clone(), after_end }.to_string();
    let plans = match &strategy.groups[..] {
        [group] => format!("the plan alone: `{}`", part(group)),
        groups => {
            let each = groups.iter().map(|group| format!("{} for group `{}`", part(group), group.params.0));
            format!("the plan of each group alone: {}", each.collect::<Vec<_>>().join("; "))
        }
    };
    Fault::refused(format!("the optimizer is there already, built elsewhere; give {plans}"))
}

impl FromStr for WholePlan {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        if begins_with_optimizer(text) {
            let strategy: Strategy = text.parse()?;
            return Err(SpecError::at(text, 0..text.len(), without_optimizer(&strategy)));
        }
        whole(text, |text, span, problems| {
            let mut plan = PlanReader::beside(None);
            let mut end = AfterEnd::Hold;
            for part in split(text, span, '|') {
                if after_word(text, &part, "clip").is_some() {
                    let why = "clipping is the training loop's own here (`torch.nn.utils.clip_grad_norm_` in \
                               PyTorch): leave it out of the plan";
                    return stop(problems, part, Fault::refused(why));
                }
                match after_end(text, &part, problems) {
                    Some(policy) => end = policy.unwrap_or_default(),
                    None => plan.part(text, part, problems),
                }
            }
            Ok(Self { plan: plan.finish()?, after_end: end })
        })
    }
}

impl Display for WholePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plan.fmt(f)?;
        match self.after_end {
            AfterEnd::Hold => Ok(()),
            policy => write!(f, " | after end {}", policy.word()),
        }
    }
}

impl<'de> Deserialize<'de> for WholePlan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| match data {
            Data::Text(text) => tree.parse("", text),
            Data::Table(table) if table.contains_key("name") => {
                let plan: PlanSpec = tree.schedule("", data, 0)?.into();
                Some(Self { plan, after_end: AfterEnd::Hold })
            }
            Data::Table(table) if table.contains_key("optimizer") || table.contains_key("groups") => {
                let strategy = tree.strategy(data)?;
                let Problem { fault, path, .. } = Problem::of("optimizer", without_optimizer(&strategy));
                tree.note(&path, fault)
            }
            Data::Table(table) => {
                let plan = tree.plan_table(table, &["after_end"]);
                let after_end = match table.get("after_end") {
                    Some(data) => tree.after_end(data)?,
                    None => AfterEnd::Hold,
                };
                Some(Self { plan: plan?, after_end })
            }
            other => tree.wrong("", other, "a plan, as a table or as text"),
        })
    }
}
