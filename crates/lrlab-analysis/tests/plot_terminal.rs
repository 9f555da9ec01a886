//! Plots for the terminal, and sparklines.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod plot_samples;

use lrlab_analysis::plot::{Chart, Curve, Panel, Scale, Screen, Time, sparkline, terminal};
use plot_samples::{chart, cosine, drop_at, panel, two_panels, warmup_from_zero};
use proptest::prelude::*;

const PLAIN: Screen = Screen { width: 80, height: 20, colour: false, unicode: true };

fn at_widths(chart: &Chart, unicode: bool) -> String {
    [40, 100].map(|width| terminal(chart, &Screen { width, unicode, ..PLAIN })).join("\n")
}

#[test]
fn one_cosine() {
    insta::assert_snapshot!(at_widths(&cosine(), true));
}

#[test]
fn a_log_axis_with_zero_below() {
    insta::assert_snapshot!(at_widths(&warmup_from_zero(), true));
}

#[test]
fn two_panels_share_a_legend() {
    insta::assert_snapshot!(at_widths(&two_panels(), true));
}

#[test]
fn plain_ascii() {
    let text = at_widths(&two_panels(), false);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text);
}

/// Column of the plot, counted from the value axis, that holds a vertical stroke.
fn stroke(text: &str, row: usize) -> usize {
    let line: Vec<char> = text.lines().nth(row).unwrap().chars().collect();
    let axis = line.iter().position(|c| ['│', '┤', '|', '+'].contains(c)).unwrap();
    line.iter().skip(axis + 1).position(|c| *c != ' ').unwrap()
}

#[test]
fn a_drop_stands_in_the_column_of_its_step() {
    for (step, steps) in [(1, 4), (500, 1000), (123_457, 200_000), (199_999, 200_000), (7, 60)] {
        for unicode in [true, false] {
            for width in [40, 81, 200] {
                let text = terminal(&drop_at(step, steps), &Screen { width, unicode, ..PLAIN });
                // Between 1 at the top and 0.25, three quarters further down, there is the drop alone.
                let cells = text.lines().find(|line| line.contains(['└'])).map_or_else(
                    || text.lines().rfind(|line| line.contains("--")).unwrap().trim_start().len() - 1,
                    |line| line.trim_start().chars().count() - 1,
                );
                let column = step * cells / steps;
                for row in [6, 8, 10] {
                    assert_eq!(stroke(&text, row), column, "{step} of {steps} at {width}:\n{text}");
                }
            }
        }
    }
}

#[test]
fn colour_adds_codes_and_changes_nothing_else() {
    let plain = terminal(&two_panels(), &PLAIN);
    let coloured = terminal(&two_panels(), &Screen { colour: true, ..PLAIN });
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, code)) = rest.split_once('\x1b') {
        stripped.push_str(before);
        rest = code.split_once('m').unwrap().1;
    }
    stripped.push_str(rest);
    assert!(coloured.len() > plain.len());
    assert_eq!(stripped, plain);
    assert!(
        coloured
            .lines()
            .all(|line| !line.contains('\x1b') || line.ends_with("\x1b[0m") || !ends_coloured(line))
    );
}

fn ends_coloured(line: &str) -> bool {
    line.rsplit('\x1b').next().is_some_and(|code| !code.starts_with("[0m"))
}

#[test]
fn curves_are_told_apart_by_numbers_in_plot_and_legend() {
    let text = terminal(&two_panels(), &PLAIN);
    let plots: String =
        text.lines().filter_map(|line| line.split_once(['│', '┤'])).map(|(_, plot)| plot).collect();
    for number in ['1', '2', '3', '4'] {
        assert!(plots.contains(number), "{number} is on no curve:\n{text}");
        assert!(text.lines().any(|line| line.contains(&format!("{number} ")) && !line.contains('│')));
    }
}

