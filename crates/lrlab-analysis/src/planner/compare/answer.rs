//! What came of a comparison: rates, seeds, and why it ended.

use super::TunedArm;
use crate::find_report::rate;

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareAnswer {
    /// The arms, in the study's order.
    pub arms: Vec<TunedArm>,
    /// The arm of the least mean objective; `None` where no arm brought its runs to their end.
    pub best: Option<usize>,
    /// Why no more seeds were added.
    pub ended: Ended,
    /// Seeds that each arm could have had.
    pub asked: usize,
}

/// Why no more seeds were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// One arm beats every other.
    Decided,
    /// All that the best does not beat are as good as it.
    Tied,
    /// One arm alone brought its runs to their end: there is nothing to compare it with.
    OnlyOne,
    /// Every arm has a run that diverged or failed.
    NoneFinished,
    /// The seeds were used up.
    AllSeeds,
}

impl CompareAnswer {
    /// Trials that were not needed.
    pub fn saved(&self) -> usize {
        self.arms.iter().map(|arm| self.asked - arm.seeds).sum()
    }

    /// What the seeds came to, as a sentence; `None` where all were used.
    pub fn saved_words(&self) -> Option<String> {
        let (saved, all) = (self.saved(), self.asked * self.arms.len());
        let why = match self.ended {
            Ended::Decided => "the answer was known",
            Ended::Tied => "the best were known to be as good as each other",
            Ended::OnlyOne => "in every other strategy a run diverged or failed",
            Ended::NoneFinished => "every strategy had a run that diverged or failed",
            Ended::AllSeeds => {
                "strategies that were clearly beaten, or diverged or failed, got no more seeds"
            }
        };
        (saved > 0).then(|| format!("{saved} of {all} runs were not needed: {why}."))
    }

    /// The outcome in a sentence or two.
    pub fn words(&self) -> String {
        let Some(best) = self.best.and_then(|best| self.arms.get(best)) else {
            return "No strategy brought its runs to their end.".to_owned();
        };
        let verdict = match self.ended {
            Ended::Decided => "is better than every other",
            Ended::Tied => "is as good as the best of the others",
            Ended::OnlyOne => "alone brought its runs to their end",
            Ended::NoneFinished | Ended::AllSeeds => "leads, but that is not decided",
        };
        let saved = self.saved_words().map_or_else(String::new, |saved| format!(" {saved}"));
        let (lr, seeds) = (rate(best.strategy.lr()), best.seeds);
        format!("{} at lr = {lr} {verdict}, on {seeds} seeds.{saved}", best.label)
    }
}
