//! Optimizers that PyTorch lacks, or that are no formula of one element, against the numbers of their
//! references in `golden/pytorch/optimizer_peers.json`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod optimizer_harness;

use std::ops::Range;

use lrlab_core::{
    ParamGroup,
    optimizer::{GroupState, GroupStep, Moment, ParamState, ParamStep, StepContext},
};
use optimizer_harness::{
    Trained, arguments,
    golden::{Case, Goldens, gradient},
};

fn goldens() -> Goldens {
    Goldens::read("pytorch/optimizer_peers.json")
}

/// Whether the case is of the class `class`.
fn is(case: &Case, class: &str) -> bool {
    case.label().starts_with(&format!("{class}("))
}

fn evaluates_elsewhere(case: &Case) -> bool {
    case.label().contains("ScheduleFree")
}

/// The Euclidean norm of the difference.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn f64_follows_the_references_to_1e_12() {
    let goldens = goldens();
    assert!(goldens.steps >= 1000);
    let mut worst = 0.0_f64;
    for case in goldens.cases.iter().filter(|case| !is(case, "Muon")) {
        for (step, c) in goldens.start::<f64>(case).train(&goldens, &case.f64) {
            let (label, relative) = (case.label(), c.relative());
            assert!(relative <= 1e-12, "{label} at {step}: {} is {relative:e} from {}", c.got, c.want);
            worst = worst.max(relative);
        }
    }
    println!("worst relative distance in f64: {worst:e}");
}

#[test]
fn both_points_of_schedule_free_training_are_those_of_the_reference() {
    let goldens = goldens();
    let (mut worst, mut worst_back) = (0.0_f64, 0.0_f64);
    for case in goldens.cases.iter().filter(|case| evaluates_elsewhere(case)) {
        let mut run = goldens.start::<f64>(case);
        for stored in &case.f64 {
            while run.updates() < stored.step {
                run.step(&goldens, None);
            }
            assert_eq!(stored.evaluated.len(), 2, "{}", case.label());
            for ((found, want), y) in run.evaluated().iter().zip(&stored.evaluated).zip(run.values()) {
                let [evaluated, back] = found;
                for i in 0..want.len() {
                    let scale = want[i].abs().max(y[i].abs());
                    let far = |a: f64, b: f64| if a == b { 0.0 } else { (a - b).abs() / scale };
                    let (there, back) = (far(evaluated[i], want[i]), far(back[i], y[i]));
                    let told = format!("{} at {}: {found:?} {want:?}", case.label(), stored.step);
                    assert!(there <= 1e-12 && back <= 1e-12, "{told}");
                    (worst, worst_back) = (worst.max(there), worst_back.max(back));
                }
            }
        }
    }
    println!("worst relative distance in f64: {worst:e} at the other point, {worst_back:e} back again");
}

