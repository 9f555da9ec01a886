//! What every optimizer of the registry must do, whatever its formula.

mod optimizer_harness;

use lrlab_core::{
    Field, Optimizer, ParamGroup,
    optimizer::{Adam, Moment, Op, Sgd, StepContext, registry},
    registry::{Argument, Arguments},
    spec::Fault,
};
use optimizer_harness::{Trained, arguments, elementwise_settings, settings};
use proptest::prelude::*;

/// Values and gradients of every size, zeros included, one row of gradients an update.
fn problem() -> impl Strategy<Value = (Vec<f32>, Vec<Vec<f32>>)> {
    let element =
        || prop_oneof![4 => -10.0_f32..10.0, 1 => Just(0.0), 1 => -1e-6_f32..1e-6, 1 => -1e6_f32..1e6];
    (0_usize..130).prop_flat_map(move |length| {
        (
            prop::collection::vec(element(), length),
            prop::collection::vec(prop::collection::vec(element(), length), 1..5),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_slice_of_any_length_is_its_elements_one_by_one((value, grads) in problem()) {
        for (name, args) in elementwise_settings() {
            let mut whole = Trained::new(name, &args, value.clone());
            let mut parts: Vec<Trained> =
                value.iter().map(|x| Trained::new(name, &args, vec![*x])).collect();
            for row in &grads {
                whole.step(row);
                for (part, g) in parts.iter_mut().zip(row) {
                    part.step(&[*g]);
                }
            }
            for (k, vector) in whole.bits().iter().enumerate() {
                let elements: Vec<u32> = parts.iter().map(|part| part.bits()[k][0]).collect();
                prop_assert_eq!(vector, &elements, "{} {:?}", name, args);
            }
        }
    }

    #[test]
    fn the_program_gives_the_bits_of_the_fused_pass((value, grads) in problem()) {
        for (name, args) in elementwise_settings() {
            let mut fused = Trained::new(name, &args, value.clone());
            for row in &grads {
                let mut ahead = fused.clone();
                let optimizer = fused.optimizer.clone();
                optimizer.advance(ahead.group());
                let program = optimizer.trace(ahead.at()).unwrap();
                let mut inputs = vec![fused.value.clone(), row.clone()];
                inputs.extend(fused.state.slots.iter().cloned());
                let outputs = program.run(inputs, tensor_engine);
                fused.step(row);
                let bits: Vec<Vec<u32>> =
                    outputs.iter().map(|tensor| tensor.iter().map(|x| x.to_bits()).collect()).collect();
                prop_assert_eq!(fused.bits(), bits, "{} {:?}", name, args);
            }
        }
    }

    #[test]
    fn training_resumes_from_a_clone_of_its_state((value, grads) in problem()) {
        for (name, args) in settings() {
            let mut straight = Trained::new(name, &args, value.clone());
            let mut resumed = straight.clone();
            for row in &grads {
                straight.step(row);
                let Trained { state, group_state, .. } = resumed.clone();
                resumed = Trained { state, group_state, ..Trained::new(name, &args, resumed.value) };
                resumed.step(row);
            }
            prop_assert_eq!(straight.bits(), resumed.bits(), "{} {:?}", name, args);
        }
    }
}

/// An engine whose tensors are vectors: one `match`, written without the crate's own arithmetic.
fn tensor_engine(op: Op<&Vec<f32>>) -> Vec<f32> {
    let both =
        |a: &[f32], b: &[f32], f: fn(f32, f32) -> f32| a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect();
    match op {
        Op::Add(a, b) => both(a, b, |a, b| a + b),
        Op::Sub(a, b) => both(a, b, |a, b| a - b),
        Op::Mul(a, b) => both(a, b, |a, b| a * b),
        Op::Div(a, b) => both(a, b, |a, b| a / b),
        Op::Max(a, b) => both(a, b, f32::max),
        Op::IfNegative(a, b, c) => {
            a.iter().zip(b.iter().zip(c)).map(|(a, (b, c))| if *a < 0.0 { *b } else { *c }).collect()
        }
        Op::Neg(a) => a.iter().map(|a| -a).collect(),
        Op::Abs(a) => a.iter().map(|a| a.abs()).collect(),
        Op::Sqrt(a) => a.iter().map(|a| a.sqrt()).collect(),
        Op::Sign(a) => a.iter().map(|a| if *a == 0.0 || a.is_nan() { *a } else { a.signum() }).collect(),
        Op::Scale(a, c) => a.iter().map(|a| a * c as f32).collect(),
        Op::Offset(a, c) => a.iter().map(|a| a + c as f32).collect(),
        Op::Divide(a, c) => a.iter().map(|a| a / c as f32).collect(),
        Op::AtLeast(a, c) => a.iter().map(|a| a.max(c as f32)).collect(),
        Op::AtMost(a, c) => a.iter().map(|a| a.min(c as f32)).collect(),
        Op::ReplacedBy(a, c) => vec![c as f32; a.len()],
    }
}

#[test]
fn programs_are_short_and_leave_out_what_does_nothing() {
    let ops = |name: &str, args: &Arguments, t| {
        let built = (registry::find(name).unwrap().build)(args).unwrap();
        built.optimizer.trace(Moment { group: &built.group, t, numbers: &[] }).unwrap().ops().len()
    };
    assert_eq!(ops("sgd", &arguments(&[], &[]), 5), 2);
    assert_eq!(ops("sgd", &arguments(&[("momentum", 0.9)], &[]), 0), 2);
    assert_eq!(ops("sgd", &arguments(&[("momentum", 0.9)], &[]), 1), 5);
    assert_eq!(ops("adam", &arguments(&[], &[]), 0), 13);
    assert_eq!(ops("adamw", &arguments(&[], &["amsgrad"]), 0), 15);
}

#[test]
fn slots_are_named_as_in_pytorch_and_sgd_without_momentum_keeps_none() {
    let names = |name: &str, args: &Arguments| -> Vec<&str> {
        let built = (registry::find(name).unwrap().build)(args).unwrap();
        built.optimizer.slots(&[1]).iter().map(|slot| slot.name).collect()
    };
    assert!(names("sgd", &Arguments::new()).is_empty());
    assert_eq!(names("sgd", &arguments(&[("momentum", 0.9)], &[])), ["momentum_buffer"]);
    assert_eq!(names("adam", &Arguments::new()), ["exp_avg", "exp_avg_sq"]);
    assert_eq!(names("adamw", &arguments(&[], &["amsgrad"])), ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]);
}

#[test]
fn arguments_that_cannot_be_are_refused_with_what_is_allowed() {
    let faults = |name: &str, args: &Arguments| -> Vec<String> {
        let faults: Vec<Fault> = (registry::find(name).unwrap().build)(args).unwrap_err();
        faults.iter().map(Fault::to_string).collect()
    };
    for (name, args, said) in [
        ("sgd", arguments(&[("lr", -0.1)], &[]), "lr: got `-0.1`, expected a number of 0 or more"),
        ("sgd", arguments(&[("lr", f64::NAN)], &[]), "expected a number of 0 or more"),
        ("sgd", arguments(&[("lr", f64::INFINITY)], &[]), "expected a number of 0 or more"),
        ("sgd", arguments(&[("momentum", -0.5)], &[]), "momentum: got `-0.5`"),
        ("sgd", arguments(&[], &["nesterov"]), "nesterov needs momentum above 0"),
        ("sgd", arguments(&[("momentum", 0.9), ("dampening", 0.1)], &["nesterov"]), "dampening 0"),
        ("adam", arguments(&[("beta2", 1.0)], &[]), "beta2: got `1`"),
        ("adam", arguments(&[("eps", -1e-8)], &[]), "eps: got"),
        ("adamw", arguments(&[("weight_decay", -1.0)], &[]), "weight_decay: got `-1`"),
        ("sgd", arguments(&[("momentun", 0.9)], &[]), "did you mean `momentum`?"),
        ("adam", [("lr".to_owned(), Argument::Flag(true))].into(), "lr: got `true`, expected a number"),
    ] {
        let got = faults(name, &args);
        assert!(got.len() == 1 && got[0].contains(said), "{name} {args:?}: {got:?}");
    }
    assert_eq!(faults("adam", &arguments(&[("lr", -1.0), ("beta1", 2.0)], &["nesterov"])).len(), 3);
    assert!((registry::find("sgd").unwrap().build)(&arguments(&[("lr", 0.0)], &[])).is_ok());
}

#[test]
#[should_panic(expected = "built without a momentum buffer")]
fn momentum_without_a_buffer_is_not_ignored() {
    let mut trained = Trained::new("sgd", &Arguments::new(), vec![1.0]);
    trained.group.set(Field::Momentum, 0.9);
    trained.step(&[1.0]);
}

#[test]
fn a_rate_of_zero_moves_nothing_but_the_state() {
    for (name, mut args) in settings() {
        args.insert("lr".to_owned(), Argument::Number(0.0));
        let mut trained = Trained::new(name, &args, vec![1.0, -2.0]);
        trained.step(&[0.5, 0.25]);
        assert_eq!(trained.value, [1.0, -2.0], "{name} {args:?}");
    }
}

/// Whether p grows between the first and the second 60 updates on the loss `sharpness * p^2 / 2`.
fn grows(name: &str, args: &Arguments, sharpness: f64) -> bool {
    // So small that growing steps do not reach the sizes at which Adam's P follows them.
    let mut trained = Trained::new(name, args, vec![1e-30]);
    let mut reach = || {
        (0..60).fold(0.0_f32, |reach, _| {
            let grad = trained.value[0] * sharpness as f32;
            trained.step(&[grad]);
            reach.max(trained.value[0].abs())
        })
    };
    let early = reach();
    let late = reach();
    late > early
}

#[test]
fn steps_grow_above_the_stability_limit_and_shrink_below_it() {
    // An eps far above every gradient makes Adam's P the number eps, so its limit can be met too.
    let adam: &[(&str, f64)] = &[("lr", 1.0), ("eps", 1e4), ("weight_decay", 0.0)];
    for (name, numbers, flags, preconditioner) in [
        ("sgd", &[("lr", 0.1)][..], &[][..], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.9)], &[], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.9), ("dampening", 0.5)], &[], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.9)], &["nesterov"], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.8), ("weight_decay", 3.0)], &[], 1.0),
        ("adam", adam, &[], 1e4),
        ("adam", adam, &["amsgrad"], 1e4),
        ("adamw", &[("lr", 0.5), ("eps", 1e4), ("weight_decay", 0.5)], &[], 1e4),
    ] {
        let args = arguments(numbers, flags);
        let built = (registry::find(name).unwrap().build)(&args).unwrap();
        let limit = built.optimizer.stability_limit(Moment { group: &built.group, t: 100_000, numbers: &[] })
            * preconditioner;
        assert!(!grows(name, &args, 0.98 * limit), "{name} {args:?} below {limit}");
        assert!(grows(name, &args, 1.02 * limit), "{name} {args:?} above {limit}");
    }
}

