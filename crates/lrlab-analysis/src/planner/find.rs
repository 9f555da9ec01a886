//! The learning rate of one strategy: a range test, then few trainings around its hint.
//!
//! The sweeps say where to begin; every claim rests on whole trainings with the schedule and horizon
//! that will really be used. One [`Search`] finds the rate of all groups together, and, if asked for, one
//! more for each group its own.

use std::sync::Arc;

use lrlab_core::{
    Duration, FindSpec, Horizon, StopRule, Strategy, TrialSpec,
    registry::{Argument, Level},
    spec::PlanSpec,
};

use super::{Next, Planner, Request};
use crate::{
    TrialResult,
    finder::{self, Hint, NoSuggestion, Sweep},
    search::{Estimate, Observation, Point, Search, Step},
};

/// A sweep ends once its smoothed loss is this many times its least.
const SWEEP_RISE: f64 = 4.0;

/// Finds the rate of a strategy.
#[derive(Clone, Debug)]
pub struct FindPlanner {
    spec: FindSpec,
    horizon: Horizon,
    /// What theory makes of the best constant rate for the schedule.
    transfer: f64,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FindAnswer {
    /// The range tests.
    pub sweeps: Vec<Sweep>,
    /// What they say.
    pub hint: Result<Hint, NoSuggestion>,
    /// What was found with whole trainings; `None` for a range test alone.
    pub found: Option<Found>,
    /// Gradient evaluations of the sweeps, measurements counted.
    pub sweep_gradients: u64,
    /// Gradient evaluations in all.
    pub gradients: u64,
}

/// The rate that whole trainings speak for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The rate of the first group.
    pub rate: f64,
    /// The strategy with it.
    pub strategy: Strategy,
    /// The search over all groups together; x is log2 of the rate of the first group.
    pub estimate: Estimate,
    /// What it saw.
    pub observations: Vec<Observation>,
    /// For each group, if asked for, the search of its factor; x is log2 of the factor.
    pub groups: Vec<(usize, Estimate)>,
}

impl FindPlanner {
    /// Will answer `spec`, whose training is of `horizon`.
    pub fn new(spec: FindSpec, horizon: Horizon) -> Self {
        let transfer = transfer(&spec.strategy, horizon).unwrap_or(1.0);
        Self { spec, horizon, transfer }
    }

    /// The training of the strategy at a rate with a seed.
    fn trial(&self, strategy: impl Into<Arc<Strategy>>, seed: u64) -> TrialSpec {
        TrialSpec {
            task: self.spec.task.clone(),
            strategy: strategy.into(),
            seed: self.spec.seed + seed,
            budget: self.spec.budget,
            batch_size: self.spec.batch_size,
            measure: false,
            stop: None,
        }
    }

    fn sweep_requests(&self) -> Vec<Request> {
        let sweep = &self.spec.sweep;
        let mut strategy = self.spec.strategy.with_lr(sweep.from);
        for group in &mut strategy.groups {
            group.plan = range_test(sweep.to / sweep.from, sweep.steps, sweep.linear);
        }
        let strategy = Arc::new(strategy);
        (0..sweep.seeds)
            .map(|seed| {
                let trial = TrialSpec {
                    budget: Duration::Steps(sweep.steps),
                    measure: true,
                    stop: Some(StopRule::RisesAbove(SWEEP_RISE)),
                    ..self.trial(Arc::clone(&strategy), seed)
                };
                Request::run(format!("sweep-seed{}", trial.seed), trial)
            })
            .collect()
    }

    /// Where the search begins: the hint, or else the strategy's own rate.
    fn begin(&self, hint: &Result<Hint, NoSuggestion>) -> f64 {
        hint.as_ref().map_or_else(|_| self.spec.strategy.lr(), |hint| hint.rate).log2()
    }

    /// Trainings that the budget still holds after so many gradient evaluations.
    fn left(&self, gradients: u64) -> usize {
        let total = self.horizon.total_steps.max(1) as f64;
        ((self.spec.effort * total - gradients as f64) / total).max(0.0) as usize
    }
}

impl Planner for FindPlanner {
    type Answer = FindAnswer;

    fn next(&mut self, seen: &[TrialResult]) -> Next<FindAnswer> {
        let asked = self.sweep_requests();
        if seen.is_empty() && !asked.is_empty() {
            return Next::Run(asked);
        }
        let (swept, trained) = seen.split_at(asked.len().min(seen.len()));
        let sweeps: Vec<Sweep> = swept.iter().filter_map(sweep_of).collect();
        let hint = finder::hint(&sweeps).map(|hint| hint.for_schedule(self.transfer));
        let sweep_gradients = swept.iter().map(|result| result.gradients).sum();
        let gradients: u64 = seen.iter().map(|result| result.gradients).sum();
        let mut answer = FindAnswer { sweeps, hint, found: None, sweep_gradients, gradients };
        if self.spec.sweep_only {
            return Next::Stop(answer);
        }
        let mut walk = Walk { planner: self, trained, spent: sweep_gradients };
        match walk.walk(self.begin(&answer.hint)) {
            Ok(found) => {
                answer.found = Some(found);
                Next::Stop(answer)
            }
            Err(requests) => Next::Run(requests),
        }
    }
}

