//! The data of the page's figures as compact JSON, which the page's own script draws.

use serde::{Serialize, Serializer};

use super::{
    Report, ReportError, StudyReport,
    curves::{self, Curves, Line},
    palette,
    valley::Valley,
};

/// A number with as many digits as a figure shows; a gap where it is none.
#[derive(Clone, Copy)]
struct Short<const DIGITS: usize>(f64);

impl<const DIGITS: usize> Serialize for Short<DIGITS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.is_finite() {
            return serializer.serialize_none();
        }
        let rounded = format!("{:.*e}", DIGITS - 1, self.0).parse().unwrap_or(self.0);
        // A whole number needs no ".0".
        if rounded.fract() == 0.0 && rounded.abs() < 1e9 {
            serializer.serialize_i64(rounded as i64)
        } else {
            serializer.serialize_f64(rounded)
        }
    }
}

type Fine = Short<5>;
type Coarse = Short<3>;

#[derive(Serialize)]
struct Study<'a> {
    objective: &'a str,
    bin: u64,
    last: u64,
    t: Vec<Fine>,
    log: [Fine; 2],
    linear: [Fine; 2],
    arms: Vec<Arm<'a>>,
    valley: Option<ValleyData>,
    seeds: usize,
}

#[derive(Serialize)]
struct Arm<'a> {
    label: &'a str,
    color: &'static str,
    dash: &'static str,
    mean: Vec<Fine>,
    median: Vec<Fine>,
    low: Vec<Fine>,
    high: Vec<Fine>,
    runs: Vec<LineData<Coarse>>,
    rates: Vec<LineData<Fine>>,
    diverged: Vec<(u64, u64)>,
    sharpness: Option<SharpnessData>,
}

#[derive(Serialize)]
struct LineData<T> {
    key: u64,
    /// Left out where the steps are 0, 1, 2, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    t: Option<Vec<u64>>,
    y: Vec<T>,
}

#[derive(Serialize)]
struct SharpnessData {
    t: Vec<u64>,
    value: Vec<Fine>,
    low: Vec<Fine>,
    high: Vec<Fine>,
    limit: Vec<Fine>,
}

#[derive(Serialize)]
struct ValleyData {
    axes: [String; 2],
    minimum: [Fine; 2],
    hessian: [[f64; 2]; 2],
    floor: f64,
    view: [[Fine; 2]; 2],
    seed: u64,
    paths: Vec<PathData>,
}

#[derive(Serialize)]
struct PathData {
    t: Vec<u64>,
    x: Vec<Fine>,
    y: Vec<Fine>,
    leaves: bool,
}

/// What the figures of one study show, in words and numbers that the page around them needs.
pub(super) struct Shown {
    /// Whether sharpness was measured.
    pub(super) sharpness: bool,
    /// The seed of the valley's paths, where there is a valley.
    pub(super) valley: Option<u64>,
    /// Steps that each point of a summary is the mean of.
    pub(super) bin: u64,
    /// Runs of the arm with the most.
    pub(super) seeds: usize,
}

/// The data of every study as JSON that is safe inside a script element, and what it shows.
pub(super) fn data(report: &Report) -> Result<(String, Vec<Shown>), ReportError> {
    let studies: Vec<Study<'_>> = report.studies.iter().map(study).collect();
    let shown = studies
        .iter()
        .map(|study| Shown {
            sharpness: study.arms.iter().any(|arm| arm.sharpness.is_some()),
            valley: study.valley.as_ref().map(|valley| valley.seed),
            bin: study.bin,
            seeds: study.seeds,
        })
        .collect();
    let json = serde_json::to_string(&studies)
        .map_err(|error| ReportError::Render { file: "report.html".to_owned(), why: error.to_string() })?;
    // These occur inside strings only, where JSON allows their escapes; "</script>" would end the element.
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    Ok((json, shown))
}

fn study(study: &StudyReport) -> Study<'_> {
    let curves = Curves::of(&study.runs);
    let arms = study.runs.arms.iter().zip(curves.arms).enumerate().map(|(index, (arm, lines))| {
        let style = palette::style(index);
        Arm {
            label: &arm.label,
            color: style.color,
            dash: style.dash,
            mean: short(&lines.mean),
            median: short(&lines.median),
            low: short(&lines.low),
            high: short(&lines.high),
            // A single run is its own mean.
            runs: if arm.runs.len() > 1 { lines.runs.into_iter().map(line).collect() } else { Vec::new() },
            rates: lines.rates.into_iter().map(line).collect(),
            diverged: lines.diverged,
            sharpness: sharpness(curves::sharpness(arm)),
        }
    });
    Study {
        objective: &study.comparison.objective,
        bin: curves.bin,
        last: curves.last,
        t: short(&curves.t),
        log: curves.log_range.map(Short),
        linear: curves.linear_range.map(Short),
        arms: arms.collect(),
        valley: Valley::of(&study.runs).map(valley),
        seeds: study.runs.arms.iter().map(|arm| arm.runs.len()).max().unwrap_or(0),
    }
}

fn short<const DIGITS: usize>(values: &[f64]) -> Vec<Short<DIGITS>> {
    values.iter().map(|&value| Short(value)).collect()
}

fn line<const DIGITS: usize>(line: Line) -> LineData<Short<DIGITS>> {
    let every_step = line.t.iter().copied().eq(0..line.t.len() as u64);
    LineData { key: line.key, t: (!every_step).then_some(line.t), y: short(&line.y) }
}

fn sharpness(measured: curves::Sharpness) -> Option<SharpnessData> {
    (!measured.t.is_empty()).then(|| SharpnessData {
        t: measured.t,
        value: short(&measured.value),
        low: short(&measured.low),
        high: short(&measured.high),
        limit: short(&measured.limit),
    })
}

fn valley(valley: Valley) -> ValleyData {
    let path = |path: super::valley::Path| PathData {
        t: path.t,
        x: path.at.iter().map(|at| Short(at[0])).collect(),
        y: path.at.iter().map(|at| Short(at[1])).collect(),
        leaves: path.leaves,
    };
    ValleyData {
        axes: valley.bowl.axes,
        minimum: valley.bowl.minimum.map(Short),
        hessian: valley.bowl.hessian,
        floor: valley.bowl.floor,
        view: valley.view.map(|bounds| bounds.map(Short)),
        seed: valley.seed,
        paths: valley.paths.into_iter().map(path).collect(),
    }
}
