//! A comparison as a user writes it down, in a TOML file or as options: tasks x strategies x rates x
//! seeds x budget.
//!
//! ```toml
//! title = "Does warmup pay?"
//! tasks = ["digits", "digits model=softmax"]
//! budget = "20 epochs"
//! seeds = 10                        # or a list of them
//! tune = { effort = 16 }            # trainings to find each arm's rate; or "as written"
//! stop_early = true                 # seeds are added until the answer is known
//! target = 0.1                      # the objective that counts as reached
//! equivalence = 0.01                # differences within 1 % of the best do not matter
//!
//! [[arms]]
//! label = "plain"
//! strategy = "sgd momentum=0.9 | cosine to 0"
//!
//! [[arms]]
//! label = "with warmup"
//! strategy = "sgd momentum=0.9 | warmup 5% then cosine to 0"
//! ```

use serde::Deserialize;

use super::{Arm, FindSpec, Protocol, StudySpec, TaskSpec, Tuning};
use crate::{
    Duration, SpecError, Strategy,
    horizon::number_text,
    spec::{Fault, Problem},
};

mod tune;

pub use tune::TuneDraft;

/// Seeds where a draft does not say.
const SEEDS: u64 = 10;
/// More seeds than this are hardly meant.
const MOST_SEEDS: u64 = 100_000;

/// A comparison, not yet held against what it may say. [`studies`](Self::studies) checks it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyDraft {
    /// The question, as the report's heading.
    pub title: Option<String>,
    /// What is trained.
    pub task: Option<TaskSpec>,
    /// Several tasks, each of which gives a study of its own.
    pub tasks: Option<Vec<TaskSpec>>,
    /// How long each trial trains.
    pub budget: Duration,
    /// Rows of a batch; the task's own by default.
    pub batch_size: Option<usize>,
    /// Seeds, at most: 10 by default.
    pub seeds: Option<Count>,
    /// How each arm gets its rate: a search of the usual effort by default, or the arms' own lists.
    pub tune: Option<TuneDraft>,
    /// Whether seeds are added only until the answer is known: true by default.
    pub stop_early: Option<bool>,
    /// The value of the objective that counts as reached.
    pub target: Option<f64>,
    /// Differences of the objective up to this share of the best mean do not matter: 0.01 by default.
    pub equivalence: Option<f64>,
    /// The strategies, at least one.
    #[serde(default)]
    pub arms: Vec<DraftArm>,
}

/// A strategy of a draft.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftArm {
    /// Its name in tables: its text by default.
    pub label: Option<String>,
    /// The recipe.
    pub strategy: Strategy,
    /// The rates it tries, in place of those that `tune` gives to all.
    pub rates: Option<Vec<f64>>,
}

/// How many, or which.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a number of seeds (10), or a list of them ([0, 1, 2])")]
pub enum Count {
    /// 0, 1, 2 and so on, so many.
    Number(u64),
    /// These.
    List(Vec<u64>),
}

/// What is wrong with a draft, gathered.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn value(&mut self, path: &str, got: impl Into<String>, allowed: &str) {
        let field = path.rsplit('.').next().unwrap_or(path);
        self.0.push(Problem::of(path, Fault::value(field, got, allowed)));
    }

    fn refuse(&mut self, path: &str, why: impl Into<String>) {
        self.0.push(Problem::of(path, Fault::refused(why)));
    }
}

impl StudyDraft {
    /// One study for each task.
    ///
    /// # Errors
    /// Everything that is wrong, with its place in the file (`arms[1].rates`).
    pub fn studies(&self) -> Result<Vec<StudySpec>, SpecError> {
        let mut problems = Problems::default();
        let tasks = self.tasks(&mut problems);
        let seeds = self.seeds(&mut problems);
        let tuning = self.tuning(&mut problems);
        let arms = self.arms(&tuning, &mut problems);
        if let Some(target) = self.target.filter(|target| !target.is_finite()) {
            problems.value("target", number_text(target), "a finite value of the objective");
        }
        let equivalence = self.equivalence.unwrap_or(Protocol::EQUIVALENCE);
        if !(0.0..1.0).contains(&equivalence) {
            let allowed = "a share of the best mean, from 0 to below 1: 0.01 is 1 %";
            problems.value("equivalence", number_text(equivalence), allowed);
        }
        if !problems.0.is_empty() {
            return Err(SpecError::new(problems.0));
        }
        let stop_early = self.stop_early.unwrap_or(true);
        let protocol = Protocol { tuning, stop_early, target: self.target, equivalence };
        let several = tasks.len() > 1;
        let study = |task: TaskSpec| StudySpec {
            title: match &self.title {
                Some(title) if several => format!("{title}: {task}"),
                Some(title) => title.clone(),
                None if arms.len() == 1 => format!("{} on {task}", arms[0].label),
                None => format!("{} strategies on {task}", arms.len()),
            },
            task,
            arms: arms.clone(),
            seeds: seeds.clone(),
            budget: self.budget,
            batch_size: self.batch_size,
            protocol: protocol.clone(),
        };
        Ok(tasks.into_iter().map(study).collect())
    }

    fn tasks(&self, problems: &mut Problems) -> Vec<TaskSpec> {
        const EXAMPLE: &str = "task = \"digits\", or several as tasks = [\"digits\", \"line\"]";
        match (&self.task, &self.tasks) {
            (Some(task), None) => return vec![task.clone()],
            (None, Some(tasks)) if tasks.is_empty() => problems.value("tasks", "none", "one task or more"),
            (None, Some(tasks)) => {
                if let Some((index, task)) =
                    tasks.iter().enumerate().find(|(index, task)| tasks[..*index].contains(task))
                {
                    problems.refuse(&format!("tasks[{index}]"), format!("the task {task} stands here twice"));
                }
                return tasks.clone();
            }
            (Some(_), Some(_)) => problems.refuse("task", "give task or tasks, not both"),
            (None, None) => problems.refuse("", format!("no task is given: write {EXAMPLE}")),
        }
        Vec::new()
    }

