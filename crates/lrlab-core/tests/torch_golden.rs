//! The replay of PyTorch's schedulers against PyTorch's own bits in `golden/pytorch/schedulers*.json`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod torch_harness;

use std::collections::BTreeMap;

use lrlab_core::{
    Scheduler,
    scheduler::torch::{self, CLASSES, StateDict, TorchPlan},
};
use torch_harness::{Case, cases, momentum};

/// The values of each group over a case's steps, by recursion and by closed form.
struct Values {
    rates: Vec<Vec<f64>>,
    momenta: Vec<Vec<f64>>,
    closed: Result<Option<Vec<Vec<f64>>>, &'static str>,
    state: StateDict,
    groups: Vec<StateDict>,
}

fn run(case: &Case) -> Values {
    let mut run = case.start();
    let count = run.groups.len();
    let (mut rates, mut momenta) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    let mut closed = Ok(Some(vec![Vec::new(); count]));
    for step in 0..=case.steps {
        if step > 0 {
            run.step(step);
        }
        for (at, (group, last)) in run.groups.iter().zip(&run.scheduler.state().last_lr).enumerate() {
            assert_eq!(group.lr(), *last);
            rates[at].push(group.lr());
            momenta[at].extend(momentum(group));
        }
        match (run.scheduler.closed_form(), &mut closed) {
            (Some(Ok(rates)), Ok(Some(closed))) => {
                closed.iter_mut().zip(rates).for_each(|(all, rate)| all.push(rate));
            }
            (Some(Err(error)), _) => closed = Err(error.python_class()),
            (None, _) => closed = Ok(None),
            (Some(Ok(_)), _) => panic!("{}: the closed form comes and goes", case.constructor),
        }
    }
    Values {
        rates,
        momenta,
        closed,
        state: run.scheduler.state_dict(),
        groups: torch::groups_state(&run.groups),
    }
}

#[test]
fn every_rate_has_pytorchs_bits() {
    let cases = cases();
    for class in CLASSES {
        assert!(cases.iter().any(|case| case.name == *class), "no golden for {class}");
    }
    for case in cases {
        let label = &case.constructor;
        let values = run(&case);
        for (group, (golden, got)) in case.last_lrs.iter().zip(&values.rates).enumerate() {
            assert_eq!(got.len(), case.steps + 1);
            golden.assert_equals(got, &format!("{label} group {group}"));
        }
        match &case.momenta {
            Some(goldens) => {
                for (group, (golden, got)) in goldens.iter().zip(&values.momenta).enumerate() {
                    golden.assert_equals(got, &format!("momentum of {label} group {group}"));
                }
            }
            None => assert!(values.momenta.iter().flatten().all(|momentum| *momentum == 0.9), "{label}"),
        }
        match (&case.closed_form, &case.closed_form_error, &values.closed) {
            (Some(golden), None, Ok(Some(got))) => {
                for (group, (golden, got)) in golden.iter().zip(got).enumerate() {
                    golden.assert_equals(got, &format!("closed form of {label} group {group}"));
                }
            }
            (None, Some(error), Err(got)) => assert_eq!(error, got),
            (None, None, Ok(None)) => {}
            (_, error, got) => panic!("{label}: {error:?} for {got:?}"),
        }
        assert_eq!(values.state, case.state, "{label}: state_dict at the end");
        assert_eq!(values.groups, case.groups, "{label}: groups at the end");
    }
}

