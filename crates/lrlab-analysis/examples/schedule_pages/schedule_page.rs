//! The page of one schedule.

use std::fmt::Write;

use lrlab_core::{
    Horizon, ScheduleSpec, Strategy,
    registry::{Kind, Source},
    schedule::{Entry, Form},
};

use super::{BASE, OPTIMIZER, Pages, Result, drawing, parameters};

/// Adds the page and its picture.
pub(super) fn add(entry: &Entry, pages: &mut Pages) -> Result<()> {
    let spec: ScheduleSpec = entry.example.parse()?;
    let picture = drawing::schedule(entry, &spec)?;
    let horizon = picture.horizon;
    let strategy: Strategy = format!("{OPTIMIZER} | {}", entry.example).parse()?;

    let mut text = head(entry.name, entry.summary, entry.example);
    let axis = if picture.log { ", on a log axis" } else { "" };
    let curves = picture.several.unwrap_or_else(|| format!("`{}`", entry.example));
    writeln!(text, "{curves}, {}{axis}.", setting(horizon))?;
    let symbols = match entry.form {
        Form::Plain => "",
        Form::Between { .. } => ", and its parts are the schedules that it is made of",
        _ => ", and `of` or `then` is the schedule that it takes",
    };
    write!(text, "\n## Formula\n\n```text\n{}\n```\n\n", entry.formula)?;
    writeln!(
        text,
        "`t` is the number of updates made since the schedule's start, `base` the group's own value, `value` what the \
         update uses{symbols}."
    )?;
    text.push_str(&parameters::section(entry.params, &Kind::Level.describe()));
    write!(text, "\n## Written\n\n")?;
    if let Some(place) = place(entry.form) {
        writeln!(text, "{place}\n")?;
    }
    forms(&mut text, entry.example, &spec.to_string(), &strategy)?;
    values(&mut text, &spec, horizon)?;
    write!(text, "\n## In PyTorch\n\n")?;
    match entry.pytorch {
        Some(class) => writeln!(
            text,
            "PyTorch's class of the same shape is `{class}`. The example for this training:\n"
        )?,
        None => writeln!(text, "PyTorch has no class of this shape. The example for this training:\n")?,
    }
    write!(text, "```python\n{}\n```\n", strategy.to_torch_code(horizon)?.trim_end())?;
    text.push_str(&source(&entry.source));

    pages.insert(format!("{}.md", entry.name), text);
    pages.insert(format!("{}.svg", entry.name), picture.svg);
    Ok(())
}

/// Title, summary and picture.
pub(super) fn head(name: &str, summary: &str, example: &str) -> String {
    format!("# {name}\n\n{}\n\n![{example}]({name}.svg)\n\n", sentence(summary))
}

/// A summary as a sentence.
pub(super) fn sentence(summary: &str) -> String {
    let mut letters = summary.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// The training that pictures and numbers are for.
pub(super) fn setting(horizon: Horizon) -> String {
    let Horizon { total_steps, steps_per_epoch } = horizon;
    format!(
        "over {total_steps} steps in {} epochs for a group whose own learning rate is {BASE}",
        total_steps / steps_per_epoch
    )
}

/// Where it stands beside the schedules that it takes.
fn place(form: Form) -> Option<String> {
    match form {
        Form::Plain => None,
        Form::Before => Some("It comes first; the schedule that follows it comes after `then`.".to_owned()),
        Form::After(word) => {
            Some(format!("The word `{word}` adds it to all that stands before it; parentheses limit that."))
        }
        Form::Directly(word) => Some(format!("The word `{word}` adds it to the one schedule before it.")),
        Form::Between { word, .. } => {
            Some(format!("The word `{word}` stands between the schedules it is made of."))
        }
    }
}

/// The text, and a whole strategy with it as TOML and JSON.
pub(super) fn forms(text: &mut String, example: &str, printed: &str, strategy: &Strategy) -> Result<()> {
    write!(text, "```text\n{example}\n```\n\n")?;
    if printed != example {
        write!(text, "which lrlab prints as\n\n```text\n{printed}\n```\n\n")?;
    }
    write!(text, "A whole strategy with it, as text, TOML and JSON:\n\n```text\n{strategy}\n```\n\n")?;
    write!(text, "```toml\n{}\n```\n\n", toml::to_string(strategy)?.trim_end())?;
    writeln!(text, "```json\n{}\n```", serde_json::to_string_pretty(strategy)?)?;
    Ok(())
}

fn values(text: &mut String, spec: &ScheduleSpec, horizon: Horizon) -> Result<()> {
    let schedule = spec.build(horizon)?;
    write!(text, "\n## Values\n\nOf the example {}.\n\n", setting(horizon))?;
    write!(text, "| of the training | update t | learning rate |\n|---|---|---|\n")?;
    for percent in [0, 25, 50, 75, 100] {
        let t = horizon.total_steps * percent / 100;
        writeln!(text, "| {percent} % | {t} | {} |", brief(schedule.value_at(t, BASE)))?;
    }
    Ok(())
}

/// Six digits that count: fewer than the last ones, which differ between machines.
pub(super) fn brief(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    // The cosine's zero is one in all but the last digits.
    if rounded.abs() < 1e-15 {
        "0".to_owned()
    } else if rounded.abs() < 1e-4 {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}

/// The section, or nothing where the formula is lrlab's own.
pub(super) fn source(source: &Source) -> String {
    if source.citation.is_empty() {
        return String::new();
    }
    let address = match source.link.split_once(':') {
        Some(("arXiv", number)) => format!("https://arxiv.org/abs/{number}"),
        Some(("doi", number)) => format!("https://doi.org/{number}"),
        _ => source.link.to_owned(),
    };
    let citation = source.citation;
    if address.is_empty() {
        format!("\n## Source\n\n{citation}.\n")
    } else {
        format!("\n## Source\n\n[{citation}]({address}).\n")
    }
}
