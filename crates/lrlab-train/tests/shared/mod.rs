//! What the tests of this crate share.

use std::sync::Arc;

use lrlab_core::{Event, TrialSpec};
use lrlab_train::{Observer, TrainError, Trial};

/// Keeps every event.
#[derive(Default)]
#[allow(dead_code, reason = "not every test file keeps events")]
pub(crate) struct Events(pub(crate) Vec<Event>);

impl Observer for Events {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        self.0.push(event.clone());
        Ok(())
    }
}

/// A trial from texts, without measurements.
pub(crate) fn spec(task: &str, strategy: &str, seed: u64, budget: &str) -> TrialSpec {
    TrialSpec {
        task: task.parse().unwrap(),
        strategy: Arc::new(strategy.parse().unwrap()),
        seed,
        budget: budget.parse().unwrap(),
        batch_size: None,
        measure: false,
        stop: None,
    }
}

/// All events of a trial.
#[allow(dead_code, reason = "not every test file runs trials undisturbed")]
pub(crate) fn run(spec: &TrialSpec) -> Vec<Event> {
    let mut events = Events::default();
    Trial::new(spec).unwrap().run(&mut events).unwrap();
    events.0
}

/// The losses of all steps.
#[allow(dead_code, reason = "not every test file looks at losses")]
pub(crate) fn losses(events: &[Event]) -> Vec<f64> {
    events
        .iter()
        .filter_map(|event| if let Event::Step(step) = event { Some(step.loss) } else { None })
        .collect()
}

/// An IDX file of bytes in these axes.
#[allow(dead_code, reason = "not every test file reads files")]
pub(crate) fn idx(axes: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, axes.len() as u8];
    for axis in axes {
        file.extend([0, 0, 0, *axis]);
    }
    file.extend_from_slice(bytes);
    file
}