/// Both from lrlab's own state and from torch's, through JSON, loaded into fresh objects.
#[test]
fn a_run_goes_on_from_its_state_with_the_same_bits() {
    for case in cases() {
        let (mut straight, label) = (case.start(), &case.constructor);
        let mut resumed = Vec::new();
        for step in 0..=case.steps.min(1000) {
            if step > 0 {
                straight.step(step);
                for (from, run) in &mut resumed {
                    let run: &mut torch_harness::Run<'_> = run;
                    run.step(step);
                    assert_eq!(run.bits(), straight.bits(), "{label}: resumed at {from}, differs at {step}");
                }
            }
            for saved in case.saved.iter().filter(|saved| saved.step == step) {
                let own = (straight.scheduler.state_dict(), torch::groups_state(&straight.groups));
                assert_eq!(own, (saved.state.clone(), saved.groups.clone()), "{label}: state at {step}");
                let text = serde_json::to_string(&own).unwrap();
                let (state, groups): (StateDict, Vec<StateDict>) = serde_json::from_str(&text).unwrap();
                for (state, groups) in [(state, groups), (saved.state.clone(), saved.groups.clone())] {
                    let mut run = case.start();
                    run.scheduler.load_state_dict(&state).unwrap();
                    torch::load_groups_state(&mut run.groups, &groups).unwrap();
                    resumed.push((step, run));
                }
            }
        }
    }
}

#[test]
fn a_plan_gives_the_same_bits_update_by_update_and_epoch_by_epoch() {
    for case in cases() {
        let label = &case.constructor;
        let plan = TorchPlan::new(case.call(), 0..case.base_lrs.len(), 3, &case.new_groups());
        let mut plan = plan.unwrap_or_else(|error| panic!("{label} is refused: {error}"));
        assert!(plan.rehearse(3 * case.steps as u64 + 1).is_ok(), "{label}");
        let mut groups = case.new_groups();
        for step in 0..=case.steps.min(60) {
            case.edit(step, &mut groups);
            if plan.takes_metric() && step > 0 {
                plan.on_metric(case.metric(step), &mut groups).unwrap();
            }
            for t in 3 * step..3 * step + 3 {
                plan.before_step(t as u64, &mut groups).unwrap();
                for (group, golden) in groups.iter().zip(&case.last_lrs) {
                    assert_eq!(group.lr().to_bits(), golden.first[step].to_bits(), "{label} at update {t}");
                }
                for (group, golden) in groups.iter().zip(case.momenta.iter().flatten()) {
                    assert_eq!(
                        momentum(group),
                        Some(golden.first[step]),
                        "momentum of {label} at update {t}"
                    );
                }
            }
        }
    }
}

/// The largest distance between the two forms, as the classes' docs state it: relative to the rate
/// above the schedule's floor, and to the first rate where less than a millionth of that is left.
#[test]
fn closed_form_and_recursion_stay_as_close_as_the_docs_say() {
    let mut cases = cases();
    cases.retain(|case| {
        // An edited rate and a total_iters of 0 part for good, by construction.
        case.closed_form.is_some() && case.edits.is_empty() && !case.constructor.contains("total_iters=0")
    });
    let mut long = cases.iter().find(|case| case.name == "CosineAnnealingLR").unwrap().clone();
    "long CosineAnnealingLR".clone_into(&mut long.name);
    "CosineAnnealingLR(T_max=100000, eta_min=0.001)".clone_into(&mut long.constructor);
    long.steps = 200_000;
    cases.push(long);
    let mut worst: BTreeMap<String, f64> = BTreeMap::new();
    for case in cases {
        let rates = run(&case);
        let number = |name: &str| case.call().kwarg(name).and_then(lrlab_core::spec::TorchValue::number);
        let floor = number("eta_min").unwrap_or(0.0);
        let t_max = number("T_max").map_or(usize::MAX, |t| t as usize);
        for ((closed, recursion), base) in
            rates.closed.unwrap().unwrap().iter().zip(&rates.rates).zip(&case.base_lrs)
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
        ("PolynomialLR", 1e-13),
        ("CosineAnnealingLR", 2e-12),
        ("CosineAnnealingLR past T_max", 8e-12),
        ("long CosineAnnealingLR past T_max", 2e-9),
    ] {
        assert!(worst[name] <= bound, "{name}: {} above {bound}", worst[name]);
    }
}
