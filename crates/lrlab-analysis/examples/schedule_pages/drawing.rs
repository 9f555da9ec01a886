//! What is drawn on a page.

use lrlab_analysis::plot::{Chart, Curve, Panel, Scale, Size, Time, svg};
use lrlab_core::{
    Duration, Horizon, ScheduleSpec,
    registry::{Argument, Kind},
    schedule::Entry,
    signal::{Setting, SignalEntry},
};

use super::{BASE, Result};

/// Steps of a picture: the first number with which it is no larger than [`LARGEST`].
const STEPS: [u64; 3] = [1200, 600, 120];
/// Bytes.
const LARGEST: usize = 15_000;
/// Epochs of a picture: the first number, unless times of the example go beyond a quarter of it.
const EPOCHS: [u64; 2] = [30, 100];
/// A log axis is drawn where the median is this many times smaller than the greatest value.
const DECADES: f64 = 20.0;
const WIDTH: u32 = 720;
/// Of a picture without its legend.
const HEIGHT: u32 = 290;
const LEGEND_ROW: u32 = 23;

/// A schedule's picture.
pub(super) struct Drawn {
    /// The training that it shows.
    pub(super) horizon: Horizon,
    pub(super) svg: String,
    /// Whether its axis is a log one.
    pub(super) log: bool,
    /// Which curves are drawn where they are several, as the caption says it.
    pub(super) several: Option<String>,
}

/// A signal's picture, and what it shows.
pub(super) struct Reacted {
    pub(super) svg: String,
    /// At each step.
    pub(super) factors: Vec<f64>,
}

/// A training of so many steps that is long enough for the epochs that `spec` names.
fn horizon(spec: &ScheduleSpec, steps: u64) -> Horizon {
    let epochs = if 4.0 * longest_epochs(spec) > EPOCHS[0] as f64 { EPOCHS[1] } else { EPOCHS[0] };
    Horizon::new(steps, (steps / epochs).max(1))
}

fn longest_epochs(spec: &ScheduleSpec) -> f64 {
    let epochs = |duration: &Duration| if let Duration::Epochs(epochs) = duration { *epochs } else { 0.0 };
    let own = spec.args.values().flat_map(|argument| match argument {
        Argument::Duration(duration) => vec![epochs(duration)],
        Argument::Durations(durations) => durations.iter().map(epochs).collect(),
        Argument::Points(points) => points.iter().map(|point| epochs(&point.at)).collect(),
        _ => Vec::new(),
    });
    own.chain(spec.inner.iter().map(longest_epochs)).fold(0.0, f64::max)
}

/// The example; where a parameter is a choice, one curve for each of its words.
pub(super) fn schedule(entry: &Entry, spec: &ScheduleSpec) -> Result<Drawn> {
    for steps in STEPS {
        let drawn = draw(entry, spec, horizon(spec, steps))?;
        if drawn.svg.len() <= LARGEST {
            return Ok(drawn);
        }
    }
    Err(format!("its picture takes more than {LARGEST} bytes").into())
}

fn draw(entry: &Entry, spec: &ScheduleSpec, horizon: Horizon) -> Result<Drawn> {
    let choice = entry.params.iter().find_map(|param| match param.kind {
        Kind::Choice(words) => Some((param.name, words)),
        _ => None,
    });
    let variants = match choice {
        None => vec![(entry.example.to_owned(), spec.clone())],
        Some((name, words)) => {
            let variant = |word: &&str| {
                let mut spec = spec.clone();
                spec.args.insert(name.to_owned(), Argument::Word((*word).to_owned()));
                (spec.to_string(), spec)
            };
            words.iter().map(variant).collect()
        }
    };
    let words = variants.len();
    let mut curves = Vec::new();
    for (label, spec) in variants {
        match spec.build(horizon) {
            Ok(schedule) => {
                let values = (0..horizon.total_steps).map(|t| schedule.value_at(t, BASE)).collect();
                curves.push(Curve { label, values });
            }
            // A word that asks for another parameter has no curve beside the others.
            Err(_) if choice.is_some() => {}
            Err(why) => return Err(why.into()),
        }
    }
    let which = if curves.len() < words { " that needs no other parameter" } else { "" };
    let several = choice.map(|(name, _)| format!("One curve for each `{name}`{which}"));
    let log = curves.iter().any(|curve| spans_decades(&curve.values));
    let scale = if log { Scale::Log } else { Scale::Linear };
    let height = HEIGHT + LEGEND_ROW * u32::try_from(curves.len())?;
    let panel = Panel { quantity: "learning rate".to_owned(), scale, curves };
    Ok(Drawn { horizon, svg: picture(horizon, vec![panel], height)?, log, several })
}

fn spans_decades(values: &[f64]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[0] > 0.0 && sorted[sorted.len() / 2] * DECADES < sorted[sorted.len() - 1]
}

/// What the entry's example makes of a loss that falls, rests and falls again.
pub(super) fn signal(entry: &SignalEntry, horizon: Horizon) -> Result<Reacted> {
    let text = format!("constant | {}", entry.example);
    let plan: lrlab_core::spec::PlanSpec = text.parse()?;
    let spec = plan.signals.first().ok_or("the example is no signal")?;
    let mut signal = spec.build(Setting { horizon, warmup: 0 }).map_err(|faults| format!("{faults:?}"))?;
    let epochs = horizon.total_steps / horizon.steps_per_epoch;
    let mut factors = Vec::new();
    let mut losses = Vec::new();
    for epoch in 0..epochs {
        for _ in 0..horizon.steps_per_epoch {
            factors.push(signal.factor());
            losses.push(made_up_loss(epoch));
        }
        signal.on_metric((epoch + 1) * horizon.steps_per_epoch, "validation loss", made_up_loss(epoch))?;
    }
    let panel = |quantity: &str, label: &str, values: &[f64]| Panel {
        quantity: quantity.to_owned(),
        scale: Scale::Linear,
        curves: vec![Curve { label: label.to_owned(), values: values.to_vec() }],
    };
    let panels = vec![
        panel("factor", entry.example, &factors),
        panel("validation loss", "made-up validation loss", &losses),
    ];
    Ok(Reacted { svg: picture(horizon, panels, HEIGHT + 170)?, factors })
}

/// The loss at the end of an epoch: it falls for 15 epochs, rests until 38, falls until 48 and rests.
fn made_up_loss(epoch: u64) -> f64 {
    let along = |from: u64, to: u64| (epoch.clamp(from, to) - from) as f64 / (to - from) as f64;
    // Without a sine, which may differ between machines.
    let ripple = [0.0, 0.012, -0.006, 0.008, -0.01][(epoch % 5) as usize];
    let first = 1.0 - along(0, 15);
    let second = 1.0 - along(38, 48);
    0.3 + 1.6 * first * first + 0.4 * second * second + ripple
}

fn picture(horizon: Horizon, panels: Vec<Panel>, height: u32) -> Result<String> {
    let time = Time { total_steps: horizon.total_steps, steps_per_epoch: Some(horizon.steps_per_epoch) };
    Ok(svg(&Chart::new(None, time, panels)?, Size::new(WIDTH, height)?))
}
