//! `lrlab train`: one strategy on one task, a line an epoch.

use std::{
    io::{Write, stderr, stdout},
    path::{Path, PathBuf},
};

use lrlab_analysis::{Run, diagnose::diagnose};
use lrlab_core::{
    AfterEnd, Arm, Duration, Event, Outcome, ParamGroup, Protocol, Question, Scheduler, Strategy, StudySpec,
    TrialSpec,
    event::Metric,
    layout::{EVENTS_FILE, run_folder},
    registry::Argument,
    spec::{Clip, PlanSpec},
};
use lrlab_train::{
    Observer, StudyFolder, TrainError, Trial,
    checkpoint::{Checkpoint, Checkpoints, Interval, LogMark},
    log::{Recorder, each_event, outcome_of},
};

use super::{Failure, laboratory, laboratory::Checkpointing, own_data, own_data::OwnData};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The task, with its arguments: "digits model=softmax". `lrlab list tasks` shows them.
    #[arg(long, value_name = "TEXT", default_value = "line")]
    task: String,

    /// The optimizer with its hyperparameters: "sgd momentum=0.9", "AdamW(lr=1e-3)".
    #[arg(long, value_name = "TEXT", default_value = "sgd lr=0.1")]
    optimizer: String,

    /// The learning rate, in place of the optimizer's.
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    lr: Option<f64>,

    /// The schedule: "cosine to 0", "warmup 5% then linear to 0", "StepLR(step_size=5, gamma=0.5)".
    #[arg(long, value_name = "TEXT", default_value = "step every 5 epochs x0.5")]
    schedule: String,

    /// Clips the global norm of the gradient to this.
    #[arg(long, value_name = "NORM", conflicts_with = "clip_value", allow_negative_numbers = true)]
    clip_norm: Option<f64>,

    /// Clips each element of the gradient to plus or minus this.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    clip_value: Option<f64>,

    /// The whole strategy in one line, or a file that ends in .toml, in place of the options above.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["optimizer", "lr", "schedule", "clip_norm", "clip_value"])]
    strategy: Option<String>,

    /// How long to train, in epochs.
    #[arg(long, value_name = "N", default_value_t = 15, conflicts_with = "steps")]
    epochs: u64,

    /// How long to train, in steps.
    #[arg(long, value_name = "N")]
    steps: Option<u64>,

    /// Rows of a batch; the task's own by default.
    #[arg(long, value_name = "ROWS")]
    batch_size: Option<usize>,

    /// Seeds the initial weights and the order of the data.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    /// The folder for the log and report; a fresh one under lrlab-runs by default.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    #[command(flatten)]
    checkpoints: Checkpointing,

    /// Goes on with the training in --out from its newest checkpoint, to the same bits.
    #[arg(long, requires = "out", conflicts_with_all = ASKED)]
    resume: bool,

    /// Goes on from the checkpoint after so many updates instead of the newest.
    #[arg(long, value_name = "UPDATES", requires = "resume")]
    from_checkpoint: Option<u64>,

    /// Prints JSON, one object a line, instead of text.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    own_data: OwnData,
}

/// The options that say what is trained.
const ASKED: [&str; 18] = [
    "data",
    "test_data",
    "predict",
    "model",
    "hidden",
    "missing",
    "leave_out",
    "task",
    "optimizer",
    "lr",
    "schedule",
    "clip_norm",
    "clip_value",
    "strategy",
    "epochs",
    "steps",
    "batch_size",
    "seed",
];

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    laboratory::catch_interrupt()?;
    options.own_data.look()?;
    if let (true, Some(out)) = (options.resume, &options.out) {
        return go_on(options, out);
    }
    let spec = spec(options)?;
    let trial_spec = only_trial(&spec)?;
    let trial = Trial::new(&trial_spec)?;
    laboratory::check_interval(options.checkpoints.every, trial.horizon())?;
    own_data::tell(&trial_spec.task)?;
    let name = run_folder(0, &spec.arms[0].label, options.seed);
    let study = laboratory::begin(|| laboratory::fresh(options.out.as_deref(), "train"), spec)?;
    let run = study.run(&name);
    let interval = laboratory::checkpoint_every(&study, options.checkpoints.every, trial.horizon())?;
    let lines = EpochLines::new(Recorder::begin(&run, laboratory::stop_flag())?, &trial, options)?;
    train(&study, &run, trial, lines, interval, options.json)
}

fn only_trial(spec: &StudySpec) -> Result<TrialSpec, Failure> {
    let none = || Failure::Input("no strategy to train".to_owned());
    spec.trials().next().map(|(_, trial)| trial).ok_or_else(none)
}