#[test]
fn sparklines() {
    let cosine = cosine().panels()[0].curves[0].values.clone();
    assert_eq!(sparkline(&cosine, 16), "████▇▆▆▅▄▃▃▂▁▁▁▁");
    assert_eq!(sparkline(&[1.0, 0.5, 0.0], 6), "██▅▅▁▁");
    assert_eq!(sparkline(&[0.1; 40], 4), "████");
    assert_eq!(sparkline(&[0.0; 40], 4), "▁▁▁▁");
    assert_eq!(sparkline(&[0.95, 0.85], 2), "█▁");
    assert_eq!(sparkline(&[1.0, f64::NAN], 2), "█ ");
    assert_eq!(sparkline(&[], 4), "");
    assert_eq!(sparkline(&[1.0], 0), "");
    assert_eq!(sparkline(&[f64::MAX, f64::MIN], 2), "█▁");
}

fn charts() -> impl Strategy<Value = Chart> {
    let value = prop_oneof![
        4 => 0.0..1.0_f64,
        1 => Just(0.0),
        1 => -1e-3..1e3_f64,
        1 => any::<f64>().prop_filter("finite", |value| value.is_finite()),
    ];
    (1..70_usize, 1..4_usize, 1..5_usize)
        .prop_flat_map(move |(steps, panels, curves)| {
            let values = prop::collection::vec(value.clone(), steps);
            let curve = (".{0,50}", values).prop_map(|(label, values)| Curve { label, values });
            let panel = (prop::collection::vec(curve, curves), any::<bool>(), "\\PC{0,12}");
            let epoch = prop::option::of(1..2 * steps as u64);
            (Just(steps as u64), prop::collection::vec(panel, panels), epoch, prop::option::of("\\PC{0,60}"))
        })
        .prop_map(|(total_steps, panels, steps_per_epoch, title)| {
            let panels = panels
                .into_iter()
                .map(|(curves, log, quantity)| {
                    let positive = curves.iter().flat_map(|curve| &curve.values).any(|value| *value > 0.0);
                    let scale = if log && positive { Scale::Log } else { Scale::Linear };
                    Panel { quantity, scale, curves }
                })
                .collect();
            Chart::new(title, Time { total_steps, steps_per_epoch }, panels).unwrap()
        })
}

/// Characters that take room: all but marks that are set on others.
fn shown(line: &str) -> usize {
    let marks = ['\u{300}'..='\u{36f}', '\u{200b}'..='\u{200f}', '\u{fe00}'..='\u{fe0f}'];
    line.chars().filter(|c| !marks.iter().any(|range| range.contains(c))).count()
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_screen(
        chart in charts(),
        width in 0..220_usize,
        height in 0..60_usize,
        colour: bool,
    ) {
        for unicode in [true, false] {
            let text = terminal(&chart, &Screen { width, height, colour: false, unicode });
            for line in text.lines() {
                prop_assert!(shown(line) <= width, "{}", line);
                prop_assert!(!line.ends_with(' '));
                prop_assert!(unicode || line.is_ascii());
            }
            terminal(&chart, &Screen { width, height, colour, unicode });
        }
    }

    #[test]
    fn sparklines_are_as_wide_as_asked(values in prop::collection::vec(any::<f64>(), 1..50), width in 0..80_usize) {
        prop_assert_eq!(sparkline(&values, width).chars().count(), width);
    }

    #[test]
    fn any_chart_has_a_picture(chart in charts(), width in 200..1500_u32, height in 200..900_u32) {
        use lrlab_analysis::plot::{Size, svg};
        let text = svg(&chart, Size::new(width, height).unwrap());
        prop_assert!(!text.contains("NaN") || chart_says(&chart, "NaN"));
        prop_assert!(!text.contains("\"inf") && text.ends_with("</svg>"));
    }
}

fn chart_says(chart: &Chart, word: &str) -> bool {
    chart.title().is_some_and(|title| title.contains(word))
        || chart.panels().iter().any(|panel| {
            panel.quantity.contains(word) || panel.curves.iter().any(|curve| curve.label.contains(word))
        })
}

#[test]
fn one_step_and_a_million() {
    for steps in [1_usize, 1_000_000] {
        let values = vec![0.1; steps];
        let curve = Curve { label: String::new(), values };
        let text = terminal(&chart(steps as u64, Some(1), vec![panel(Scale::Linear, vec![curve])]), &PLAIN);
        assert!(
            text.contains('⠉') || text.contains('⠒') || text.contains('⠤') || text.contains('⣀'),
            "{text}"
        );
    }
}
