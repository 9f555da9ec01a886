//! Verdicts: a word for how a run went, with the rule and the numbers behind it.
//!
//! A verdict never rests on the loss going up now and then, nor on the share of steps that turn
//! back: a full-batch run can leap across the valley with its loss falling at every step, and on
//! mini-batches noise turns half of the steps at any rate. It rests on how the run answers another
//! rate: clones that left it near its end and went on with half and with raised rates
//! ([`Probe::Branch`](lrlab_core::event::Probe::Branch)).
//!
//! Each rule lives in a file of its own and is listed once in [`DIAGNOSES`].

use crate::{Run, statistics::mean};

mod crawling;
mod diverged;
mod jumping;
mod reading;
mod sample;
mod settled;

use reading::{BranchReading, Reading};
use sample::{Held, Sample};

/// What a run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// The loss grew out of bounds, or ended above where it began.
    Diverged,
    /// The rate is too high for what is left: a lower one would at once be lower in loss.
    Jumping,
    /// The rate is too low for the budget: a higher one would be faster by much.
    Crawling,
    /// Neither a lower nor a higher rate would help by much at the end.
    Settled,
    /// The evidence does not say.
    Undecided,
}

impl Word {
    /// The word as tables show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Diverged => "diverged",
            Self::Jumping => "jumping",
            Self::Crawling => "crawling",
            Self::Settled => "settled",
            Self::Undecided => "undecided",
        }
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A number that a rule looked at.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Evidence {
    /// What it is, in words: "loss at half the rate".
    pub name: String,
    /// Its value; over several runs, their mean.
    pub value: f64,
    /// The bound that the rule holds it against, where it has one.
    pub bound: Option<f64>,
    /// The 95 % t-interval of the mean over the arm's runs, where noise moved several.
    pub interval: Option<[f64; 2]>,
}

/// A word with its reasons.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Verdict {
    /// The word.
    pub word: Word,
    /// The rule that gave it, as one sentence with its thresholds.
    pub rule: String,
    /// What it looked at.
    pub evidence: Vec<Evidence>,
}

/// A rule that gives a word.
#[derive(Debug)]
pub struct Diagnosis {
    /// The word it gives.
    pub word: Word,
    /// When it gives it, as one sentence with its thresholds.
    pub rule: &'static str,
    judge: fn(&Readings) -> Finding,
}

/// Every rule. `settled` is what is left when all others have been ruled out, so it stands last.
pub static DIAGNOSES: &[&Diagnosis] =
    &[&diverged::DIVERGED, &jumping::JUMPING, &crawling::CRAWLING, &settled::SETTLED];

/// What a rule found.
struct Finding {
    held: Held,
    evidence: Vec<Evidence>,
}

/// What all rules look at: the readings of an arm's runs.
struct Readings {
    /// Of the runs that used up their budget.
    runs: Vec<Reading>,
    /// Step and loss of each run that blew up.
    blown_up: Vec<(u64, f64)>,
    /// Whether no noise moved any of the runs.
    noiseless: bool,
}

impl Readings {
    fn of(runs: &[Run]) -> Self {
        Self {
            runs: runs.iter().filter_map(Reading::of).collect(),
            blown_up: runs.iter().filter_map(diverged::blown_up).collect(),
            noiseless: runs.iter().all(|run| run.started.full_batch),
        }
    }

    /// Runs that have clones, with their starting loss.
    fn branches(&self) -> Vec<(f64, BranchReading)> {
        self.runs.iter().filter_map(|run| run.branch.map(|branch| (run.start, branch))).collect()
    }

    /// `over` / `under`, both of the starting loss and the branch.
    fn branch_ratio(
        &self,
        over: impl Fn(f64, &BranchReading) -> f64,
        under: impl Fn(f64, &BranchReading) -> f64,
    ) -> Sample {
        let branches = self.branches();
        let over: Vec<f64> = branches.iter().map(|(start, branch)| over(*start, branch)).collect();
        let under: Vec<f64> = branches.iter().map(|(start, branch)| under(*start, branch)).collect();
        Sample::ratio(&over, &under, self.noiseless)
    }

