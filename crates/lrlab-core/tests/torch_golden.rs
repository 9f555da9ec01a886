//! The replay of PyTorch's schedulers against PyTorch's own bits in `golden/pytorch/schedulers.json`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::{collections::BTreeMap, path::Path};

use lrlab_core::{
    Field, ParamGroup, Scheduler,
    scheduler::torch::{self, CLASSES, TorchPlan},
    spec::TorchCall,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Goldens {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    constructor: String,
    base_lrs: Vec<f64>,
    steps: usize,
    edits: Vec<(usize, usize, f64)>,
    last_lrs: Vec<Sequence>,
    closed_form: Option<Vec<Sequence>>,
    closed_form_error: Option<String>,
}

#[derive(Deserialize)]
struct Sequence {
    first: Vec<f64>,
    every_1000th: Vec<f64>,
    sha256: String,
}

impl Sequence {
    fn assert_equals(&self, got: &[f64], label: &str) {
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

fn goldens() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/schedulers.json");
    let goldens: Goldens = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    goldens.cases
}

/// The rates of each group over a case's steps, by recursion and by closed form.
struct Rates {
    recursion: Vec<Vec<f64>>,
    closed: Result<Option<Vec<Vec<f64>>>, &'static str>,
}

impl Case {
    fn groups(&self) -> Vec<ParamGroup> {
        self.base_lrs.iter().map(|lr| ParamGroup::new("g").with(Field::Lr, *lr)).collect()
    }

    fn call(&self) -> TorchCall {
        self.constructor.parse().unwrap()
    }

    fn edit(&self, step: usize, groups: &mut [ParamGroup]) {
        for (_, group, lr) in self.edits.iter().filter(|(at, ..)| *at == step) {
            groups[*group].set(Field::Lr, *lr);
        }
    }

    fn run(&self) -> Rates {
        let mut groups = self.groups();
        let mut scheduler = torch::build(&self.call(), &mut groups).unwrap();
        let mut recursion = vec![Vec::new(); groups.len()];
        let mut closed = Ok(Some(vec![Vec::new(); groups.len()]));
        for step in 0..=self.steps {
            if step > 0 {
                self.edit(step, &mut groups);
                scheduler.step(None, &mut groups).unwrap();
            }
            for ((rates, group), last) in recursion.iter_mut().zip(&groups).zip(&scheduler.state().last_lr) {
                assert_eq!(group.lr(), *last);
                rates.push(group.lr());
            }
            match (scheduler.closed_form(), &mut closed) {
                (Some(Ok(rates)), Ok(Some(closed))) => {
                    closed.iter_mut().zip(rates).for_each(|(all, rate)| all.push(rate));
                }
                (Some(Err(error)), _) => closed = Err(error.python_class()),
                (None, _) => closed = Ok(None),
                (Some(Ok(_)), _) => panic!("{}: the closed form comes and goes", self.constructor),
            }
        }
        Rates { recursion, closed }
    }
}

#[test]
fn every_rate_has_pytorchs_bits() {
    let cases = goldens();
    for class in CLASSES {
        assert!(cases.iter().any(|case| case.name == *class), "no golden for {class}");
    }
    for case in cases {
        let rates = case.run();
        for (group, (golden, got)) in case.last_lrs.iter().zip(&rates.recursion).enumerate() {
            assert_eq!(got.len(), 20_001);
            golden.assert_equals(got, &format!("{} group {group}", case.constructor));
        }
        match (&case.closed_form, &case.closed_form_error, &rates.closed) {
            (Some(golden), None, Ok(Some(got))) => {
                for (group, (golden, got)) in golden.iter().zip(got).enumerate() {
                    golden.assert_equals(got, &format!("closed form of {} group {group}", case.constructor));
                }
            }
            (None, Some(error), Err(got)) => assert_eq!(error, got),
            (None, None, Ok(None)) => {}
            (_, error, got) => panic!("{}: {error:?} for {got:?}", case.constructor),
        }
    }
}

#[test]
fn a_plan_gives_the_same_bits_update_by_update_and_epoch_by_epoch() {
    for case in goldens() {
        let label = &case.constructor;
        let Ok(mut plan) = TorchPlan::new(case.call(), 0..case.base_lrs.len(), 3, &case.groups()) else {
            panic!("{label} is refused");
        };
        let mut groups = case.groups();
        for t in 0..3 * 60 {
            let step = t as usize / 3;
            if t % 3 == 0 {
                case.edit(step, &mut groups);
            }
            plan.before_step(t, &mut groups).unwrap();
            for (group, golden) in groups.iter().zip(&case.last_lrs) {
                assert_eq!(group.lr().to_bits(), golden.first[step].to_bits(), "{label} at update {t}");
            }
        }
    }
}

/// The largest distance between the two forms, as the classes' docs state it: relative to the rate
/// above the schedule's floor, and to the first rate where less than a millionth of that is left.
#[test]
fn closed_form_and_recursion_stay_as_close_as_the_docs_say() {
    let mut cases = goldens();
    cases.retain(|case| {
        // An edited rate and a total_iters of 0 part for good, by construction.
        case.closed_form.is_some() && case.edits.is_empty() && !case.constructor.contains("total_iters=0")
    });
    cases.push(Case {
        name: "long CosineAnnealingLR".to_owned(),
        constructor: "CosineAnnealingLR(T_max=100000, eta_min=0.001)".to_owned(),
        base_lrs: vec![0.1],
        steps: 200_000,
        edits: Vec::new(),
        last_lrs: Vec::new(),
        closed_form: None,
        closed_form_error: None,
    });
    let mut worst: BTreeMap<String, f64> = BTreeMap::new();
    for case in cases {
        let rates = case.run();
        let number = |name: &str| case.call().kwarg(name).and_then(lrlab_core::spec::TorchValue::number);
        let floor = number("eta_min").unwrap_or(0.0);
        let t_max = number("T_max").map_or(usize::MAX, |t| t as usize);
        for ((closed, recursion), base) in
            rates.closed.unwrap().unwrap().iter().zip(&rates.recursion).zip(&case.base_lrs)
        {
            for (step, (c, r)) in closed.iter().zip(recursion).enumerate() {
                let scale = if (c - floor).abs() > 1e-6 * base { (c - floor).abs() } else { *base };
                let name = format!("{}{}", case.name, if step > t_max { " past T_max" } else { "" });
                let distance = worst.entry(name).or_default();
                *distance = distance.max((c - r).abs() / scale);
            }
        }
    }
    println!("{worst:#?}");
    for (name, bound) in [
        ("StepLR", 3e-15),
        ("MultiStepLR", 2e-16),
        ("ConstantLR", 2e-16),
        ("LinearLR", 2e-13),
        ("ExponentialLR", 1e-14),
        ("CosineAnnealingLR", 2e-12),
        ("CosineAnnealingLR past T_max", 8e-12),
        ("long CosineAnnealingLR past T_max", 2e-9),
    ] {
        assert!(worst[name] <= bound, "{name}: {} above {bound}", worst[name]);
    }
}
