//! `lrlab demo`: what a learning rate does, in three acts.

use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use lrlab_analysis::{
    Comparison, StudyRuns,
    compare::Row,
    report::{Report, terminal},
};
use lrlab_core::{Arm, Duration, Protocol, StudySpec, TaskSpec, event::Bowl, layout::STUDY_FILE};
use lrlab_train::StudyFolder;

use super::{
    Failure,
    laboratory::{self, Manner},
};

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// The folder for logs and report; a fresh one under lrlab-runs by default.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,

    /// Goes on with the demo in --out: what is done is kept, unfinished trials go on or start again.
    #[arg(long, requires = "out")]
    resume: bool,

    /// Threads, one trial each; all cores by default.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

pub(crate) const TITLE: &str = "What a learning rate does";
pub(crate) const INTRODUCTION: &str = "The learning rate says how far a model moves at each step. \
    Too high and training jumps around or blows up; too low and it crawls; changed while training \
    runs (a schedule), it can be fast first and settle after. Three acts show it, each measured.";

/// Columns of the text.
const WIDTH: usize = 96;

/// An act: its folder, its question, and its arms as (label, strategy).
struct Act {
    folder: &'static str,
    title: &'static str,
    task: &'static str,
    seeds: u64,
    budget: Duration,
    arms: &'static [(&'static str, &'static str)],
    narrate: fn(&StudyRuns, &Comparison) -> Vec<Block>,
}

/// A piece of an act's text.
pub(crate) enum Block {
    /// Prose, to be wrapped.
    Text(String),
    /// Lines that stay as they are; a report has better tables of its own.
    Table(Vec<String>),
}

