//! How rates are to be chosen, as a user writes it: `"as written"` or a table.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Error as _, value::MapAccessDeserializer},
};

use crate::study::Tuning;

/// How rates are to be chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum TuneDraft {
    /// `"as written"`: not at all.
    AsWritten,
    /// `{ shared_rate = 0.1 }`: the same for all arms.
    Shared {
        /// The rate of each arm's first group.
        rate: f64,
    },
    /// `{ effort = 16 }`: searched.
    Search {
        /// Gradient evaluations for each arm, in whole trainings.
        effort: f64,
    },
    /// `{ rates = [0.03, 0.1, 0.3], seeds = 2, halving = true }`: the best of a list.
    Grid {
        /// What each arm tries that has no rates of its own.
        rates: Option<Vec<f64>>,
        /// The same as multiples of the rate that the arm's strategy says.
        factors: Option<Vec<f64>>,
        /// Seeds for each rate.
        seeds: u64,
        /// Whether the worse half is given up early.
        halving: bool,
    },
}

const FORMS: &str = "\"as written\", { effort = 16 }, { rates = [0.03, 0.1, 0.3] }, { factors = [0.5, 1, 2] } or \
                     { shared_rate = 0.1 }";

impl TuneDraft {
    /// Fewer trainings than these cannot bracket a rate.
    pub(super) const LEAST_EFFORT: f64 = 4.0;

    /// What it is once the arms are known, but for a grid.
    pub(super) fn plain(&self) -> Tuning {
        match self {
            Self::Search { effort } => Tuning::Search { effort: *effort },
            _ => Tuning::AsWritten,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    effort: Option<f64>,
    rates: Option<Vec<f64>>,
    factors: Option<Vec<f64>>,
    shared_rate: Option<f64>,
    seeds: Option<u64>,
    halving: Option<bool>,
}

impl Table {
    fn draft(self) -> Result<TuneDraft, String> {
        let Self { effort, rates, factors, shared_rate, seeds, halving } = self;
        let ways = [effort.is_some(), rates.is_some(), factors.is_some(), shared_rate.is_some()];
        let grid = seeds.is_some() || halving.is_some();
        match ways.iter().filter(|given| **given).count() {
            0 if !grid => return Err(format!("expected {FORMS}")),
            0 | 1 => {}
            _ => return Err("give one of effort, rates, factors and shared_rate".to_owned()),
        }
        let plain = match (effort, shared_rate) {
            (Some(effort), _) => TuneDraft::Search { effort },
            (_, Some(rate)) => TuneDraft::Shared { rate },
            _ => {
                let (seeds, halving) = (seeds.unwrap_or(1), halving.unwrap_or(false));
                return Ok(TuneDraft::Grid { rates, factors, seeds, halving });
            }
        };
        if grid {
            return Err("seeds and halving go with a list of rates or factors".to_owned());
        }
        Ok(plain)
    }
}

impl<'de> Deserialize<'de> for TuneDraft {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> de::Visitor<'de> for Forms {
            type Value = TuneDraft;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(FORMS)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TuneDraft, E> {
                match text.trim().replace(['-', '_'], " ").as_str() {
                    "as written" => Ok(TuneDraft::AsWritten),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<TuneDraft, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))?.draft().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Forms)
    }
}
