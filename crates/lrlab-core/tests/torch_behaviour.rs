//! The replay of PyTorch's schedulers where its goldens do not look: what lrlab adds to torch, and how the
//! training loop drives it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lrlab_core::{
    Field, ParamGroup, Scheduler,
    scheduler::torch::{
        self, CyclicLR, Factor, LambdaLR, MultiplicativeLR, TorchError, TorchPlan, TorchScheduler,
    },
};

fn groups(lr: f64) -> [ParamGroup; 1] {
    [ParamGroup::new("all").with(Field::Lr, lr)]
}

fn build(call: &str, groups: &mut [ParamGroup]) -> Result<Box<dyn TorchScheduler>, TorchError> {
    torch::build(&call.parse().unwrap(), groups)
}

fn plan(call: &str, every: u64, groups: &[ParamGroup]) -> Result<TorchPlan, TorchError> {
    TorchPlan::new(call.parse().unwrap(), 0..groups.len(), every, groups)
}

#[test]
fn what_torch_does_not_guard_is_refused_in_lrlabs_words() {
    for (call, text) in [
        ("StepLR('5')", "StepLR: step_size must be a number, got '5'"),
        ("MultiStepLR(5)", "MultiStepLR: milestones must be a list, got 5"),
        ("Adam(0.1)", "Adam is no scheduler of PyTorch's; there are LambdaLR, MultiplicativeLR, StepLR"),
        (
            "LambdaLR('lambda e: e +')",
            "must be a function of the epoch, such as 'lambda epoch: 0.95 ** epoch'",
        ),
        ("LambdaLR('1 - t / T')", "PyTorch's schedulers know no T"),
        ("CyclicLR(0.1, 0.2, scale_fn='x')", "must be a function of the epoch"),
    ] {
        let error = build(call, &mut groups(0.1)).unwrap_err().to_string();
        assert!(error.contains(text), "{call}: {error}");
    }
}

#[test]
fn a_second_scheduler_starts_from_the_first_ones_base() {
    let mut groups = groups(0.1);
    let mut first = build("ExponentialLR(0.9)", &mut groups).unwrap();
    first.step(None, &mut groups).unwrap();
    let second = build("StepLR(1)", &mut groups).unwrap();
    assert_eq!(
        (second.state().base_lrs.as_slice(), groups[0].lr()),
        ([0.1].as_slice(), 0.090_000_000_000_000_01)
    );
}

#[test]
fn a_plan_can_be_entered_anywhere_and_moves_its_own_groups_only() {
    let all = [
        ParamGroup::new("body").with(Field::Lr, 0.1),
        ParamGroup::new("head").with(Field::Lr, 1.0),
        ParamGroup::new("bias").with(Field::Lr, 3.0),
    ];
    let call = "SequentialLR([LinearLR(0.1, total_iters=5), ExponentialLR(0.9)], [5])";
    let make = || TorchPlan::new(call.parse().unwrap(), 1..2, 2, &all).unwrap();
    let mut straight = make();
    let mut groups = all.clone();
    let mut rates = Vec::new();
    for t in 0..40 {
        straight.before_step(t, &mut groups).unwrap();
        rates.push(groups[1].lr());
        assert_eq!((groups[0].lr(), groups[2].lr()), (0.1, 3.0));
        let mut late = groups.clone();
        make().before_step(t, &mut late).unwrap();
        assert_eq!(late, groups, "entered at {t}");
    }
    assert_eq!((rates[0], rates[10], rates[1] == rates[0], rates[12] < rates[11]), (0.1, 1.0, true, true));
    straight.before_step(7, &mut groups).unwrap();
    assert_eq!(groups[1].lr(), rates[7], "sent back");
    let (mut branch, mut branched) = (straight.clone_box(), groups.clone());
    branch.before_step(30, &mut branched).unwrap();
    straight.before_step(8, &mut groups).unwrap();
    assert_eq!((branched[1].lr(), groups[1].lr()), (rates[30], rates[8]), "a branch goes its own way");
}

