//! The table of a comparison as plain text.

use std::collections::BTreeSet;

use crate::{Comparison, compare::Row};

use super::{numbers, order::Order};

/// Columns of a terminal that the table keeps within.
const WIDTH: usize = 100;
/// Longer labels are shortened.
const LONGEST_LABEL: usize = 36;
const GAP: &str = "  ";

/// One column: its heading, its cells, and how early it moves below when space is short.
#[derive(Clone)]
struct Column {
    heading: String,
    cells: Vec<String>,
    /// 0 stays; else the greatest moves first.
    spare: u8,
    left: bool,
}

impl Column {
    fn width(&self) -> usize {
        self.cells
            .iter()
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .max(self.heading.chars().count())
    }
}

/// The table as text of at most 100 columns, without colour codes; ends with a line break. Of more than
/// twelve strategies the best come first.
///
/// Numbers are means ± standard deviations over the runs that completed. What does not fit beside
/// the rest (the training losses first) follows below in a table of its own.
pub fn table(comparison: &Comparison) -> String {
    let mut columns = columns(comparison);
    let mut below = vec![columns[0].clone()];
    while width(&columns) > WIDTH {
        let Some(spare) = columns.iter().map(|column| column.spare).max().filter(|spare| *spare > 0) else {
            break;
        };
        below.extend(columns.extract_if(.., |column| column.spare == spare));
    }
    let mut text = block(&columns);
    if below.len() > 1 {
        text.push('\n');
        text.push_str(&block(&below));
    }
    text
}

fn block(columns: &[Column]) -> String {
    let widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let line = |cell: &dyn Fn(&Column) -> String| {
        let mut text = String::new();
        for (column, width) in columns.iter().zip(&widths) {
            let cell = cell(column);
            let padding = " ".repeat(width - cell.chars().count());
            let parts = if column.left { [cell, padding] } else { [padding, cell] };
            text.push_str(&parts.concat());
            text.push_str(GAP);
        }
        format!("{}\n", text.trim_end())
    };
    let rule = "─".repeat(width(columns));
    let mut text = line(&|column| column.heading.clone());
    text.push_str(&rule);
    text.push('\n');
    for row in 0..columns[0].cells.len() {
        text.push_str(&line(&|column| column.cells[row].clone()));
    }
    text
}

/// `best`, `tie` (cannot be told from the best) or nothing.
pub(super) fn rank(comparison: &Comparison, index: usize) -> &'static str {
    if comparison.best == Some(index) {
        "best"
    } else if comparison.best.is_some() && comparison.rows[index].tied_with_best {
        "tie"
    } else {
        ""
    }
}

/// Steps to the target with how many runs got there: `412 ± 30 (9/10)`.
pub(super) fn to_target(row: &Row) -> String {
    format!("{} ({}/{})", numbers::steps(&row.steps_to_target), row.reached_target, row.runs)
}

/// Diverged runs of all, and failed ones where there are any: `3/10`, `3/10, 1 failed`.
pub(super) fn losses(row: &Row) -> String {
    let diverged = if row.diverged == 0 { "0".to_owned() } else { format!("{}/{}", row.diverged, row.runs) };
    if row.failed == 0 { diverged } else { format!("{diverged}, {} failed", row.failed) }
}

fn columns(comparison: &Comparison) -> Vec<Column> {
    let rows = &comparison.rows;
    let order = Order::of(comparison).listed;
    let column = |heading: &str, spare, left, cell: &dyn Fn(usize, &Row) -> String| Column {
        heading: heading.to_owned(),
        cells: order.iter().map(|&index| cell(index, &rows[index])).collect(),
        spare,
        left,
    };
    let mut columns = vec![
        column("strategy", 0, true, &|_, row| shortened(&row.label)),
        column("verdict", 0, true, &|_, row| row.verdict.word.name().to_owned()),
        column(&comparison.objective, 0, false, &|_, row| numbers::mean_and_deviation(&row.objective)),
        column("", 0, true, &|index, _| rank(comparison, index).to_owned()),
        column("final training loss", 2, false, &|_, row| numbers::mean_and_deviation(&row.final_loss)),
        column("best training loss", 2, false, &|_, row| numbers::mean_and_deviation(&row.best_loss)),
        column("accuracy", 1, false, &|_, row| {
            row.accuracy.as_ref().map_or_else(|| numbers::NOTHING.to_owned(), numbers::percent)
        }),
        column("steps to target", 0, false, &|_, row| to_target(row)),
        column("diverged", 0, false, &|_, row| losses(row)),
    ];
    let beside: BTreeSet<&str> =
        rows.iter().flat_map(|row| &row.beside).map(|(name, _)| name.as_str()).collect();
    // Beside the objective and who is best by it.
    for (place, name) in (4..).zip(beside) {
        let of = |row: &Row| row.beside.iter().find(|(own, _)| own == name).map(|(_, summary)| *summary);
        let cell = |_, row: &Row| {
            of(row)
                .map_or_else(|| numbers::NOTHING.to_owned(), |summary| numbers::mean_and_deviation(&summary))
        };
        columns.insert(place, column(name, 0, false, &cell));
    }
    if rows.iter().all(|row| row.accuracy.is_none()) {
        columns.retain(|column| column.heading != "accuracy");
    }
    columns
}

fn width(columns: &[Column]) -> usize {
    columns.iter().map(Column::width).sum::<usize>() + GAP.len() * columns.len().saturating_sub(1)
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= LONGEST_LABEL {
        return label.to_owned();
    }
    let kept: String = label.chars().take(LONGEST_LABEL - 1).collect();
    format!("{}…", kept.trim_end())
}
