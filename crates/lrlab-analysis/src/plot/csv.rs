//! Comma-separated values: every step of every curve.

use std::fmt::Write as _;

use super::Chart;
use crate::report::csv::{number, quoted};

/// One line a step: `step,epoch` and a column for each curve, under its label; with several panels
/// under `quantity: label`.
///
/// Numbers are the shortest text that reads back to the same bits. `epoch` counts from 0 and has
/// fractions; it is empty where the chart knows none.
pub fn csv(chart: &Chart) -> String {
    let mut text = "step,epoch".to_owned();
    for panel in &chart.panels {
        for curve in &panel.curves {
            let several = chart.panels.len() > 1;
            let name =
                if several { format!("{}: {}", panel.quantity, curve.label) } else { curve.label.clone() };
            text.push(',');
            text.push_str(&quoted(&name));
        }
    }
    text.push('\n');
    for t in 0..chart.time.total_steps {
        // Writing to a String cannot fail.
        let _ = write!(text, "{t},");
        if let Some(steps) = chart.time.steps_per_epoch {
            text.push_str(&number(t as f64 / steps as f64));
        }
        for curve in chart.panels.iter().flat_map(|panel| &panel.curves) {
            text.push(',');
            text.push_str(&number(curve.values[t as usize]));
        }
        text.push('\n');
    }
    text
}