#[test]
fn plans_that_would_stop_a_training_are_refused() {
    for (call, every) in [
        ("StepLR(5)", 0),
        ("StepLR(0)", 1),
        ("CosineAnnealingLR(0)", 1),
        ("CosineAnnealingLR(0.2)", 1),
        ("CosineAnnealingLR(400000000)", 1),
        ("ConstantLR(0.0, 2)", 1),
        ("PolynomialLR(4, -1.0)", 1),
        ("OneCycleLR(0.1, 2, pct_start=0.5, cycle_momentum=False)", 1),
        ("ChainedScheduler([StepLR(5), StepLR(0)])", 1),
        ("SequentialLR([StepLR(5), SequentialLR([StepLR(5), StepLR(5)], [3])], [4])", 1),
        ("SequentialLR([StepLR(5), ChainedScheduler([StepLR(5)])], [4])", 1),
        ("StepLR()", 1),
    ] {
        assert!(plan(call, every, &groups(0.1)).is_err(), "{call} every {every}");
    }
    for call in [
        "CosineAnnealingLR(30)",
        "OneCycleLR(0.1, 1, cycle_momentum=False)",
        // Their milestones are passed over, or never met as milestones.
        "SequentialLR([StepLR(5), ChainedScheduler([StepLR(5)]), StepLR(5)], [6, 4])",
        "SequentialLR([StepLR(5), ChainedScheduler([StepLR(5)])], [0])",
    ] {
        let plan = plan(call, 1, &groups(0.1)).unwrap();
        assert!(plan.rehearse(1).is_ok(), "{call}");
    }
}

#[test]
fn a_rehearsal_finds_what_a_training_of_that_length_would_raise() {
    for (call, every, fits) in [
        ("OneCycleLR(0.1, 10)", 1, 11),
        ("OneCycleLR(0.1, 10)", 7, 77),
        ("OneCycleLR(0.1, 10, pct_start=1.0)", 1, 10),
        ("CyclicLR(0.1, 0.2, 1, mode='triangular2')", 1, 2048),
        ("SequentialLR([StepLR(5), OneCycleLR(0.1, 10)], [20])", 1, 31),
    ] {
        let all = [groups(0.1)[0].clone().with(Field::Momentum, 0.9)];
        let mut plan = plan(call, every, &all).unwrap();
        assert!(plan.rehearse(fits).is_ok() && plan.rehearse(0).is_ok(), "{call}");
        assert!(plan.rehearse(fits + 1).is_err(), "{call}");
        let mut groups = all.clone();
        plan.before_step(fits - 1, &mut groups).unwrap();
        assert!(plan.scheduler().is_some(), "a rehearsal leaves the plan as it was");
    }
}

#[test]
fn a_plan_moves_momentum_where_its_scheduler_does_and_puts_it_back() {
    for (call, moves) in [
        ("OneCycleLR(0.1, 40)", true),
        ("SequentialLR([StepLR(5), CyclicLR(0.1, 0.2, 5)], [3])", true),
        ("CyclicLR(0.1, 0.2, 5, cycle_momentum=False)", false),
        ("StepLR(5)", false),
    ] {
        let all = [groups(0.1)[0].clone().with(Field::Momentum, 0.5)];
        let mut plan = plan(call, 1, &all).unwrap();
        let mut groups = all.clone();
        let mut seen = Vec::new();
        for t in 0..20 {
            plan.before_step(t, &mut groups).unwrap();
            seen.push(groups.clone());
        }
        assert_eq!(seen.iter().any(|groups| groups[0].get(Field::Momentum) != 0.5), moves, "{call}");
        plan.before_step(7, &mut groups).unwrap();
        assert_eq!(groups, seen[7], "{call}: sent back");
    }
}