/// One walk through the searches, from the first on, with what was trained so far.
struct Walk<'a> {
    planner: &'a FindPlanner,
    trained: &'a [TrialResult],
    /// Gradient evaluations of everything looked at so far: what was left when more was asked for is what
    /// is left when the walk comes by again.
    spent: u64,
}

impl Walk<'_> {
    /// What was found, or what is to be trained before more can be said.
    fn walk(&mut self, begin: f64) -> Result<Found, Vec<Request>> {
        let spec = &self.planner.spec;
        let of_all = |x: f64| spec.strategy.with_lr(tidy(x.exp2()));
        let (estimate, observations) = self.search("lr", begin, &of_all)?;
        let mut strategy = of_all(estimate.x);
        let mut groups = Vec::new();
        if spec.per_group && strategy.groups.len() > 1 {
            for group in 0..strategy.groups.len() {
                let base = strategy.clone();
                let of_group = |x: f64| {
                    let mut changed = base.clone();
                    let lr = tidy(base.groups[group].optimizer.lr() * x.exp2());
                    changed.groups[group].optimizer = base.groups[group].optimizer.clone().with_lr(lr);
                    changed
                };
                let (found, _) = self.search(&format!("group{group}-lr"), 0.0, &of_group)?;
                strategy = of_group(found.x);
                groups.push((group, found));
            }
        }
        Ok(Found { rate: strategy.lr(), strategy, estimate, observations, groups })
    }

    /// One search over `strategy_at`, or what it still needs.
    fn search(
        &mut self,
        name: &str,
        hint: f64,
        strategy_at: &dyn Fn(f64) -> Strategy,
    ) -> Result<(Estimate, Vec<Observation>), Vec<Request>> {
        let planner = self.planner;
        let search = Search { hint, octaves: planner.spec.octaves };
        let mut seen: Vec<Observation> = Vec::new();
        // Asked again from the beginning, the search asks for the same points in the same order.
        loop {
            let points = match search.next(&seen, planner.left(self.spent)) {
                Step::Done(estimate) => return Ok((estimate, seen)),
                Step::Evaluate(points) => points,
            };
            let mut missing = Vec::new();
            for Point { x, seed } in points {
                let strategy = strategy_at(x);
                let trial = planner.trial(strategy, seed as u64);
                match self.trained.iter().find(|result| result.trial == trial) {
                    Some(result) => {
                        self.spent += result.gradients;
                        // What ends worse than it began is beyond the edge, bounded loss or not.
                        let objective = match result.objective() {
                            Some(objective) if !result.is_worse_than_untrained() => objective,
                            _ => f64::INFINITY,
                        };
                        seen.push(Observation { x, seed, objective });
                    }
                    None => missing.push(Request::run(run_name(name, &trial, x), trial)),
                }
            }
            if !missing.is_empty() {
                return Err(missing);
            }
        }
    }
}

/// The best peak of the strategy's schedule over the best constant rate, as theory expects it.
fn transfer(strategy: &Strategy, horizon: Horizon) -> Option<f64> {
    let rates = strategy.rates(horizon).ok()?;
    let first = rates.first()?;
    finder::factor(&vec![1.0; first.len()], first).ok()
}

/// `lr-0.0316-seed0`
fn run_name(name: &str, trial: &TrialSpec, x: f64) -> String {
    format!("{name}-{:e}-seed{}", tidy(x.exp2()), trial.seed)
}

/// A rate to four significant digits: what is printed is what was run.
fn tidy(rate: f64) -> f64 {
    format!("{rate:.3e}").parse().unwrap_or(rate)
}

/// A plan that sweeps from the group's own rate to `ratio` times it.
fn range_test(ratio: f64, steps: u64, linear: bool) -> PlanSpec {
    let mut schedule = lrlab_core::ScheduleSpec::constant();
    schedule.name = "range-test";
    let mut set = |name: &str, value: Argument| schedule.args.insert(name.to_owned(), value);
    set("from", Argument::Level(Level::Fraction(1.0)));
    set("to", Argument::Level(Level::Fraction(ratio)));
    set("over", Argument::Duration(Duration::Steps(steps)));
    set("sweep", Argument::Word(if linear { "linear" } else { "exponential" }.to_owned()));
    schedule.into()
}

/// The sweep that a trial made; `None` where it made no step.
fn sweep_of(result: &TrialResult) -> Option<Sweep> {
    let (rates, losses) = result.sweep.iter().copied().unzip();
    let planned = usize::try_from(match result.trial.budget {
        Duration::Steps(steps) => steps,
        _ => 0,
    })
    .unwrap_or(0);
    let sweep = Sweep::new(rates, losses).ok()?.planned(planned).seeded(result.trial.seed);
    Some(match result.stable.first() {
        Some((_, rate)) => sweep.stable_to(*rate),
        None => sweep,
    })
}
