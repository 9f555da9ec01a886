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
            // Some change what they do in their seventh update.
            prop::collection::vec(prop::collection::vec(element(), length), 1..9),
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
    assert_eq!(ops("adam", &arguments(&[], &[]), 0), 12);
    assert_eq!(ops("adamw", &arguments(&[], &["amsgrad"]), 0), 14);
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
        // Rprop's smallest step is above its rate.
        let kept = if name == "rprop" { [1.0 - 1e-6, -2.0 - 1e-6] } else { [1.0, -2.0] };
        let maximizes = args.get("maximize") == Some(&Argument::Flag(true));
        let kept = if name == "rprop" && maximizes { [1.0 + 1e-6, -2.0 + 1e-6] } else { kept };
        assert_eq!(trained.value, kept, "{name} {args:?}");
    }
}

/// An optimizer in the middle of a training: what it makes of its count of updates hardly moves any more.
fn settled(name: &str, args: &Arguments) -> Trained {
    // So small that growing steps do not reach the sizes at which P follows them.
    let mut trained = Trained::new(name, args, vec![1e-30]);
    let optimizer = trained.optimizer.clone();
    for t in 0..=10_000 {
        trained.group_state.t = t;
        optimizer.advance(trained.group());
    }
    trained.state.t = 10_000;
    trained
}

/// Whether p grows between the first and the second 60 updates on the loss `sharpness * p^2 / 2`.
fn grows(mut trained: Trained, sharpness: f64) -> bool {
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
    // An eps far above every gradient makes P the number eps, so limits on P^-1 H can be met too.
    let large: &[(&str, f64)] = &[("lr", 1.0), ("eps", 1e4), ("weight_decay", 0.0)];
    let shrinking: &[(&str, f64)] = &[("lr", 0.5), ("eps", 1e4), ("weight_decay", 0.5)];
    for (name, numbers, flags, preconditioner) in [
        ("sgd", &[("lr", 0.1)][..], &[][..], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.9)], &[], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.9), ("dampening", 0.5)], &[], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.9)], &["nesterov"], 1.0),
        ("sgd", &[("lr", 0.1), ("momentum", 0.8), ("weight_decay", 3.0)], &[], 1.0),
        ("adam", large, &[], 1e4),
        ("adam", large, &["amsgrad"], 1e4),
        ("adam", shrinking, &["decoupled_weight_decay"], 1e4),
        ("adamw", shrinking, &[], 1e4),
        ("nadam", large, &[], 1e4),
        ("nadam", shrinking, &["decoupled_weight_decay"], 1e4),
        ("radam", large, &[], 1e4),
        ("radam", shrinking, &["decoupled_weight_decay"], 1e4),
        ("adamax", large, &[], 1e4),
        ("adagrad", large, &[], 1e4),
        ("adagrad", &[("eps", 1e4), ("lr_decay", 0.1)], &[], 1e4),
        ("rmsprop", large, &[], 1e4),
        ("rmsprop", &[("eps", 1e4), ("momentum", 0.9)], &[], 1e4),
        ("rmsprop", &[("eps", 1e4)], &["centered"], 1e4),
        ("asgd", &[], &[], 1.0),
        ("asgd", &[("lambd", 0.5), ("weight_decay", 3.0)], &[], 1.0),
    ] {
        let trained = settled(name, &arguments(numbers, flags));
        let limit = trained.optimizer.stability_limit(trained.at()) * preconditioner;
        assert!(!grows(trained.clone(), 0.98 * limit), "{name} {numbers:?} below {limit}");
        assert!(grows(trained, 1.02 * limit), "{name} {numbers:?} above {limit}");
    }
    for name in ["adadelta", "rprop"] {
        let trained = settled(name, &Arguments::new());
        assert!(trained.optimizer.stability_limit(trained.at()).is_nan(), "{name} has no such limit");
    }
}

