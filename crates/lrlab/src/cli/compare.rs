//! `lrlab compare`: strategies side by side, each at a rate of its own, until the answer is known.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use lrlab_core::{
    Duration, Question, StudyDraft, StudySpec,
    layout::{STUDY_FILE, slug},
    study::{Count, DraftArm, TuneDraft},
};
use lrlab_train::StudyFolder;

use super::{
    Failure,
    laboratory::{self, Checkpointing, Manner},
    own_data::{self, OwnData},
    study_file,
};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct Options {
    /// A study file, instead of the options that say what is compared: tasks, strategies, rates, seeds
    /// and budget in TOML. There are examples in specs/studies.
    #[arg(value_name = "STUDY.toml", conflicts_with_all = ASKED)]
    study: Option<PathBuf>,

    /// A strategy, once for each arm: "sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5", with a
    /// name in front if you like ("mine: adam lr=1e-3 | cosine to 0"). PyTorch's constructors are
    /// read too: "SGD(lr=0.1) | StepLR(step_size=5, gamma=0.5)". A name that ends in .toml is a file.
    #[arg(long = "strategy", value_name = "TEXT", required_unless_present_any = ["resume", "study"])]
    strategies: Vec<String>,

    /// The task, with its arguments: "digits model=softmax". `lrlab list tasks` shows them.
    #[arg(long, value_name = "TEXT", default_value = "digits")]
    task: String,

    /// Searches each arm's rate with the effort of so many trainings; 16 by default.
    #[arg(long, value_name = "EFFORT", conflicts_with_all = ["rates", "shared_rate", "as_written"])]
    tune: Option<f64>,

    /// Takes for each arm the best of these rates, instead of a search: 0.03,0.1,0.3
    #[arg(long, value_name = "LIST", value_delimiter = ',', conflicts_with_all = ["shared_rate", "as_written"])]
    rates: Option<Vec<f64>>,

    /// Seeds that each of the rates is tried with.
    #[arg(long, value_name = "N", requires = "rates")]
    rate_seeds: Option<u64>,

    /// Gives up the worse half of an arm's rates after a quarter of the training, and again after half.
    #[arg(long, requires = "rates")]
    halving: bool,

    /// Compares all arms at this one rate; which is best there says little of which is best.
    #[arg(long, value_name = "RATE", conflicts_with = "as_written")]
    shared_rate: Option<f64>,

    /// Compares at the rates that the strategies say, instead of finding each arm's own.
    #[arg(long)]
    as_written: bool,

    /// Seeds of the comparison, at most: 0, 1, 2...
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,

    /// One seed, once for each, instead of --seeds.
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    seed: Vec<u64>,

    /// Runs all seeds, even when the answer is known before.
    #[arg(long)]
    no_early_stop: bool,

    /// The value of the objective that counts as reached; chosen from the results by default.
    #[arg(long, value_name = "VALUE")]
    target: Option<f64>,

    /// Differences of the objective up to this share of the best mean do not matter; 0.01 by default.
    #[arg(long, value_name = "SHARE")]
    equivalence: Option<f64>,

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

    /// Goes on with the study in --out: what is done is kept, unfinished trials go on from their
    /// checkpoint. A study file beside it has to ask what the study asks.
    #[arg(long, requires = "out", conflicts_with_all = ASKED)]
    resume: bool,

    #[command(flatten)]
    checkpoints: Checkpointing,

    /// Threads, one trial each; all cores by default.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Prints the results as JSON instead of the table.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    own_data: OwnData,
}

/// Epochs when nothing else is asked for.
const EPOCHS: u64 = 20;

/// The options that say what is compared.
const ASKED: [&str; 24] = [
    "data",
    "predict",
    "test_data",
    "model",
    "hidden",
    "missing",
    "leave_out",
    "strategies",
    "task",
    "tune",
    "rates",
    "rate_seeds",
    "halving",
    "shared_rate",
    "as_written",
    "seeds",
    "seed",
    "no_early_stop",
    "target",
    "equivalence",
    "epochs",
    "steps",
    "budget",
    "batch_size",
];

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    laboratory::catch_interrupt()?;
    options.own_data.look()?;
    let (path, studies) = match (&options.out, options.resume) {
        (Some(out), true) => (out.clone(), go_on(out, options.study.as_deref())?),
        _ => begin(options)?,
    };
    let resume = format!("lrlab compare --resume --out {}", path.display());
    let manner = Manner { threads: options.threads, checkpoint_every: options.checkpoints.every, resume };
    for study in &studies {
        laboratory::run_comparison(study, &manner)?;
    }
    drop(studies);
    let report = laboratory::report(&path)?;
    if options.json {
        let path = path.join("report.json");
        let json =
            std::fs::read(&path).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
        std::io::stdout().write_all(&json)?;
        return Ok(());
    }
    laboratory::print_tables(&report)?;
    laboratory::print_where(&path)
}

