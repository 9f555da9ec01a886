//! The picture beside the page: regret against cost, and the distance from the best rate, cumulated.

use std::fmt::Write;

use crate::{
    Measured,
    method::{FIND, RANDOM, SWEEP_ONLY, THREE_AROUND_HINT, THREE_POINTS},
    summary::{self, Summary},
};

/// A panel's place and size in pixels.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 300.0;
const TOP: f64 = 44.0;
const LEFT: [f64; 2] = [64.0, 660.0];
const WHOLE: [f64; 2] = [1250.0, 400.0];
/// Regrets and costs below these are drawn there.
const LEAST_REGRET: f64 = 0.01;
const LEAST_COST: f64 = 0.1;
const MOST_COST: f64 = 30.0;
/// Octaves at the right end of the second panel.
const OCTAVES: f64 = 8.0;
/// The methods that are drawn as curves, with their ink; so is the best published finder. The others are grey.
const DRAWN: [(&str, &str); 5] = [
    (FIND, "#0072b2"),
    (SWEEP_ONLY, "#56b4e9"),
    (RANDOM, "#009e73"),
    (THREE_AROUND_HINT, "#e69f00"),
    (THREE_POINTS, "#cc79a7"),
];
const PUBLISHED: &str = "#d55e00";
const GREY: &str = "#767676";

/// One axis of a panel: from a number to a share of its length, 0 to 1.
struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Axis {
    fn share(&self, value: f64) -> f64 {
        let on = |value: f64| if self.logarithmic { value.log10() } else { value };
        ((on(value.clamp(self.low, self.high)) - on(self.low)) / (on(self.high) - on(self.low)))
            .clamp(0.0, 1.0)
    }

    /// Powers of ten, or even numbers.
    fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let [low, high] = [self.low, self.high].map(f64::log10);
            return (low.ceil() as i32..=high.floor() as i32)
                .map(|power| 10.0_f64.powf(power.into()))
                .collect();
        }
        let step = (self.high - self.low) / 4.0;
        (0..=4).map(|tick| self.low + step * f64::from(tick)).collect()
    }
}

/// The picture as SVG.
pub(crate) fn svg(
    measured: &[&Measured],
    methods: &[&'static str],
    summaries: &[Summary],
    best_published: Option<&str>,
) -> String {
    let ink = |method: &str| match DRAWN.iter().find(|(name, _)| *name == method) {
        Some((_, ink)) => Some(*ink),
        None => (Some(method) == best_published).then_some(PUBLISHED),
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        WHOLE[0], WHOLE[1]
    );
    cost_panel(&mut text, summaries, &ink);
    let drawn = methods.iter().enumerate().filter_map(|(index, method)| Some((index, *method, ink(method)?)));
    octave_panel(&mut text, measured, &drawn.collect::<Vec<_>>());
    text.push_str("</svg>\n");
    text
}

fn cost_panel(text: &mut String, summaries: &[Summary], ink: &dyn Fn(&str) -> Option<&'static str>) {
    let worst = summaries.iter().map(|one| one.median.value).filter(|value| value.is_finite());
    let high = 10.0_f64.powf(worst.fold(1.0, f64::max).log10().ceil() + 1.0);
    let x = Axis { low: LEAST_COST, high: MOST_COST, logarithmic: true };
    let y = Axis { low: LEAST_REGRET, high, logarithmic: true };
    frame(text, LEFT[0], [&x, &y], ["cost, trainings", "median regret, standard deviations between seeds"]);
    let place =
        |cost: f64, regret: f64| (LEFT[0] + WIDTH * x.share(cost), TOP + HEIGHT * (1.0 - y.share(regret)));
    // Names stand at the right, none closer to the next than a line.
    let mut ordered: Vec<&Summary> = summaries.iter().collect();
    ordered.sort_by(|a, b| b.median.value.total_cmp(&a.median.value));
    let mut line = TOP;
    for one in ordered {
        let (cx, cy) = place(one.trainings, one.median.value);
        let [bottom, top] = one.median.interval.map(|regret| place(one.trainings, regret).1);
        let ink = ink(one.method).unwrap_or(GREY);
        line = cy.max(line + 14.0).min(TOP + HEIGHT);
        let name_at = LEFT[0] + WIDTH + 14.0;
        let _ = writeln!(
            text,
            "<path d=\"M{cx:.1} {bottom:.1}V{top:.1}\" stroke=\"{ink}\" stroke-width=\"2\" opacity=\"0.5\"/>\
             <path d=\"M{cx:.1} {cy:.1}L{:.1} {:.1}\" stroke=\"{ink}\" stroke-width=\"0.5\" opacity=\"0.4\"/>\
             <circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\" fill=\"{ink}\"/>\
             <text x=\"{name_at:.1}\" y=\"{:.1}\" font-size=\"10\" fill=\"{ink}\">{}</text>",
            name_at - 3.0,
            line,
            line + 3.5,
            one.method
        );
    }
}

/// `drawn`: index, name and ink of each method.
fn octave_panel(text: &mut String, measured: &[&Measured], drawn: &[(usize, &'static str, &'static str)]) {
    let x = Axis { low: 0.0, high: OCTAVES, logarithmic: false };
    let y = Axis { low: 0.0, high: 1.0, logarithmic: false };
    frame(text, LEFT[1], [&x, &y], ["octaves from the best rate", "share of cases within"]);
    for (row, &(index, method, ink)) in drawn.iter().enumerate() {
        let mut octaves: Vec<f64> = measured.iter().map(|one| summary::octaves(one, index)).collect();
        octaves.sort_by(f64::total_cmp);
        let mut path = format!("M{:.1} {:.1}", LEFT[1], TOP + HEIGHT);
        for (rank, &value) in octaves.iter().enumerate().filter(|(_, value)| **value <= OCTAVES) {
            let share = (rank + 1) as f64 / octaves.len() as f64;
            let _ =
                write!(path, "H{:.1}V{:.1}", LEFT[1] + WIDTH * x.share(value), TOP + HEIGHT * (1.0 - share));
        }
        let _ = write!(path, "H{:.1}", LEFT[1] + WIDTH);
        let y_name = TOP + 14.0 * (row as f64 + 1.0);
        let _ = writeln!(
            text,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"{y_name:.1}\" font-size=\"11\" fill=\"{ink}\">{method}</text>",
            LEFT[1] + WIDTH + 12.0
        );
    }
}

/// Axes with ticks, grid lines and names.
fn frame(text: &mut String, left: f64, [x, y]: [&Axis; 2], [name_x, name_y]: [&str; 2]) {
    let bottom = TOP + HEIGHT;
    for tick in x.ticks() {
        let at = left + WIDTH * x.share(tick);
        let _ = writeln!(
            text,
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#e4e4e4\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            bottom + 17.0
        );
    }
    for tick in y.ticks() {
        let at = TOP + HEIGHT * (1.0 - y.share(tick));
        let _ = writeln!(
            text,
            "<path d=\"M{left} {at:.1}h{WIDTH}\" stroke=\"#e4e4e4\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    let _ = writeln!(
        text,
        "<path d=\"M{left} {TOP}V{bottom}h{WIDTH}\" fill=\"none\" stroke=\"#222\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{name_x}</text><text x=\"{}\" y=\"{}\">{name_y}</text>",
        left + 0.5 * WIDTH,
        bottom + 38.0,
        left - 40.0,
        TOP - 16.0
    );
}
