//! The replay of PyTorch's schedulers where its goldens do not look: guards, resuming, `step(epoch)`,
//! quirks of sequences, and how the training loop drives it. Numbers and texts are torch 2.15's.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lrlab_core::{
    Field, ParamGroup, Scheduler,
    scheduler::torch::{self, TorchError, TorchPlan, TorchScheduler},
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
fn constructors_raise_what_torchs_do() {
    let constant = "Constant multiplicative factor expected to be between 0 and 1.";
    let start = "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.";
    let end = "Ending multiplicative factor expected to be between 0 and 1.";
    for (call, class, text) in [
        ("ConstantLR(factor=1.5)", "ValueError", constant),
        ("ConstantLR(factor=-0.1)", "ValueError", constant),
        ("LinearLR(start_factor=0)", "ValueError", start),
        ("LinearLR(start_factor=1.5)", "ValueError", start),
        ("LinearLR(end_factor=-0.1)", "ValueError", end),
        ("LinearLR(end_factor=2)", "ValueError", end),
        ("StepLR()", "TypeError", "StepLR.__init__() missing 1 required positional argument: 'step_size'"),
        (
            "StepLR(5, 0.1, -1, 7)",
            "TypeError",
            "StepLR.__init__() takes from 3 to 5 positional arguments but 6 were given",
        ),
        (
            "StepLR(5, step_size=5)",
            "TypeError",
            "StepLR.__init__() got multiple values for argument 'step_size'",
        ),
        ("StepLR(5, gama=0.5)", "TypeError", "StepLR.__init__() got an unexpected keyword argument 'gama'"),
        (
            "SequentialLR()",
            "TypeError",
            "SequentialLR.__init__() missing 2 required positional arguments: 'schedulers' and 'milestones'",
        ),
        (
            "SequentialLR([], [])",
            "ValueError",
            "SequentialLR expects at least one scheduler, but got no scheduler.",
        ),
        (
            "SequentialLR([StepLR(5)], [3])",
            "ValueError",
            "Sequential Schedulers expects number of schedulers provided to be one more than the number of \
             milestone points, but got number of schedulers 1 and the number of milestones to be equal to 1",
        ),
        (
            "SequentialLR([StepLR(5), 7], [3])",
            "TypeError",
            "SequentialLR at index 1 should have `optimizer` as its attribute.",
        ),
        (
            "SequentialLR([StepLR(5), ReduceLROnPlateau()], [3])",
            "ValueError",
            "SequentialLR does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be \
             specified when calling `step`, but got one at index 1 in the given schedulers sequence.",
        ),
    ] {
        let error = build(call, &mut groups(0.1)).unwrap_err();
        assert_eq!((error.python_class(), error.to_string().as_str()), (class, text), "{call}");
    }
    let error = build("StepLR(5, last_epoch=3)", &mut groups(0.1)).unwrap_err();
    assert_eq!(error.python_class(), "KeyError");
    assert!(
        error.to_string().starts_with("param 'initial_lr' is not specified in param_groups[0] when resuming")
    );
    let error = build("CyclicLR(0.1, 0.2)", &mut groups(0.1)).unwrap_err();
    assert!(error.to_string().contains("does not replay CyclicLR"), "{error}");
    let error = build("StepLR('5')", &mut groups(0.1)).unwrap_err();
    assert_eq!(error.to_string(), "StepLR: step_size must be a number, got '5'");
}

#[test]
fn steps_raise_where_torchs_do() {
    for (call, step, class, text) in [
        ("StepLR(0)", 1, "ZeroDivisionError", "integer modulo by zero"),
        ("CosineAnnealingLR(0)", 1, "ZeroDivisionError", "integer modulo by zero"),
        ("ConstantLR(0.0, 2)", 2, "ZeroDivisionError", "float division by zero"),
        (
            "SequentialLR([StepLR(5), SequentialLR([StepLR(5), StepLR(5)], [3])], [4])",
            4,
            "NotImplementedError",
            "",
        ),
    ] {
        let mut groups = groups(0.1);
        let mut scheduler = build(call, &mut groups).unwrap();
        for _ in 1..step {
            scheduler.step(None, &mut groups).unwrap();
        }
        let error = scheduler.step(None, &mut groups).unwrap_err();
        assert_eq!(error.python_class(), class, "{call}");
        assert!(error.to_string().contains(text), "{call}: {error}");
        assert!(plan(call, 1, &groups).is_err(), "{call}: a training must not start that would stop");
    }
}

