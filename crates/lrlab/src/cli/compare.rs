//! `lrlab compare`: strategies side by side on one task.

use std::{io::Write, path::PathBuf};

use lrlab_core::{Arm, Duration, StudySpec, TaskSpec};
use lrlab_train::StudyFolder;

use super::{Failure, folder, laboratory};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A strategy, once for each arm: "sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5", with a
    /// name in front if you like ("mine: adam lr=1e-3 | cosine to 0"). PyTorch's constructors are
    /// read too: "SGD(lr=0.1) | StepLR(step_size=5, gamma=0.5)". A name that ends in .toml is a file.
    #[arg(long = "strategy", value_name = "TEXT", required_unless_present = "resume")]
    strategies: Vec<String>,

    /// The task, with its arguments: "digits model=softmax". `lrlab list tasks` shows them.
    #[arg(long, value_name = "TEXT", default_value = "digits")]
    task: String,

    /// Every arm runs with this many seeds: 0, 1, 2...
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,

    /// One seed, once for each, instead of --seeds.
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    seed: Vec<u64>,

    /// How long each trial trains, in epochs.
    #[arg(long, value_name = "N", conflicts_with_all = ["steps", "budget"])]
    epochs: Option<u64>,

    /// How long each trial trains, in steps.
    #[arg(long, value_name = "N", conflicts_with = "budget")]
    steps: Option<u64>,

    /// How long each trial trains, with its unit: "20 epochs", "900 steps".
    #[arg(long, value_name = "DURATION")]
    budget: Option<String>,

    /// Rows of a batch; the task's own by default.
    #[arg(long, value_name = "ROWS")]
    batch_size: Option<usize>,

    /// The folder for logs and report; a fresh one under lrlab-runs by default.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Goes on with the study in --out: what is done is kept, unfinished trials start again.
    #[arg(long, requires = "out", conflicts_with_all = ["strategies", "task", "seeds", "seed", "epochs", "steps", "budget", "batch_size"])]
    resume: bool,

    /// Threads, one trial each; all cores by default.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Prints the results as JSON instead of the table.
    #[arg(long)]
    json: bool,
}

/// Epochs when nothing else is asked for.
const EPOCHS: u64 = 20;

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    laboratory::catch_interrupt()?;
    let study = match (&options.out, options.resume) {
        (Some(out), true) => StudyFolder::open(out)?,
        _ => laboratory::begin(|| folder::fresh(options.out.as_deref(), "compare"), spec(options)?)?,
    };
    let resume = format!("lrlab compare --resume --out {}", study.path().display());
    laboratory::run_comparison(&study, options.threads, &resume)?;
    let report = laboratory::report(study.path())?;
    if options.json {
        let path = study.path().join("report.json");
        let json =
            std::fs::read(&path).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
        std::io::stdout().write_all(&json)?;
        return Ok(());
    }
    laboratory::print_tables(&report)?;
    laboratory::print_where(study.path())
}

fn spec(options: &Options) -> Result<StudySpec, Failure> {
    let task: TaskSpec = options.task.parse()?;
    let budget = match (&options.budget, options.steps, options.epochs) {
        (Some(text), ..) => text.parse()?,
        (None, Some(steps), _) => Duration::Steps(steps),
        (None, None, epochs) => Duration::Epochs(epochs.unwrap_or(EPOCHS) as f64),
    };
    let seeds = if options.seed.is_empty() { (0..options.seeds).collect() } else { options.seed.clone() };
    if let Some(twice) =
        seeds.iter().enumerate().find_map(|(i, seed)| seeds[..i].contains(seed).then_some(seed))
    {
        return Err(Failure::Input(format!("seed {twice} is given twice; each seed can count once")));
    }
    let arms = options.strategies.iter().map(|text| arm(text)).collect::<Result<Vec<_>, _>>()?;
    for (index, arm) in arms.iter().enumerate() {
        if let Some(other) = arms[..index].iter().find(|other| other.label == arm.label) {
            return Err(Failure::Input(format!(
                "two strategies are called {:?}; put a name in front of one: \"NAME: {}\"",
                arm.label, other.strategy
            )));
        }
    }
    let title = format!("{} strategies on {task}", arms.len());
    Ok(StudySpec { title, task, arms, seeds, budget, batch_size: options.batch_size })
}

/// `[NAME:] STRATEGY`. A strategy of several groups holds colons of its own, so the whole is tried
/// first.
fn arm(text: &str) -> Result<Arm, Failure> {
    let whole = laboratory::strategy(text).map(|strategy| Arm { label: strategy.to_string(), strategy });
    match (whole, text.split_once(':')) {
        (Err(_), Some((name, rest))) if !name.trim().is_empty() => {
            Ok(Arm { label: name.trim().to_owned(), strategy: laboratory::strategy(rest.trim())? })
        }
        (whole, _) => whole,
    }
}
