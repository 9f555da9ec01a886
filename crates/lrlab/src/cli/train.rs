//! `lrlab train`: one strategy on one task, a line an epoch.

use std::{
    io::{Write, stderr, stdout},
    path::PathBuf,
};

use lrlab_analysis::{Run, diagnose::diagnose};
use lrlab_core::{
    AfterEnd, Arm, Duration, Event, Outcome, ParamGroup, Protocol, Scheduler, Strategy, StudySpec, TaskSpec,
    event::Metric,
    layout::{EVENTS_FILE, run_folder},
    registry::Argument,
    spec::{Clip, PlanSpec},
};
use lrlab_train::{Observer, TrainError, Trial, log::Recorder};

use super::{Failure, laboratory};

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

    /// Prints JSON, one object a line, instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    laboratory::catch_interrupt()?;
    let spec = spec(options)?;
    let (_, trial_spec) =
        spec.trials().next().ok_or_else(|| Failure::Input("no strategy to train".to_owned()))?;
    let mut trial = Trial::new(&trial_spec)?;
    let name = run_folder(0, &spec.arms[0].label, options.seed);
    let study = laboratory::begin(|| laboratory::fresh(options.out.as_deref(), "train"), spec)?;
    let run = study.run(&name);

    // The line after the last epoch shows the rate that would come next.
    let strategy = Strategy { after_end: AfterEnd::Hold, ..Strategy::clone(&trial_spec.strategy) };
    let built = strategy.build(trial.horizon())?;
    let mut lines = EpochLines {
        recorder: Recorder::begin(&run, laboratory::stop_flag())?,
        groups: built.groups.into_iter().map(|built| built.group).collect(),
        scheduler: built.scheduler,
        t: 0,
        sum: 0.0,
        steps: 0,
        epoch: 0,
        json: options.json,
        closed: false,
    };
    let outcome = trial.run(&mut lines)?;
    if lines.closed {
        return Err(Failure::Closed);
    }
    if outcome == Outcome::Stopped {
        return Err(Failure::Interrupted(format!("interrupted: the log so far is in {}", run.display())));
    }
    conclude(&Run::read(&run.join(EVENTS_FILE))?, &study.path().display().to_string(), options.json)
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
    let task: TaskSpec = options.task.parse()?;
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
    closed: bool,
}

impl EpochLines {
    fn print(&mut self) -> Result<(), TrainError> {
        self.scheduler.before_step(self.t, &mut self.groups)?;
        self.epoch += 1;
        let (loss, lr) = (self.sum / self.steps as f64, self.groups[0].lr());
        (self.sum, self.steps) = (0.0, 0);
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

    fn wants_stop(&self) -> bool {
        self.closed || self.recorder.wants_stop()
    }
}