#[test]
fn an_epoch_takes_the_closed_form() {
    for (call, epochs, rates) in [
        (
            "CosineAnnealingLR(10)",
            &[3.5, 10.0, 12.25, -2.0][..],
            &[0.1, 0.072_699_524_986_977_33, 0.0, 0.011_979_701_719_998_431, 0.090_450_849_718_747_38][..],
        ),
        (
            "LinearLR()",
            &[3.0, -3.0, 7.0],
            &[0.033_333_333_333_333_33, 0.073_333_333_333_333_35, -0.006_666_666_666_666_671, 0.1],
        ),
        ("StepLR(3)", &[-1.0, 7.0], &[0.1, 1.0, 0.001_000_000_000_000_000_2]),
        ("MultiStepLR([2, 4])", &[1.5, 4.5], &[0.1, 0.1, 0.001_000_000_000_000_000_2]),
    ] {
        let mut groups = groups(0.1);
        let mut scheduler = build(call, &mut groups).unwrap();
        let mut got = vec![groups[0].lr()];
        for epoch in epochs {
            scheduler.step(Some(*epoch), &mut groups).unwrap();
            got.push(groups[0].lr());
        }
        assert_eq!(got, rates, "{call}");
    }
    let mut groups = groups(0.1);
    let mut sequence = build("SequentialLR([StepLR(5)], [])", &mut groups).unwrap();
    assert_eq!(sequence.step(Some(1.0), &mut groups).unwrap_err().python_class(), "TypeError");
}

#[test]
fn resuming_with_last_epoch_repeats_torchs_mistakes() {
    for (call, rates) in [
        ("StepLR(5, 0.5, last_epoch=4)", [0.05, 0.05]),
        ("LinearLR(last_epoch=2)", [0.1, 0.118_181_818_181_818_2]),
        ("CosineAnnealingLR(10, last_epoch=2)", [0.1, 0.082_442_949_541_505_38]),
        ("ExponentialLR(0.9, last_epoch=2)", [0.1, 0.090_000_000_000_000_01]),
        ("ConstantLR(0.5, 3, last_epoch=2)", [0.2, 0.2]),
        ("MultiStepLR([3], last_epoch=2)", [0.010_000_000_000_000_002, 0.010_000_000_000_000_002]),
    ] {
        let mut groups = groups(0.1);
        groups[0].torch.initial_lr = Some(1.0);
        let mut scheduler = build(call, &mut groups).unwrap();
        let resumed = groups[0].lr();
        scheduler.step(None, &mut groups).unwrap();
        assert_eq!([resumed, groups[0].lr()], rates, "{call}");
        assert_eq!((scheduler.state().step_count, &scheduler.state().base_lrs), (2, &vec![1.0]), "{call}");
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
fn nested_and_unsorted_sequences_have_torchs_quirks() {
    for (call, rates) in [
        (
            "SequentialLR([SequentialLR([ExponentialLR(0.9), StepLR(2)], [3]), ExponentialLR(0.5)], [5])",
            [
                0.090_000_000_000_000_01,
                0.081_000_000_000_000_02,
                0.1,
                0.1,
                0.010_000_000_000_000_002,
                0.1,
                0.05,
            ],
        ),
        (
            "SequentialLR([ConstantLR(0.5, 9), ExponentialLR(0.9), StepLR(2)], [5, 3])",
            [0.05, 0.05, 0.05, 0.1, 0.1, 0.010_000_000_000_000_002, 0.010_000_000_000_000_002],
        ),
    ] {
        let mut groups = groups(0.1);
        let mut scheduler = build(call, &mut groups).unwrap();
        let mut got = vec![groups[0].lr()];
        for _ in 1..rates.len() {
            scheduler.step(None, &mut groups).unwrap();
            got.push(groups[0].lr());
        }
        assert_eq!(got, rates, "{call}");
    }
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
        straight.before_step(t, &mut groups);
        rates.push(groups[1].lr());
        assert_eq!((groups[0].lr(), groups[2].lr()), (0.1, 3.0));
        let mut late = groups.clone();
        make().before_step(t, &mut late);
        assert_eq!(late, groups, "entered at {t}");
    }
    assert_eq!((rates[0], rates[10], rates[1] == rates[0], rates[12] < rates[11]), (0.1, 1.0, true, true));
    straight.before_step(7, &mut groups);
    assert_eq!(groups[1].lr(), rates[7], "sent back");
    let (mut branch, mut branched) = (straight.clone_box(), groups.clone());
    branch.before_step(30, &mut branched);
    straight.before_step(8, &mut groups);
    assert_eq!((branched[1].lr(), groups[1].lr()), (rates[30], rates[8]), "a branch goes its own way");
}

#[test]
fn plans_that_would_stop_a_training_are_refused() {
    for (call, every) in [
        ("StepLR(5)", 0),
        ("CosineAnnealingLR(0.2)", 1),
        ("CosineAnnealingLR(400000000)", 1),
        ("StepLR()", 1),
    ] {
        assert!(plan(call, every, &groups(0.1)).is_err(), "{call} every {every}");
    }
    assert!(plan("CosineAnnealingLR(30)", 1, &groups(0.1)).is_ok());
}
