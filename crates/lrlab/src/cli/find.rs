//! `lrlab find`: the learning rate of one strategy, by a range test and a few trainings.

use std::{
    io::{Write, stdout},
    path::{Path, PathBuf},
};

use lrlab_analysis::{
    find_report::{self, FindReport},
    finder::{self, BATCH_SIZE_RULES},
    planner::FindPlanner,
};
use lrlab_core::{
    Duration, FindSpec, Horizon, Question, ScheduleSpec, Strategy, TrialSpec,
    spec::{PlanSpec, ScheduleChoice},
};
use lrlab_train::{StudyFolder, Trial, task::find as find_task};

use super::{
    Failure,
    laboratory::{self, Checkpointing, Manner},
    own_data::{self, OwnData},
    plot,
};
use crate::answer::{AnswerError, search};

#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Options {
    /// The task, with its arguments: "digits model=softmax". `lrlab list tasks` shows them.
    #[arg(long, value_name = "TEXT", default_value = "digits")]
    task: String,

    /// The optimizer with its hyperparameters: "sgd momentum=0.9", "AdamW(weight_decay=0.1)".
    #[arg(long, value_name = "TEXT", default_value = "sgd momentum=0.9")]
    optimizer: String,

    /// The schedule that will really be used: "cosine to 0", "warmup 5% then linear to 0".
    #[arg(long, value_name = "TEXT", default_value = "cosine to 0")]
    schedule: String,

    /// The whole strategy in one line, or a file that ends in .toml, in place of the two above.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["optimizer", "schedule"])]
    strategy: Option<String>,

    /// Begins at this rate where the range test has no hint.
    #[arg(long, value_name = "RATE")]
    lr: Option<f64>,

    /// How long a training is, in epochs.
    #[arg(long, value_name = "N", conflicts_with_all = ["steps", "budget"])]
    epochs: Option<u64>,

    /// How long a training is, in steps.
    #[arg(long, value_name = "N", conflicts_with = "budget")]
    steps: Option<u64>,

    /// How long a training is, with its unit: "20 epochs", "900 steps".
    #[arg(long, value_name = "DURATION")]
    budget: Option<String>,

    /// Rows of a batch; the task's own by default.
    #[arg(long, value_name = "ROWS")]
    batch_size: Option<usize>,

    /// The first seed; others follow it.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// Gradient evaluations that may be spent in all, in whole trainings.
    #[arg(long, value_name = "TRAININGS", default_value_t = FindSpec::EFFORT)]
    effort: f64,

    /// The interval of the best rate is narrow enough at this many octaves.
    #[arg(long, value_name = "OCTAVES", default_value_t = FindSpec::OCTAVES)]
    octaves: f64,

    /// Stops after the range test.
    #[arg(long)]
    sweep_only: bool,

    /// The lowest rate of the range test.
    #[arg(long, value_name = "RATE")]
    from: Option<f64>,

    /// The highest rate of the range test.
    #[arg(long, value_name = "RATE")]
    to: Option<f64>,

    /// Steps of a sweep.
    #[arg(long, value_name = "N")]
    sweep_steps: Option<u64>,

    /// Sweeps, each with its own seed.
    #[arg(long, value_name = "N")]
    sweep_seeds: Option<u64>,

    /// Sweeps by equal differences instead of equal factors.
    #[arg(long)]
    linear: bool,

    /// Then finds the rate of each parameter group by itself.
    #[arg(long)]
    per_group: bool,

    /// Also tells what the batch-size rules make of the rate for this batch size.
    #[arg(long, value_name = "ROWS")]
    for_batch_size: Option<u64>,

    /// Also tells what theory makes of the rate for this schedule.
    #[arg(long, value_name = "TEXT")]
    for_schedule: Option<String>,

    /// The folder for logs and report; a fresh one under lrlab-runs by default.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Goes on with the search in --out: what is done is kept.
    #[arg(long, requires = "out")]
    resume: bool,

    #[command(flatten)]
    checkpoints: Checkpointing,

    /// Threads, one trial each; all cores by default.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Prints the results as JSON instead of text.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    own_data: OwnData,
}

/// Epochs when nothing else is asked for.
const EPOCHS: u64 = 20;

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    laboratory::catch_interrupt()?;
    let study = match (&options.out, options.resume) {
        (Some(out), true) => {
            options.own_data.look()?;
            StudyFolder::open(out)?
        }
        _ => begin(options)?,
    };
    let Question::Find(spec) = study.question() else {
        return Err(Failure::Input(format!(
            "{0} holds a comparison; continue it with: lrlab compare --resume --out {0}",
            study.path().display()
        )));
    };
    let spec = spec.clone();
    let horizon = horizon(&spec)?;
    let mut planner = FindPlanner::new(spec.clone(), horizon);
    let title = format!("the rate of {}", spec.strategy);
    let resume = format!("lrlab find --resume --out {}", study.path().display());
    let manner = Manner { threads: options.threads, checkpoint_every: options.checkpoints.every, resume };
    let answer = laboratory::run(&study, &mut planner, horizon, &title, &manner)?;
    let mut report = search::report(study.path(), spec, horizon, answer)?;
    report.transfers = transfers(options, &report)?;
    search::write(study.path(), &report)?;
    if options.json {
        writeln!(stdout(), "{:#}", find_report::data(&report))?;
        return Ok(());
    }
    print(study.path(), &report)
}

