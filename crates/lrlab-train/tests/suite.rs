//! What every problem of the suite must hold to; a new entry is tested by being listed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod shared;

use std::collections::BTreeSet;

use lrlab_core::{Event, Outcome, optimizer::registry::OPTIMIZERS};
use lrlab_train::{
    suite::{self, Problem, SUITE, Split},
    task,
};
use shared::{losses, run, spec};

fn of(split: Split) -> impl Iterator<Item = &'static Problem> {
    SUITE.iter().copied().filter(move |problem| problem.split == split)
}

#[test]
fn says_what_it_is() {
    let names: BTreeSet<String> = SUITE.iter().map(|problem| problem.name.replace('_', "-")).collect();
    assert_eq!(names.len(), SUITE.len(), "names are unique");
    for problem in SUITE {
        assert!(!problem.summary.is_empty() && !problem.summary.ends_with('.'), "{}", problem.name);
        assert_eq!(suite::find(&problem.name.replace('-', "_")).unwrap().name, problem.name);
        assert!(task::build(&problem.task_spec().unwrap(), 0).is_ok(), "{}", problem.name);
        let optimizer = problem.optimizer_spec().unwrap();
        assert!(OPTIMIZERS.iter().any(|entry| entry.name == optimizer.name), "{}", problem.name);
        assert!(!optimizer.args.contains_key("lr"), "{}: the rate is what is to be found", problem.name);
        assert_eq!(problem.duration().unwrap().to_string(), problem.budget, "{}", problem.name);
    }
}

#[test]
fn both_splits_are_large_and_share_no_problem() {
    assert!(SUITE.len() >= 30);
    assert!(of(Split::Tuning).count() >= 15 && of(Split::HeldOut).count() >= 15);
    // The same model under the same optimizer on both sides would be tuned on, whatever its budget.
    let tuned: BTreeSet<_> = of(Split::Tuning).map(|p| (p.task, p.optimizer)).collect();
    for problem in of(Split::HeldOut) {
        assert!(!tuned.contains(&(problem.task, problem.optimizer)), "{}", problem.name);
    }
}

#[test]
fn the_split_follows_its_rule() {
    let families = |split| -> BTreeSet<&str> {
        of(split).map(|problem| problem.task.split(' ').next().unwrap()).collect()
    };
    let (tuning, held_out) = (families(Split::Tuning), families(Split::HeldOut));
    assert_eq!(
        tuning.difference(&held_out).copied().collect::<Vec<_>>(),
        ["breast-cancer", "deep-linear", "modular-addition"]
    );
    assert_eq!(
        held_out.difference(&tuning).copied().collect::<Vec<_>>(),
        ["rosenbrock", "teacher-student", "wine"]
    );
}

#[test]
fn every_problem_builds_and_trains() {
    for problem in SUITE {
        let mut trial = spec(problem.task, &format!("{} lr=0.001", problem.optimizer), 0, "3 steps");
        trial.batch_size = problem.batch_size;
        let events = run(&trial);
        assert_eq!(losses(&events).len(), 3, "{}", problem.name);
        let Some(Event::Finished { outcome: Outcome::Completed }) = events.last() else {
            panic!("{}: {:?}", problem.name, events.last())
        };
    }
}
