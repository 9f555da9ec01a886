//! The ways to come by a learning rate that are held against each other.
//!
//! `find` says how much may be spent; what searches besides it gets as many gradient evaluations, to the
//! nearest whole training of each rate and seed.

use lrlab::{
    FindSpec, Strategy,
    analysis::{
        finder::{FINDERS, Finder, NoSuggestion, Sweep},
        planner::{FindAnswer, FindPlanner, Request},
        statistics::{Draws, mean},
    },
    core::{Duration, StopRule, TrialSpec},
};

use crate::{
    Result,
    case::{Case, tidy},
    ledger::Ledger,
    reference::{Place, Reference},
};

/// `find` may spend this share of the grid, and no more than it spends by itself.
pub(crate) const SHARE: f64 = 0.1;
/// Seeds of whoever looks for a rate begin here: none of them is a seed of the grid.
pub(crate) const FIRST_SEED: u64 = 1000;
/// Between the three points of a fit.
const FACTOR: f64 = 4.0;

/// The names of lrlab's own way and of what it must beat.
pub(crate) const FIND: &str = "find";
pub(crate) const SWEEP_ONLY: &str = "find --sweep-only";
pub(crate) const THREE_POINTS: &str = "three points";
pub(crate) const THREE_AROUND_HINT: &str = "three points around the hint";
pub(crate) const RANDOM: &str = "random search";
pub(crate) const GRID: &str = "plain grid";
pub(crate) const DEFAULT: &str = "default rate";

/// What a method says of a case.
#[derive(Clone, Debug)]
pub(crate) struct Advice {
    /// The rate; `None` where the method has none to give.
    pub(crate) rate: Option<f64>,
    /// Gradient evaluations spent.
    pub(crate) gradients: u64,
    /// The objective that the method saw or fitted there; NaN for those that train nothing.
    pub(crate) objective: f64,
    /// What else it says.
    pub(crate) note: String,
}

/// Every method, as tables name it.
pub(crate) fn names() -> Vec<&'static str> {
    let own = [FIND, SWEEP_ONLY];
    let search = [THREE_POINTS, THREE_AROUND_HINT, RANDOM, GRID, DEFAULT];
    own.into_iter().chain(FINDERS.iter().map(|finder| finder.name)).chain(search).collect()
}

/// Asks methods about one case.
pub(crate) struct Adviser<'a> {
    case: &'a Case,
    ledger: &'a Ledger,
    find: FindAnswer,
}

impl<'a> Adviser<'a> {
    /// Begins with `find`.
    pub(crate) fn new(case: &'a Case, reference: &Reference, ledger: &'a Ledger) -> Result<Self> {
        let spec = FindSpec { effort: effort(case, reference), ..question(case) };
        let find = ledger.ask(&mut FindPlanner::new(spec, case.horizon))?;
        Ok(Self { case, ledger, find })
    }

    /// What the method of that name says.
    pub(crate) fn ask(&self, name: &str) -> Result<Advice> {
        match name {
            FIND => Ok(self.find()),
            SWEEP_ONLY => Ok(self.sweep_only()),
            THREE_POINTS => self.three_points(self.case.default_rate(), 0),
            THREE_AROUND_HINT => {
                let centre = self.find.hint.as_ref().map_or(self.case.default_rate(), |hint| hint.rate);
                self.three_points(centre, self.find.sweep_gradients)
            }
            RANDOM => self.random(),
            GRID => self.grid(),
            DEFAULT => Ok(Advice {
                rate: Some(self.case.default_rate()),
                gradients: 0,
                objective: f64::NAN,
                note: String::new(),
            }),
            name => match FINDERS.iter().find(|finder| finder.name == name) {
                Some(finder) => self.published(finder),
                None => Err(format!("no method is named `{name}`; there are: {}", names().join(", "))),
            },
        }
    }

    fn find(&self) -> Advice {
        let Some(found) = &self.find.found else {
            return Advice {
                rate: None,
                gradients: self.find.gradients,
                objective: f64::NAN,
                note: String::new(),
            };
        };
        // What was trained nearest to the answer says what objective to expect.
        let off = |x: f64| (x - found.estimate.x).abs();
        let nearest = found.observations.iter().map(|seen| off(seen.x)).fold(f64::INFINITY, f64::min);
        let at: Vec<f64> = (found.observations.iter())
            .filter(|seen| off(seen.x) <= nearest)
            .map(|seen| seen.objective)
            .collect();
        let width = found.estimate.interval[1] - found.estimate.interval[0];
        let hint = self
            .find
            .hint
            .as_ref()
            .map_or_else(|_| "no hint".to_owned(), |hint| format!("hint {:.2e}", hint.rate));
        Advice {
            rate: Some(found.rate),
            gradients: self.find.gradients,
            objective: mean(&at),
            note: format!(
                "{:?}, {width:.1} octaves wide, {} trials, {hint}",
                found.estimate.why,
                found.observations.len()
            ),
        }
    }

