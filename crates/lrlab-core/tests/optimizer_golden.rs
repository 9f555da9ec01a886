//! Optimizers against PyTorch's own numbers in `golden/pytorch/optimizers.json`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod optimizer_harness;

use lrlab_core::optimizer::registry::OPTIMIZERS;
use optimizer_harness::golden::{Case, Compared, Goldens, untried};

fn goldens() -> Goldens {
    Goldens::read("pytorch/optimizers.json")
}

#[test]
fn every_option_of_every_optimizer_is_tried() {
    let peers = Goldens::read("pytorch/optimizer_peers.json").cases;
    let cases: Vec<Case> = goldens().cases.into_iter().chain(peers).collect();
    assert_eq!(untried(OPTIMIZERS, &cases), [""; 0]);
}

#[test]
fn f64_follows_pytorch_to_1e_12() {
    let goldens = goldens();
    assert!(goldens.steps >= 1000);
    let mut worst = 0.0_f64;
    for case in &goldens.cases {
        for (step, c) in goldens.start::<f64>(case).train(&goldens, &case.f64) {
            let (label, relative) = (case.label(), c.relative());
            assert!(relative <= 1e-12, "{label} at {step}: {} is {relative:e} from {}", c.got, c.want);
            worst = worst.max(relative);
        }
    }
    println!("worst relative distance in f64: {worst:e}");
}

#[test]
fn one_step_in_f32_from_the_same_state_is_within_4_ulp_of_pytorch() {
    let goldens = goldens();
    let (mut worst, mut count) = (0.0_f64, 0);
    for case in &goldens.cases {
        let mut starts = vec![goldens.start::<f32>(case)];
        starts.extend(case.states.iter().map(|state| goldens.resume(case, state)));
        for mut run in starts {
            let step = run.updates() + 1;
            for c in run.step(&goldens, Some(&case.after(step))) {
                let (label, ulps) = (case.label(), c.ulps());
                assert!(ulps <= 4.0, "{label} at {step}: {} is {ulps} ulp from {}", c.got, c.want);
                worst = worst.max(ulps);
                count += 1;
            }
        }
    }
    println!("worst of {count} single steps in f32: {worst} ulp");
    assert!(count > 5000, "{count}");
}

/// One parameter that shrinks to 2e-15 strays farther, and farther in PyTorch itself: there its own distance from its
/// f64 run is what counts.
#[test]
fn a_thousand_steps_in_f32_stay_within_1e_5_of_pytorch() {
    let goldens = goldens();
    let (mut worst, mut count, mut strayed) = (0.0_f64, 0, 0);
    for case in &goldens.cases {
        let found = goldens.start::<f32>(case).train(&goldens, &case.f32);
        for (index, (step, c)) in found.iter().enumerate() {
            let exact = case.f64.iter().find(|stored| stored.step == *step).unwrap().params.concat();
            let theirs = Compared { got: exact[index % exact.len()], ..*c }.relative();
            let (label, relative) = (case.label(), c.relative());
            assert!(
                relative <= 1e-5_f64.max(theirs),
                "{label} at {step}: {} is {relative:e} from {}, PyTorch in f64 {theirs:e}",
                c.got,
                c.want
            );
            count += 1;
            if relative <= 1e-5 {
                worst = worst.max(relative);
            } else {
                strayed += 1;
            }
        }
    }
    println!("worst of {count} in f32: {worst:e}, but for {strayed} where PyTorch's own rounding is larger");
    assert!(strayed <= 1, "{strayed} of {count}");
}