#[test]
fn a_plateau_moves_on_metrics_alone_and_goes_on_from_its_state() {
    let all = groups(0.1);
    let make = || plan("ReduceLROnPlateau(factor=0.5, patience=1)", 1, &all).unwrap();
    let (mut straight, mut groups) = (make(), all.clone());
    assert!(straight.takes_metric() && straight.state_dict().is_none());
    let mut rates = Vec::new();
    for t in 0..10 {
        straight.before_step(t, &mut groups).unwrap();
        straight.before_step(t, &mut groups).unwrap();
        rates.push(groups[0].lr());
        straight.on_metric(1.0, &mut groups).unwrap();
        if t == 4 {
            let saved = (straight.state_dict().unwrap(), torch::groups_state(&groups));
            let (mut resumed, mut fresh) = (make(), all.clone());
            resumed.load_state_dict(&saved.0).unwrap();
            torch::load_groups_state(&mut fresh, &saved.1).unwrap();
            let (mut ahead, mut theirs) = (straight.clone(), groups.clone());
            for t in 5..20 {
                for (plan, groups) in [(&mut resumed, &mut fresh), (&mut ahead, &mut theirs)] {
                    plan.before_step(t, groups).unwrap();
                    plan.on_metric(1.0, groups).unwrap();
                }
                assert_eq!(fresh, theirs, "at {t}");
            }
        }
    }
    assert_eq!(rates, [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.00625]);
    let mut steps = plan("StepLR(1)", 1, &all).unwrap();
    let mut groups = all.clone();
    steps.on_metric(1.0, &mut groups).unwrap();
    assert_eq!(groups, all, "others pass over metrics");
    let mut step = build("StepLR(1)", &mut groups).unwrap();
    assert_eq!(step.metric(1.0, None, &mut groups).unwrap_err().python_class(), "TypeError");
}

#[test]
fn factors_are_functions_tables_and_texts() {
    let run = |construct: &dyn Fn(&mut [ParamGroup]) -> Box<dyn TorchScheduler>| {
        let mut groups = groups(0.8);
        let mut scheduler = construct(&mut groups);
        let mut rates = vec![groups[0].lr()];
        for _ in 0..3 {
            scheduler.step(None, &mut groups).unwrap();
            rates.push(groups[0].lr());
        }
        (rates, scheduler, groups)
    };
    let halving = || vec![Factor::function(|epoch| 0.5_f64.powf(epoch))];
    let table = || vec![Factor::table([1.0, 0.5, 0.25, 0.125])];
    let halved = [0.8, 0.4, 0.2, 0.1];
    assert_eq!(run(&|groups| Box::new(LambdaLR::new(halving(), -1.0, groups).unwrap())).0, halved);
    assert_eq!(run(&|groups| build("LambdaLR('0.5 ^ t')", groups).unwrap()).0, halved);
    assert_eq!(run(&|groups| build("LambdaLR('lambda e: 0.5 ** e')", groups).unwrap()).0, halved);
    let (rates, mut scheduler, mut groups) =
        run(&|groups| Box::new(LambdaLR::new(table(), -1.0, groups).unwrap()));
    assert_eq!(rates, halved);
    let error = scheduler.step(None, &mut groups).unwrap_err();
    assert_eq!((error.python_class(), error.to_string().as_str()), ("IndexError", "list index out of range"));
    scheduler.step(Some(-1.0), &mut groups).unwrap();
    assert_eq!(groups[0].lr(), 0.1);
    assert!(
        scheduler.step(Some(0.5), &mut groups).is_err() && scheduler.step(Some(-5.0), &mut groups).is_err()
    );
    let times = run(&|groups| Box::new(MultiplicativeLR::new(table(), -1.0, groups).unwrap())).0;
    assert_eq!(times, [0.8, 0.4, 0.1, 0.0125]);
    let with_momentum = |groups: &mut [ParamGroup]| {
        groups[0].set(Field::Momentum, 0.9);
        let call = "CyclicLR(0.0, 1.0, 2)".parse().unwrap();
        CyclicLR::new(&call, Some(Factor::function(|_| 0.5)), groups).unwrap()
    };
    assert_eq!(run(&|groups| Box::new(with_momentum(groups))).0, [0.0, 0.25, 0.5, 0.25]);
    assert_eq!(
        LambdaLR::new(vec![], -1.0, &mut groups).unwrap_err().to_string(),
        "Expected 1 lr_lambdas, but got 0"
    );
    let plan =
        TorchPlan::with(0..1, 1, &groups, |groups| Ok(Box::new(LambdaLR::new(halving(), -1.0, groups)?)));
    assert!(plan.unwrap().rehearse(50).is_ok());
}
