//! The models against their twins in PyTorch: names, shapes, initial weights, and the losses of the first
//! steps.

use std::{collections::BTreeMap, fs::File, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Gpt, GptSizes, Model, Plane, ResidualSizes, Stack, Weights, dense, lenet, residual_net};
use crate::{
    data::{
        corpus::Corpus,
        read::{Limits, Source},
    },
    torch_init::TorchGenerator,
};

/// How far a loss may lie from PyTorch's, as a share of it.
const LOSS_SHARE: f64 = 1e-4;
/// How far a normal number may lie from PyTorch's.
const NORMAL: f32 = 2e-6;

const CLASSES: usize = 5;
const PICTURE: Plane = Plane { channels: 1, height: 14, width: 14 };
const CONTEXT: usize = 12;
const ROWS: usize = 24;

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    batch: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    model: String,
    parameters: Vec<Parameter>,
    losses: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    shape: Vec<usize>,
    first: Vec<f32>,
    sha256: String,
}

fn golden<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch").join(name);
    serde_json::from_reader(File::open(path).unwrap()).unwrap()
}

/// The pictures of `golden/pytorch/model_cases.py`.
fn pictures() -> (Vec<f32>, Vec<u32>) {
    let labels: Vec<u32> = (0..ROWS).map(|row| (row % CLASSES) as u32).collect();
    let mut pixels = Vec::new();
    for (row, label) in labels.iter().enumerate() {
        for (y, x) in (0..14).flat_map(|y| (0..14).map(move |x| (y, x))) {
            let whole = row * 31 + y * x * 7 + (y + 3) * (*label as usize + 2) * 11 + x * x * 5;
            pixels.push((whole % 64) as f32 / 64.0);
        }
    }
    (pixels, labels)
}

/// The text of `golden/pytorch/model_cases.py`, its next tokens, and how many different ones there are.
fn text() -> (Vec<u32>, Vec<u32>, usize) {
    let sentence = "it is a truth universally acknowledged, that a single man in possession of a good \
                    fortune, must be in want. ";
    let source = Source::bytes("sentence", sentence.repeat(3).into_bytes());
    let corpus = Corpus::read(&source, &Limits::default()).unwrap();
    let tokens = &corpus.tokens[..=ROWS * CONTEXT];
    (tokens[..ROWS * CONTEXT].to_vec(), tokens[1..].to_vec(), corpus.vocabulary.len())
}

fn stack(name: &str, generator: &mut TorchGenerator) -> Stack {
    match name {
        "linear" => dense(generator, &[PICTURE.size(), CLASSES]),
        "mlp hidden=32" => dense(generator, &[PICTURE.size(), 32, CLASSES]),
        "lenet" => lenet(generator, PICTURE, CLASSES).unwrap(),
        "residual width=8" => residual(generator, ResidualSizes { width: 8, blocks: 1 }),
        "residual width=4 blocks=2" => residual(generator, ResidualSizes { width: 4, blocks: 2 }),
        _ => panic!("{name}"),
    }
}

fn residual(generator: &mut TorchGenerator, sizes: ResidualSizes) -> Stack {
    residual_net(generator, PICTURE, CLASSES, sizes).unwrap()
}

fn gpt(name: &str, generator: &mut TorchGenerator, vocabulary: usize) -> Gpt {
    let sizes = match name {
        "gpt" => GptSizes { layers: 2, heads: 2, width: 16, context: CONTEXT },
        "gpt layers=1" => GptSizes { layers: 1, heads: 3, width: 12, context: CONTEXT },
        _ => panic!("{name}"),
    };
    Gpt::new(generator, vocabulary, sizes).unwrap()
}