/// Opens the studies in a folder; those that `file` asks for and that were not begun are begun.
fn go_on(out: &Path, file: Option<&Path>) -> Result<Vec<StudyFolder>, Failure> {
    let Some(file) = file else { return laboratory::open_all(out) };
    let specs = study_file::read(file)?;
    let several = specs.len() > 1;
    let open = |(index, spec): (usize, StudySpec)| {
        let folder = study_folder(out, several, index, &spec);
        if several && !folder.join(STUDY_FILE).exists() {
            return laboratory::create(&folder, Question::Compare(spec));
        }
        let study = StudyFolder::open(&folder)?;
        if *study.question() == Question::Compare(pinned_as(&study, spec)) {
            return Ok(study);
        }
        Err(Failure::Input(format!(
            "{} asks another question than the study in {}; go on with that one without the file, or name another \
             folder with --out",
            file.display(),
            folder.display()
        )))
    };
    specs.into_iter().enumerate().map(open).collect()
}

/// `spec` with the hashes of its files that were there when the study began, if it says none itself.
fn pinned_as(study: &StudyFolder, mut spec: StudySpec) -> StudySpec {
    const PINS: &str = "sha256";
    if let Question::Compare(begun) = study.question()
        && let Some(pins) = begun.task.args.get(PINS)
    {
        spec.task.args.entry(PINS.to_owned()).or_insert_with(|| pins.clone());
    }
    spec
}

/// The folder of a study: the whole of `path`, or one of several below it.
fn study_folder(path: &Path, several: bool, index: usize, spec: &StudySpec) -> PathBuf {
    if several {
        path.join(format!("{}-{}", index + 1, slug(&spec.task.to_string())))
    } else {
        path.to_owned()
    }
}

/// Begins what is asked for: one study in the folder itself, or one for each task in folders below it.
fn begin(options: &Options) -> Result<(PathBuf, Vec<StudyFolder>), Failure> {
    let specs = match &options.study {
        Some(file) => study_file::read(file)?,
        None => specs(options)?,
    };
    specs.iter().try_for_each(laboratory::check).map_err(|failure| match (failure, &options.study) {
        (Failure::Input(why), Some(file)) => Failure::Input(format!("{}: {why}", file.display())),
        (Failure::Train(error), Some(file)) => Failure::Input(format!("{}: {error}", file.display())),
        (failure, _) => failure,
    })?;
    for spec in &specs {
        own_data::tell(&spec.task)?;
    }
    let path = laboratory::fresh(options.out.as_deref(), "compare")?;
    let several = specs.len() > 1;
    let studies = specs.into_iter().enumerate().map(|(index, spec)| {
        laboratory::create(&study_folder(&path, several, index, &spec), Question::Compare(spec))
    });
    Ok((path.clone(), studies.collect::<Result<_, _>>()?))
}

fn specs(options: &Options) -> Result<Vec<StudySpec>, Failure> {
    let tune = match (options.tune, &options.rates, options.shared_rate) {
        _ if options.as_written => Some(TuneDraft::AsWritten),
        (Some(effort), ..) => Some(TuneDraft::Search { effort }),
        (None, Some(rates), _) => Some(TuneDraft::Grid {
            rates: Some(rates.clone()),
            factors: None,
            seeds: options.rate_seeds.unwrap_or(1),
            halving: options.halving,
        }),
        (None, None, shared) => shared.map(|rate| TuneDraft::Shared { rate }),
    };
    let draft = StudyDraft {
        title: None,
        task: Some(options.own_data.task(&options.task)?),
        tasks: None,
        budget: match (&options.budget, options.steps, options.epochs) {
            (Some(text), ..) => text.parse()?,
            (None, Some(steps), _) => Duration::Steps(steps),
            (None, None, epochs) => Duration::Epochs(epochs.unwrap_or(EPOCHS) as f64),
        },
        batch_size: options.batch_size,
        seeds: Some(match options.seed.as_slice() {
            [] => Count::Number(options.seeds),
            seeds => Count::List(seeds.to_vec()),
        }),
        tune,
        stop_early: Some(!options.no_early_stop),
        target: options.target,
        equivalence: options.equivalence,
        arms: options.strategies.iter().map(|text| arm(text)).collect::<Result<_, _>>()?,
    };
    draft.studies().map_err(|error| {
        let told: Vec<String> = error.problems().iter().map(|problem| problem.fault.to_string()).collect();
        Failure::Input(told.join("\n"))
    })
}

/// `[NAME:] STRATEGY`. A strategy of several groups holds colons of its own, so the whole is tried
/// first.
fn arm(text: &str) -> Result<DraftArm, Failure> {
    let whole = laboratory::strategy(text).map(|strategy| DraftArm { label: None, strategy, rates: None });
    match (whole, text.split_once(':')) {
        (Err(_), Some((name, rest))) if !name.trim().is_empty() => Ok(DraftArm {
            label: Some(name.trim().to_owned()),
            strategy: laboratory::strategy(rest.trim())?,
            rates: None,
        }),
        (whole, _) => whole,
    }
}
