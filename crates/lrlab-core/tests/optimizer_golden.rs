//! Optimizers against PyTorch's own numbers in `golden/pytorch/optimizers.json`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod optimizer_harness;

use std::{collections::BTreeMap, path::Path};

use lrlab_core::{
    Field, ParamGroup,
    optimizer::{Adam, Elementwise, Moment, Sgd, elementwise::update_slice, registry},
    registry::{Argument, Arguments},
};
use optimizer_harness::Trained;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Goldens {
    lr: f64,
    lr_edits: Vec<(u64, f64)>,
    params: Vec<f64>,
    gradients: Vec<Vec<f64>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    options: BTreeMap<String, Value>,
    f32: Vec<Stored>,
    f64: Vec<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    step: u64,
    params: Vec<f64>,
}

impl Goldens {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/optimizers.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The rate of update number `step`, from 1.
    fn lr(&self, step: u64) -> f64 {
        let mut edits = self.lr_edits.iter().rev();
        edits.find(|(at, _)| *at <= step).map_or(self.lr, |(_, lr)| *lr)
    }
}

impl Case {
    fn label(&self) -> String {
        format!("{}({:?})", self.name, self.options)
    }

    fn arguments(&self, lr: f64) -> Arguments {
        let mut args = Arguments::from([("lr".to_owned(), Argument::Number(lr))]);
        for (name, value) in &self.options {
            match value {
                Value::Bool(flag) => drop(args.insert(name.clone(), Argument::Flag(*flag))),
                Value::Array(betas) => {
                    for (beta, name) in betas.iter().zip(["beta1", "beta2"]) {
                        args.insert(name.to_owned(), Argument::Number(beta.as_f64().unwrap()));
                    }
                }
                number => drop(args.insert(name.clone(), Argument::Number(number.as_f64().unwrap()))),
            }
        }
        args
    }

    fn flag(&self, name: &str) -> bool {
        self.options.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What a result is compared with: the parameter, and the size of the update that led to it.
struct Compared {
    got: f64,
    want: f64,
    scale: f64,
}

/// Pairs the run's parameters with the stored ones. `scale` is the larger of the parameter and the
/// update before it, since one that nearly cancels the other leaves only rounding behind.
fn compare(
    goldens: &Goldens,
    stored: &[Stored],
    mut step: impl FnMut(&[f64], f64) -> Vec<f64>,
) -> Vec<(u64, Compared)> {
    let mut found = Vec::new();
    let mut before = goldens.params.clone();
    for (number, row) in (1..).zip(&goldens.gradients) {
        let got = step(row, goldens.lr(number));
        for golden in stored.iter().filter(|golden| golden.step == number) {
            for ((&got, &want), &before) in got.iter().zip(&golden.params).zip(&before) {
                let scale = want.abs().max((got - before).abs());
                found.push((number, Compared { got, want, scale }));
            }
        }
        before = got;
    }
    assert_eq!(found.len(), stored.len() * goldens.params.len());
    found
}

fn run_f64<E: Elementwise>(optimizer: &E, group: &ParamGroup, goldens: &Goldens, case: &Case) -> f64 {
    let mut group = group.clone();
    let mut param = goldens.params.clone();
    let mut slots: Vec<Vec<f64>> =
        Elementwise::slots(optimizer).iter().map(|_| vec![0.0; param.len()]).collect();
    let mut t = 0;
    let compared = compare(goldens, &case.f64, |row, lr| {
        group.set(Field::Lr, lr);
        update_slice(optimizer, Moment { group: &group, t, numbers: &[] }, &mut param, row, &mut slots);
        t += 1;
        param.clone()
    });
    compared.iter().map(|(_, c)| (c.got - c.want).abs() / c.scale).fold(0.0, f64::max)
}

#[test]
fn f64_follows_pytorch_to_1e_12() {
    let goldens = Goldens::read();
    let mut worst = 0.0_f64;
    for case in &goldens.cases {
        let group = (registry::find(&case.name).unwrap().build)(&case.arguments(goldens.lr)).unwrap().group;
        let (nesterov, maximize, amsgrad) =
            (case.flag("nesterov"), case.flag("maximize"), case.flag("amsgrad"));
        let distance = match case.name.as_str() {
            "SGD" => {
                let buffer = case.options.contains_key("momentum");
                run_f64(&Sgd { buffer, nesterov, maximize }, &group, &goldens, case)
            }
            name => run_f64(&Adam { decoupled: name == "AdamW", amsgrad, maximize }, &group, &goldens, case),
        };
        assert!(distance <= 1e-12, "{}: {distance:e}", case.label());
        worst = worst.max(distance);
    }
    println!("worst relative distance in f64: {worst:e}");
}

/// The distance in units of the last place of an f32 of the size `scale`.
fn ulps(c: &Compared) -> f64 {
    let exponent = (c.scale as f32).abs().max(f32::MIN_POSITIVE).log2().floor();
    (c.got - c.want).abs() / (f64::from(f32::EPSILON) * f64::from(exponent).exp2())
}

#[test]
fn f32_follows_pytorch_to_4_ulp_in_one_step_and_1e_5_in_200() {
    let goldens = Goldens::read();
    let (mut worst_ulps, mut worst) = (0.0_f64, 0.0_f64);
    for case in &goldens.cases {
        let value = goldens.params.iter().map(|x| *x as f32).collect();
        let mut trained = Trained::new(&case.name, &case.arguments(goldens.lr), value);
        let compared = compare(&goldens, &case.f32, |row, lr| {
            trained.group.set(Field::Lr, lr);
            trained.step(&row.iter().map(|x| *x as f32).collect::<Vec<_>>());
            trained.value.iter().map(|x| f64::from(*x)).collect()
        });
        for (step, c) in &compared {
            if *step == 1 {
                assert!(ulps(c) <= 4.0, "{}: {} is {} ulp from {}", case.label(), c.got, ulps(c), c.want);
                worst_ulps = worst_ulps.max(ulps(c));
            }
            let relative = (c.got - c.want).abs() / c.scale;
            assert!(
                relative <= 1e-5,
                "{} at {step}: {} is {relative:e} from {}",
                case.label(),
                c.got,
                c.want
            );
            worst = worst.max(relative);
        }
    }
    println!("worst in f32: {worst_ulps} ulp in one step, {worst:e} relative in 200");
}