/// Goes on with the training in `out`.
fn go_on(options: &Options, out: &Path) -> Result<(), Failure> {
    let study = StudyFolder::open(out)?;
    let spec = match study.question() {
        Question::Compare(spec) if spec.arms.len() == 1 && spec.seeds.len() == 1 => spec,
        Question::Compare(_) => return Err(another(out, "a comparison", "compare")),
        Question::Find(_) => return Err(another(out, "a search for a learning rate", "find")),
        Question::Recorded(_) => {
            let why = "holds recorded trainings, which only the code that ran them can continue";
            return Err(Failure::Input(format!("{} {why}", out.display())));
        }
    };
    let trial_spec = only_trial(spec)?;
    let run = study.run(&run_folder(0, &spec.arms[0].label, trial_spec.seed));
    if let Some(outcome) = outcome_of(&run) {
        writeln!(stderr(), "{} has ended already: {}.", out.display(), ending(&outcome))?;
        return conclude(&Run::read(&run.join(EVENTS_FILE))?, &out.display().to_string(), options.json);
    }
    let mut trial = Trial::new(&trial_spec)?;
    let interval = laboratory::checkpoint_every(&study, options.checkpoints.every, trial.horizon())?;
    let checkpoints = Checkpoints::of_run(&run, interval);
    let found = checkpoints.found().map_err(TrainError::from)?;
    let wanted = match options.from_checkpoint {
        None => found.first(),
        Some(t) => Some(found.iter().find(|checkpoint| checkpoint.t == t).ok_or_else(|| {
            let there: Vec<String> = found.iter().map(|checkpoint| checkpoint.t.to_string()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(" and ") };
            Failure::Input(format!("there is no checkpoint after {t} updates; there are: {there}"))
        })?),
    };
    let Some(checkpoint) = wanted else {
        writeln!(stderr(), "No checkpoint was made yet: training begins again.")?;
        let lines = EpochLines::new(Recorder::begin(&run, laboratory::stop_flag())?, &trial, options)?;
        return train(&study, &run, trial, lines, interval, options.json);
    };
    let resumed = checkpoints.resume_from(checkpoint, &mut trial, laboratory::stop_flag());
    let recorder = resumed.map_err(|error| match error {
        TrainError::Checkpoint(error) => {
            let older = found.iter().filter(|other| other.t < checkpoint.t);
            let serves = older.into_iter().find(|other| checkpoints.check(other, &trial).is_ok());
            Failure::Input(format!("{error}\n{}", offer(out, serves)))
        }
        error => error.into(),
    })?;
    writeln!(stderr(), "Going on after {} updates.", checkpoint.t)?;
    let mut lines = EpochLines::new(recorder, &trial, options)?;
    each_event(&run, &mut |event| lines.replay(event))?;
    train(&study, &run, trial, lines, interval, options.json)
}

/// What to do where a checkpoint does not serve.
fn offer(out: &Path, older: Option<&Checkpoint>) -> String {
    match older {
        Some(Checkpoint { t, .. }) => format!(
            "the one before it, after {t} updates, is whole and fits; go on from it with: lrlab train --resume \
             --from-checkpoint {t} --out {}",
            out.display()
        ),
        None => "no older one serves; train again into another folder (without --resume)".to_owned(),
    }
}

fn another(out: &Path, what: &str, command: &str) -> Failure {
    let out = out.display();
    Failure::Input(format!("{out} holds {what}; continue it with: lrlab {command} --resume --out {out}"))
}

/// How a run ended, in a word or two.
fn ending(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed => "its budget is used up".to_owned(),
        Outcome::Diverged { t, .. } => format!("it diverged at step {t}"),
        Outcome::Failed { why } => format!("it failed: {why}"),
        Outcome::Stopped => "it was stopped".to_owned(),
        Outcome::Halted { t, why } => format!("it was halted after {t} updates: {why}"),
    }
}

/// Trains to the end, with checkpoints, and concludes.
fn train(
    study: &StudyFolder,
    run: &Path,
    mut trial: Trial,
    mut lines: EpochLines,
    interval: Interval,
    json: bool,
) -> Result<(), Failure> {
    let folder = study.path().display();
    let resume = format!("lrlab train --resume --out {folder}");
    let mut warn = |error: &TrainError| {
        // Whoever closed stderr wants no warnings.
        _ = writeln!(stderr(), "warning: {error}; training goes on");
    };
    let checkpoints = Checkpoints::of_run(run, interval);
    let outcome = checkpoints.run_until(&mut trial, u64::MAX, &mut lines, &mut warn);
    let outcome = outcome.map_err(|error| match error {
        TrainError::Io { .. } => {
            Failure::Input(format!("{error}\nonce that is mended, continue with: {resume}"))
        }
        error => error.into(),
    })?;
    if lines.closed {
        return Err(Failure::Closed);
    }
    if outcome == Some(Outcome::Stopped) {
        let how = match checkpoints.found().map_err(TrainError::from)?.first() {
            Some(_) => "continue with",
            None => "no checkpoint was made; begin again with",
        };
        return Err(Failure::Interrupted(format!(
            "interrupted: the log so far is in {}\n{how}: {resume}",
            run.display()
        )));
    }
    conclude(&Run::read(&run.join(EVENTS_FILE))?, &folder.to_string(), json)
}

