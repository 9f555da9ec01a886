//! How the arms of a study meet: how each one's learning rate is chosen, and when it ends.

use serde::{Deserialize, Serialize};

/// How the arms of a study meet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// How each arm gets its learning rate.
    #[serde(default)]
    pub tuning: Tuning,
    /// Whether seeds are only added until the answer is known; else every arm runs with all of them.
    #[serde(default)]
    pub stop_early: bool,
    /// The value of the objective that counts as reached; chosen from the results where it is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Differences of the objective up to this share of the best mean do not matter; finite, at least 0.
    #[serde(default = "usual_equivalence")]
    pub equivalence: f64,
}

fn usual_equivalence() -> f64 {
    Protocol::EQUIVALENCE
}

impl Default for Protocol {
    /// Rates as written, all seeds.
    fn default() -> Self {
        Self { tuning: Tuning::AsWritten, stop_early: false, target: None, equivalence: Self::EQUIVALENCE }
    }
}

/// How each arm gets its learning rate, before it is compared on seeds that played no part in that.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tuning {
    /// The rates are those that the strategies say.
    #[default]
    AsWritten,
    /// Each arm's rate is searched as `lrlab find` does it, with the same effort for all.
    Search {
        /// Gradient evaluations for each arm, in whole trainings: 16 for instance.
        effort: f64,
    },
    /// Each arm tries a list of rates, and takes the one with the least mean objective.
    Grid {
        /// For each arm the rates of its first group, ascending.
        rates: Vec<Vec<f64>>,
        /// Seeds that each rate is tried with.
        seeds: u64,
        /// Whether the worse half of an arm's rates is given up after a quarter of the training, and
        /// again after half of it. Rates of other arms are never held against each other so early: where
        /// schedules have not decayed yet, an early lead says next to nothing.
        halving: bool,
    },
}

impl Protocol {
    /// Where a study does not say which differences do not matter: those within 1 %.
    pub const EQUIVALENCE: f64 = 0.01;

    /// Each arm's rate searched with `effort` whole trainings, and seeds added until the answer is known.
    pub fn tuned(effort: f64) -> Self {
        Self { tuning: Tuning::Search { effort }, stop_early: true, ..Self::default() }
    }
}

impl Tuning {
    /// How rates were chosen, as a sentence for headings.
    pub fn words(&self) -> String {
        match self {
            Self::AsWritten => {
                "Compared at the rates as written: none was tuned, and another rate may change the order."
                    .to_owned()
            }
            Self::Search { effort } => format!(
                "Each strategy at a rate of its own, searched with the same effort of {effort} trainings each."
            ),
            Self::Grid { rates, seeds, halving } => {
                let numbers: Vec<usize> = rates.iter().map(Vec::len).collect();
                let (least, most) = (numbers.iter().min().copied(), numbers.iter().max().copied());
                let (least, most) = (least.unwrap_or(0), most.unwrap_or(0));
                let tried = if least == most { format!("{least}") } else { format!("{least} to {most}") };
                let plural = if *seeds == 1 { "" } else { "s" };
                let halved =
                    if *halving { ", the worse half given up after a quarter and a half" } else { "" };
                format!(
                    "Each strategy at the best of its own {tried} rates, tried with {seeds} seed{plural}{halved}."
                )
            }
        }
    }
}
