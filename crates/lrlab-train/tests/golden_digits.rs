//! The digits network, step by step against PyTorch: same weights, same rows, same losses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{fs::File, path::Path, sync::Arc};

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
    /// The optimizer of vectors, where the other takes matrices alone.
    biases: Option<String>,
    losses: Vec<f64>,
}

/// An optimizer with the parameters of some ranks.
struct Group {
    optimizer: Arc<dyn Optimizer>,
    values: ParamGroup,
    own: GroupState,
    states: Vec<ParamState>,
    ranks: &'static [usize],
}

impl Group {
    fn new(text: &str, ranks: &'static [usize]) -> Self {
        let built = text.parse::<OptimizerSpec>().unwrap().build().unwrap();
        let own = GroupState::new(&*built.optimizer);
        Self { optimizer: built.optimizer, values: built.group, own, states: Vec::new(), ranks }
    }

    fn step(&mut self, task: &mut dyn Task) {
        let optimizer = Arc::clone(&self.optimizer);
        optimizer.step(&mut Whole { task, group: self });
        self.own.t += 1;
        for state in &mut self.states {
            state.t += 1;
        }
    }
}

struct Whole<'a> {
    task: &'a mut dyn Task,
    group: &'a mut Group,
}

impl StepContext for Whole<'_> {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut self.group.own;
        GroupStep { group: &self.group.values, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        let mut next = 0;
        let Group { optimizer, values, own, states, ranks } = &mut *self.group;
        self.task.visit(&mut |param| {
            if !ranks.contains(&param.shape.len()) {
                return;
            }
            if states.len() == next {
                states.push(ParamState::new(&**optimizer, param.shape));
            }
            let state = &mut states[next];
            next += 1;
            f(ParamStep {
                name: param.name,
                shape: param.shape,
                transposed: param.transposed,
                at: Moment { group: values, t: state.t, numbers: &own.numbers },
                value: param.value,
                grad: param.grad,
                slots: &mut state.slices(),
            });
        });
    }
}

/// What the network's losses are under the optimizers of a run, batches in the file's order.
fn losses(run: &Run, steps: usize) -> Vec<f64> {
    let mut task = task::build(&"digits".parse().unwrap(), 0).unwrap();
    let mut groups = match &run.biases {
        None => vec![Group::new(&run.optimizer, &[1, 2])],
        Some(biases) => vec![Group::new(&run.optimizer, &[2]), Group::new(biases, &[1])],
    };
    let mut losses = Vec::new();
    for step in 0..steps {
        let first = (step % 44) as u64 * 32;
        let rows: Vec<u64> = (first..first + 32).collect();
        losses.push(task.gradients(Batch::Rows(&rows)).unwrap());
        for group in &mut groups {
            group.step(&mut *task);
        }
    }
    losses
}

#[test]
fn the_first_200_losses_are_pytorchs_under_every_optimizer_of_its() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/digits_parity.json");
    let golden: Golden = serde_json::from_reader(File::open(path).unwrap()).unwrap();
    let mut worst = 0.0_f64;
    for run in &golden.runs {
        let Run { optimizer, losses: theirs, .. } = run;
        assert_eq!(theirs.len(), 200);
        // Muon rounds its products to bfloat16, which training then carries on.
        let most = if optimizer.starts_with("Muon") { 3e-3 } else { 1e-4 };
        let mut farthest = 0.0_f64;
        for (step, (ours, theirs)) in losses(run, 200).iter().zip(theirs).enumerate() {
            let distance = (ours / theirs - 1.0).abs();
            assert!(distance < most, "{optimizer} step {step}: {ours} against {theirs}");
            farthest = farthest.max(distance);
        }
        println!("{optimizer}: {farthest:e}");
        worst = worst.max(farthest);
    }
    println!("worst of all: {worst:e}");
    for entry in OPTIMIZERS.iter().filter(|entry| entry.module == Module::Torch) {
        let named = |run: &Run| run.optimizer.parse::<OptimizerSpec>().unwrap().name == entry.name;
        assert!(golden.runs.iter().any(named), "{} has no run", entry.name);
    }
}