    /// A number of each run that has it.
    fn sample(&self, number: impl Fn(&Reading) -> Option<f64>) -> Sample {
        Sample::new(self.runs.iter().filter_map(number).collect(), self.noiseless)
    }

    /// The mean of a number over the runs that have it, as evidence that no rule holds to a bound.
    fn context(&self, name: &str, number: impl Fn(&Reading) -> Option<f64>) -> Option<Evidence> {
        let sample = self.sample(number);
        (!sample.is_empty()).then(|| sample.evidence(name, None))
    }

    /// The clones' losses.
    fn branch_losses(&self) -> Vec<Evidence> {
        let branches = self.branches();
        let of = |name: &str, loss: fn(&BranchReading) -> f64| {
            let losses: Vec<f64> = branches.iter().map(|(_, branch)| loss(branch)).collect();
            Evidence { name: name.to_owned(), value: mean(&losses), bound: None, interval: None }
        };
        vec![
            of("loss where the clones left", |branch| branch.from),
            of("loss at the run's own rate", |branch| branch.same),
            of("loss at half the rate", |branch| branch.half),
            of("loss at the raised rate", |branch| branch.raised),
        ]
    }
}

/// Judges one run. On mini-batches a single run has no interval, and the verdict says so.
pub fn diagnose(run: &Run) -> Verdict {
    diagnose_arm(std::slice::from_ref(run))
}

/// Judges an arm: the evidence of all its runs together.
///
/// Where noise moves the runs, a number is their mean and holds only if its whole 95 % t-interval
/// clears the bound; noiseless runs are exact, and all of them must clear it. Runs that failed or
/// did not end say nothing.
pub fn diagnose_arm(runs: &[Run]) -> Verdict {
    let readings = Readings::of(runs);
    let findings: Vec<(&Diagnosis, Finding)> =
        DIAGNOSES.iter().map(|diagnosis| (*diagnosis, (diagnosis.judge)(&readings))).collect();
    let (word, mut rule) = decide(&readings, &findings);
    if readings.runs.len() == 1 && !readings.noiseless && !matches!(word, Word::Diverged | Word::Undecided) {
        rule.push_str(
            " (One run on mini-batches: without other seeds, chance may have made the difference.)",
        );
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    for (diagnosis, finding) in findings {
        if word == Word::Diverged && diagnosis.word != Word::Diverged {
            continue;
        }
        for item in finding.evidence {
            if evidence.iter().all(|known| known.name != item.name) {
                evidence.push(item);
            }
        }
    }
    Verdict { word, rule, evidence }
}

fn decide(readings: &Readings, findings: &[(&Diagnosis, Finding)]) -> (Word, String) {
    let with =
        |held: Held| findings.iter().filter(move |(_, f)| f.held == held).map(|(diagnosis, _)| *diagnosis);
    let undecided = |why: String| (Word::Undecided, why);
    // A run that blew up needs no second opinion.
    let mut holding = with(Held::Yes).filter(|diagnosis| diagnosis.word != Word::Settled);
    match (holding.next(), holding.next()) {
        (Some(first), None) => return (first.word, first.rule.to_owned()),
        (Some(first), Some(_)) if first.word == Word::Diverged => return (first.word, first.rule.to_owned()),
        (Some(first), Some(second)) => {
            return undecided(format!(
                "Undecided: the rules for {} and {} both hold.",
                first.word, second.word
            ));
        }
        _ => {}
    }
    if readings.runs.is_empty() {
        return undecided("Undecided: no run used up its budget.".to_owned());
    }
    if readings.branches().is_empty() {
        return undecided("Undecided: no clone was continued at another rate.".to_owned());
    }
    match with(Held::Unclear).next() {
        Some(unclear) => undecided(format!(
            "Undecided: the evidence does not clear the bounds of \"{}\": {}",
            unclear.word, unclear.rule
        )),
        None => (Word::Settled, settled::SETTLED.rule.to_owned()),
    }
}
