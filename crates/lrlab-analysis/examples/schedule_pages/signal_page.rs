//! The page of one signal.

use std::fmt::Write;

use lrlab_core::{Horizon, Strategy, signal::SignalEntry};

use super::{
    OPTIMIZER, Pages, Result, drawing,
    parameters::{self, SHARE},
    schedule_page::{brief, forms, head, source},
};

const HORIZON: Horizon = Horizon { total_steps: 1200, steps_per_epoch: 20 };

/// Adds the page and its picture.
pub(super) fn add(entry: &SignalEntry, pages: &mut Pages) -> Result<()> {
    let reacted = drawing::signal(entry, HORIZON)?;
    let text = format!("{OPTIMIZER} | cosine to 0 | {}", entry.example);
    let strategy: Strategy = text.parse()?;

    let mut text = head(entry.name, entry.summary, entry.example);
    let Horizon { total_steps, steps_per_epoch } = HORIZON;
    writeln!(
        text,
        "Above, the factor of `{}` over {total_steps} steps in {} epochs; below, the made-up validation loss that it \
         reads after each epoch.",
        entry.example,
        total_steps / steps_per_epoch
    )?;
    write!(text, "\n## Rule\n\n```text\n{}\n```\n\n", entry.formula)?;
    writeln!(
        text,
        "`factor` multiplies the learning rate that the schedules give, from the reading on until the next reaction; `f` \
         is the parameter `factor`."
    )?;
    text.push_str(&parameters::section(entry.params, SHARE));
    write!(text, "\n## Written\n\nAfter the schedule, behind another `|`.\n\n")?;
    forms(&mut text, entry.example, entry.example, &strategy)?;
    write!(
        text,
        "\n## Values\n\nThe factor in the picture.\n\n| of the training | update t | factor |\n|---|---|---|\n"
    )?;
    for percent in [0, 25, 50, 75, 100] {
        let t = total_steps * percent / 100;
        let at = usize::try_from(t.min(total_steps - 1))?;
        writeln!(text, "| {percent} % | {t} | {} |", brief(reacted.factors[at]))?;
    }
    if let Some(class) = entry.pytorch {
        writeln!(text, "\n## In PyTorch\n\n`{class}`, whose arguments are named in the table above.")?;
    }
    text.push_str(&source(&entry.source));

    pages.insert(format!("{}.md", entry.name), text);
    pages.insert(format!("{}.svg", entry.name), reacted.svg);
    Ok(())
}