fn check_weights(case: &Case, mut model: impl Model) {
    let mut theirs = case.parameters.iter();
    model.visit(&mut |ours| {
        let theirs = theirs.next().unwrap();
        let place = format!("{}: {}", case.model, ours.name);
        assert_eq!((&ours.name, &ours.shape), (&theirs.name, &theirs.shape), "{place}");
        let exact = !matches!(theirs.name.as_str(), "tokens.weight" | "positions.weight");
        for (ours, theirs) in ours.value.iter().zip(&theirs.first) {
            let near = if exact { ours == theirs } else { (ours - theirs).abs() <= NORMAL };
            assert!(near, "{place}: {ours} against {theirs}");
        }
        let bytes: Vec<u8> = ours.value.iter().flat_map(|x| x.to_le_bytes()).collect();
        let digest =
            Sha256::digest(&bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert!(!exact || digest == theirs.sha256, "{place}: all numbers");
    });
    assert!(theirs.next().is_none(), "{}: parameters that PyTorch's has and ours lacks", case.model);
}

/// PyTorch's update: its optimizer's arithmetic in f64, since it is the model that is compared here.
struct Update {
    step: i32,
    slots: Vec<[Vec<f64>; 2]>,
}

impl Update {
    fn apply(&mut self, words: &str, model: &mut impl Model) {
        self.step += 1;
        let (mut next, step) = (0, self.step);
        model.visit(&mut |Weights { value, grad, .. }| {
            if self.slots.len() == next {
                self.slots.push([vec![0.0; value.len()], vec![0.0; value.len()]]);
            }
            let [m, v] = &mut self.slots[next];
            next += 1;
            for (((w, g), m), v) in value.iter_mut().zip(grad).zip(m).zip(v) {
                let (wide, g) = (f64::from(*w), f64::from(*g));
                *w = match words {
                    "sgd lr=0.01 momentum=0.9" => {
                        *m = 0.9 * *m + g;
                        wide - 0.01 * *m
                    }
                    "adamw lr=0.003" => {
                        *m = 0.9 * *m + 0.1 * g;
                        *v = 0.999 * *v + 0.001 * g * g;
                        let (m, v) = (*m / (1.0 - 0.9_f64.powi(step)), *v / (1.0 - 0.999_f64.powi(step)));
                        wide * (1.0 - 0.003 * 0.01) - 0.003 * m / (v.sqrt() + 1e-8)
                    }
                    _ => panic!("{words}"),
                } as f32;
            }
        });
    }
}

fn check_losses<M: Model>(golden: &Golden, case: &Case, build: impl Fn() -> M, x: &[M::Input], y: &[u32]) {
    for (words, theirs) in &case.losses {
        let mut model = build();
        let mut update = Update { step: 0, slots: Vec::new() };
        let mut furthest = 0.0_f64;
        for (step, theirs) in theirs.iter().enumerate() {
            let batches = ROWS / golden.batch;
            let part = step % batches;
            let x = &x[part * x.len() / batches..(part + 1) * x.len() / batches];
            let y = &y[part * y.len() / batches..(part + 1) * y.len() / batches];
            model.forward(x);
            let logits = model.logits();
            let classes = logits.len() / y.len();
            let ours = crate::task::differentiate(logits, classes, y);
            model.backward(x);
            update.apply(words, &mut model);
            furthest = furthest.max((ours / theirs - 1.0).abs());
            assert!(
                (ours / theirs - 1.0).abs() <= LOSS_SHARE,
                "{}, {words}, step {step}: {ours} against {theirs}",
                case.model
            );
        }
        println!("{}, {words}: at most {furthest:e} away", case.model);
    }
}

#[test]
fn models_start_and_learn_as_their_twins() {
    let golden: Golden = golden("models.json");
    let (pixels, classes) = pictures();
    let (tokens, next, vocabulary) = text();
    assert_eq!(golden.cases.len(), 7);
    for case in &golden.cases {
        let name = case.model.as_str();
        assert_eq!(case.losses.len(), 2, "{name}");
        let generator = || TorchGenerator::new(golden.seed);
        if name.starts_with("gpt") {
            check_weights(case, gpt(name, &mut generator(), vocabulary));
            check_losses(&golden, case, || gpt(name, &mut generator(), vocabulary), &tokens, &next);
        } else {
            check_weights(case, stack(name, &mut generator()));
            check_losses(&golden, case, || stack(name, &mut generator()), &pixels, &classes);
        }
    }
}

#[derive(Deserialize)]
struct Normals {
    cases: Vec<Draws>,
}

#[derive(Deserialize)]
struct Draws {
    seed: u64,
    draws: Vec<Vec<f32>>,
}

#[test]
fn normal_numbers_are_pytorchs() {
    let golden: Normals = golden("normals.json");
    assert_eq!(golden.cases.len(), 3);
    for Draws { seed, draws } in golden.cases {
        let mut generator = TorchGenerator::new(seed);
        for theirs in draws {
            let ours = generator.normal(theirs.len());
            for (at, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                assert!((ours - theirs).abs() <= NORMAL, "seed {seed}, [{at}]: {ours} against {theirs}");
            }
        }
    }
}