#[test]
fn stability_limits_are_those_of_the_literature() {
    let limit = |optimizer: &dyn Optimizer, fields: &[(Field, f64)], t| {
        let group =
            fields.iter().fold(ParamGroup::new("g"), |group, (field, value)| group.with(*field, *value));
        optimizer.stability_limit(Moment { group: &group, t, numbers: &[] })
    };
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    let momentum = Sgd { buffer: true, ..Sgd::default() };
    assert_eq!(limit(&Sgd::default(), &[(Field::Lr, 0.5)], 0), 4.0);
    assert!(close(limit(&momentum, &[(Field::Lr, 0.1), (Field::Momentum, 0.9)], 9), 38.0));
    assert_eq!(limit(&momentum, &[(Field::Lr, 0.0), (Field::Momentum, 0.9)], 9), f64::INFINITY);
    let adam = [(Field::Lr, 0.1), (Field::Beta1, 0.9), (Field::Beta2, 0.999)];
    assert!(close(limit(&Adam::default(), &adam, 1_000), 380.0));
    assert!(close(limit(&Adam::default(), &adam, 0), 38.0));
    assert_eq!(limit(&Adam::default(), &[(Field::Beta1, 0.9)], 5), f64::INFINITY);
}

#[test]
fn the_preconditioner_is_what_the_last_update_divided_by() {
    for (name, args) in settings() {
        let mut trained = Trained::new(name, &args, vec![1.0, -2.0, 0.5]);
        let mut p = vec![0.0; 3];
        let has = |trained: &Trained, p: &mut [f32]| {
            trained.optimizer.preconditioner(trained.at(), &trained.state.slots, p)
        };
        if !has(&trained, &mut p) {
            let plain = ["sgd", "lion", "schedule-free-sgd", "dog", "adafactor", "muon"];
            assert!(plain.contains(&name), "{name}");
            assert_eq!(p, [0.0; 3]);
            continue;
        }
        assert!(p.iter().all(|p| p.is_nan()), "no P before the first update");
        trained.group.set(Field::WeightDecay, 0.0);
        // Schedule-Free steps from its slot z, by the gradient itself.
        let free = name.starts_with("schedule-free");
        let from = |trained: &Trained| {
            if free && trained.state.t > 0 { trained.state.slots[0].clone() } else { trained.value.clone() }
        };
        for row in [[3.0, -1.0, 0.25], [1.0, 2.0, 0.125]].repeat(4) {
            let before = from(&trained);
            let lr = trained.optimizer.effective_lr(trained.at());
            let c = 1.0 - trained.group.get(Field::Beta1).powi(trained.state.t as i32 + 1);
            trained.step(&row);
            if name == "schedule-free-radam" && trained.state.t < 5 {
                assert!(!has(&trained, &mut p), "it does not divide yet");
                continue;
            }
            assert!(has(&trained, &mut p));
            for (i, p) in p.iter().enumerate() {
                let step = f64::from(before[i] - from(&trained)[i]);
                let mean = f64::from(trained.state.slots[0][i]);
                let direction = match name {
                    _ if free || trained.group.get(Field::Beta1) == 0.0 => row[i].into(),
                    "prodigy" => mean / trained.group_state.numbers[0],
                    _ => mean / c,
                };
                let expected = lr * direction / f64::from(*p);
                assert!(
                    (step - expected).abs() < 1e-3 * expected.abs() + 3e-7,
                    "{name} {args:?}: {step} {expected}"
                );
            }
        }
    }
}
