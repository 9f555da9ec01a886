//! A still picture of each study: what tells its strategies apart above the learning rate, on one step
//! axis.

use std::sync::Arc;

use kuva::{
    backend::png::PngBackend,
    plot::{BandPlot, LegendEntry, LegendShape, LinePlot, MarkerShape, ScatterPlot, line::LineStyle},
    render::{
        figure::Figure,
        layout::{Layout, TickFormat},
        plots::Plot,
    },
};

use super::{
    Artifact, Format, Report, ReportError, StudyReport,
    curves::{ArmCurves, Curves},
    numbers, palette,
    quantity::{Quantity, Spread},
    slugs,
};

/// One picture for each study, named after its heading.
pub(super) static FORMAT: Format = Format {
    name: "png",
    file: "one .png for each study, named after its heading",
    doc: "A picture of loss, objective and learning rate against step, for slides and messages.",
    render,
};

const WIDTH: f64 = 1000.0;
/// Height of the one panel above the learning rate.
const LOSS_HEIGHT: f64 = 400.0;
/// Height of each of two.
const HALF_HEIGHT: f64 = 290.0;
const RATE_HEIGHT: f64 = 190.0;
/// All panels must keep the same room at their sides, else their step axes do not line up.
const MARGINS: (f64, f64) = (92.0, 16.0);
/// Runs are drawn paler than their mean. Alpha is lost in pictures, so this is mixed beforehand.
const FAINT: f64 = 0.22;
/// Opacity of the band over seeds; areas keep their alpha.
const BAND: f64 = 0.15;
/// Colour of the lines that stand behind where there are many.
const OTHERS: &str = "#d3d7db";
/// More single runs than this say no more in a still picture.
const FAINT_RUNS: usize = 10;

fn render(report: &Report) -> Result<Vec<Artifact>, ReportError> {
    report
        .studies
        .iter()
        .zip(slugs(report))
        .map(|(study, slug)| {
            let name = format!("{slug}.png");
            match picture(study) {
                Ok(bytes) => Ok(Artifact { name, bytes }),
                Err(why) => Err(ReportError::Render { file: name, why }),
            }
        })
        .collect()
}

fn picture(study: &StudyReport) -> Result<Vec<u8>, String> {
    let curves = Curves::of(study);
    let order = &curves.order;
    let end = curves.last.max(1) as f64;
    let common = |layout: Layout| {
        layout
            .with_x_axis_min(0.0)
            .with_x_axis_max(end)
            .with_force_margins(MARGINS.0, MARGINS.1)
            .with_label_size(14)
            .with_tick_size(12)
            .with_body_size(12)
            .with_legend_box(false)
            .with_ticks(5)
            .with_grid_line_width(0.6)
    };
    // Where batches are fresh noise, the training loss shows that noise and little else.
    let losses = &curves.quantities[curves.telling..];
    let loss_height = if losses.len() > 1 { HALF_HEIGHT } else { LOSS_HEIGHT };
    let mut plots = Vec::new();
    let mut layouts = Vec::new();
    for quantity in losses {
        let [bottom, top] = quantity.log_range;
        plots.push(loss_plots(quantity, &curves, Panel { y: [bottom, top], log: true }));
        layouts.push(common(
            Layout::new((0.0, end), (bottom, top))
                .with_y_label(format!("{} (log)", quantity.name))
                .with_log_y()
                .with_y_tick_format(TickFormat::Custom(Arc::new(|loss| numbers::significant(loss, 1))))
                .with_y_axis_min(bottom)
                .with_y_axis_max(top)
                .with_force_margins_y(14.0, 26.0),
        ));
    }
    let drawn = order.leading().iter().map(|&index| &curves.arms[index]);
    let rates = drawn.flat_map(|arm| &arm.rates).flat_map(|line| &line.y).copied();
    let highest = rates.filter(|rate| rate.is_finite()).fold(0.0, f64::max);
    let highest = if highest > 0.0 { highest * 1.08 } else { 1.0 };
    plots.push(rate_plots(&curves, Panel { y: [0.0, highest], log: false }));
    layouts.push(common(
        Layout::new((0.0, end), (0.0, highest))
            .with_x_label("step")
            .with_y_label("learning rate")
            .with_y_axis_min(0.0)
            .with_y_axis_max(highest)
            .with_force_margins_y(8.0, 52.0),
    ));
    let entry = |label: String, color: &str, dash: &str| LegendEntry {
        label,
        color: color.to_owned(),
        shape: LegendShape::Line,
        dasharray: line_style(dash).dasharray(),
    };
    let mut entries: Vec<LegendEntry> = order
        .leading()
        .iter()
        .map(|&index| {
            let style = palette::style(order.places[index]);
            entry(study.runs.arms[index].label.clone(), style.color, style.dash)
        })
        .collect();
    if order.is_crowd() {
        entries.push(entry(format!("{} others", order.others().len()), OTHERS, "solid"));
    }
    let legend_room = entries.iter().map(|entry| entry.label.chars().count()).max().unwrap_or(0) as f64;
    let height = loss_height * losses.len() as f64 + RATE_HEIGHT;
    let figure = (0..losses.len())
        .fold(Figure::new(losses.len() + 1, 1), |figure, row| figure.with_row_height(row, loss_height));
    let scene = figure
        .with_row_height(losses.len(), RATE_HEIGHT)
        .with_title(study.heading.as_str())
        .with_title_size(18)
        .with_plots(plots)
        .with_layouts(layouts)
        .with_spacing(4.0)
        .with_shared_legend_right_top()
        .with_shared_legend_entries(entries)
        .with_figure_size(WIDTH + 7.0 * legend_room, height + 60.0)
        .render();
    PngBackend::new().with_scale(2.0).render_scene(&scene)
}