    fn sweep_only(&self) -> Advice {
        let (rate, note) = match &self.find.hint {
            Ok(hint) => {
                let read = hint.per_seed.iter().map(|of| format!("{:.1e} {:.1e}", of.steepest, of.minimum));
                let read: Vec<String> = read.collect();
                let bounds = [hint.edge, hint.stability].map(|rate| rate.unwrap_or(f64::INFINITY));
                let [edge, stable] = bounds;
                let note =
                    format!("READ {} EDGE {edge:.1e} {stable:.1e} {:?}", read.join(" "), hint.limited_by);
                (Some(hint.rate), note)
            }
            Err(why) => (None, why.to_string()),
        };
        Advice { rate, gradients: self.find.sweep_gradients, objective: f64::NAN, note }
    }

    /// The sweep that the tool makes, and what the tool reads off it.
    fn published(&self, finder: &Finder) -> Result<Advice> {
        let told = |why: &dyn std::fmt::Display| format!("{} on {}: {why}", finder.name, self.case.name());
        let text = format!("{} | {}", self.case.problem.optimizer, finder.plan.schedule());
        let strategy: Strategy = text.parse().map_err(|why| told(&why))?;
        let trial = TrialSpec {
            budget: Duration::Steps(finder.plan.steps),
            // The tool itself says when it stops; this only asks for the losses of every step.
            stop: Some(StopRule::RisesAbove(f64::MAX)),
            ..self.case.trial_of(strategy.with_lr(1.0), FIRST_SEED)
        };
        let results = self.ledger.run(vec![Request::run(finder.name, trial)])?;
        let (rates, losses) = results.iter().flat_map(|result| result.sweep.iter().copied()).unzip();
        let steps = usize::try_from(finder.plan.steps).unwrap_or(usize::MAX);
        let sweep = Sweep::new(rates, losses).map_err(|why| told(&why))?.planned(steps);
        let (rate, note) = match (finder.suggest)(&sweep) {
            Ok(rate) => (Some(rate), String::new()),
            // That is what the tool's user gets.
            Err(NoSuggestion::NotANumber { would }) => (Some(would), "a loss of NaN".to_owned()),
            Err(why) => (None, why.to_string()),
        };
        let gradients = results.iter().map(|result| result.gradients).sum();
        Ok(Advice { rate, gradients, objective: f64::NAN, note })
    }

    /// Three rates a factor of 4 apart, with as many seeds as the budget holds, and the lowest point of
    /// a parabola through the logarithms. `spent` went into the centre.
    fn three_points(&self, centre: f64, spent: u64) -> Result<Advice> {
        let left = self.find.gradients.saturating_sub(spent) as f64;
        let seeds = ((left / (3.0 * self.case.steps())).round() as u64).max(1);
        let seeds: Vec<u64> = (FIRST_SEED..FIRST_SEED + seeds).collect();
        let rates = [centre / FACTOR, centre, centre * FACTOR].map(tidy);
        let results = self.ledger.run(self.case.requests(&rates, &seeds))?;
        let places: Vec<Place> =
            rates.iter().zip(results.chunks(seeds.len())).map(|(&rate, of)| Place::at(rate, of)).collect();
        let gradients = spent + results.iter().map(|result| result.gradients).sum::<u64>();
        let (rate, objective) = lowest_of_parabola(&places);
        Ok(Advice { rate: Some(rate), gradients, objective, note: format!("{} seeds", seeds.len()) })
    }

    /// Rates drawn from the optimizer's usual ones, evenly in the logarithm, each trained with one seed.
    fn random(&self) -> Result<Advice> {
        let [low, high] = self.case.usual_rates().map(f64::log2);
        let mut draws = Draws::new(self.case.trial(1.0, FIRST_SEED).spec_hash());
        let mut tried = Vec::new();
        let mut spent = 0;
        // What diverges is cheap: more is drawn until the budget is spent.
        loop {
            let left = self.find.gradients.saturating_sub(spent) as f64;
            let more = (left / self.case.steps()).round() as usize;
            if more == 0 && !tried.is_empty() {
                return Ok(best_of(&tried, spent));
            }
            let rates: Vec<f64> =
                (0..more.max(1)).map(|_| tidy((low + draws.uniform() * (high - low)).exp2())).collect();
            let results = self.ledger.run(self.case.requests(&rates, &[FIRST_SEED]))?;
            spent += results.iter().map(|result| result.gradients).sum::<u64>();
            tried.extend(
                rates
                    .iter()
                    .zip(&results)
                    .map(|(&rate, result)| Place::at(rate, std::slice::from_ref(result))),
            );
        }
    }

