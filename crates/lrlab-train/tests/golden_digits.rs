//! The digits network, step by step against PyTorch: same weights, same rows, same losses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{fs::File, path::Path};

use lrlab_core::{
    OptimizerSpec, ParamGroup,
    optimizer::{
        GroupState, GroupStep, Moment, Optimizer, ParamState, ParamStep, StepContext,
        registry::{Module, OPTIMIZERS},
    },
};
use lrlab_train::{Batch, Task, task};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    optimizer: String,
    losses: Vec<f64>,
}

struct Whole<'a> {
    task: &'a mut dyn Task,
    optimizer: &'a dyn Optimizer,
    group: &'a ParamGroup,
    own: &'a mut GroupState,
    states: &'a mut Vec<ParamState>,
}

impl StepContext for Whole<'_> {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut *self.own;
        GroupStep { group: self.group, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        let mut next = 0;
        self.task.visit(&mut |param| {
            if self.states.len() == next {
                self.states.push(ParamState::new(self.optimizer, param.shape));
            }
            let state = &mut self.states[next];
            next += 1;
            f(ParamStep {
                name: param.name,
                shape: param.shape,
                at: Moment { group: self.group, t: state.t, numbers: &self.own.numbers },
                value: param.value,
                grad: param.grad,
                slots: &mut state.slices(),
            });
        });
    }
}

/// What the network's losses are under an optimizer, batches in the file's order.
fn losses(text: &str, steps: usize) -> Vec<f64> {
    let mut task = task::build(&"digits".parse().unwrap(), 0).unwrap();
    let built = text.parse::<OptimizerSpec>().unwrap().build().unwrap();
    let (mut own, mut states) = (GroupState::new(&*built.optimizer), Vec::new());
    let mut losses = Vec::new();
    for step in 0..steps {
        let first = (step % 44) as u64 * 32;
        let rows: Vec<u64> = (first..first + 32).collect();
        losses.push(task.gradients(Batch::Rows(&rows)).unwrap());
        built.optimizer.step(&mut Whole {
            task: &mut *task,
            optimizer: &*built.optimizer,
            group: &built.group,
            own: &mut own,
            states: &mut states,
        });
        own.t += 1;
        for state in &mut states {
            state.t += 1;
        }
    }
    losses
}

#[test]
fn the_first_200_losses_are_pytorchs_under_every_optimizer_of_its() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/digits_parity.json");
    let golden: Golden = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let mut worst = 0.0_f64;
    for Run { optimizer, losses: theirs } in &golden.runs {
        assert_eq!(theirs.len(), 200);
        let mut farthest = 0.0_f64;
        for (step, (ours, theirs)) in losses(optimizer, 200).iter().zip(theirs).enumerate() {
            let distance = (ours / theirs - 1.0).abs();
            assert!(distance < 1e-4, "{optimizer} step {step}: {ours} against {theirs}");
            farthest = farthest.max(distance);
        }
        println!("{optimizer}: {farthest:e}");
        worst = worst.max(farthest);
    }
    println!("worst of all: {worst:e}");
    // Muon takes matrices alone, and rounds its products to bfloat16.
    for entry in OPTIMIZERS.iter().filter(|entry| entry.module == Module::Torch && entry.name != "muon") {
        let named = |run: &Run| run.optimizer.parse::<OptimizerSpec>().unwrap().name == entry.name;
        assert!(golden.runs.iter().any(named), "{} has no run", entry.name);
    }
}
