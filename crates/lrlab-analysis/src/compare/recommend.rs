//! What a study recommends: a winner, a tie, or more seeds.

use crate::{
    lint::words::count,
    statistics::{Decision, Side},
};

use super::{Comparison, against_best::Known};

/// What to do next. It may be asked after every seed: the chance that a wrong winner is ever named is
/// what [`Rule::claim`](crate::statistics::Rule::claim) says. Arms are given by their place in the study.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    /// This arm is better than every other that came to its end.
    Winner {
        /// Which.
        arm: usize,
        /// The fewest seeds that it was compared on.
        seeds: usize,
    },
    /// These arms differ by no more than the margin from the first of them; every other is worse.
    Tied {
        /// Which, the one with the lowest mean first.
        arms: Vec<usize>,
        /// The fewest seeds that they were compared on.
        seeds: usize,
    },
    /// Not decided yet.
    Undecided {
        /// Seeds still needed if means and spreads stay as they are; `None` where that would be too
        /// many to plan for, or is not known.
        more_seeds: Option<usize>,
        /// The arms that may still be the best, the one with the lowest mean first.
        leaders: Vec<usize>,
    },
    /// No other strategy brought its runs to their end: nothing was compared.
    OnlyOne {
        /// The one that did.
        arm: usize,
    },
    /// No strategy brought all its runs to their end.
    NoneFinished,
}

impl Recommendation {
    pub(super) fn of(best: Option<usize>, known: Option<Known>) -> Self {
        let Some(best) = best else { return Self::NoneFinished };
        let Some(Known { claim, arms, seeds }) = known else { return Self::OnlyOne { arm: best } };
        let open: Vec<usize> = std::iter::once(best)
            .chain(
                arms.iter()
                    .zip(&claim.decisions)
                    .filter(|(_, decision)| **decision != Decision::Winner(Side::First))
                    .map(|(arm, _)| *arm),
            )
            .collect();
        match claim.overall() {
            Decision::Winner(_) => Self::Winner { arm: best, seeds },
            Decision::Tie => Self::Tied { arms: open, seeds },
            Decision::Undecided { more } => Self::Undecided { more_seeds: more, leaders: open },
        }
    }

    /// Whether more seeds would change nothing: a loop that adds seeds stops here.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Undecided { .. })
    }

    /// The arm to take: the winner, the first of the tied, or the only one.
    pub fn arm(&self) -> Option<usize> {
        match self {
            Self::Winner { arm, .. } | Self::OnlyOne { arm } => Some(*arm),
            Self::Tied { arms, .. } => arms.first().copied(),
            Self::Undecided { .. } | Self::NoneFinished => None,
        }
    }
}

impl Comparison {
    /// The recommendation in plain sentences, with the cheapest strategy that is not worse.
    pub fn recommendation_words(&self) -> String {
        let mut words = match &self.recommendation {
            Recommendation::NoneFinished => {
                return "No recommendation: no strategy brought all its runs to their end.".to_owned();
            }
            Recommendation::OnlyOne { arm } => {
                return format!(
                    "{} is the only strategy that brought its runs to their end; it was compared with nothing.",
                    self.label(*arm)
                );
            }
            Recommendation::Winner { arm, seeds } => format!(
                "Take {}: its {} is lower than that of every other strategy, on {}.",
                self.label(*arm),
                self.objective,
                shared(*seeds)
            ),
            Recommendation::Tied { arms, seeds } => format!(
                "{} are tied on {}: their {} differs by no more than {}, which does not matter.",
                self.labels(arms),
                shared(*seeds),
                self.objective,
                crate::lint::words::number(self.margin)
            ),
            Recommendation::Undecided { more_seeds, leaders } => {
                format!("Undecided between {}: {}", self.labels(leaders), seeds_wanted(*more_seeds))
            }
        };
        words.push_str(&self.cheapest_words());
        words
    }

    fn cheapest_words(&self) -> String {
        match (self.cheapest, self.best) {
            (Some(cheapest), Some(best)) if cheapest != best => {
                format!(
                    " The cheapest that is not worse than {} is {}.",
                    self.label(best),
                    self.label(cheapest)
                )
            }
            _ => String::new(),
        }
    }

    fn label(&self, arm: usize) -> &str {
        self.rows.get(arm).map_or("", |row| row.label.as_str())
    }

    fn labels(&self, arms: &[usize]) -> String {
        let labels: Vec<&str> = arms.iter().map(|&arm| self.label(arm)).collect();
        match labels.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => labels.concat(),
        }
    }
}

fn shared(seeds: usize) -> String {
    count(seeds as u64, "shared seed")
}

fn seeds_wanted(more: Option<usize>) -> String {
    match more {
        Some(more) => format!("about {}.", count(more as u64, "more seed")),
        None => "what separates them is too small beside the spread for any number of seeds worth adding."
            .to_owned(),
    }
}