    /// The same rates at even distances, as many as the budget holds.
    fn grid(&self) -> Result<Advice> {
        let [low, high] = self.case.usual_rates().map(f64::log2);
        let count = ((self.find.gradients as f64 / self.case.steps()).round() as usize).max(2);
        let step = (high - low) / (count - 1) as f64;
        let rates: Vec<f64> = (0..count).map(|index| tidy((low + index as f64 * step).exp2())).collect();
        let results = self.ledger.run(self.case.requests(&rates, &[FIRST_SEED]))?;
        let spent = results.iter().map(|result| result.gradients).sum();
        let place = |(&rate, result)| Place::at(rate, std::slice::from_ref(result));
        Ok(best_of(&rates.iter().zip(&results).map(place).collect::<Vec<Place>>(), spent))
    }
}

/// The question that `find` answers when asked about a case.
pub(crate) fn question(case: &Case) -> FindSpec {
    FindSpec {
        batch_size: case.problem.batch_size,
        seed: FIRST_SEED,
        ..FindSpec::new(case.task.clone(), case.strategy.clone(), case.budget)
    }
}

/// Whole trainings that `find` may spend: its default, and at most a tenth of the grid.
fn effort(case: &Case, reference: &Reference) -> f64 {
    FindSpec::EFFORT.min(SHARE * reference.gradients as f64 / case.steps())
}

fn best_of(tried: &[Place], gradients: u64) -> Advice {
    let best = tried.iter().min_by(|a, b| a.objectives[0].total_cmp(&b.objectives[0]));
    Advice {
        rate: best.map(|best| best.rate),
        gradients,
        objective: best.map_or(f64::NAN, |best| best.objectives[0]),
        note: format!("{} trials", tried.len()),
    }
}

/// Rate and objective where a parabola through three places, a factor of 4 apart, is lowest; never
/// outside of them. Where there is no such parabola, the best place.
fn lowest_of_parabola(places: &[Place]) -> (f64, f64) {
    let value = |place: &Place| {
        let objective = mean(&place.objectives);
        if objective.is_nan() { f64::INFINITY } else { objective }
    };
    let best = places.iter().min_by(|a, b| value(a).total_cmp(&value(b)));
    let best = best.map_or((f64::NAN, f64::NAN), |place| (place.rate, value(place)));
    let [low, middle, high] = places else { return best };
    let values = [value(low), value(middle), value(high)];
    let logarithmic = values.iter().all(|&value| value > 0.0);
    let [a, b, c] = values.map(|value| if logarithmic { value.ln() } else { value });
    let curvature = a - 2.0 * b + c;
    // NaN and infinity are no curvature either.
    if !(curvature.is_finite() && curvature > 0.0) {
        return best;
    }
    let steps = (0.5 * (a - c) / curvature).clamp(-1.0, 1.0);
    let fitted = b + 0.5 * (c - a) * steps + 0.5 * curvature * steps * steps;
    (tidy(middle.rate * FACTOR.powf(steps)), if logarithmic { fitted.exp() } else { fitted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(rate: f64, objective: f64) -> Place {
        Place { rate, objectives: vec![objective] }
    }

    #[test]
    fn a_parabola_is_lowest_at_its_vertex_and_never_outside() {
        let law = |x: f64| (0.3 * (x - 0.4) * (x - 0.4)).exp();
        let places = |at: [f64; 3]| at.map(|x| place(0.1 * FACTOR.powf(x), law(x)));
        let (rate, objective) = lowest_of_parabola(&places([-1.0, 0.0, 1.0]));
        assert!((rate / (0.1 * FACTOR.powf(0.4)) - 1.0).abs() < 1e-3, "{rate}");
        assert!((objective - 1.0).abs() < 1e-9, "{objective}");
        let (rate, _) = lowest_of_parabola(&places([2.0, 3.0, 4.0]));
        assert!((rate / 1.6 - 1.0).abs() < 1e-3, "{rate}");
    }

    #[test]
    fn where_something_diverged_the_best_place_is_taken() {
        let places = [place(0.1, 2.0), place(0.4, 1.0), place(1.6, f64::INFINITY)];
        assert_eq!(lowest_of_parabola(&places), (0.4, 1.0));
        let hill = [place(0.1, 1.0), place(0.4, 2.0), place(1.6, 1.5)];
        assert_eq!(lowest_of_parabola(&hill), (0.1, 1.0));
    }
}