/// The verdict: beside the lines that a PyTorch user knows, not among them.
fn conclude(run: &Run, folder: &str, json: bool) -> Result<(), Failure> {
    let verdict = diagnose(run);
    if json {
        let text = serde_json::json!({ "verdict": verdict, "folder": folder });
        writeln!(stdout(), "{text}")?;
        return Ok(());
    }
    let mut err = stderr();
    writeln!(err, "\nVerdict: {}. {}", verdict.word, verdict.rule)?;
    writeln!(err, "Log: {folder} (lrlab report {folder} draws it)")?;
    Ok(())
}

fn spec(options: &Options) -> Result<StudySpec, Failure> {
    let task = options.own_data.task(&options.task)?;
    let strategy: Strategy = if let Some(text) = &options.strategy {
        laboratory::strategy(text)?
    } else {
        let plan: PlanSpec = options.schedule.parse()?;
        let mut strategy = Strategy::of(options.optimizer.parse()?, plan);
        if let Some(lr) = options.lr {
            strategy.groups[0].optimizer.args.insert("lr".to_owned(), Argument::Number(lr));
        }
        // Through its text, which is where a clip is checked.
        let clip = options.clip_norm.map(|norm| format!("clip norm {norm}"));
        let clip = clip.or(options.clip_value.map(|value| format!("clip value {value}")));
        strategy.clip = clip.map(|text| text.parse::<Clip>()).transpose()?;
        strategy
    };
    let budget = options.steps.map_or(Duration::Epochs(options.epochs as f64), Duration::Steps);
    let arm = Arm { label: strategy.to_string(), strategy };
    Ok(StudySpec {
        title: format!("{} on {task}", arm.label),
        task,
        arms: vec![arm],
        seeds: vec![options.seed],
        budget,
        batch_size: options.batch_size,
        protocol: Protocol::default(),
    })
}

/// Prints what a PyTorch training script prints, and passes everything on to the log: the mean loss
/// of an epoch, each taken before its step, and the rate after the scheduler's step.
struct EpochLines {
    recorder: Recorder<'static>,
    scheduler: Box<dyn Scheduler>,
    groups: Vec<ParamGroup>,
    t: u64,
    sum: f64,
    steps: u64,
    epoch: u64,
    json: bool,
    /// While events of before an interruption are taken in.
    silent: bool,
    closed: bool,
}

impl EpochLines {
    fn new(recorder: Recorder<'static>, trial: &Trial, options: &Options) -> Result<Self, Failure> {
        // The line after the last epoch shows the rate that would come next.
        let strategy = Strategy { after_end: AfterEnd::Hold, ..Strategy::clone(&trial.spec().strategy) };
        let built = strategy.build(trial.horizon())?;
        Ok(Self {
            recorder,
            groups: built.groups.into_iter().map(|built| built.group).collect(),
            scheduler: built.scheduler,
            t: 0,
            sum: 0.0,
            steps: 0,
            epoch: 0,
            json: options.json,
            silent: false,
            closed: false,
        })
    }
    /// Takes in an event of before an interruption, whose line was printed then.
    fn replay(&mut self, event: &Event) -> Result<(), TrainError> {
        self.silent = true;
        let followed = self.follow(event);
        self.silent = false;
        followed
    }

    fn follow(&mut self, event: &Event) -> Result<(), TrainError> {
        match event {
            Event::Step(step) => {
                self.sum += step.loss;
                self.steps += 1;
                self.t = step.t + 1;
            }
            // The rate that is printed is the next epoch's, as after PyTorch's `scheduler.step()`.
            Event::Validated(validated) => {
                for (name, Metric(value)) in &validated.metrics {
                    self.scheduler.on_metric(validated.t, name, *value, &mut self.groups)?;
                }
                self.print()?;
            }
            Event::Finished { .. } if self.steps > 0 => self.print()?,
            _ => {}
        }
        Ok(())
    }

    fn print(&mut self) -> Result<(), TrainError> {
        self.scheduler.before_step(self.t, &mut self.groups)?;
        self.epoch += 1;
        let (loss, lr) = (self.sum / self.steps as f64, self.groups[0].lr());
        (self.sum, self.steps) = (0.0, 0);
        if self.silent {
            return Ok(());
        }
        let line = if self.json {
            let loss =
                if loss.is_finite() { serde_json::json!(loss) } else { serde_json::json!(loss.to_string()) };
            serde_json::json!({ "epoch": self.epoch, "loss": loss, "lr": lr }).to_string()
        } else if lr != 0.0 && lr < 1e-3 {
            format!("Epoch {}: Loss={loss:.4}, LR={lr:.3e}", self.epoch)
        } else {
            format!("Epoch {}: Loss={loss:.4}, LR={lr:.4}", self.epoch)
        };
        // Whoever closed our output wants no more of it: the trial stops.
        self.closed |= writeln!(stdout(), "{line}").is_err();
        Ok(())
    }
}

impl Observer for EpochLines {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        self.recorder.on_event(event)?;
        self.follow(event)
    }

    fn wants_stop(&self) -> bool {
        self.closed || self.recorder.wants_stop()
    }

    fn mark(&mut self) -> Result<Option<LogMark>, TrainError> {
        self.recorder.mark()
    }
}
