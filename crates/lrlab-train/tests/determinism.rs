//! Equal trials give equal bits, measured or not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use lrlab_core::{Event, event::Probe};
use shared::{run, spec};

#[test]
fn measurements_leave_training_undisturbed() {
    for (task, strategy, budget) in [
        ("digits", "sgd lr=0.1 momentum=0.9 | cosine to 0", "2 epochs"),
        ("digits model=softmax", "adam lr=0.01", "1 epoch"),
        ("noisy-line", "sgd lr=0.03", "50 steps"),
        ("line", "sgd lr=0.1", "15 steps"),
        ("quadratic spectrum=1,10,100 noise=0.1", "sgd lr=0.01 momentum=0.5", "40 steps"),
        ("breast-cancer", "adam lr=0.01", "2 epochs"),
        ("wine model=softmax", "sgd lr=0.1", "2 epochs"),
        ("mnist-1d hidden=8", "sgd lr=0.1", "1 epoch"),
        ("modular-addition hidden=8", "sgd lr=0.1", "2 epochs"),
        ("teacher-student noise=0.1", "sgd lr=0.1", "40 steps"),
        ("deep-linear data=stream", "sgd lr=0.1", "40 steps"),
        ("power-law noise=0.1", "sgd lr=0.1", "40 steps"),
        ("austen-char layers=1 heads=2 width=8 context=16", "adam lr=0.01", "40 steps"),
        ("rosenbrock noise=0.1", "sgd lr=0.001", "40 steps"),
        ("digits", "adamw lr=0.01 | accumulate 4 batches | no decay for *.bias | ema 0.9 judged", "2 epochs"),
        ("digits", "schedule-free-adamw lr=0.01 | clip value 0.01 | swa from 50% every 7 steps", "2 epochs"),
    ] {
        let mut trial = spec(task, strategy, 3, budget);
        let steps = |events: Vec<Event>| -> Vec<Event> {
            events.into_iter().filter(|event| matches!(event, Event::Step(_) | Event::Validated(_))).collect()
        };
        let plain = run(&trial);
        assert!(!plain.iter().any(|event| matches!(event, Event::Probed(_))));
        trial.measure = true;
        let measured = run(&trial);
        let branches = measured
            .iter()
            .filter(|event| matches!(event, Event::Probed(p) if matches!(p.probe, Probe::Branch { .. })));
        assert_eq!(branches.count(), 1, "{task}: one set of branches");
        assert_eq!(steps(plain), steps(measured), "{task}, {strategy}");
    }
}