#[test]
fn one_step_in_f32_from_the_same_state_is_within_4_ulp() {
    let goldens = goldens();
    let (mut worst, mut count) = (0.0_f64, 0);
    for case in goldens.cases.iter().filter(|case| is(case, "Lion") || evaluates_elsewhere(case)) {
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
}

/// Prodigy's estimate is a quotient of sums over everything, so that a rounding anywhere reaches every element.
#[test]
fn a_thousand_steps_in_f32_stay_within_1e_5_and_prodigys_within_1e_4() {
    let goldens = goldens();
    let (mut worst, mut worst_of_prodigy) = (0.0_f64, 0.0_f64);
    for case in goldens.cases.iter().filter(|case| !is(case, "Muon")) {
        let (bound, worst) =
            if is(case, "Prodigy") { (1e-4, &mut worst_of_prodigy) } else { (1e-5, &mut worst) };
        for (step, c) in goldens.start::<f32>(case).train(&goldens, &case.f32) {
            let (label, relative) = (case.label(), c.relative());
            assert!(relative <= bound, "{label} at {step}: {} is {relative:e} from {}", c.got, c.want);
            *worst = worst.max(relative);
        }
    }
    println!("worst in f32: {worst:e}, Prodigy {worst_of_prodigy:e}");
}

#[test]
fn muon_rounds_where_pytorch_does() {
    let goldens = goldens();
    let mut worst = 0.0_f64;
    for matrix in &goldens.matrices {
        let length = matrix.after.len();
        let args = arguments(&[("lr", 1.0), ("weight_decay", 0.0)], &[]);
        let mut trained = Trained::<f32>::shaped("muon", &args, vec![0.0; length], &matrix.shape);
        trained.step(&(0..length).map(|i| gradient(0, 10 * i) as f32).collect::<Vec<_>>());
        let after: Vec<f64> = trained.value.iter().map(|x| f64::from(*x)).collect();
        let share = distance(&after, &matrix.after) / distance(&vec![0.0; length], &matrix.after);
        assert!(share <= 1e-6, "{:?}: {share:e} of the update", matrix.shape);
        worst = worst.max(share);
    }
    assert!(goldens.matrices.len() >= 4);
    println!("worst distance of a matrix: {worst:e} of the update");
}

#[test]
fn a_thousand_steps_of_muon_end_within_1e_6_of_the_way_gone() {
    let goldens = goldens();
    let mut worst = 0.0_f64;
    for case in goldens.cases.iter().filter(|case| is(case, "Muon")) {
        let (mut run64, mut run32) = (goldens.start::<f64>(case), goldens.start::<f32>(case));
        let mut way = [0.0; 2];
        while run64.updates() < goldens.steps {
            let before = run64.values();
            run64.step(&goldens, None);
            run32.step(&goldens, None);
            let (now, now32) = (run64.values(), run32.values());
            let step = run64.updates();
            let stored = case.f64.iter().map(|stored| (stored, &now));
            let stored = stored.chain(case.f32.iter().map(|stored| (stored, &now32)));
            for (group, way) in way.iter_mut().enumerate() {
                *way += distance(&before[group], &now[group]);
                for (stored, now) in stored.clone().filter(|(stored, _)| stored.step == step) {
                    let share = distance(&now[group], &stored.params[group]) / *way;
                    assert!(share <= 1e-6, "{} at {step}: {share:e} of the way", case.label());
                    worst = worst.max(share);
                }
            }
        }
    }
    println!("worst distance after up to 1000 steps: {worst:e} of the way gone");
}

/// One group of several parameters: each with its gradient and state.
struct Parts {
    group: ParamGroup,
    state: GroupState,
    members: Vec<(Vec<f64>, Vec<f64>, ParamState<f64>)>,
}

impl StepContext<f64> for Parts {
    fn group(&mut self) -> GroupStep<'_> {
        GroupStep { group: &self.group, t: self.state.t, numbers: &mut self.state.numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_, f64>)) {
        for (value, grad, state) in &mut self.members {
            let at = Moment { group: &self.group, t: state.t, numbers: &self.state.numbers };
            let shape = [value.len()];
            f(ParamStep {
                name: "part",
                shape: &shape,
                transposed: false,
                at,
                value,
                grad,
                slots: &mut state.slices(),
            });
        }
    }
}

#[test]
fn sums_go_over_all_parameters_of_a_group() {
    let start: Vec<f64> = (0..10).map(|i| f64::from(i) * 0.3 - 1.0).collect();
    let ranges = [0..3, 3..3, 3..4, 4..10];
    for (name, numbers) in [("prodigy", [("d0", 0.01)]), ("dog", [("reps_rel", 0.01)])] {
        let args = arguments(&numbers, &[]);
        let mut whole = Trained::<f64>::new(name, &args, start.clone());
        let optimizer = whole.optimizer.clone();
        let part = |range: &Range<usize>| {
            let value = start[range.clone()].to_vec();
            let state = ParamState::new(&*optimizer, &[value.len()]);
            (value.clone(), value, state)
        };
        let members = ranges.iter().map(part).collect();
        let mut split = Parts { group: whole.group.clone(), state: whole.group_state.clone(), members };
        for step in 0..50 {
            let row: Vec<f64> = (0..10).map(|i| gradient(step, 10 * i)).collect();
            whole.step(&row);
            for (range, (_, grad, _)) in ranges.iter().zip(&mut split.members) {
                grad.copy_from_slice(&row[range.clone()]);
            }
            assert!(optimizer.step_f64(&mut split));
            split.state.t += 1;
            split.members.iter_mut().for_each(|(.., state)| state.t += 1);
        }
        let values: Vec<f64> = split.members.iter().flat_map(|(value, ..)| value.clone()).collect();
        let moved = distance(&start, &whole.value);
        assert!(distance(&values, &whole.value) <= 1e-12 * moved && moved > 0.01, "{name}: {moved}");
        for (split, whole) in split.state.numbers.iter().zip(&whole.group_state.numbers) {
            assert!((split - whole).abs() <= 1e-12 * whole.abs(), "{name}: {split} {whole}");
        }
    }
}