/// The part of the y axis that a panel shows.
#[derive(Clone, Copy)]
struct Panel {
    y: [f64; 2],
    log: bool,
}

impl Panel {
    fn height(self, y: f64) -> f64 {
        let scale = |y: f64| if self.log { y.log10() } else { y };
        (scale(y) - scale(self.y[0])) / (scale(self.y[1]) - scale(self.y[0]))
    }

    fn value(self, height: f64) -> f64 {
        if self.log {
            self.y[0] * (self.y[1] / self.y[0]).powf(height)
        } else {
            self.y[0] + height * (self.y[1] - self.y[0])
        }
    }

    /// The pieces of a line that lie inside, cut where they cross the border; gaps divide pieces.
    fn pieces(self, points: impl Iterator<Item = (f64, f64)>) -> Vec<Vec<(f64, f64)>> {
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        let mut before: Option<(f64, f64)> = None;
        for (t, y) in points {
            let height = self.height(y);
            if !height.is_finite() {
                pieces.push(Vec::new());
                before = None;
                continue;
            }
            let inside = (0.0..=1.0).contains(&height);
            if let Some((t0, h0)) = before {
                let was_inside = (0.0..=1.0).contains(&h0);
                if inside != was_inside {
                    let border = if height.max(h0) > 1.0 { 1.0 } else { 0.0 };
                    let crossing = (t0 + (t - t0) * (border - h0) / (height - h0), self.value(border));
                    if inside {
                        pieces.push(vec![crossing]);
                    } else if let Some(piece) = pieces.last_mut() {
                        piece.push(crossing);
                    }
                }
            }
            if inside && let Some(piece) = pieces.last_mut() {
                piece.push((t, y));
            }
            before = Some((t, height));
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

fn loss_plots(quantity: &Quantity, curves: &Curves, panel: Panel) -> Vec<Plot> {
    let order = &curves.order;
    let mean = |spread: &Spread| panel.pieces(quantity.t.iter().copied().zip(spread.mean.iter().copied()));
    let mut plots = Vec::new();
    for &index in order.others() {
        plots.extend(lines(mean(&quantity.arms[index]), OTHERS, 0.7, "solid"));
    }
    // The best lie on top of the crowd; few arms keep the study's order.
    let leading = || {
        let best_last = order.leading().iter().rev().copied();
        if order.is_crowd() { best_last.collect::<Vec<_>>() } else { order.leading().to_vec() }
    };
    // Whatever is faint lies under every mean, or the last arm would hide the others.
    for index in leading() {
        let spread = &quantity.arms[index];
        if spread.runs.len() < 2 {
            continue;
        }
        let color = palette::style(order.places[index]).color;
        plots.extend(band(&quantity.t, spread, panel, color));
        // Unsteady runs would cover each other and all else.
        for run in spread.runs.iter().take(if quantity.unsteady { 0 } else { FAINT_RUNS }) {
            let points = run.t.iter().map(|&t| t as f64).zip(run.y.iter().copied());
            plots.extend(lines(panel.pieces(points), &palette::faint(color, FAINT), 0.8, "solid"));
        }
    }
    for index in leading() {
        let style = palette::style(order.places[index]);
        plots.extend(lines(mean(&quantity.arms[index]), style.color, 2.2, style.dash));
        plots.extend(crosses(&curves.arms[index], panel, style.color));
    }
    plots
}

/// The band that holds all but the lowest and highest tenth of the runs, as far as it is in sight.
fn band(t: &[f64], spread: &Spread, panel: Panel, color: &str) -> Option<Plot> {
    let [bottom, top] = panel.y;
    let edges = t.iter().zip(&spread.low).zip(&spread.high);
    let points: Vec<[f64; 3]> = edges
        .map(|((&t, &low), &high)| [t, low.clamp(bottom, top), high.clamp(bottom, top)])
        .take_while(|[_, low, high]| low.is_finite() && high.is_finite() && *low < top)
        .collect();
    let column = |at: usize| points.iter().map(move |point| point[at]).collect::<Vec<f64>>();
    (points.len() > 1).then(|| {
        Plot::Band(BandPlot::new(column(0), column(1), column(2)).with_color(color).with_opacity(BAND))
    })
}

/// A cross at the top where runs diverged.
fn crosses(arm: &ArmCurves, panel: Panel, color: &str) -> Option<Plot> {
    let place = panel.value(0.97);
    let points: Vec<(f64, f64)> = arm.diverged.iter().map(|&(_, t)| (t as f64, place)).collect();
    (!points.is_empty()).then(|| {
        Plot::Scatter(
            ScatterPlot::new()
                .with_data(points)
                .with_color(color)
                .with_size(4.5)
                .with_marker(MarkerShape::Cross),
        )
    })
}

fn rate_plots(curves: &Curves, panel: Panel) -> Vec<Plot> {
    let mut plots = Vec::new();
    for &index in curves.order.leading() {
        let style = palette::style(curves.order.places[index]);
        for rate in &curves.arms[index].rates {
            plots.extend(lines(panel.pieces(stairs(&rate.t, &rate.y)), style.color, 1.8, style.dash));
        }
    }
    plots
}

/// The points of a line whose every value holds until the next step.
fn stairs(t: &[u64], y: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    t.iter().zip(y).enumerate().flat_map(|(index, (&t, &value))| {
        let before = index.checked_sub(1).map(|before| y[before]).filter(|before| *before != value);
        before.map(|before| (t as f64, before)).into_iter().chain([(t as f64, value)])
    })
}

fn lines(pieces: Vec<Vec<(f64, f64)>>, color: &str, width: f64, dash: &str) -> Vec<Plot> {
    pieces
        .into_iter()
        .map(|piece| {
            let line = LinePlot::new().with_data(piece).with_color(color).with_stroke_width(width);
            Plot::Line(line.with_line_style(line_style(dash)))
        })
        .collect()
}

fn line_style(dash: &str) -> LineStyle {
    match dash {
        "dash" => LineStyle::Dashed,
        "dot" => LineStyle::Dotted,
        _ => LineStyle::Solid,
    }
}

#[cfg(test)]
mod tests {
    use super::{Panel, stairs};

    #[test]
    fn a_rate_falls_straight_down() {
        let points: Vec<(f64, f64)> = stairs(&[0, 1, 2], &[4.0, 4.0, 2.0]).collect();
        assert_eq!(points, [(0.0, 4.0), (1.0, 4.0), (2.0, 4.0), (2.0, 2.0)]);
    }

    #[test]
    fn lines_are_cut_at_the_border_and_at_gaps() {
        let panel = Panel { y: [0.0, 1.0], log: false };
        let points = [(0.0, 0.5), (1.0, 1.5), (2.0, 0.5), (3.0, f64::NAN), (4.0, 0.25)];
        let pieces = panel.pieces(points.into_iter());
        assert_eq!(pieces, [vec![(0.0, 0.5), (0.5, 1.0)], vec![(1.5, 1.0), (2.0, 0.5)], vec![(4.0, 0.25)]]);
    }

    #[test]
    fn a_log_panel_has_no_place_for_zero() {
        let panel = Panel { y: [1e-3, 1.0], log: true };
        assert_eq!(panel.pieces([(0.0, 0.0), (1.0, 0.1)].into_iter()), [vec![(1.0, 0.1)]]);
        assert!((panel.value(panel.height(0.02)) - 0.02).abs() < 1e-12);
    }
}
