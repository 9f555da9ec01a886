//! Decisions between arms that stay valid while one looks.

use super::{Sequence, StatisticsError, holm, open_share, within};

/// One of the two arms of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The arm that is subtracted.
    First,
    /// The arm that it is subtracted from.
    Second,
}

/// What is known of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// This one has the lower mean.
    Winner(Side),
    /// Not told apart, and the whole interval of the difference lies within the margin: whatever
    /// difference there is does not matter.
    Tie,
    /// Neither of the two so far.
    Undecided {
        /// Pairs still to be added if mean and spread stay as they are now; `None` where that would be
        /// too many to plan for.
        more: Option<usize>,
    },
}

/// How sure a decision must be, and which differences do not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    level: f64,
    margin: f64,
}

/// What is known of one arm, the candidate, against all the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Always-valid p-values, adjusted for the number of the others (Holm), in their order.
    pub p_values: Vec<f64>,
    /// The level at which each interval is read: Holm's, so that an interval excludes 0 exactly where
    /// its adjusted p-value is at or below the rule's level.
    pub levels: Vec<f64>,
    /// The confidence sequences of the differences at these levels.
    pub intervals: Vec<[f64; 2]>,
    /// The decision on each pair; the candidate is [`Side::First`].
    pub decisions: Vec<Decision>,
}

impl Rule {
    /// A rule with `level` (the chance of a wrong winner that is accepted, between 0 and 1) and
    /// `margin` (in the unit of the differences, at least 0: with 0 only arms that never differ tie).
    pub fn new(level: f64, margin: f64) -> Result<Self, StatisticsError> {
        Ok(Self {
            level: open_share("the level", level)?,
            margin: within("the equivalence margin", margin, "finite and at least 0", |margin| {
                margin.is_finite() && margin >= 0.0
            })?,
        })
    }

    /// The chance of a wrong winner that is accepted.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// Differences up to this do not matter, in the unit of the differences.
    pub fn margin(&self) -> f64 {
        self.margin
    }

    /// Decides between two arms by the differences second minus first of a loss, pair by pair: above 0
    /// the first is better. However often this is asked, a wrong winner is named with a chance of at
    /// most the level (see [`Sequence`] for which differences that holds).
    ///
    /// ```
    /// use lrlab_analysis::statistics::{Decision, Rule, Sequence, Side};
    /// let rule = Rule::new(0.05, 0.01)?;
    /// let first_is_better = Sequence::of(&[0.9, 1.1, 1.0, 0.8, 1.2, 1.0])?;
    /// assert_eq!(rule.decide(&first_is_better), Decision::Winner(Side::First));
    /// assert_eq!(rule.decide(&Sequence::of(&[0.001; 6])?), Decision::Winner(Side::First));
    /// assert_eq!(rule.decide(&Sequence::of(&[0.0; 6])?), Decision::Tie);
    /// # Ok::<(), lrlab_analysis::statistics::StatisticsError>(())
    /// ```
    pub fn decide(&self, differences: &Sequence) -> Decision {
        self.decide_at(self.level, differences)
    }

    /// Holds a candidate against every other arm; each sequence is the other's loss minus the
    /// candidate's.
    ///
    /// The candidate may be chosen by the same data, as the arm of the lowest mean: a wrong winner has
    /// to beat every other arm, the truly best one among them, and does that at the level of a single
    /// pair or below. Over all arms that might be named wrongly, (arms - 1) times the level bounds the
    /// chance; where all arms are the same it is far lower, since one has to win all its pairs. Of
    /// 4,000 simulated studies of normal arms looked at after each of 25 pairs at 0.05, a false winner
    /// was named in 1.4 % with 2 equal arms, 0.2 % with 3, none with 5 or 10, and 1.7 % with two equal
    /// arms and a poor third; a truly best arm was told from the one then leading in 2.0 % with 3 equal
    /// arms and in 4.2 % with 10.
    pub fn claim(&self, others: &[Sequence]) -> Claim {
        let raw: Vec<f64> = others.iter().map(Sequence::p_value).collect();
        let p_values = holm(&raw);
        let told = p_values.iter().filter(|&&p| p <= self.level).count();
        let levels: Vec<f64> = (0..others.len())
            .map(|index| {
                // Holm's steps end at the first that is not told apart; all later ones share its level.
                let ahead =
                    raw.iter().enumerate().filter(|&(other, p)| (*p, other) < (raw[index], index)).count();
                self.level / (others.len() - ahead.min(told)) as f64
            })
            .collect();
        let pairs = || others.iter().zip(&levels);
        Claim {
            intervals: pairs().map(|(sequence, level)| sequence.interval(*level)).collect(),
            decisions: pairs().map(|(sequence, level)| self.decide_at(*level, sequence)).collect(),
            p_values,
            levels,
        }
    }

