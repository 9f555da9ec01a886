//! A case: a problem of the suite under one schedule. Its learning rate is what every method looks for.

use lrlab::{
    Duration, Horizon, Strategy, TaskSpec, TrialSpec,
    analysis::planner::Request,
    train::{
        Trial,
        suite::{Problem, Split},
    },
};

use crate::Result;

/// The schedules that every problem is trained with.
pub(crate) const SCHEDULES: [&str; 3] = ["constant", "cosine to 0", "warmup 5% then linear to 0"];
/// Rates that somebody who knows only the optimizer would try: gradient descent, with or without
/// momentum.
const DESCENT: [f64; 2] = [1e-4, 10.0];
/// The same, for optimizers that divide by the gradient's own size.
const ADAPTIVE: [f64; 2] = [1e-5, 1.0];

/// A problem under a schedule.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) problem: &'static Problem,
    pub(crate) schedule: &'static str,
    pub(crate) task: TaskSpec,
    /// With the optimizer's default rate.
    pub(crate) strategy: Strategy,
    pub(crate) budget: Duration,
    pub(crate) horizon: Horizon,
}

impl Case {
    pub(crate) fn new(problem: &'static Problem, schedule: &'static str) -> Result<Self> {
        let told = |why: &dyn std::fmt::Display| format!("{} under {schedule}: {why}", problem.name);
        let task = problem.task_spec().map_err(|why| told(&why))?;
        let budget = problem.duration().map_err(|why| told(&why))?;
        let strategy: Strategy =
            format!("{} | {schedule}", problem.optimizer).parse().map_err(|why| told(&why))?;
        let mut case = Self { problem, schedule, task, strategy, budget, horizon: Horizon::new(0, 1) };
        case.horizon = Trial::new(&case.trial(case.default_rate(), 0)).map_err(|why| told(&why))?.horizon();
        Ok(case)
    }

    /// `digits-mlp-adamw, cosine to 0`
    pub(crate) fn name(&self) -> String {
        format!("{}, {}", self.problem.name, self.schedule)
    }

    pub(crate) fn is_held_out(&self) -> bool {
        self.problem.split == Split::HeldOut
    }

    /// The rate that the optimizer has when none is given.
    pub(crate) fn default_rate(&self) -> f64 {
        self.strategy.lr()
    }

    /// The lowest and the highest rate that are usual for the optimizer.
    pub(crate) fn usual_rates(&self) -> [f64; 2] {
        if self.problem.optimizer.starts_with("sgd") { DESCENT } else { ADAPTIVE }
    }

    /// Updates of one training.
    pub(crate) fn steps(&self) -> f64 {
        self.horizon.total_steps.max(1) as f64
    }

    /// A whole training at a rate.
    pub(crate) fn trial(&self, rate: f64, seed: u64) -> TrialSpec {
        self.trial_of(self.strategy.with_lr(rate), seed)
    }

    pub(crate) fn trial_of(&self, strategy: Strategy, seed: u64) -> TrialSpec {
        TrialSpec {
            task: self.task.clone(),
            strategy: strategy.into(),
            seed,
            budget: self.budget,
            batch_size: self.problem.batch_size,
            measure: false,
            stop: None,
        }
    }

    /// Whole trainings at each of `rates` with each of `seeds`, rate by rate.
    pub(crate) fn requests(&self, rates: &[f64], seeds: &[u64]) -> Vec<Request> {
        let pairs = rates.iter().flat_map(|&rate| seeds.iter().map(move |&seed| (rate, seed)));
        pairs.map(|(rate, seed)| Request::run(format!("{rate:e}-{seed}"), self.trial(rate, seed))).collect()
    }
}

/// A rate to four significant digits, so that what is written is what was trained.
pub(crate) fn tidy(rate: f64) -> f64 {
    format!("{rate:.3e}").parse().unwrap_or(rate)
}