/// `lrlab report` of a search: everything again from its logs alone.
pub(crate) fn report_again(folder: &Path, spec: &FindSpec) -> Result<(), Failure> {
    let report = search::read(folder, spec).map_err(|error| match error {
        // What is trained outside of lrlab is continued there.
        AnswerError::Unfinished(_) if find_task(&spec.task.name).is_some() => Failure::Input(format!(
            "{error}; continue it with: lrlab find --resume --out {}",
            folder.display()
        )),
        AnswerError::Unfinished(_) => {
            Failure::Input(format!("{error}; continue it with the program that began it"))
        }
        error => error.into(),
    })?;
    search::write(folder, &report)?;
    print(folder, &report)
}

fn print(folder: &Path, report: &FindReport) -> Result<(), Failure> {
    write!(stdout(), "{}", search::text(folder, report, &plot::usual_screen()))?;
    Ok(())
}

/// The training's length on this task; tells early what cannot be built.
fn horizon(spec: &FindSpec) -> Result<Horizon, Failure> {
    let trial = TrialSpec {
        task: spec.task.clone(),
        strategy: spec.strategy.clone().into(),
        seed: spec.seed,
        budget: spec.budget,
        batch_size: spec.batch_size,
        measure: false,
        stop: None,
    };
    Ok(Trial::new(&trial)?.horizon())
}

fn begin(options: &Options) -> Result<StudyFolder, Failure> {
    let spec = spec(options)?;
    spec.strategy.check_tunable(horizon(&spec)?)?;
    own_data::tell(&spec.task)?;
    let path = laboratory::fresh(options.out.as_deref(), "find")?;
    laboratory::create(&path, Question::Find(spec))
}

fn spec(options: &Options) -> Result<FindSpec, Failure> {
    let strategy: Strategy = match &options.strategy {
        Some(text) => laboratory::strategy(text)?,
        None => Strategy::of(options.optimizer.parse()?, options.schedule.parse::<PlanSpec>()?),
    };
    let strategy = match options.lr {
        Some(lr) => strategy.with_lr(lr),
        None => strategy,
    };
    let budget = match (&options.budget, options.steps, options.epochs) {
        (Some(text), ..) => text.parse()?,
        (None, Some(steps), _) => Duration::Steps(steps),
        (None, None, epochs) => Duration::Epochs(epochs.unwrap_or(EPOCHS) as f64),
    };
    let mut spec = FindSpec::new(options.own_data.task(&options.task)?, strategy, budget);
    let sweep = &mut spec.sweep;
    sweep.from = options.from.unwrap_or(sweep.from);
    sweep.to = options.to.unwrap_or(sweep.to);
    sweep.steps = options.sweep_steps.unwrap_or(sweep.steps);
    sweep.seeds = options.sweep_seeds.unwrap_or(sweep.seeds);
    sweep.linear = options.linear;
    spec = FindSpec {
        batch_size: options.batch_size,
        seed: options.seed,
        sweep_only: options.sweep_only,
        effort: options.effort,
        octaves: options.octaves,
        per_group: options.per_group,
        ..spec
    };
    let faults = spec.faults();
    if faults.is_empty() { Ok(spec) } else { Err(Failure::Input(faults.join("\n"))) }
}

/// What rules of thumb and theory make of the rate elsewhere.
fn transfers(options: &Options, report: &FindReport) -> Result<Vec<String>, Failure> {
    let rate = match (&report.answer.found, &report.answer.hint) {
        (Some(found), _) => found.rate,
        (None, Ok(hint)) => hint.rate,
        (None, Err(_)) => return Ok(Vec::new()),
    };
    let mut sentences = Vec::new();
    if let Some(rows) = options.for_batch_size {
        let from = batch_rows(&report.spec)?;
        for rule in BATCH_SIZE_RULES {
            let transferred = rule
                .rate(rate, from, rows)
                .map_err(|error| Failure::Input(format!("--for-batch-size: {error}")))?;
            sentences.push(format!(
                "For batches of {rows} rows instead of {from} the {} rule gives lr = {} (known for {}; it assumes \
                 that {}; {}).",
                rule.name,
                find_report::rate(transferred),
                rule.optimizers,
                rule.holds,
                rule.source.link
            ));
        }
    }
    if let Some(text) = &options.for_schedule {
        let other: ScheduleSpec = text.parse()?;
        let ScheduleChoice::Own(own) = &report.spec.strategy.groups[0].plan.schedule else {
            return Err(Failure::Input("--for-schedule: a torch schedule cannot be transferred".to_owned()));
        };
        let values = |spec: &ScheduleSpec| -> Result<Vec<f64>, Failure> {
            let schedule = spec.build(report.horizon)?;
            Ok((0..report.horizon.total_steps).map(|t| schedule.value_at(t, 1.0)).collect())
        };
        let factor = finder::factor(&values(own)?, &values(&other)?)
            .map_err(|error| Failure::Input(format!("--for-schedule: {error}")))?;
        sentences.push(format!(
            "With `{text}` theory expects the best rate at {factor:.2} times this, lr = {} (the bound of Schaipp 2025 and \
             Defazio 2023, arXiv:2310.07831; it assumes SGD on a convex loss and gradients of constant norm).",
            find_report::rate(rate * factor)
        ));
    }
    Ok(sentences)
}

/// Rows of a batch in this search.
fn batch_rows(spec: &FindSpec) -> Result<u64, Failure> {
    let task = lrlab_train::task::build(&spec.task, spec.seed).map_err(lrlab_train::TrainError::from)?;
    Ok(spec.batch_size.unwrap_or_else(|| task.default_batch_size()) as u64)
}
