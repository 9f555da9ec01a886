//! One of torch's schedulers as lrlab's training loop drives it.

use std::ops::Range;

use super::{TorchError, TorchScheduler, build};
use crate::{Field, ParamGroup, Scheduler, plan::PlanError, spec::TorchCall};

/// A scheduler of torch over some of the groups, in the place of a plan.
///
/// It is constructed before the first update, and `step()` is called once after every so many
/// updates: after each, or after each epoch. Groups stay in charge of their rate, as in PyTorch: what
/// others do to it between two updates is what the recursion goes on from.
#[derive(Clone, Debug)]
pub struct TorchPlan {
    call: TorchCall,
    groups: Range<usize>,
    every: u64,
    starts: Vec<(f64, Option<f64>)>,
    running: Option<Running>,
}

#[derive(Clone, Debug)]
struct Running {
    scheduler: Box<dyn TorchScheduler>,
    steps: u64,
}

impl TorchPlan {
    /// The scheduler that `call` constructs over `all[groups]`, stepped after every `every` updates.
    ///
    /// The groups' rates now are those at the start. Refuses what torch refuses, and what it would
    /// raise later, in the middle of training.
    ///
    /// ```
    /// use lrlab_core::{Field, ParamGroup, Scheduler, scheduler::torch::TorchPlan};
    ///
    /// let mut groups = [ParamGroup::new("all").with(Field::Lr, 0.1)];
    /// let mut plan = TorchPlan::new("StepLR(5, gamma=0.5)".parse()?, 0..1, 100, &groups)?;
    /// plan.before_step(499, &mut groups)?;
    /// assert_eq!(groups[0].lr(), 0.1);
    /// plan.before_step(500, &mut groups)?;
    /// assert_eq!(groups[0].lr(), 0.05);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When `groups` is not a range of `all`.
    pub fn new(
        call: TorchCall,
        groups: Range<usize>,
        every: u64,
        all: &[ParamGroup],
    ) -> Result<Self, TorchError> {
        if every == 0 {
            return Err(TorchError::Value("a scheduler is stepped after 1 update or more, got 0".to_owned()));
        }
        let mut trial = all[groups.clone()].to_vec();
        let starts = trial.iter().map(|group| (group.lr(), group.initial_lr)).collect();
        build(&call, &mut trial)?.check()?;
        Ok(Self { call, groups, every, starts, running: None })
    }

    /// The scheduler itself, once the first update is near.
    pub fn scheduler(&self) -> Option<&dyn TorchScheduler> {
        self.running.as_ref().map(|running| &*running.scheduler)
    }

    fn advance(&mut self, steps: u64, groups: &mut [ParamGroup]) -> Result<(), TorchError> {
        let running = match self.running.take() {
            Some(running) if running.steps <= steps => self.running.insert(running),
            _ => {
                for (group, (lr, initial_lr)) in groups.iter_mut().zip(&self.starts) {
                    group.set(Field::Lr, *lr);
                    group.initial_lr = *initial_lr;
                }
                self.running.insert(Running { scheduler: build(&self.call, groups)?, steps: 0 })
            }
        };
        while running.steps < steps {
            running.scheduler.step(None, groups)?;
            running.steps += 1;
        }
        Ok(())
    }
}

impl Scheduler for TorchPlan {
    /// Entered at a later `t`, or sent back to an earlier one, it is replayed from the start.
    fn before_step(&mut self, t: u64, groups: &mut [ParamGroup]) -> Result<(), PlanError> {
        let range = self.groups.clone();
        let advanced = self.advance(t / self.every, &mut groups[range]);
        advanced.map_err(|error| PlanError::Torch { call: self.call.to_string(), t, error })
    }

    fn clone_box(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}
