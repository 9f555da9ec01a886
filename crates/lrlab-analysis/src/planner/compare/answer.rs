//! What came of a comparison: rates, seeds, and why it ended.

use super::TunedArm;

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareAnswer {
    /// The arms, in the study's order.
    pub arms: Vec<TunedArm>,
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

    /// What the seeds came to, as a sentence; `None` where all were used and nothing is to be told.
    pub fn saved_words(&self) -> Option<String> {
        let (saved, all) = (self.saved(), self.asked * self.arms.len());
        let why = match self.ended {
            Ended::Decided => "the answer was known",
            Ended::Tied => "the best were known to be as good as each other",
            Ended::NoneFinished => "every strategy had a run that diverged or failed",
            Ended::AllSeeds => {
                "strategies that were clearly beaten, or diverged or failed, got no more seeds"
            }
        };
        (saved > 0).then(|| format!("{saved} of {all} runs were not needed: {why}."))
    }
}
