//! What is to be told of a comparison beside its table: how rates were chosen, what failed, what to do.

use std::collections::BTreeMap;

use lrlab_analysis::{
    Comparison, StudyRuns,
    compare::{Cost, Recommendation, fairness::Finding, seeds_can_show, sensitivity},
    find_report::rate,
    planner::{CompareAnswer, TunedArm},
};
use lrlab_core::{Outcome, Tuning};

/// All of it, for a report; nothing about rates where there is one strategy at its own.
pub fn text(runs: &StudyRuns, comparison: &Comparison) -> Vec<String> {
    let answer = runs.answer();
    let alone = runs.arms.len() < 2 && runs.spec.protocol.tuning == Tuning::AsWritten;
    let rates = if alone { Vec::new() } else { rates(runs, answer.as_ref()) };
    let rest = failures(runs).into_iter().chain(advice(runs, comparison, answer.as_ref()));
    rates.into_iter().chain(rest).collect()
}

/// How the rates were chosen, and which they are: sentences for the head of a study.
pub fn rates(runs: &StudyRuns, answer: Option<&CompareAnswer>) -> Vec<String> {
    let protocol = &runs.spec.protocol;
    let head = match runs.spec.shared_rate() {
        Some(lr) => format!(
            "Compared at one shared rate, lr = {}: each strategy has a best rate of its own, so that this often \
             names the wrong winner.",
            rate(lr)
        ),
        None if runs.spec.is_recorded() => {
            "Recorded from trainings that other code ran: how their rates were chosen is not known here."
                .to_owned()
        }
        None => protocol.tuning.words(),
    };
    let mut told = vec![head];
    let Some(answer) = answer.filter(|_| protocol.tuning != Tuning::AsWritten) else { return told };
    for (arm, tuned) in runs.spec.arms.iter().zip(&answer.arms) {
        let how = if arm.strategy.has_own_rate() {
            format!("lr = {}, which its code brings: it was not tuned", rate(arm.strategy.lr()))
        } else {
            chosen(tuned)
        };
        told.push(format!("{}: {how}", arm.label));
    }
    if answer.arms.iter().any(|arm| !arm.given_up.is_empty()) {
        told.push(
            "Rates were given up by their rank within one strategy; that assumes that a rate behind half of the \
             others so early would be behind at the end too."
                .to_owned(),
        );
    }
    told
}

/// The rate of an arm, and what choosing it took.
fn chosen(arm: &TunedArm) -> String {
    let tried = match arm.rates.as_slice() {
        [] => "no rate came to its end".to_owned(),
        [one] => format!("only {} was tried", rate(one.rate)),
        [first, .., last] => {
            format!("{} rates tried from {} to {}", arm.rates.len(), rate(first.rate), rate(last.rate))
        }
    };
    let given_up = match arm.given_up.as_slice() {
        [] => String::new(),
        rates => {
            format!("; stopped early: {}", rates.iter().map(|lr| rate(*lr)).collect::<Vec<_>>().join(", "))
        }
    };
    let cost = format!("{} trials, {} gradient evaluations", arm.trials, arm.gradients);
    let lr = rate(arm.strategy.lr());
    match (arm.chosen, arm.decided) {
        (None, _) => format!(
            "no rate that was tried came to its end; compared at lr = {lr} as written ({tried}; {cost})"
        ),
        (_, true) => format!("lr = {lr} ({tried}{given_up}; {cost}{})", off(arm)),
        (_, false) => format!("lr = {lr}, not settled: more effort may find a better one ({tried}; {cost})"),
    }
}

/// What half and twice the rate cost, where rates so far off were tried.
fn off(arm: &TunedArm) -> String {
    let Ok(Some(found)) = sensitivity(&arm.rates) else { return String::new() };
    let cost = |factor: f64, what: &str| {
        let off = found.costs.iter().find(|off| off.factor == factor)?;
        match off.cost {
            Cost::Higher(more) => Some(format!("{what} costs {}", short(more))),
            Cost::Diverges => Some(format!("{what} diverges")),
            Cost::NearDivergence => Some(format!("{what} is near divergence")),
            Cost::Unknown => None,
        }
    };
    let told: Vec<String> =
        [cost(0.5, "half of the best tried"), cost(2.0, "twice of it")].into_iter().flatten().collect();
    if told.is_empty() { String::new() } else { format!("; {}", told.join(", ")) }
}

/// A number with two significant digits.
fn short(value: f64) -> String {
    format!("{value:.1e}").parse::<f64>().map_or_else(|_| value.to_string(), |value| value.to_string())
}

/// What went wrong, a sentence for each message, the commonest first.
pub fn failures(runs: &StudyRuns) -> Vec<String> {
    let mut messages: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for arm in &runs.arms {
        let ended = arm.runs.iter().map(|run| run.outcome.as_ref());
        let tuned = arm.tuning.iter().map(|result| result.outcome.as_ref());
        let failed = ended.chain(tuned).filter_map(|outcome| match outcome {
            Some(Outcome::Failed { why }) => Some(why),
            _ => None,
        });
        for why in failed.chain(arm.unbuilt.iter().map(|unbuilt| &unbuilt.why)) {
            *messages.entry((&arm.label, why)).or_default() += 1;
        }
    }
    let mut messages: Vec<_> = messages.into_iter().collect();
    messages.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let told = messages.iter().take(MESSAGES).map(|((label, why), times)| {
        let trials = if *times == 1 { "a trial".to_owned() } else { format!("{times} trials") };
        format!("{trials} of {label} failed: {why}")
    });
    let rest = messages.len().saturating_sub(MESSAGES);
    told.chain((rest > 0).then(|| format!("{rest} more messages are in the logs."))).collect()
}

/// Messages of failures that are told.
const MESSAGES: usize = 5;

/// What to do: the recommendation, what the seeds came to, and what speaks against believing it.
pub fn advice(runs: &StudyRuns, comparison: &Comparison, answer: Option<&CompareAnswer>) -> Vec<String> {
    let mut told = Vec::new();
    let planned = runs.spec.protocol.stop_early || runs.spec.protocol.tuning != Tuning::AsWritten;
    if answer.is_none() && planned {
        told.push("The study has not come to its end: this is what there is so far.".to_owned());
    }
    if runs.arms.len() > 1 {
        told.push(comparison.recommendation_words());
        told.extend(answer.and_then(CompareAnswer::saved_words));
        let looked = runs.spec.protocol.stop_early;
        if let (Recommendation::Undecided { .. }, true) = (&comparison.recommendation, looked) {
            told.push(seeds_can_show(runs.spec.seeds.len()));
        }
    }
    if runs.spec.protocol.target.is_some() {
        told.push(comparison.target_words.clone());
    }
    told.extend(comparison.notes.iter().cloned());
    if let Some(answer) = answer.filter(|_| runs.arms.len() > 1) {
        told.extend(doubts(runs, answer));
    }
    told
}

/// What the fairness checks found, a sentence for each check.
fn doubts(runs: &StudyRuns, answer: &CompareAnswer) -> Vec<String> {
    let found = runs.findings(answer);
    let of_one_check = found.chunk_by(|a, b| a.code == b.code);
    of_one_check
        .map(|findings| {
            let Finding { code, sentence, fix, .. } = &findings[0];
            let others = match findings.len() {
                1 => String::new(),
                2 => ", and the same of another strategy".to_owned(),
                more => format!(", and the same of {} others", more - 1),
            };
            format!("Before you believe it ({code}): {sentence}{others}; {fix}.")
        })
        .collect()
}