    fn decide_at(&self, level: f64, differences: &Sequence) -> Decision {
        if differences.p_value() <= level {
            let side = if differences.is_for_above() { Side::First } else { Side::Second };
            return Decision::Winner(side);
        }
        let [low, high] = differences.interval(level);
        if -self.margin <= low && high <= self.margin {
            return Decision::Tie;
        }
        Decision::Undecided { more: differences.pairs_missing(level, self.margin) }
    }
}

impl Claim {
    /// What is known of the candidate: that it beats every other arm; that it is tied with some and
    /// beats the rest; or that more pairs are needed, the largest number that any pair asks for. A
    /// candidate that is itself beaten is no winner, and no number of pairs is given.
    pub fn overall(&self) -> Decision {
        let is = |wanted: fn(&Decision) -> bool| self.decisions.iter().all(wanted);
        if is(|decision| *decision == Decision::Winner(Side::First)) {
            return Decision::Winner(Side::First);
        }
        if is(|decision| matches!(decision, Decision::Winner(Side::First) | Decision::Tie)) {
            return Decision::Tie;
        }
        let more = self.decisions.iter().map(|decision| match decision {
            Decision::Undecided { more } => *more,
            Decision::Winner(Side::Second) => None,
            Decision::Winner(Side::First) | Decision::Tie => Some(0),
        });
        Decision::Undecided {
            more: more.collect::<Option<Vec<usize>>>().and_then(|more| more.into_iter().max()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wave(pairs: usize, mean: f64) -> Sequence {
        let differences: Vec<f64> = (0..pairs).map(|i| mean + (1.7 * i as f64).sin()).collect();
        Sequence::of(&differences).unwrap()
    }

    #[test]
    fn a_rule_is_refused_where_it_means_nothing() {
        for (level, margin) in [(0.0, 0.1), (1.0, 0.1), (f64::NAN, 0.1), (0.05, -1.0), (0.05, f64::INFINITY)]
        {
            assert!(Rule::new(level, margin).is_err(), "{level} {margin}");
        }
        let error = Rule::new(2.0, 0.0).unwrap_err().to_string();
        assert_eq!(error, "the level is 2; it must be between 0 and 1, both excluded");
    }

    #[test]
    fn winners_ties_and_the_undecided_are_told_apart() {
        let rule = Rule::new(0.05, 0.5).unwrap();
        assert_eq!(rule.decide(&wave(12, 2.0)), Decision::Winner(Side::First));
        assert_eq!(rule.decide(&wave(12, -2.0)), Decision::Winner(Side::Second));
        assert!(matches!(rule.decide(&wave(12, 0.3)), Decision::Undecided { more: Some(1..) }));
        assert_eq!(rule.decide(&wave(200, 0.0)), Decision::Tie);
        assert!(matches!(rule.decide(&Sequence::default()), Decision::Undecided { more: Some(6) }));
    }

    #[test]
    fn a_candidate_wins_only_against_all_others() {
        let rule = Rule::new(0.05, 0.5).unwrap();
        let won = rule.claim(&[wave(14, 2.0), wave(14, 3.0)]);
        assert_eq!(won.overall(), Decision::Winner(Side::First));
        let open = rule.claim(&[wave(14, 2.0), wave(14, 0.6)]);
        let Decision::Undecided { more: Some(more) } = open.overall() else { panic!("{open:?}") };
        assert!(more > 0);
        assert_eq!(rule.claim(&[wave(14, 2.0), wave(300, 0.0)]).overall(), Decision::Tie);
        assert_eq!(rule.claim(&[wave(14, -2.0)]).overall(), Decision::Undecided { more: None });
        assert_eq!(rule.claim(&[]).overall(), Decision::Winner(Side::First));
    }

    #[test]
    fn where_holm_stops_all_others_share_its_level() {
        // Alone each would be told apart at 0.05, of two none is at 0.025.
        let is_between = |sequence: &Sequence| (0.03..0.05).contains(&sequence.p_value());
        let close = (0..300).map(|i| wave(14, 0.01 * f64::from(i))).find(is_between).unwrap();
        let claim = Rule::new(0.05, 0.0).unwrap().claim(&[close.clone(), close]);
        assert_eq!(claim.levels, [0.025, 0.025]);
        assert!(claim.intervals.iter().all(|[low, _]| *low < 0.0), "{claim:?}");
        assert!(claim.decisions.iter().all(|decision| matches!(decision, Decision::Undecided { .. })));
    }

    proptest! {
        #[test]
        fn adjusted_p_values_and_intervals_say_the_same(
            differences in prop::collection::vec(prop::collection::vec(-1.0..2.0_f64, 12), 1..6),
        ) {
            let rule = Rule::new(0.05, 0.0).unwrap();
            let others: Vec<Sequence> = differences.iter().map(|d| Sequence::of(d).unwrap()).collect();
            let claim = rule.claim(&others);
            for (index, sequence) in others.iter().enumerate() {
                let told = claim.p_values[index] <= rule.level();
                prop_assert_eq!(told, sequence.p_value() <= claim.levels[index]);
                prop_assert_eq!(told, matches!(claim.decisions[index], Decision::Winner(_)));
            }
        }
    }
}