impl Block {
    /// The prose, for a report.
    pub(crate) fn prose(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

static ACTS: [Act; 3] = [
    Act {
        folder: "a-edge",
        title: "Act A: the edge",
        task: "line",
        seeds: 1,
        budget: Duration::Steps(15),
        arms: &[
            ("0.13", "sgd lr=0.13"),
            ("0.115", "sgd lr=0.115"),
            ("0.1", "sgd lr=0.1"),
            ("0.05", "sgd lr=0.05"),
            ("0.001", "sgd lr=0.001"),
            ("0.1 halved every 5", "sgd lr=0.1 | step every 5 epochs x0.5"),
        ],
        narrate: narrate_edge,
    },
    Act {
        folder: "b-noise",
        title: "Act B: the noise",
        task: "noisy-line",
        seeds: 40,
        budget: Duration::Steps(300),
        arms: &[
            ("0.05", "sgd lr=0.05"),
            ("0.03", "sgd lr=0.03"),
            ("0.01", "sgd lr=0.01"),
            ("0.001", "sgd lr=0.001"),
            ("0.03 halved every 50", "sgd lr=0.03 | step every 50 steps x0.5"),
            ("0.03 linear to 0", "sgd lr=0.03 | linear to 0"),
        ],
        narrate: narrate_noise,
    },
    Act {
        folder: "c-digits",
        title: "Act C: handwritten digits",
        task: "digits",
        seeds: 10,
        budget: Duration::Epochs(20.0),
        arms: &[
            ("too low", "sgd lr=0.0005 momentum=0.9"),
            ("too high", "sgd lr=0.7 momentum=0.9"),
            ("constant", "sgd lr=0.1 momentum=0.9"),
            ("step", "sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5"),
            ("exponential", "sgd lr=0.1 momentum=0.9 | exponential x0.85 every 1 epoch"),
            ("warmup + cosine", "sgd lr=0.1 momentum=0.9 | warmup 5% then cosine to 0"),
        ],
        narrate: narrate_digits,
    },
];

impl Act {
    fn spec(&self) -> Result<StudySpec, Failure> {
        let arm = |(label, text): &(&str, &str)| -> Result<Arm, Failure> {
            Ok(Arm { label: (*label).to_owned(), strategy: text.parse()? })
        };
        Ok(StudySpec {
            title: self.title.to_owned(),
            task: self.task.parse::<TaskSpec>()?,
            arms: self.arms.iter().map(arm).collect::<Result<_, _>>()?,
            seeds: (0..self.seeds).collect(),
            budget: self.budget,
            batch_size: None,
            protocol: Protocol::default(),
        })
    }
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    laboratory::catch_interrupt()?;
    let path = laboratory::fresh(options.out.as_deref(), "demo")?;
    writeln!(stdout(), "{TITLE}\n")?;
    for act in &ACTS {
        let folder = path.join(act.folder);
        let study = if options.resume && folder.join(STUDY_FILE).exists() {
            StudyFolder::open(&folder)?
        } else {
            laboratory::begin(|| Ok(folder), act.spec()?)?
        };
        let resume = format!("lrlab demo --resume --out {}", path.display());
        let manner = Manner { threads: options.threads, checkpoint_every: None, resume };
        laboratory::run_comparison(&study, &manner)?;
    }
    let report = laboratory::report(&path)?;
    print(&report)?;
    laboratory::print_where(&path)
}

fn print(report: &Report) -> Result<(), Failure> {
    let mut out = stdout().lock();
    let indented = textwrap::Options::new(WIDTH).initial_indent("  ").subsequent_indent("  ");
    for study in &report.studies {
        writeln!(out, "{}\n", study.heading)?;
        for block in narrate(&study.runs, &study.comparison) {
            match block {
                Block::Text(text) => writeln!(out, "{}", textwrap::fill(&text, &indented))?,
                Block::Table(lines) => {
                    writeln!(out)?;
                    for line in lines {
                        writeln!(out, "    {line}")?;
                    }
                    writeln!(out)?;
                }
            }
        }
        writeln!(out)?;
    }
    if let Some(digits) = report.studies.last() {
        writeln!(out, "{}", terminal::table(&digits.comparison))?;
        laboratory::print_winner(&mut out, digits)?;
    }
    Ok(())
}

/// What there is to say about a study of the demo, from its runs; nothing for any other study.
pub(crate) fn narrate(runs: &StudyRuns, comparison: &Comparison) -> Vec<Block> {
    act_of(&runs.spec).map(|act| (act.narrate)(runs, comparison)).unwrap_or_default()
}

/// The command that runs a study of the demo again.
pub(crate) fn command(spec: &StudySpec) -> Option<String> {
    act_of(spec).map(|_| "lrlab demo".to_owned())
}

fn act_of(spec: &StudySpec) -> Option<&'static Act> {
    ACTS.iter().find(|act| act.title == spec.title)
}

fn row<'a>(comparison: &'a Comparison, label: &str) -> Option<&'a Row> {
    comparison.rows.iter().find(|row| row.label == label)
}

/// Eigenvalues of the bowl's Hessian, the larger first.
fn curvatures(bowl: &Bowl) -> [f64; 2] {
    let [[a, b], [_, d]] = bowl.hessian;
    let (mean, half) = (f64::midpoint(a, d), ((a - d) / 2.0).hypot(b));
    [mean + half, mean - half]
}

