//! The data of the page's figures as compact JSON, which the page's own script draws.

use serde::{Serialize, Serializer};

use super::{
    Report, ReportError, StudyReport,
    curves::{self, Curves},
    palette,
    quantity::{Line, Quantity, Spread},
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
    last: u64,
    curves: Vec<CurveData>,
    /// The place of the curve that is shown at first.
    telling: usize,
    arms: Vec<Arm<'a>>,
    valley: Option<ValleyData>,
    seeds: usize,
    /// Arms as the table lists them.
    order: Vec<usize>,
}

/// What the curves of all arms share.
#[derive(Serialize)]
struct CurveData {
    name: String,
    bin: u64,
    unsteady: bool,
    t: Vec<Fine>,
    log: [Fine; 2],
    linear: [Fine; 2],
}

#[derive(Serialize)]
struct Arm<'a> {
    label: &'a str,
    /// Whether it is drawn at first.
    leads: bool,
    color: &'static str,
    dash: &'static str,
    curves: Vec<SpreadData>,
    rates: Vec<LineData<Fine>>,
    diverged: Vec<(u64, u64)>,
    sharpness: Option<SharpnessData>,
}

#[derive(Serialize)]
struct SpreadData {
    mean: Vec<Fine>,
    median: Vec<Fine>,
    /// Empty where there is no band, as `high` is.
    low: Vec<Fine>,
    high: Vec<Fine>,
    runs: Vec<LineData<Coarse>>,
}

#[derive(Serialize)]
struct LineData<T> {
    key: u64,
    /// Left out where the steps are 0, 1, 2, ..., or those of a curve whose points are no means.
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
    /// Each curve's name, and how many values each point of its summary is the mean of.
    pub(super) curves: Vec<(String, u64)>,
    /// The place of the curve that is shown at first.
    pub(super) telling: usize,
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
            curves: study.curves.iter().map(|curve| (curve.name.clone(), curve.bin)).collect(),
            telling: study.telling,
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
    let curves = Curves::of(study);
    let order = &curves.order;
    let arms = study.runs.arms.iter().zip(curves.arms).enumerate().map(|(index, (arm, lines))| {
        let style = palette::style(order.places[index]);
        Arm {
            label: &arm.label,
            leads: order.leads(index),
            color: style.color,
            dash: style.dash,
            curves: curves
                .quantities
                .iter()
                .map(|quantity| spread(quantity, &quantity.arms[index]))
                .collect(),
            rates: lines.rates.iter().map(|rate| line(rate, None)).collect(),
            diverged: lines.diverged,
            sharpness: sharpness(curves::sharpness(arm)),
        }
    });
    Study {
        last: curves.last,
        arms: arms.collect(),
        curves: curves.quantities.iter().map(curve).collect(),
        telling: curves.telling,
        valley: Valley::of(&study.runs).map(valley),
        seeds: study.runs.arms.iter().map(|arm| arm.runs.len()).max().unwrap_or(0),
        order: curves.order.listed,
    }
}

fn short<const DIGITS: usize>(values: &[f64]) -> Vec<Short<DIGITS>> {
    values.iter().map(|&value| Short(value)).collect()
}

fn curve(quantity: &Quantity) -> CurveData {
    CurveData {
        name: quantity.name.clone(),
        bin: quantity.bin,
        unsteady: quantity.unsteady,
        t: short(&quantity.t),
        log: quantity.log_range.map(Short),
        linear: quantity.linear_range.map(Short),
    }
}

fn spread(quantity: &Quantity, spread: &Spread) -> SpreadData {
    let steps = (quantity.bin == 1).then_some(quantity.t.as_slice());
    // A single run is its own mean.
    let runs = if spread.runs.len() > 1 { spread.runs.as_slice() } else { &[] };
    let band = |edge: &[f64]| if runs.is_empty() { Vec::new() } else { short(edge) };
    SpreadData {
        mean: short(&spread.mean),
        median: short(&spread.median),
        low: band(&spread.low),
        high: band(&spread.high),
        runs: runs.iter().map(|run| line(run, steps)).collect(),
    }
}

/// The points of `line`, without its steps if they are the first of `steps`, by default 0, 1, 2, ...
fn line<const DIGITS: usize>(line: &Line, steps: Option<&[f64]>) -> LineData<Short<DIGITS>> {
    let known = match steps {
        Some(steps) => {
            steps.len() >= line.t.len() && line.t.iter().zip(steps).all(|(&t, &step)| t as f64 == step)
        }
        None => line.t.iter().copied().eq(0..line.t.len() as u64),
    };
    LineData { key: line.key, t: (!known).then(|| line.t.clone()), y: short(&line.y) }
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
