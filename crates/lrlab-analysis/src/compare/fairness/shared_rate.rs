//! `CF103`: all arms are compared at one learning rate that was tuned for none of them.

use lrlab_core::registry::Source;

use crate::lint::words::number;

use super::{ArmEffort, Fairness, Hit, Subject};

pub(super) static SHARED_RATE: Fairness = Fairness {
    code: "CF103",
    name: "shared-rate",
    summary: "two or more arms share one learning rate, and no other was tried for any of them",
    why: "Strategies want different rates: a cosine wants 1.4 to 2.5 times the rate of a constant one. At one shared \
          rate the order tells which strategy that rate suits.",
    fix: "tune the learning rate of every arm over its own grid, with the same number of trials",
    source: Source {
        citation: "Deep Learning Tuning Playbook (a learning rate is a nuisance parameter); 1.4 to 2.5: \
                   the best rates of the tabular benchmarks of HPOLib",
        link: "https://github.com/google-research/tuning_playbook",
    },
    check,
};

fn check(subject: &Subject<'_>) -> Vec<Hit> {
    let only = |effort: &ArmEffort| {
        let rate = effort.rate()?;
        effort.rates.iter().all(|result| result.rate == rate).then_some(rate)
    };
    let rates: Option<Vec<f64>> = subject.efforts.iter().map(only).collect();
    match rates.as_deref() {
        Some([first, rest @ ..]) if !rest.is_empty() && rest.iter().all(|rate| rate == first) => {
            let sentence =
                format!("all {} strategies are compared at the rate {}", rest.len() + 1, number(*first));
            vec![Hit::new(sentence)]
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::effort;
    use super::*;

    #[test]
    fn it_is_found_where_no_arm_had_another_rate() {
        let of = |efforts: &[ArmEffort]| check(&Subject { efforts, arms: &[] });
        let [one, same] = ["a", "b"].map(|label| effort(label, &[(0.1, 1.0)], 0));
        let found = of(&[one.clone(), same.clone()]);
        assert_eq!(found[0].sentence, "all 2 strategies are compared at the rate 0.1");
        assert!(of(std::slice::from_ref(&one)).is_empty());
        assert!(of(&[one.clone(), effort("b", &[(0.2, 1.0)], 0)]).is_empty());
        let tuned = effort("b", &[(0.1, 1.0), (0.2, 2.0)], 0);
        assert!(of(&[one, tuned]).is_empty(), "one of them was tuned");
        assert!(of(&[]).is_empty());
    }
}
