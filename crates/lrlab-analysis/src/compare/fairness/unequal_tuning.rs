//! `CF202`: one arm was tuned with more effort than another.

use crate::lint::words::count;

use super::{ArmEffort, Fairness, Hit, PLAYBOOK, Subject};

/// The most that an arm may have spent, over what the least tuned one spent.
const MORE: f64 = 1.1;

pub(super) static UNEQUAL_TUNING: Fairness = Fairness {
    code: "CF202",
    name: "unequal-tuning",
    summary: "one arm was tuned with over 1.1 times the trials or gradient evaluations of another",
    why: "The best of more trials is lower by luck alone, and a finer grid finds a better rate.",
    fix: "give every arm the same number of trials of the same length",
    source: PLAYBOOK,
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let trials = |effort: &ArmEffort| effort.trials as u64;
    let gradients = |effort: &ArmEffort| effort.gradients;
    let hit = unequal(subject.efforts, trials, "trial")
        .or_else(|| unequal(subject.efforts, gradients, "gradient evaluation"));
    hit.into_iter().collect()
}

fn unequal(efforts: &[ArmEffort], spent: impl Fn(&ArmEffort) -> u64, what: &str) -> Option<Hit> {
    let least = efforts.iter().min_by_key(|effort| spent(effort))?;
    let most = efforts.iter().max_by_key(|effort| spent(effort))?;
    (spent(most) as f64 > MORE * spent(least) as f64).then(|| {
        Hit::new(format!(
            "{} was tuned with {}, {} with {}",
            most.label,
            count(spent(most), what),
            least.label,
            count(spent(least), what)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::effort;
    use super::*;

    fn spent(trials: usize, gradients: u64) -> ArmEffort {
        ArmEffort { trials, gradients, ..effort("a", &[(0.1, 1.0)], 0) }
    }

    #[test]
    fn it_is_found_in_trials_and_in_gradients() {
        let of = |efforts: &[ArmEffort]| check(&Subject { efforts, arms: &[] });
        let sentence = |efforts: &[ArmEffort]| of(efforts)[0].sentence.clone();
        assert_eq!(sentence(&[spent(20, 900), spent(5, 900)]), "a was tuned with 20 trials, a with 5 trials");
        assert!(sentence(&[spent(5, 900), spent(5, 1000)]).contains("1000 gradient evaluations"));
        assert!(of(&[spent(20, 900), spent(19, 850)]).is_empty());
        assert_eq!(of(&[spent(3, 10), spent(0, 0)]).len(), 1, "one was not tuned at all");
        assert!(of(&[]).is_empty() && of(&[spent(0, 0), spent(0, 0)]).is_empty());
    }
}