    fn seeds(&self, problems: &mut Problems) -> Vec<u64> {
        match &self.seeds {
            None => (0..SEEDS).collect(),
            Some(Count::Number(number)) => {
                if !(1..=MOST_SEEDS).contains(number) {
                    problems.value("seeds", number.to_string(), "1 to 100000 seeds");
                    return Vec::new();
                }
                (0..*number).collect()
            }
            Some(Count::List(seeds)) => {
                if seeds.is_empty() {
                    problems.value("seeds", "none", "one seed or more");
                }
                let twice = seeds.iter().enumerate().find(|(index, seed)| seeds[..*index].contains(seed));
                if let Some((index, seed)) = twice {
                    let why = format!("seed {seed} is given twice; each seed can count once");
                    problems.refuse(&format!("seeds[{index}]"), why);
                }
                seeds.clone()
            }
        }
    }

    fn tuning(&self, problems: &mut Problems) -> Tuning {
        let own = self.arms.iter().position(|arm| arm.rates.is_some());
        let (given, seeds, halving) = match (&self.tune, own) {
            (None, None) => return Tuning::Search { effort: FindSpec::EFFORT },
            (None, Some(_)) => (None, 1, false),
            (Some(TuneDraft::Grid { rates, factors, seeds, halving }), _) => {
                (Some((rates, factors)), *seeds, *halving)
            }
            (Some(other), Some(index)) => {
                let why = "rates to be tried stand beside a `tune` that tries others; leave one of them out";
                problems.refuse(&format!("arms[{index}].rates"), why);
                return other.plain();
            }
            (Some(other), None) => {
                if let TuneDraft::Search { effort } = other
                    && !(*effort >= TuneDraft::LEAST_EFFORT && effort.is_finite())
                {
                    problems.value("tune.effort", number_text(*effort), "4 trainings or more for each arm");
                }
                return other.plain();
            }
        };
        if seeds == 0 {
            problems.value("tune.seeds", "0", "1 seed or more for each rate");
        }
        let mut grid = Vec::with_capacity(self.arms.len());
        for (index, arm) in self.arms.iter().enumerate() {
            let written = arm.strategy.lr();
            let (path, rates) = match (&arm.rates, given) {
                (Some(own), _) => (format!("arms[{index}].rates"), own.clone()),
                (None, Some((Some(rates), _))) => ("tune.rates".to_owned(), rates.clone()),
                (None, Some((None, Some(factors)))) => {
                    ("tune.factors".to_owned(), factors.iter().map(|factor| factor * written).collect())
                }
                (None, _) => {
                    let why = "this arm has no rates to try, but others have: give it `rates = [..]`, or \
                               `tune = { rates = [..] }` for all";
                    problems.refuse(&format!("arms[{index}]"), why);
                    continue;
                }
            };
            grid.push(ascending(&path, rates, problems));
        }
        Tuning::Grid { rates: grid, seeds, halving }
    }

    fn arms(&self, tuning: &Tuning, problems: &mut Problems) -> Vec<Arm> {
        if self.arms.is_empty() {
            problems.value(
                "arms",
                "none",
                "one [[arms]] table for each strategy, with strategy = \"sgd lr=0.1 | cosine to 0\"",
            );
        }
        let shared = if let Some(TuneDraft::Shared { rate }) = &self.tune { Some(*rate) } else { None };
        if let Some(rate) = shared.filter(|rate| !(*rate > 0.0 && rate.is_finite())) {
            problems.value("tune.shared_rate", number_text(rate), "a rate above 0");
        }
        let mut arms: Vec<Arm> = Vec::with_capacity(self.arms.len());
        for (index, arm) in self.arms.iter().enumerate() {
            let strategy = shared.map_or_else(|| arm.strategy.clone(), |rate| arm.strategy.with_lr(rate));
            let text = if *tuning == Tuning::AsWritten { strategy.clone() } else { without_rate(&strategy) };
            let label = arm.label.clone().unwrap_or_else(|| text.to_string());
            if label.trim().is_empty() {
                problems.value(&format!("arms[{index}].label"), "nothing", "a name for the tables");
            }
            if let Some(other) = arms.iter().find(|other| other.label == label) {
                let same_but_rate = arm.label.is_none() && other.strategy != strategy;
                let why = if same_but_rate {
                    format!(
                        "this is {label:?} again: arms whose rates are chosen for them differ in more than their \
                         rate; compare rates as they are with `tune = \"as written\"` (--as-written)"
                    )
                } else {
                    format!(
                        "two strategies are called {label:?}; give one a name of its own (on the command line \
                         \"NAME: STRATEGY\")"
                    )
                };
                problems.refuse(&format!("arms[{index}]"), why);
            }
            arms.push(Arm { label, strategy });
        }
        arms
    }
}

/// The strategy without the rate of its only group, which is about to be chosen.
fn without_rate(strategy: &Strategy) -> Strategy {
    let mut bare = strategy.clone();
    if let [group] = bare.groups.as_mut_slice() {
        group.optimizer.args.remove(crate::Field::Lr.name());
    }
    bare
}

/// Rates from the least to the largest, each once.
fn ascending(path: &str, mut rates: Vec<f64>, problems: &mut Problems) -> Vec<f64> {
    if rates.is_empty() {
        problems.value(path, "none", "one or more to try");
    }
    if let Some(rate) = rates.iter().find(|rate| !(**rate > 0.0 && rate.is_finite())) {
        problems.value(path, number_text(*rate), "numbers above 0");
    }
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    rates
}
