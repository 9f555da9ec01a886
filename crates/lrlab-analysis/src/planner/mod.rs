//! Planners choose trials from the results of earlier ones.
//!
//! A planner is a pure function of the results it has seen: who runs the trials (the binary, a Python
//! process, a cluster) only loops over it, so all give the same answer, and a study that was
//! interrupted goes on where it stood by asking again.

mod compare;
mod find;

use lrlab_core::TrialSpec;

pub use compare::{CompareAnswer, ComparePlanner, Ended, TunedArm};
pub use find::{FindAnswer, FindPlanner, Found};

use crate::TrialResult;

/// Chooses trials from the results of earlier ones, until it has an answer.
pub trait Planner {
    /// What it finds.
    type Answer;

    /// What to do after `seen`, the results of everything asked for so far in the order in which it
    /// was asked for. A trial that was asked to pause stands there once for each request.
    fn next(&mut self, seen: &[TrialResult]) -> Next<Self::Answer>;
}

/// Asks `planner` with the results that `find` knows, as they would have come in, until it has its answer:
/// what was decided while a study ran is worked out from its logs again. `None` where results are missing.
pub fn replay<P: Planner>(
    planner: &mut P,
    mut find: impl FnMut(&Request) -> Option<TrialResult>,
) -> Option<P::Answer> {
    let mut seen = Vec::new();
    loop {
        match planner.next(&seen) {
            Next::Stop(answer) => return Some(answer),
            Next::Run(requests) => {
                for request in &requests {
                    seen.push(find(request)?);
                }
            }
        }
    }
}

/// What a planner wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<A> {
    /// These, in any order or side by side, and then to be asked again.
    Run(Vec<Request>),
    /// Nothing more: this is the answer.
    Stop(A),
}

/// A trial that a planner asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Name of its run in the study's folder: one for each trial, and a valid file name.
    pub name: String,
    /// The trial.
    pub trial: TrialSpec,
    /// What to do with it.
    pub action: Action,
}

/// What to do with a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run it to its end, from the beginning or from where it was paused.
    Run,
    /// Run it until so many updates are made, and keep it so that it can go on.
    RunUntil(u64),
    /// End a paused trial for this reason, as [`Outcome::Halted`](lrlab_core::Outcome::Halted).
    Halt(String),
}

impl Request {
    /// A trial to be run to its end.
    pub fn run(name: impl Into<String>, trial: TrialSpec) -> Self {
        Self { name: name.into(), trial, action: Action::Run }
    }
}
