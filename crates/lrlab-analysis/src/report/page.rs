//! What the page's template shows of a study: texts and formatted numbers, nothing left to compute.

use minijinja::{Value, context};

use crate::{
    compare::{Row, Summary},
    diagnose::Evidence,
    study::readable,
};

use super::{Report, StudyReport, figures::Shown, numbers, order::Order, palette, slugs, terminal};

/// Strategies tied with the best that are named above the table; it marks all.
const NAMED_TIES: usize = 10;

/// The page of `report`, whose figures show what `shown` says, study by study.
pub(super) fn page(report: &Report, shown: &[Shown]) -> Value {
    let paragraphs = report.introduction.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    let studies = report.studies.iter().zip(slugs(report)).zip(shown);
    context! {
        title => report.title.as_str(),
        introduction => paragraphs.map(Value::from).collect::<Vec<_>>(),
        lrlab => env!("CARGO_PKG_VERSION"),
        studies => studies.map(|((study, slug), shown)| of_study(study, slug, shown)).collect::<Vec<_>>(),
    }
}

fn of_study(study: &StudyReport, slug: String, shown: &Shown) -> Value {
    let comparison = &study.comparison;
    let order = Order::of(comparison);
    let row = |index: usize| {
        let spec = study.runs.spec.arms[index].strategy.to_string();
        of_row(&comparison.rows[index], index, &order, terminal::rank(comparison, index), spec)
    };
    let rows: Vec<Value> = order.listed.iter().map(|&index| row(index)).collect();
    let ties: Vec<Value> = (order.listed.iter())
        .filter(|&&index| terminal::rank(comparison, index) == "tie")
        .map(|&index| Value::from(&comparison.rows[index].label))
        .collect();
    context! {
        slug,
        heading => study.heading.as_str(),
        text => study.text.iter().map(Value::from).collect::<Vec<_>>(),
        facts => facts(study),
        data => study.runs.data().iter().map(Value::from).collect::<Vec<_>>(),
        objective => comparison.objective.as_str(),
        target => comparison.target.is_finite().then(|| numbers::significant(comparison.target, 3)),
        target_words => comparison.target_words.as_str(),
        notes => comparison.notes.iter().map(Value::from).collect::<Vec<_>>(),
        seeds => shown.seeds,
        has_accuracy => comparison.rows.iter().any(|row| row.accuracy.is_some()),
        best => comparison.best.and_then(|best| rows.get(order.places[best]).cloned()),
        more_ties => ties.len().saturating_sub(NAMED_TIES),
        ties => ties.into_iter().take(NAMED_TIES).collect::<Vec<_>>(),
        crowd => order.is_crowd(),
        leading => order.leading().len(),
        rows,
        curves => shown.curves.iter().map(|(name, _)| Value::from(name)).collect::<Vec<_>>(),
        telling => shown.curves.get(shown.telling).map(|(name, _)| name.as_str()),
        bins => shown.curves.iter().enumerate().filter(|(_, (_, bin))| *bin > 1).map(bins).collect::<Vec<_>>(),
        has_sharpness => shown.sharpness,
        valley_seed => shown.valley,
        torch_code => study.torch_code.as_deref(),
        command => study.command.as_deref(),
    }
}

fn of_row(row: &Row, index: usize, order: &Order, rank: &str, spec: String) -> Value {
    let style = palette::style(order.places[index]);
    // A browser sorts by these; what is no number comes last.
    let key = |value: f64| if value.is_finite() { format!("{value:e}") } else { String::new() };
    let p_value = |p: f64| if p < 0.001 { "< 0.001".to_owned() } else { format!("= {p:.3}") };
    context! {
        arm => index,
        leads => order.leads(index),
        keys => context! {
            objective => key(row.objective.mean),
            final_loss => key(row.final_loss.mean),
            best_loss => key(row.best_loss.mean),
            accuracy => key(row.accuracy.map_or(f64::NAN, |accuracy| -accuracy.mean)),
            steps_to_target => key(row.steps_to_target.mean),
            diverged => row.diverged + row.failed,
        },
        label => row.label.as_str(),
        color => style.color,
        dash => style.dash,
        verdict => row.verdict.word.name(),
        rule => row.verdict.rule.as_str(),
        evidence => row.verdict.evidence.iter().map(of_evidence).collect::<Vec<_>>(),
        rank,
        objective => numbers::mean_and_deviation(&row.objective),
        beside => row.beside.iter().map(beside).collect::<Vec<_>>(),
        median => if row.objective.count > 1 { numbers::median(&row.objective) } else { String::new() },
        final_loss => numbers::mean_and_deviation(&row.final_loss),
        best_loss => numbers::mean_and_deviation(&row.best_loss),
        accuracy => row.accuracy.as_ref().map_or_else(|| numbers::NOTHING.to_owned(), numbers::percent),
        steps_to_target => numbers::steps(&row.steps_to_target),
        reached => format!("{}/{} reached", row.reached_target, row.runs),
        diverged => terminal::losses(row),
        p_value => row.p_value.map(p_value),
        spec,
    }
}

/// The objective of weights that do not judge, after their word: `ema 0.21 ± 0.01`.
fn beside((name, summary): &(String, Summary)) -> Value {
    let word = name.split_once(' ').map_or(name.as_str(), |(word, _)| word);
    Value::from(format!("{word} {}", numbers::mean_and_deviation(summary)))
}

/// What a point of the summary of a curve stands for, where that is several values.
fn bins((index, (name, bin)): (usize, &(String, u64))) -> String {
    let values = if index == 0 { "steps" } else { "validations" };
    format!("Each point of line and band of the {name} is the mean of {bin} {values}.")
}

fn interval([low, high]: [f64; 2]) -> String {
    format!("{} to {}", numbers::significant(low, 3), numbers::significant(high, 3))
}

fn of_evidence(evidence: &Evidence) -> Value {
    context! {
        name => evidence.name.as_str(),
        value => numbers::significant(evidence.value, 3),
        interval => evidence.interval.map(interval),
        bound => evidence.bound.map_or_else(|| numbers::NOTHING.to_owned(), |bound| numbers::significant(bound, 3)),
    }
}

/// What was run, in a few short phrases.
fn facts(study: &StudyReport) -> String {
    let spec = &study.runs.spec;
    let mut facts = vec![format!("task {}", readable(&spec.task))];
    if let Some(run) = study.runs.arms.iter().flat_map(|arm| &arm.runs).next() {
        let started = &run.started;
        let plural = if started.parameters == 1 { "" } else { "s" };
        facts.push(format!("{} parameter{plural}", numbers::grouped(started.parameters as u64)));
        let per_epoch = started.horizon.steps_per_epoch;
        let epochs = if per_epoch > 1 { format!(" ({per_epoch} an epoch)") } else { String::new() };
        facts.push(format!("{} steps{epochs}", numbers::grouped(started.horizon.total_steps)));
        if started.full_batch {
            facts.push("every step sees all data".to_owned());
        } else if let Some(rows) = spec.batch_size {
            facts.push(format!("batches of {rows}"));
        }
    }
    facts.push(match spec.seeds.len() {
        1 => "1 seed".to_owned(),
        seeds if spec.is_recorded() => format!("{seeds} seeds"),
        seeds => format!("{seeds} seeds, the same for every strategy"),
    });
    facts.join(" · ")
}
