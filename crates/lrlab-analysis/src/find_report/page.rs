//! One page that works offline: pictures, tables, the answer and its code.

use minijinja::{Environment, context, syntax::SyntaxConfig};

use super::{FindReport, rate, rate_rows, trainings};
use crate::{
    finder::{FINDERS, svg},
    plot::Size,
    report::numbers::significant,
};

const TEMPLATE: &str = include_str!("page.html");

/// The page could not be made; a fault of lrlab.
#[derive(Debug, thiserror::Error)]
#[error("cannot render the page of the search: {0}")]
pub struct PageError(String);

/// The report as one HTML page that loads nothing.
///
/// # Errors
/// [`PageError`], a fault of lrlab.
pub fn page(report: &FindReport) -> Result<String, PageError> {
    let failed = |error: minijinja::Error| PageError(format!("{error:#}"));
    let size = Size::new(960, 520).map_err(|error| PageError(error.to_string()))?;
    let answer = &report.answer;
    let first = answer.sweeps.first();
    let suggestions: Vec<minijinja::Value> = FINDERS
        .iter()
        .filter_map(|finder| {
            let suggested = match (finder.suggest)(first?) {
                Ok(suggested) => rate(suggested),
                Err(why) => format!("none: {why}"),
            };
            Some(context! { name => finder.name, tool => finder.tool, summary => finder.summary, suggested })
        })
        .collect();
    let found = answer.found.as_ref();
    let rows: Vec<minijinja::Value> = found
        .map(rate_rows)
        .unwrap_or_default()
        .iter()
        .map(|row| {
            context! {
                rate => rate(row.rate),
                completed => row.completed,
                diverged => row.diverged,
                mean => row.mean.map(|mean| significant(mean, 4)),
            }
        })
        .collect();
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_template("page.html", TEMPLATE).map_err(failed)?;
    let template = environment.get_template("page.html").map_err(failed)?;
    template
        .render(context! {
            lrlab => env!("CARGO_PKG_VERSION"),
            title => report.title(),
            steps => report.horizon.total_steps,
            data => report.data.clone(),
            decided => report.is_decided(),
            found => found.map(|found| context! {
                lr => rate(found.rate),
                interval => found.estimate.interval.map(|x| rate(x.exp2())),
                as_good => (found.estimate.as_good[1] > found.estimate.as_good[0])
                    .then(|| found.estimate.as_good.map(|x| rate(x.exp2()))),
                strategy => found.strategy.to_string(),
            }),
            hint => answer.hint.as_ref().ok().map(|hint| context! {
                lr => rate(hint.rate),
                interval => hint.interval.map(rate),
                reasons => hint.reasons(),
            }),
            no_hint => answer.hint.as_ref().err().map(ToString::to_string),
            why => report.why(),
            cost => report.cost(),
            transfers => report.transfers.clone(),
            torch => report.torch_code.as_deref(),
            rows,
            suggestions,
            trainings => trainings::svg(report, size),
            sweeps => report.sweeps().map(|view| svg(&view, size)),
        })
        .map_err(failed)
}
