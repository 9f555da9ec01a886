//! The digits network, step by step against PyTorch: same weights, same rows, same losses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{fs::File, path::Path};

use lrlab_core::{
    OptimizerSpec, ParamGroup,
    optimizer::{GroupStep, Moment, ParamState, ParamStep, StepContext},
};
use lrlab_train::{Batch, Task, task};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    losses: Vec<f64>,
}

struct Whole<'a> {
    task: &'a mut dyn Task,
    group: &'a ParamGroup,
    states: &'a mut Vec<ParamState>,
}

impl StepContext for Whole<'_> {
    fn group(&mut self) -> GroupStep<'_> {
        GroupStep { group: self.group, t: 0, numbers: &mut [] }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        let mut next = 0;
        self.task.visit(&mut |param| {
            if self.states.len() == next {
                self.states.push(ParamState { t: 0, slots: vec![vec![0.0; param.value.len()]] });
            }
            let state = &mut self.states[next];
            next += 1;
            f(ParamStep {
                name: param.name,
                shape: param.shape,
                at: Moment { group: self.group, t: state.t, numbers: &[] },
                value: param.value,
                grad: param.grad,
                slots: &mut state.slices(),
            });
            state.t += 1;
        });
    }
}

#[test]
fn first_hundred_losses_are_pytorchs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/digits_parity.json");
    let golden: Golden = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    assert_eq!(golden.losses.len(), 100);
    let mut task = task::build(&"digits".parse().unwrap(), 0).unwrap();
    let built = "sgd lr=0.1 momentum=0.9".parse::<OptimizerSpec>().unwrap().build().unwrap();
    let mut states = Vec::new();
    for (step, theirs) in golden.losses.iter().enumerate() {
        let first = (step % 44) as u64 * 32;
        let rows: Vec<u64> = (first..first + 32).collect();
        let ours = task.gradients(Batch::Rows(&rows)).unwrap();
        assert!((ours / theirs - 1.0).abs() < 1e-4, "step {step}: {ours} against {theirs}");
        built.optimizer.step(&mut Whole { task: &mut *task, group: &built.group, states: &mut states });
    }
}
