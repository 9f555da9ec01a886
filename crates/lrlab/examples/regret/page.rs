//! The page docs/regret.md: prose from a template, every number from the run.

use std::fmt::Write;

use lrlab::{
    analysis::finder::FINDERS,
    train::suite::{SUITE, Split},
};

use crate::{
    Measured, Result, drawing,
    joint::{self, Pair},
    method::{FIND, GRID, RANDOM, SHARE, THREE_AROUND_HINT, THREE_POINTS},
    summary::{self, Duel, Figure, Summary},
};

const TEMPLATE: &str = include_str!("page.template");
const UNMEASURED: &str = "Not measured in this run.";
/// A finder of lrlab's own among the published ones.
const OWN_FINDER: &str = "valley";

/// All that is said of one half of the suite.
#[derive(Debug)]
pub(crate) struct Half<'a> {
    measured: Vec<&'a Measured>,
    methods: &'a [&'static str],
    summaries: Vec<Summary>,
}

impl<'a> Half<'a> {
    pub(crate) fn new(measured: Vec<&'a Measured>, methods: &'a [&'static str]) -> Result<Self> {
        let asked = if measured.is_empty() { &[] } else { methods };
        let summaries = asked
            .iter()
            .enumerate()
            .map(|(index, method)| Summary::of(&measured, index, method))
            .collect::<Result<_>>()?;
        Ok(Self { measured, methods, summaries })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.measured.is_empty()
    }

    fn index(&self, method: &str) -> Option<usize> {
        self.methods.iter().position(|name| *name == method)
    }

    fn summary(&self, method: &str) -> Option<&Summary> {
        self.summaries.iter().find(|summary| summary.method == method)
    }

    /// The published finder whose 90th percentile of octaves is the least.
    fn best_published(&self) -> Option<&Summary> {
        let published = |summary: &&Summary| {
            summary.method != OWN_FINDER && FINDERS.iter().any(|finder| finder.name == summary.method)
        };
        let octaves = |summary: &&Summary| summary.octaves.value;
        self.summaries.iter().filter(published).min_by(|a, b| octaves(a).total_cmp(&octaves(b)))
    }

    /// One row a method.
    pub(crate) fn table(&self) -> String {
        if self.is_empty() {
            return UNMEASURED.to_owned();
        }
        let mut text = String::from(
            "| method | median regret | 90th percentile | worst | octaves off, median | octaves off, 90th percentile | no rate | diverges | trainings | of the grid |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
        );
        for one in &self.summaries {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {:.1} | {} |",
                one.method,
                with_interval(one.median),
                with_interval(one.ninetieth),
                number(one.worst),
                with_interval(one.octaves_median),
                with_interval(one.octaves),
                of_cases(one.without, one.cases),
                of_cases(one.diverged, one.cases),
                one.trainings,
                percent(one.share[0]),
            );
        }
        text
    }

    /// What was wanted, and whether it is so.
    pub(crate) fn checklist(&self) -> Result<String> {
        let (Some(find), Some(index)) = (self.summary(FIND), self.index(FIND)) else {
            return Ok(UNMEASURED.to_owned());
        };
        let mut text = String::from("| wanted | measured | reached |\n|---|---|---|\n");
        let mut row = |wanted: &str, measured: String, reached: bool| {
            let _ = writeln!(text, "| {wanted} | {measured} | {} |", if reached { "yes" } else { "no" });
        };
        row(
            "median regret of `find` within one standard deviation between seeds",
            with_interval(find.median),
            find.median.value <= 1.0,
        );
        row(
            "at a tenth of the grid's cost or less",
            format!("{} in the median, {} at most", percent(find.share[0]), percent(find.share[1])),
            find.share[1] <= SHARE,
        );
        for rival in [RANDOM, GRID, THREE_POINTS, THREE_AROUND_HINT] {
            let Some(other) = self.index(rival) else { continue };
            let duel = summary::duel(&self.measured, index, other);
            row(&format!("less regret than {rival} at equal cost"), told(duel), duel.is_won());
        }
        let by_problem = joint::by_problem(&self.measured);
        let diverging = by_problem.iter().filter(|cases| cases.iter().any(|one| one.diverges(index))).count();
        row(
            "no rate of `find` diverges on any of 10 seeds",
            format!(
                "{}, 95 % bound {}; {} problems, bound {}",
                of_cases(find.diverged, find.cases),
                percent(summary::bound(find.diverged, find.cases)?),
                of_cases(diverging, by_problem.len()),
                percent(summary::bound(diverging, by_problem.len())?)
            ),
            find.diverged == 0 && find.without == 0,
        );
        if let Some(best) = self.best_published() {
            row(
                "90th percentile of octaves off at most half of the best published finder's",
                format!(
                    "{} against {} of {}",
                    number(find.octaves.value),
                    number(best.octaves.value),
                    best.method
                ),
                find.octaves.value <= 0.5 * best.octaves.value,
            );
        }
        Ok(text)
    }

