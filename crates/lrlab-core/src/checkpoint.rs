//! What a training keeps of its plan, so that it goes on with the same one.
//!
//! Schedules are functions of t, so little is kept: t, the plan itself with its hash, the horizon it was
//! made for, and the state of what reacts (signals, PyTorch's schedulers).

use serde::{Deserialize, Serialize};

use crate::{
    BuiltStrategy, Horizon, PlanError, SpecError, Strategy,
    scheduler::SchedulerState,
    spec::{ScheduleChoice, WholePlan},
};

/// A training's plan after `t` updates, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanCheckpoint {
    /// Updates made.
    pub t: u64,
    /// The strategy that was followed.
    pub strategy: Strategy,
    /// Its [hash](Strategy::spec_hash), in hexadecimal.
    pub spec_hash: String,
    /// The horizon that it was built for.
    pub horizon: Horizon,
    /// The state of what sets the groups' values.
    pub state: SchedulerState,
}

/// Why a training cannot go on from a checkpoint as it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ResumeError {
    /// The strategy or the horizon is another one.
    #[error("{0}")]
    Changed(Box<Change>),
    /// The hash does not belong to the strategy beside it.
    #[error("the checkpoint is damaged: its plan has the hash {found}, but {written} is written beside it")]
    Damaged {
        /// The hash of the strategy in the checkpoint.
        found: String,
        /// The hash in the checkpoint.
        written: String,
    },
    /// The strategy cannot be built over the horizon.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The state does not fit the scheduler.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// A plan that is not the one of the checkpoint, and what can be done about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<S = Strategy> {
    /// Updates made with the former plan.
    pub t: u64,
    /// The former strategy, or the plan alone, and its horizon.
    pub was: (S, Horizon),
    /// The strategy or plan and the horizon that are wanted now.
    pub now: (S, Horizon),
}

/// What a training can follow, and a longer one can go on with.
pub trait Stretch: Sized + std::fmt::Display {
    /// The same until `t`, then the rest of what was planned for the horizon `earlier`, stretched into
    /// what is left of `now`. `None` where a group follows one of PyTorch's recursions, or where the plan
    /// was over.
    fn stretched(&self, t: u64, earlier: Horizon, now: Horizon) -> Option<Self>;
}

impl Stretch for Strategy {
    fn stretched(&self, t: u64, earlier: Horizon, now: Horizon) -> Option<Self> {
        let mut strategy = self.clone();
        strategy.groups.iter_mut().try_for_each(|group| group.plan.stretch(t, earlier))?;
        strategy.build(now).ok().map(|_| strategy)
    }
}

impl Stretch for WholePlan {
    fn stretched(&self, t: u64, earlier: Horizon, now: Horizon) -> Option<Self> {
        let mut whole = self.clone();
        whole.plan.stretch(t, earlier)?;
        match &whole.plan.schedule {
            ScheduleChoice::Own(spec) => spec.build(now).ok().map(|_| whole),
            ScheduleChoice::Torch { .. } => None,
        }
    }
}

impl<S: Stretch> Change<S> {
    /// The former plan, [stretched](Stretch::stretched) from here on into the horizon that is wanted now;
    /// the rates so far stay what they were.
    pub fn stretched(&self) -> Option<S> {
        self.was.0.stretched(self.t, self.was.1, self.now.1)
    }
}

impl<S: Stretch> std::fmt::Display for Change<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { t, was, now } = self;
        writeln!(f, "the plan has changed since the checkpoint at update {t}:")?;
        writeln!(f, "  was: {} over {} updates", was.0, was.1.total_steps)?;
        writeln!(f, "  now: {} over {} updates", now.0, now.1.total_steps)?;
        write!(f, "Going on with it would move the rates of a plan that is half followed. Either:")?;
        let mut choice = |text: String| write!(f, "\n  - {text}");
        choice("finish the former plan: resume with it".to_owned())?;
        if was.1 != now.1
            && let Some(stretched) = self.stretched()
        {
            choice(format!("stretch what is left of it over the new length: resume with `{stretched}`"))?;
        }
        choice(format!("end it now: add `cooldown 10% at {t} steps` to its schedule"))?;
        choice(format!("go on at another rate: add `rebased at {t} steps to 50% over 100 steps`"))?;
        choice("begin the new plan at its update 0: build it without the checkpoint".to_owned())
    }
}

fn hexadecimal(hash: u64) -> String {
    format!("{hash:016x}")
}

impl BuiltStrategy {
    /// What has to be kept of the plan after `t` updates; `strategy` and `horizon` are those it was
    /// built from.
    pub fn checkpoint(&self, strategy: &Strategy, horizon: Horizon, t: u64) -> PlanCheckpoint {
        let spec_hash = hexadecimal(strategy.spec_hash());
        PlanCheckpoint { t, strategy: strategy.clone(), spec_hash, horizon, state: self.scheduler.state() }
    }
}

