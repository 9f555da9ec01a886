//! What a number of seeds can show, told where a user sets it.

use crate::{
    lint::words::{count, percent},
    statistics::{Test, smallest_p},
};

use super::ties::LEVEL;

/// One sentence on what `seeds` seeds can show between two strategies: the chance to find a true
/// difference of one standard deviation of the paired differences, by one look and while looking.
///
/// ```
/// let ten = lrlab_analysis::compare::seeds_can_show(10);
/// assert!(ten.starts_with("10 seeds find a difference of one standard deviation in 80.3 % of studies"));
/// ```
pub fn seeds_can_show(seeds: usize) -> String {
    let seeds_words = count(seeds as u64, "seed");
    if smallest_p(seeds) > LEVEL {
        return format!(
            "{seeds_words} cannot tell two strategies apart: even if every seed agreed, p would be {}; it takes at \
             least 6.",
            smallest_p(seeds)
        );
    }
    let [once, looking] = [Test::PairedT, Test::Sequence].map(|test| test.power(seeds, 1.0, LEVEL));
    let mut words = format!(
        "{seeds_words} find a difference of one standard deviation in {} of studies by a single t test, and in at \
         least {} where one looks after every seed.",
        percent(once),
        percent(looking)
    );
    if looking < 0.9 {
        words.push_str(" For 95 %, let seeds be added up to 25: most studies stop long before.");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_seeds_are_told_so_and_enough_are_not_sent_for_more() {
        assert!(seeds_can_show(5).contains("p would be 0.0625"));
        assert!(seeds_can_show(1).starts_with("1 seed cannot"));
        assert!(seeds_can_show(10).contains("up to 25"));
        assert!(!seeds_can_show(25).contains("up to 25"));
        assert!(seeds_can_show(25).contains("93.9 %"), "{}", seeds_can_show(25));
    }
}