    /// Schedule and rate together.
    pub(crate) fn joint(&self) -> Result<String> {
        if self.is_empty() {
            return Ok(UNMEASURED.to_owned());
        }
        let mut text = String::from(
            "| method | median regret | 90th percentile | worst | median, of the objective | the best schedule |\n|---|---|---|---|---|---|\n",
        );
        let problems = joint::by_problem(&self.measured);
        for (index, method) in self.methods.iter().enumerate() {
            let pairs: Vec<Pair> =
                problems.iter().filter_map(|cases| joint::recommended(cases, index)).collect();
            if pairs.is_empty() {
                continue;
            }
            let groups: Vec<Vec<f64>> = pairs.iter().map(|pair| vec![pair.deviations]).collect();
            let relative: Vec<f64> = pairs.iter().map(|pair| pair.relative).collect();
            let right = pairs.iter().filter(|pair| pair.is_best_schedule).count();
            let _ = writeln!(
                text,
                "| {method} | {} | {} | {} | {} | {} |",
                with_interval(summary::interval_of(&groups, 0.5)?),
                with_interval(summary::interval_of(&groups, 0.9)?),
                number(summary::quantile(&groups.concat(), 1.0)),
                percent(summary::quantile(&relative, 0.5)),
                of_cases(right, pairs.len()),
            );
        }
        Ok(text)
    }

    /// Of this half alone.
    pub(crate) fn picture(&self) -> String {
        let best = self.best_published().map(|summary| summary.method);
        drawing::svg(&self.measured, self.methods, &self.summaries, best)
    }

    fn trainings(&self) -> usize {
        self.measured.iter().flat_map(|one| &one.reference.places).map(|place| place.objectives.len()).sum()
    }
}

/// The whole page.
pub(crate) fn page(tuning: &Half<'_>, held_out: &Half<'_>) -> Result<String> {
    let mut text = TEMPLATE.to_owned();
    let of_suite = |split| SUITE.iter().filter(|problem| problem.split == split).count().to_string();
    let everything = tuning.measured.iter().chain(&held_out.measured);
    let disagreements: Vec<f64> = everything.map(|one| one.reference.disagreement()).collect();
    let drawn = if held_out.is_empty() { "tuning" } else { "held-out" };
    for (name, value) in [
        ("tuning-problems", of_suite(Split::Tuning)),
        ("held-out-problems", of_suite(Split::HeldOut)),
        ("grid-trainings", (tuning.trainings() + held_out.trainings()).to_string()),
        ("halves", number(summary::quantile(&disagreements, 0.9))),
        ("drawn", drawn.to_owned()),
        ("checklist", held_out.checklist()?),
        ("held-out", held_out.table()),
        ("tuning", tuning.table()),
        ("joint-held-out", held_out.joint()?),
        ("joint-tuning", tuning.joint()?),
    ] {
        text = text.replace(&format!("{{{{{name}}}}}"), value.trim_end());
    }
    Ok(text)
}

/// Three digits, and a word for infinity.
pub(crate) fn number(value: f64) -> String {
    if value.is_infinite() {
        return "infinite".to_owned();
    }
    // No minus before a zero.
    let value = if value.abs() < 0.005 { 0.0 } else { value };
    match value.abs() {
        size if size >= 1e5 => format!("{value:.1e}"),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

pub(crate) fn with_interval(figure: Figure) -> String {
    let [low, high] = figure.interval;
    format!("{} ({} to {})", number(figure.value), number(low), number(high))
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn of_cases(count: usize, of: usize) -> String {
    format!("{count} of {of}")
}

fn told(duel: Duel) -> String {
    let [less, same, more] = duel.cases;
    format!("less in {less}, equal in {same}, more in {more} cases; p = {:.2e}", duel.p)
}