fn narrate_edge(runs: &StudyRuns, comparison: &Comparison) -> Vec<Block> {
    let first = runs.arms.first().and_then(|arm| arm.runs.first());
    let Some(bowl) = first.and_then(|run| run.started.bowl.as_ref()) else { return Vec::new() };
    let [steep, flat] = curvatures(bowl);
    let mut table = vec![format!("{:>6}  {:>7}  {:>13}  what it did", "rate", "factor", "loss, step 15")];
    for arm in &runs.arms {
        let (Some(run), Some(row)) = (arm.runs.first(), row(comparison, &arm.label)) else { continue };
        let Ok(rate) = arm.label.parse::<f64>() else { continue };
        let leaps = run.steps.iter().filter(|step| step.turn.is_some_and(|turn| turn < 0.0)).count();
        table.push(format!(
            "{rate:>6}  {:>7.3}  {:>13}  {}: {leaps} of {} steps leapt across",
            1.0 - rate * steep,
            short(run.steps.last().map_or(f64::NAN, |step| step.loss)),
            row.verdict.word,
            run.steps.len().saturating_sub(1),
        ));
    }
    let mut blocks = vec![
        Block::Text(format!(
            "A model y = w x + b learns y = 2x from four points, all at once, for 15 steps. Its loss is a \
             valley: steep one way (curvature {steep:.2}), flat the other ({flat:.3}). Each step multiplies \
             the error in the steep direction by 1 - rate x {steep:.2}. A minus sign leaps across the \
             valley; beyond -1 each leap is larger than the last, so the edge is a rate of 2 / {steep:.2} = \
             {:.4}. Near 0 a step lands at the bottom; near 1 it hardly moves.",
            2.0 / steep
        )),
        Block::Table(table),
    ];
    if let (Some(constant), Some(halved)) = (row(comparison, "0.1"), row(comparison, "0.1 halved every 5")) {
        let (constant, halved) = (constant.final_loss.mean, halved.final_loss.mean);
        blocks.push(Block::Text(format!(
            "A constant 0.1 ends at {constant:.4}; halving it every 5 steps ends at {halved:.4}. {}",
            if constant < halved {
                "Without noise a rate that is not too high only needs time, and decaying can stop too early."
            } else {
                "Here decaying cost nothing."
            }
        )));
    }
    blocks
}

fn narrate_noise(runs: &StudyRuns, comparison: &Comparison) -> Vec<Block> {
    let mut table =
        vec![format!("{:<22} {:>18}   {:<20} what it did", "rate", "median excess loss", "95 % interval")];
    for arm in &runs.arms {
        let Some(row) = row(comparison, &arm.label) else { continue };
        let [low, high] = row.objective.median_interval;
        let interval = format!("{} to {}", short(low), short(high));
        let diverged = match row.diverged {
            0 => String::new(),
            diverged => format!(", {diverged} of {} diverged", row.runs),
        };
        table.push(format!(
            "{:<22} {:>18}   {interval:<20} {}{diverged}",
            arm.label,
            short(row.objective.median),
            row.verdict.word,
        ));
    }
    let mut blocks = vec![
        Block::Text(
            "The same line, but each step sees one fresh point with a noisy label, y = 2x + N(0, 0.5^2), for 300 \
             steps; 40 seeds. The excess loss says how far the line still is from the true one: 0 is perfect."
                .to_owned(),
        ),
        Block::Table(table),
    ];
    let median = |label: &str| row(comparison, label).map(|row| row.objective.median);
    if let (Some(constant), Some(step), Some(linear)) =
        (median("0.03"), median("0.03 halved every 50"), median("0.03 linear to 0"))
    {
        let ratio = constant / step.min(linear);
        blocks.push(Block::Text(format!(
            "The noise kicks a constant rate about: it settles at a floor of about rate x noise. A lower rate \
             has a lower floor but takes longer to get there. {}",
            if ratio > 1.0 {
                format!("Decay has both: it ends {ratio:.0} times lower than the same rate held constant.")
            } else {
                "Here decay did not beat the same rate held constant.".to_owned()
            }
        )));
    }
    blocks
}

fn narrate_digits(runs: &StudyRuns, _comparison: &Comparison) -> Vec<Block> {
    let Some(run) = runs.arms.iter().find_map(|arm| arm.runs.first()) else { return Vec::new() };
    vec![Block::Text(format!(
        "A network of {} weights learns to read 8 x 8 images of handwritten digits, 20 epochs of {} steps. Six \
         strategies, ten seeds; every strategy meets the same weights and the same batches. Four of them start \
         from one rate, 0.1: tuned one by one, their order could change.",
        run.started.parameters, run.started.horizon.steps_per_epoch
    ))]
}

/// A number with three significant digits, plain where that is short.
fn short(x: f64) -> String {
    if !x.is_finite() || x == 0.0 {
        return x.to_string();
    }
    match x.abs() {
        a if !(1e-4..1e5).contains(&a) => format!("{x:.2e}"),
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 1.0 => format!("{x:.2}"),
        _ => format!("{x:.4}"),
    }
}
