//! Trials that fail in a user's own code: told with their message, and the study goes on.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab::{
    BuiltStrategy, Optimizer, Outcome, Question, StudyDraft, StudySpec,
    analysis::{
        StudyRuns,
        planner::{CompareAnswer, ComparePlanner, Ended},
    },
    core::{
        optimizer::{Moment, Slot, StepContext},
        schedule,
    },
    investigate::Investigator,
    train::{StudyFolder, study::study_horizon},
};

/// Descent that panics at its third update where it is told to.
#[derive(Debug)]
struct Careless {
    panics: bool,
}

impl Optimizer for Careless {
    fn slots(&self, _: &[usize]) -> Vec<Slot> {
        Vec::new()
    }

    fn step(&self, context: &mut dyn StepContext) {
        context.for_each(&mut |p| {
            assert!(!(self.panics && p.at.t == 2), "lost the third update of {}", p.name);
            p.value.iter_mut().zip(&*p.grad).for_each(|(x, g)| *x -= p.at.group.lr() as f32 * g);
        });
    }

    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        2.0 / at.group.lr()
    }
}

fn study(extra: &str) -> StudySpec {
    let text = format!(
        "task = \"line\"\nbudget = \"20 steps\"\n{extra}\n\
         arms = [{{ label = \"mine\", strategy = \"sgd lr=0.05\" }}, {{ label = \"sgd\", strategy = \"sgd lr=0.05\" }}]"
    );
    let draft: StudyDraft = toml::from_str(&text).unwrap();
    draft.studies().unwrap().remove(0)
}

/// Runs a study whose first arm panics while it trains with seed 3, and cannot be built for seed 5.
fn ask(spec: &StudySpec, folder: &StudyFolder) -> CompareAnswer {
    let own = |arm: usize, trial: &lrlab::TrialSpec, _: lrlab::Horizon| {
        assert!(arm != 0 || trial.seed != 5, "no such weights");
        let optimizer = Careless { panics: trial.seed == 3 };
        let constant = schedule::from_fn(|_, base| base);
        (arm == 0).then(|| BuiltStrategy::of(optimizer, constant, trial.strategy.lr()))
    };
    let mut planner = ComparePlanner::new(spec.clone(), study_horizon(spec).unwrap());
    let stop = false.into();
    Investigator::new(folder, &stop).with_strategies(&own).ask(&mut planner, &()).unwrap()
}

#[test]
fn a_trial_that_panics_is_failed_with_its_message_and_the_study_goes_on() {
    let spec = study("tune = \"as written\"\nseeds = 8\nstop_early = false");
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("study");
    let folder = StudyFolder::create(&path, Question::Compare(spec.clone())).unwrap();
    let answer = ask(&spec, &folder);
    assert_eq!((answer.best, answer.ended), (Some(1), Ended::OnlyOne));

    let runs = StudyRuns::read(&path).unwrap();
    let [mine, sgd] = runs.arms.as_slice() else { panic!("two arms") };
    // One that could not be built has a log of its message alone.
    assert_eq!((mine.runs.len(), sgd.runs.len()), (7, 8));
    assert_eq!(mine.unbuilt.len(), 1);
    assert_eq!(mine.unbuilt[0].name, "000-mine-seed5");
    assert!(mine.unbuilt[0].why.contains("no such weights"), "{:?}", mine.unbuilt);
    let failed: Vec<&Outcome> = mine
        .runs
        .iter()
        .filter_map(|run| run.outcome.as_ref())
        .filter(|o| **o != Outcome::Completed)
        .collect();
    let [Outcome::Failed { why }] = failed.as_slice() else { panic!("{failed:?}") };
    assert!(why.contains("lost the third update"), "{why}");
    assert_eq!(lrlab::analysis::compare(&runs).rows[0].failed, 2);

    // What failed has ended: the same question has the same answer, from the logs too.
    assert_eq!(ask(&spec, &folder), answer);
    assert_eq!(runs.answer(), Some(answer));
}

#[test]
fn arms_of_the_same_formula_have_the_same_runs() {
    let spec = study("tune = { rates = [0.02, 0.05], halving = true }\nseeds = [0, 1, 2, 4, 6, 7, 8]");
    let home = tempfile::tempdir().unwrap();
    let folder = StudyFolder::create(&home.path().join("study"), Question::Compare(spec.clone())).unwrap();
    let answer = ask(&spec, &folder);
    let [mine, sgd] = answer.arms.as_slice() else { panic!("two arms") };
    assert_eq!((&mine.rates, mine.chosen), (&sgd.rates, sgd.chosen));
    // They never differ, which is known as soon as anything can be.
    assert_eq!((answer.ended, mine.seeds), (Ended::Tied, 6));
}
