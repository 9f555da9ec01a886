//! What the goldens of PyTorch's schedulers hold, and how a case of them is run.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may panic, and each uses a part of it")]

use std::path::Path;

use lrlab_core::{
    Field, ParamGroup,
    scheduler::torch::{self, StateDict, StateValue, TorchScheduler},
    spec::TorchCall,
};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Goldens {
    cases: Vec<Case>,
}

/// A construction that is stepped thousands of times.
#[derive(Clone, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) constructor: String,
    pub(crate) base_lrs: Vec<f64>,
    pub(crate) optimizer: String,
    pub(crate) steps: usize,
    pub(crate) edits: Vec<(usize, usize, f64)>,
    pub(crate) metrics: Vec<StateValue>,
    pub(crate) last_lrs: Vec<Sequence>,
    pub(crate) momenta: Option<Vec<Sequence>>,
    pub(crate) closed_form: Option<Vec<Sequence>>,
    pub(crate) closed_form_error: Option<String>,
    pub(crate) saved: Vec<Saved>,
    pub(crate) state: StateDict,
    pub(crate) groups: Vec<StateDict>,
}

/// torch's own state dicts after some steps.
#[derive(Clone, Deserialize)]
pub(crate) struct Saved {
    pub(crate) step: usize,
    pub(crate) state: StateDict,
    pub(crate) groups: Vec<StateDict>,
}

/// One group's values over a case.
#[derive(Clone, Deserialize)]
pub(crate) struct Sequence {
    pub(crate) first: Vec<f64>,
    every_1000th: Vec<f64>,
    sha256: String,
}

impl Sequence {
    pub(crate) fn assert_equals(&self, got: &[f64], label: &str) {
        let at = |step: usize, want: f64| {
            assert_eq!(got[step].to_bits(), want.to_bits(), "{label} at {step}: {} for {want}", got[step]);
        };
        self.first.iter().enumerate().for_each(|(step, want)| at(step, *want));
        self.every_1000th.iter().enumerate().for_each(|(k, want)| at(1000 * k, *want));
        let bytes: Vec<u8> = got.iter().flat_map(|value| value.to_le_bytes()).collect();
        let hash = Sha256::digest(&bytes);
        let golden = self.sha256.as_bytes().chunks(2).map(|hex| std::str::from_utf8(hex).unwrap());
        let same = hash.iter().copied().eq(golden.map(|hex| u8::from_str_radix(hex, 16).unwrap()));
        assert!(same, "{label}: a value between the stored ones differs");
    }
}

pub(crate) fn read<T: DeserializeOwned>(file: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The cases of every file.
pub(crate) fn cases() -> Vec<Case> {
    ["schedulers", "schedulers_absolute", "schedulers_composed", "schedulers_plateau"]
        .iter()
        .flat_map(|name| read::<Goldens>(&format!("{name}.json")).cases)
        .collect()
}

/// A group as the optimizer of that name has it in torch.
pub(crate) fn group(optimizer: &str, lr: f64) -> ParamGroup {
    let fields: &[(Field, f64)] = match optimizer {
        "sgd" => &[(Field::Momentum, 0.9), (Field::Dampening, 0.0)],
        "adam" => &[(Field::Beta1, 0.9), (Field::Beta2, 0.999), (Field::Eps, 1e-8)],
        "adagrad" => &[(Field::Eps, 1e-10)],
        other => panic!("no optimizer {other}"),
    };
    let group = ParamGroup::new("g").with(Field::Lr, lr).with(Field::WeightDecay, 0.0);
    fields.iter().fold(group, |group, (field, value)| group.with(*field, *value))
}

/// What the group has in momentum's place.
pub(crate) fn momentum(group: &ParamGroup) -> Option<f64> {
    [Field::Beta1, Field::Momentum].into_iter().find(|field| group.has(*field)).map(|field| group.get(field))
}

/// The objects of a case on their way.
pub(crate) struct Run<'a> {
    case: &'a Case,
    pub(crate) groups: Vec<ParamGroup>,
    pub(crate) scheduler: Box<dyn TorchScheduler>,
}

impl Run<'_> {
    pub(crate) fn step(&mut self, step: usize) {
        self.case.edit(step, &mut self.groups);
        if self.case.metrics.is_empty() {
            self.scheduler.step(None, &mut self.groups).unwrap();
        } else {
            self.scheduler.metric(self.case.metric(step), None, &mut self.groups).unwrap();
        }
    }

    /// The bits of every group's rate and momentum.
    pub(crate) fn bits(&self) -> Vec<(u64, Option<u64>)> {
        self.groups.iter().map(|group| (group.lr().to_bits(), momentum(group).map(f64::to_bits))).collect()
    }
}

impl Case {
    pub(crate) fn new_groups(&self) -> Vec<ParamGroup> {
        self.base_lrs.iter().map(|lr| group(&self.optimizer, *lr)).collect()
    }

    pub(crate) fn call(&self) -> TorchCall {
        self.constructor.parse().unwrap()
    }

    pub(crate) fn start(&self) -> Run<'_> {
        let mut groups = self.new_groups();
        let scheduler = torch::build(&self.call(), &mut groups).unwrap();
        Run { case: self, groups, scheduler }
    }

    pub(crate) fn edit(&self, step: usize, groups: &mut [ParamGroup]) {
        for (_, group, lr) in self.edits.iter().filter(|(at, ..)| *at == step) {
            groups[*group].set(Field::Lr, *lr);
        }
    }

    /// The metric of step number `step`, from 1.
    pub(crate) fn metric(&self, step: usize) -> f64 {
        self.metrics[(step - 1) % self.metrics.len()].number().unwrap()
    }
}
