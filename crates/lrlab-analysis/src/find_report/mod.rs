//! The report of a search for a learning rate: text for a terminal, data, and a page with pictures.
//!
//! A pure function of the question and the answer, so the same logs give the same bytes.

use lrlab_core::{FindSpec, Horizon};

use crate::{
    finder::View,
    planner::{FindAnswer, Found},
    search::{Side, Why},
    statistics::mean,
    study::readable,
};

mod data;
mod page;
mod terminal;
mod trainings;

pub use data::data;
pub use page::{PageError, page};
pub use terminal::{rate, terminal};
pub use trainings::{png as trainings_png, svg as trainings_svg};

/// A question with its answer.
#[derive(Clone, Debug)]
pub struct FindReport {
    /// What was asked.
    pub spec: FindSpec,
    /// How long a training is.
    pub horizon: Horizon,
    /// What was inferred of the users' own data that the trainings saw, and done to it, in sentences.
    pub data: Vec<String>,
    /// What was found.
    pub answer: FindAnswer,
    /// The strategy at the rate found, as `PyTorch` code.
    pub torch_code: Option<String>,
    /// What else follows from the rate, a sentence each: for another batch size, another schedule.
    pub transfers: Vec<String>,
}

/// All trials at one rate.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RateRow {
    /// The rate.
    pub rate: f64,
    /// Trainings that were run to their end.
    pub completed: usize,
    /// Trainings that diverged.
    pub diverged: usize,
    /// Mean of the objective over those that completed.
    pub mean: Option<f64>,
}

/// What was seen, rate by rate, ascending.
pub fn rate_rows(found: &Found) -> Vec<RateRow> {
    let mut rates: Vec<f64> = found.observations.iter().map(|seen| seen.x).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    rates
        .into_iter()
        .map(|x| {
            let at = found.observations.iter().filter(|seen| seen.x == x);
            let finite: Vec<f64> = at.clone().map(|seen| seen.objective).filter(|v| v.is_finite()).collect();
            RateRow {
                rate: x.exp2(),
                completed: finite.len(),
                diverged: at.count() - finite.len(),
                mean: (!finite.is_empty()).then(|| mean(&finite)),
            }
        })
        .collect()
}

impl FindReport {
    /// The question as a heading.
    pub fn title(&self) -> String {
        format!("The learning rate of {} on {}", self.spec.strategy, readable(&self.spec.task))
    }

    /// The range tests as a picture is made of them; `None` where there were none.
    pub fn sweeps(&self) -> Option<View> {
        let answer = &self.answer;
        let view = (!answer.sweeps.is_empty()).then(|| View::of(None, &answer.sweeps))?;
        Some(match &answer.hint {
            Ok(hint) => view.with_hint(hint),
            Err(_) => view,
        })
    }

    /// Whether there is an answer to rely on.
    pub fn is_decided(&self) -> bool {
        self.answer.found.as_ref().is_some_and(|found| found.estimate.is_decided())
    }

    /// Why the search ended, as one sentence; what would decide it, where it is undecided.
    pub fn why(&self) -> Vec<String> {
        let Some(found) = &self.answer.found else { return Vec::new() };
        let estimate = &found.estimate;
        let width = estimate.interval[1] - estimate.interval[0];
        let mut sentences = Vec::new();
        sentences.push(match estimate.why {
            Why::Narrow => format!(
                "It stopped because the interval is {width:.1} octaves wide, and {} were asked for.",
                self.spec.octaves
            ),
            Why::AsGood => format!(
                "It stopped because any rate in the interval ({width:.1} octaves) is as good as far as seeds tell: \
                 it changes the outcome by less than the seed does."
            ),
            Why::Budget => format!(
                "Undecided: the budget of {} trainings is spent and the interval is {width:.1} octaves wide. \
                 What would decide it: more trainings (an effort of {}), or a wider interval ({:.0} octaves).",
                self.spec.effort,
                2.0 * self.spec.effort,
                width.ceil()
            ),
            Why::OutOfReach => "Undecided: the best rate is the last that the search may try. What would decide \
                                it: begin at another rate, or train longer."
                .to_owned(),
            Why::Diverged => "Undecided: every rate that was tried diverged. What would decide it: begin at a \
                              lower rate, or clip gradients."
                .to_owned(),
        });
        match estimate.sides {
            [Side::Open, _] | [_, Side::Open] => sentences.push(
                "The best rate has no worse one on one of its sides: it may lie further out.".to_owned(),
            ),
            [_, Side::Diverged] => sentences.push(
                "The next rate above diverges: this is the edge of stability, not a valley. A warmup or clipping \
                 may allow more."
                    .to_owned(),
            ),
            _ => {}
        }
        sentences
    }

    /// What was spent, as one sentence.
    pub fn cost(&self) -> String {
        let answer = &self.answer;
        let trainings = answer.gradients as f64 / self.horizon.total_steps.max(1) as f64;
        format!(
            "It cost {} gradient evaluations, {trainings:.1} trainings' worth, {} of them in the range test.",
            answer.gradients, answer.sweep_gradients
        )
    }
}