impl PlanCheckpoint {
    /// Builds `strategy` over `horizon` and goes on from here.
    ///
    /// ```
    /// use lrlab_core::{Horizon, ResumeError, Strategy};
    ///
    /// let strategy: Strategy = "sgd lr=0.1 | cosine to 0".parse()?;
    /// let horizon = Horizon::new(1000, 100);
    /// let saved = strategy.build(horizon)?.checkpoint(&strategy, horizon, 400);
    /// assert!(saved.resume(&strategy, horizon).is_ok());
    ///
    /// // Twice as long: the cosine would be another one, so the choices are told.
    /// let longer = Horizon::new(2000, 100);
    /// let Err(ResumeError::Changed(change)) = saved.resume(&strategy, longer) else { panic!() };
    /// let stretched = change.stretched().unwrap();
    /// assert_eq!(
    ///     stretched.to_string(),
    ///     "sgd lr=0.1 | cosine to 0 stretched at 400 steps from 1000 steps"
    /// );
    /// assert!(saved.resume_with(&stretched, longer).is_ok());
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    ///
    /// # Errors
    /// [`ResumeError::Changed`] with the choices where strategy or horizon are not those of the
    /// checkpoint.
    pub fn resume(&self, strategy: &Strategy, horizon: Horizon) -> Result<BuiltStrategy, ResumeError> {
        let found = hexadecimal(self.strategy.spec_hash());
        if found != self.spec_hash {
            return Err(ResumeError::Damaged { found, written: self.spec_hash.clone() });
        }
        if *strategy != self.strategy || horizon != self.horizon {
            return Err(ResumeError::Changed(Box::new(Change {
                t: self.t,
                was: (self.strategy.clone(), self.horizon),
                now: (strategy.clone(), horizon),
            })));
        }
        self.resume_with(strategy, horizon)
    }

    /// The same, whatever has changed in the schedules: for a change that is meant.
    ///
    /// # Errors
    /// A strategy that cannot be built, or with other signals than the one of the checkpoint.
    pub fn resume_with(&self, strategy: &Strategy, horizon: Horizon) -> Result<BuiltStrategy, ResumeError> {
        let mut built = strategy.build(horizon)?;
        built.scheduler.restore(&self.state)?;
        Ok(built)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ParamGroup;

    const HORIZON: Horizon = Horizon { total_steps: 100, steps_per_epoch: 10 };

    fn rates(built: &mut BuiltStrategy, steps: std::ops::Range<u64>) -> Vec<u64> {
        let mut groups: Vec<ParamGroup> = built.groups.iter().map(|built| built.group.clone()).collect();
        steps
            .map(|t| {
                // A reading that never improves: what reacts has something to remember.
                let measured = built.scheduler.on_metric(t, "loss", 1.0, &mut groups);
                assert_eq!(measured.and_then(|()| built.scheduler.before_step(t, &mut groups)), Ok(()));
                groups[0].lr().to_bits()
            })
            .collect()
    }

    #[test]
    fn a_plan_goes_on_from_its_checkpoint_with_the_same_bits() -> Result<(), ResumeError> {
        for text in [
            "sgd lr=0.1 | warmup 5% then cosine to 0 | plateau patience 7 steps x0.5",
            "sgd lr=0.1 | torch ReduceLROnPlateau(patience=3)",
            "sgd lr=0.1 | torch SequentialLR([LinearLR(total_iters=5), ExponentialLR(0.9)], [5]) per step",
            "for *.weight: sgd lr=0.1 | cosine ; adamw | greedy patience 3 steps",
        ] {
            let strategy: Strategy = text.parse()?;
            let mut straight = strategy.build(HORIZON)?;
            let first = rates(&mut straight, 0..37);
            let saved = straight.checkpoint(&strategy, HORIZON, 37);
            let text = serde_json::to_string(&saved).unwrap_or_default();
            let read: PlanCheckpoint =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read, saved);
            // PyTorch keeps the rates in its groups, which a training saves on its own.
            if !strategy.to_string().contains("torch") {
                let mut resumed = read.resume(&strategy, HORIZON)?;
                assert_eq!(rates(&mut resumed, 37..100), rates(&mut straight, 37..100), "{strategy}");
            }
            assert_eq!(first.len(), 37);
        }
        Ok(())
    }

    #[test]
    fn another_plan_is_refused_with_the_choices() -> Result<(), ResumeError> {
        let strategy: Strategy = "sgd lr=0.1 | cosine to 0".parse()?;
        let saved = strategy.build(HORIZON)?.checkpoint(&strategy, HORIZON, 40);
        let other: Strategy = "sgd lr=0.1 | linear to 0".parse()?;
        let refused = saved.resume(&other, HORIZON).err().map(|error| error.to_string()).unwrap_or_default();
        for part in
            ["at update 40", "cosine to 0", "linear to 0", "cooldown 10% at 40 steps", "rebased at 40 steps"]
        {
            assert!(refused.contains(part), "{part} in {refused}");
        }
        let damaged = PlanCheckpoint { strategy: other.clone(), ..saved };
        assert!(matches!(damaged.resume(&other, HORIZON), Err(ResumeError::Damaged { .. })));
        Ok(())
    }
}
