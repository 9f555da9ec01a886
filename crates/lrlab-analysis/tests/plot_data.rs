//! Data of charts, and what no chart is made of.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod plot_samples;

use lrlab_analysis::plot::{Chart, Curve, Panel, PlotError, Scale, Time, csv};
use plot_samples::{chart, curve, panel, two_panels};
use proptest::prelude::*;

/// Fields of a table after RFC 4180.
fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            _ => field.push(c),
        }
    }
    assert!(!quoted && field.is_empty() && row.is_empty(), "it ends with a whole line");
    rows
}

proptest! {
    #[test]
    fn what_is_written_reads_back_to_the_same_bits(
        values in prop::collection::vec(any::<f64>().prop_filter("finite", |value| value.is_finite()), 1..40),
        label in "\\PC{0,20}|[\",\n\r ]{0,6}",
    ) {
        let steps = values.len() as u64;
        let curve = Curve { label: label.clone(), values: values.clone() };
        let rows = parse(&csv(&chart(steps, Some(7), vec![panel(Scale::Linear, vec![curve])])));
        prop_assert_eq!(&rows[0], &["step".to_owned(), "epoch".to_owned(), label]);
        prop_assert_eq!(rows.len(), values.len() + 1);
        for (t, (row, value)) in rows[1..].iter().zip(&values).enumerate() {
            prop_assert_eq!(row[0].parse::<usize>().unwrap(), t);
            prop_assert_eq!(row[1].parse::<f64>().unwrap(), t as f64 / 7.0);
            prop_assert_eq!(row[2].parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}

#[test]
fn several_panels_name_their_quantity() {
    let text = csv(&two_panels());
    let rows = parse(&text);
    assert_eq!(rows[0][..3], ["step", "epoch", "learning rate: one cycle"]);
    assert_eq!(rows[0][6], "momentum: one cycle");
    assert_eq!(rows.len(), 301);
    assert_eq!(rows[300][..2], ["299", "2.99"]);
}

#[test]
fn epochs_that_are_not_known_are_empty() {
    let text = csv(&chart(2, None, vec![panel(Scale::Linear, vec![curve("a", 2, |t| 1e-7 * t)])]));
    assert_eq!(text, "step,epoch,a\n0,,0\n1,,1e-7\n");
}

fn made(steps: u64, steps_per_epoch: Option<u64>, panels: Vec<Panel>) -> Result<Chart, PlotError> {
    Chart::new(None, Time { total_steps: steps, steps_per_epoch }, panels)
}

#[test]
fn what_cannot_be_drawn_is_refused_with_its_place() {
    let good = || curve("good", 3, |t| t);
    let message = |chart: Result<Chart, PlotError>| chart.unwrap_err().to_string();
    assert_eq!(made(3, None, Vec::new()), Err(PlotError::NoPanel));
    assert_eq!(made(0, None, vec![panel(Scale::Linear, vec![good()])]), Err(PlotError::NoStep));
    assert_eq!(made(3, Some(0), vec![panel(Scale::Linear, vec![good()])]), Err(PlotError::EmptyEpoch));
    assert_eq!(
        message(made(3, None, vec![panel(Scale::Linear, Vec::new())])),
        "panel \"learning rate\" has no curve; give it at least one"
    );
    assert_eq!(
        message(made(3, None, vec![panel(Scale::Linear, vec![good(), curve("short", 2, |t| t)])])),
        "curve \"short\" of panel \"learning rate\" has 2 values, but the chart has 3 steps"
    );
    let broken = curve("broken", 3, |t| if t == 1.0 { f64::NEG_INFINITY } else { t });
    assert_eq!(
        message(made(3, None, vec![panel(Scale::Linear, vec![good(), broken])])),
        "curve \"broken\" of panel \"learning rate\" is -inf at step 1; only finite values are drawn"
    );
    let nothing = curve("off", 3, |_| 0.0);
    assert_eq!(
        message(made(3, None, vec![panel(Scale::Log, vec![nothing])])),
        "no value of panel \"learning rate\" is above 0, so it has no log axis; draw it on a linear one"
    );
}