/// The rate that acts, against the size of the steps it makes.
#[test]
fn the_effective_rate_is_what_multiplies_the_direction() {
    let rate = |name: &str, numbers: &[(&str, f64)], t: u64| {
        let mut trained = Trained::new(name, &arguments(numbers, &[]), vec![1.0]);
        for before in 0..=t {
            trained.group_state.t = before;
            let optimizer = trained.optimizer.clone();
            optimizer.advance(trained.group());
        }
        trained.state.t = t;
        trained.optimizer.effective_lr(trained.at())
    };
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs();
    for name in ["sgd", "adam", "adamw", "adamax", "adadelta", "rmsprop"] {
        assert_eq!(rate(name, &[("lr", 0.25)], 7), 0.25, "{name}");
    }
    assert!(close(rate("adagrad", &[("lr", 0.5), ("lr_decay", 0.1)], 10), 0.25));
    assert!(close(rate("asgd", &[("lr", 0.5), ("lambd", 0.2), ("alpha", 1.0)], 10), 0.25));
    assert!(close(rate("asgd", &[("lr", 0.5)], 0), 0.5));
    assert_eq!(rate("rprop", &[("lr", 99.0)], 0), 50.0);
    assert!(rate("rprop", &[], 1).is_nan());
    assert_eq!(rate("radam", &[("lr", 0.5)], 4), 0.5);
    assert!(rate("radam", &[("lr", 0.5)], 5) < 0.02 && close(rate("radam", &[("lr", 0.5)], 30_000), 0.5));
    assert!((1.0..1.001).contains(&rate("nadam", &[("lr", 1.0)], 10)));
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

/// Optimizers that never divide, or whose divisor their own steps change.
const WITHOUT_PRECONDITIONER: [&str; 9] =
    ["sgd", "lion", "schedule-free-sgd", "adadelta", "rprop", "asgd", "dog", "adafactor", "muon"];

/// What the update that was just made divided, before the effective rate multiplied it.
fn divided(name: &str, trained: &Trained, gradient: f64, i: usize) -> f64 {
    let mean = f64::from(trained.state.slots[0][i]);
    let k = trained.state.t as f64;
    let beta1 = trained.group.get(Field::Beta1);
    match name {
        "adagrad" | "rmsprop" => gradient,
        "nadam" => {
            // The default momentum_decay is 0.004.
            let mu = |k: f64| beta1 * (1.0 - 0.5 * 0.96_f64.powf(k * 0.004));
            let product = trained.group_state.numbers[0];
            (1.0 - mu(k)) / (1.0 - product) * gradient + mu(k + 1.0) / (1.0 - product * mu(k + 1.0)) * mean
        }
        // Schedule-Free steps by the gradient itself, as does what keeps no mean.
        name if name.starts_with("schedule-free") || beta1 == 0.0 => gradient,
        "prodigy" => mean / trained.group_state.numbers[0],
        _ => mean / (1.0 - beta1.powf(k)),
    }
}

/// Where a step of the element shows, such that it is `rate * divided / P`.
fn position(name: &str, trained: &Trained, i: usize) -> f64 {
    let slots = &trained.state.slots;
    // Schedule-Free steps from its slot z.
    let free = name.starts_with("schedule-free") && trained.state.t > 0;
    if free { slots[0][i].into() } else { trained.value[i].into() }
}

#[test]
fn the_preconditioner_is_what_the_last_update_divided_by() {
    for (name, mut args) in settings() {
        // Its direction is not that of one step.
        args.retain(|key, _| !(key == "momentum" && name == "rmsprop") && key != "momentum_decay");
        let sign = if args.get("maximize") == Some(&Argument::Flag(true)) { -1.0 } else { 1.0 };
        let mut trained = Trained::new(name, &args, vec![1.0, -2.0, 0.5]);
        let mut p = vec![0.0; 3];
        let has = |trained: &Trained, p: &mut [f32]| {
            trained.optimizer.preconditioner(trained.at(), &trained.state.slots, p)
        };
        let divides = has(&trained, &mut p);
        if WITHOUT_PRECONDITIONER.contains(&name) {
            assert!(!divides && p == [0.0; 3], "{name}");
            continue;
        }
        assert!(name == "radam" || p.iter().all(|p| p.is_nan()), "no P before the first update");
        trained.group.set(Field::WeightDecay, 0.0);
        let mut held = 0;
        for row in [[3.0, -1.0, 0.25], [1.0, 2.0, 0.125]].repeat(5) {
            let before: Vec<f64> = (0..3).map(|i| position(name, &trained, i)).collect();
            let divides = trained.state.t > 0 && has(&trained, &mut p);
            let optimizer = trained.optimizer.clone();
            let mut ahead = trained.clone();
            optimizer.advance(ahead.group());
            let rate = optimizer.effective_lr(ahead.at());
            // What NAdam's gradient and mean come to is told by its own shares.
            let rate = if name == "nadam" { trained.group.lr() } else { rate };
            trained.step(&row);
            if (name == "radam" && !divides) || !has(&trained, &mut p) {
                assert!(name.ends_with("radam") && trained.state.t < 8, "{name} divides");
                continue;
            }
            held += 1;
            for (i, p) in p.iter().enumerate() {
                let step = before[i] - position(name, &trained, i);
                let expected = rate * divided(name, &trained, sign * f64::from(row[i]), i) / f64::from(*p);
                assert!(
                    (step - expected).abs() < 1e-3 * expected.abs() + 3e-7,
                    "{name} {args:?}: {step} {expected}"
                );
            }
        }
        assert!(held >= 4, "{name}: {held}");
    }
}

#[test]
fn a_rate_of_its_own_is_told_in_words() {
    for (name, args) in settings() {
        let mut trained = Trained::new(name, &args, vec![1.0, -2.0, 0.5]);
        let told = trained.optimizer.effective_lr_formula() != "lr";
        for _ in 0..12 {
            let optimizer = trained.optimizer.clone();
            let mut ahead = trained.clone();
            optimizer.advance(ahead.group());
            let acts = optimizer.effective_lr(ahead.at());
            assert!(
                told || acts == trained.group.lr(),
                "{name} {args:?}: {acts} acts, and nothing tells why"
            );
            trained.step(&[3.0, -1.0, 0.25]);
        }
    }
}
