//! What it costs to miss the best learning rate by a factor.
//!
//! Between two rates that were run, the objective is taken as linear in the logarithm of the rate.
//! Beyond the rates that were run nothing is known and nothing is guessed.

use crate::statistics::{StatisticsError, mean};

use super::RateResult;

/// The factors asked about, below and above the best rate.
const FACTORS: [f64; 6] = [0.1, 0.25, 0.5, 2.0, 4.0, 10.0];

/// How much a strategy asks of its learning rate.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Sensitivity {
    /// The rate with the lowest mean objective among those of which no run diverged.
    pub best_rate: f64,
    /// That mean.
    pub best_objective: f64,
    /// What it costs to be off by 1/10, 1/4, 1/2, 2, 4 and 10 times, in this order.
    pub costs: Vec<OffBest>,
}

/// A rate that is off the best one by a factor.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct OffBest {
    /// The rate over the best rate.
    pub factor: f64,
    /// What that costs.
    pub cost: Cost,
}

/// What a rate costs against the best one.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// The objective is higher by this much, in its own unit. It is never below 0, since the best rate
    /// is the lowest of those run.
    Higher(f64),
    /// Runs diverge at that rate, or at the next rates that were run on both sides of it.
    Diverges,
    /// The next rate that was run on one side of it diverges and the other does not: the edge lies
    /// somewhere between.
    NearDivergence,
    /// No rate so far off was run.
    Unknown,
}

/// What the grid of one arm says of its sensitivity; `None` where every rate has runs that diverged, or
/// no runs at all. Results of equal rates are taken together; a rate without any run counts as not run.
/// A rate that is not finite and above 0 is refused.
///
/// ```
/// use lrlab_analysis::compare::{Cost, RateResult, sensitivity};
/// let at = |rate, objective| RateResult { rate, objectives: vec![objective], diverged: 0 };
/// let found = sensitivity(&[at(0.1, 1.0), at(0.4, 3.0)])?.unwrap();
/// let twice = found.costs.iter().find(|off| off.factor == 2.0).unwrap();
/// // Half-way in the logarithm.
/// let Cost::Higher(cost) = twice.cost else { panic!() };
/// assert!((cost - 1.0).abs() < 1e-12);
/// # Ok::<(), lrlab_analysis::statistics::StatisticsError>(())
/// ```
pub fn sensitivity(results: &[RateResult]) -> Result<Option<Sensitivity>, StatisticsError> {
    let points = points(results)?;
    let sound = points.iter().filter_map(|(rate, objective)| Some((*rate, (*objective)?)));
    let best = sound.min_by(|a, b| a.1.total_cmp(&b.1));
    Ok(best.map(|(best_rate, best_objective)| Sensitivity {
        best_rate,
        best_objective,
        costs: FACTORS
            .map(|factor| OffBest { factor, cost: cost(&points, best_rate * factor, best_objective) })
            .to_vec(),
    }))
}

/// Each rate that was run, in order, with its mean objective; `None` for one that diverged.
fn points(results: &[RateResult]) -> Result<Vec<(f64, Option<f64>)>, StatisticsError> {
    for result in results {
        if !(result.rate.is_finite() && result.rate > 0.0) {
            let expected = "finite and above 0";
            return Err(StatisticsError::OutOfRange {
                what: "a learning rate",
                value: result.rate,
                expected,
            });
        }
    }
    let mut rates: Vec<f64> = results
        .iter()
        .filter(|result| result.diverged > 0 || !result.objectives.is_empty())
        .map(|result| result.rate)
        .collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let point = |rate: f64| {
        let equal: Vec<&RateResult> = results.iter().filter(|result| result.rate == rate).collect();
        let objectives: Vec<f64> =
            equal.iter().flat_map(|result| result.objectives.iter().copied()).collect();
        let diverged = equal.iter().any(|result| result.has_diverged());
        (rate, (!diverged).then(|| mean(&objectives)))
    };
    Ok(rates.into_iter().map(point).collect())
}

fn cost(points: &[(f64, Option<f64>)], rate: f64, best: f64) -> Cost {
    // Rates that are the same on paper differ by rounding.
    let same = |known: f64| (known / rate - 1.0).abs() < 1e-9;
    if let Some((_, objective)) = points.iter().find(|(known, _)| same(*known)) {
        return objective.map_or(Cost::Diverges, |objective| Cost::Higher(objective - best));
    }
    let above = points.partition_point(|(known, _)| *known < rate);
    if above == 0 || above == points.len() {
        return Cost::Unknown;
    }
    let [(low, under), (high, over)] = [points[above - 1], points[above]];
    match (under, over) {
        (None, None) => Cost::Diverges,
        (None, Some(_)) | (Some(_), None) => Cost::NearDivergence,
        (Some(under), Some(over)) => {
            let share = (rate / low).ln() / (high / low).ln();
            Cost::Higher(under + share * (over - under) - best)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rate: f64, objectives: &[f64], diverged: usize) -> RateResult {
        RateResult { rate, objectives: objectives.to_vec(), diverged }
    }

    fn costs(results: &[RateResult]) -> Vec<Cost> {
        sensitivity(results).unwrap().unwrap().costs.into_iter().map(|off| off.cost).collect()
    }

    #[test]
    fn costs_are_read_between_rates_and_never_beyond() {
        let grid =
            [at(1.6, &[], 2), at(0.1, &[1.5, 2.5], 0), at(0.4, &[1.0, 1.0], 0), at(0.8, &[1.25, 1.25], 0)];
        // The best rate is 0.4: 0.04 was not run; 0.1 was; 0.2 is half-way from 0.1 to 0.4; 0.8 was run;
        // 1.6 diverged; nothing is known of 4.
        let expected = [
            Cost::Unknown,
            Cost::Higher(1.0),
            Cost::Higher(0.5),
            Cost::Higher(0.25),
            Cost::Diverges,
            Cost::Unknown,
        ];
        for (got, expected) in costs(&grid).into_iter().zip(expected) {
            match (got, expected) {
                (Cost::Higher(got), Cost::Higher(expected)) => {
                    assert!((got - expected).abs() < 1e-9, "{got}");
                }
                _ => assert_eq!(got, expected),
            }
        }
    }

    #[test]
    fn the_edge_of_divergence_is_not_interpolated() {
        let found = costs(&[at(0.1, &[1.0], 0), at(0.3, &[1.2], 1), at(1.0, &[f64::NAN], 0)]);
        assert_eq!(found[3..], [Cost::NearDivergence, Cost::Diverges, Cost::Diverges]);
    }

    #[test]
    fn equal_rates_are_taken_together_and_unusable_grids_are_told() {
        let found = sensitivity(&[at(0.1, &[1.0], 0), at(0.1, &[3.0], 0), at(0.2, &[1.5], 0)]);
        assert_eq!(found.unwrap().unwrap().best_rate, 0.2);
        assert_eq!(sensitivity(&[at(0.1, &[1.0], 1), at(0.2, &[], 0)]).unwrap(), None);
        assert!(sensitivity(&[at(0.0, &[1.0], 0)]).is_err());
    }
}
