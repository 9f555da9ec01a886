//! The states of PyTorch's schedulers and groups: what loading takes over, and what it refuses.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use lrlab_core::{
    Field, ParamGroup,
    scheduler::torch::{self, StateDict, StateValue, TorchScheduler},
};

fn sgd(lr: f64) -> [ParamGroup; 1] {
    [ParamGroup::new("all").with(Field::Lr, lr).with(Field::Momentum, 0.9)]
}

fn build(call: &str, groups: &mut [ParamGroup]) -> Box<dyn TorchScheduler> {
    torch::build(&call.parse().unwrap(), groups).unwrap()
}

fn dict(entries: &[(&str, StateValue)]) -> StateDict {
    let mut dict = StateDict::default();
    for (key, value) in entries {
        dict.insert(key, value.clone());
    }
    dict
}

#[test]
fn missing_keys_keep_what_is_there_and_unknown_ones_are_passed_over() {
    let mut groups = sgd(0.1);
    let mut scheduler = build("StepLR(5, 0.5)", &mut groups);
    let state = dict(&[("gamma", StateValue::Number(0.25)), ("verbose", StateValue::Bool(true))]);
    scheduler.load_state_dict(&state).unwrap();
    let now = scheduler.state_dict();
    assert_eq!(
        (now.get("gamma"), now.get("step_size")),
        (Some(&StateValue::Number(0.25)), Some(&StateValue::Number(5.0)))
    );
    assert_eq!(now.get("verbose"), None);
}

#[test]
fn what_cannot_be_loaded_is_refused_and_changes_nothing() {
    let one = || StateValue::Map(StateDict::default());
    let none = || StateValue::None;
    for (call, key, value, class, text) in [
        (
            "StepLR(5)",
            "gamma",
            none(),
            "TypeError",
            "StepLR: gamma of a state_dict must be a number, got None",
        ),
        ("StepLR(5)", "_step_count", StateValue::Number(-1.0), "TypeError", "a whole number, 0 or above"),
        ("StepLR(5)", "base_lrs", StateValue::Number(1.0), "TypeError", "a list of numbers"),
        ("StepLR(5)", "_is_initial", none(), "TypeError", "a bool"),
        ("MultiStepLR([5])", "milestones", none(), "TypeError", "a map from steps to how often they count"),
        ("ReduceLROnPlateau()", "mode", StateValue::Text("best".to_owned()), "TypeError", "words"),
        ("ReduceLROnPlateau()", "default_min_lr", StateValue::Bool(true), "", ""),
        ("SWALR(0.1)", "_anneal_strategy", none(), "TypeError", "'cos' or 'linear'"),
        ("OneCycleLR(0.1, 10)", "_schedule_phases", none(), "TypeError", "a list of phases"),
        ("CyclicLR(0.1, 0.2)", "gamma", StateValue::Number(0.5), "KeyError", "_scale_fn_custom"),
        ("LambdaLR('1')", "last_epoch", StateValue::Number(3.0), "KeyError", "lr_lambdas"),
        (
            "LambdaLR('1')",
            "lr_lambdas",
            StateValue::List(vec![one()]),
            "TypeError",
            "functions are not saved",
        ),
        ("SequentialLR([StepLR(5)], [])", "last_epoch", StateValue::Number(1.0), "KeyError", "_schedulers"),
        (
            "ChainedScheduler([StepLR(5)])",
            "_schedulers",
            StateValue::List(vec![one(), one()]),
            "IndexError",
            "list index out of range",
        ),
        (
            "ChainedScheduler([StepLR(5)])",
            "_schedulers",
            StateValue::List(vec![none()]),
            "TypeError",
            "a list of state_dicts",
        ),
    ] {
        let mut groups = sgd(0.1);
        let mut scheduler = build(call, &mut groups);
        let before = scheduler.state_dict();
        let state = dict(&[(key, value), ("_last_lr", StateValue::numbers(&[7.0]))]);
        match scheduler.load_state_dict(&state) {
            Ok(()) => assert_eq!(class, "", "{call}"),
            Err(error) => {
                assert_eq!(error.python_class(), class, "{call}: {error}");
                assert!(error.to_string().contains(text), "{call}: {error}");
                assert_eq!(scheduler.state_dict(), before, "{call}");
            }
        }
    }
}

#[test]
fn a_state_brings_what_the_constructor_left_out() {
    let (mut groups, mut others) = (sgd(0.1), sgd(0.1));
    let with = build("CyclicLR(0.1, 0.2, 4)", &mut groups);
    let mut without = build("CyclicLR(0.1, 0.2, 4, cycle_momentum=False)", &mut others);
    without.load_state_dict(&with.state_dict()).unwrap();
    without.step(None, &mut others).unwrap();
    assert_eq!(others[0].get(Field::Momentum), 0.875);
    let mut two = build("OneCycleLR(0.1, 9)", &mut groups);
    let three = build("OneCycleLR(0.1, 90, three_phase=True, anneal_strategy='linear')", &mut others);
    two.load_state_dict(&three.state_dict()).unwrap();
    assert_eq!(two.state_dict(), three.state_dict());
}

#[test]
fn the_mode_of_a_plateau_decides_what_is_worst() {
    let mut groups = sgd(0.1);
    let mut scheduler = build("ReduceLROnPlateau()", &mut groups);
    let state =
        dict(&[("mode", StateValue::Text("max".to_owned())), ("mode_worse", StateValue::Number(3.0))]);
    scheduler.load_state_dict(&state).unwrap();
    assert_eq!(scheduler.state_dict().get("mode_worse"), Some(&StateValue::Number(f64::NEG_INFINITY)));
}

/// torch issue 156846 and its like: what the groups keep is saved with the optimizer.
#[test]
fn loaded_groups_bring_their_own_initial_lr_and_peak() {
    let (mut old, mut new) = (sgd(1.0), sgd(0.3));
    build("LambdaLR('lambda e: 0.5 ** e')", &mut old);
    torch::load_groups_state(&mut new, &torch::groups_state(&old)).unwrap();
    new[0].set(Field::Lr, 0.3);
    build("LambdaLR('lambda e: 0.5 ** e')", &mut new);
    assert_eq!(new[0].lr(), 1.0);
    let (mut old, mut new) = (sgd(1.0), sgd(1.0));
    build("OneCycleLR(0.5, 10)", &mut old);
    let mut scheduler = build("OneCycleLR(8.0, 10)", &mut new);
    torch::load_groups_state(&mut new, &torch::groups_state(&old)).unwrap();
    scheduler.step(None, &mut new).unwrap();
    scheduler.step(None, &mut new).unwrap();
    assert_eq!((new[0].lr(), new[0].torch.max_lr), (0.5, Some(0.5)));
}

#[test]
fn groups_that_do_not_fit_are_refused_and_stay() {
    let mut groups = sgd(0.1);
    groups[0].torch.swa_lr = Some(0.5);
    let before = groups.clone();
    let lr = ("lr", StateValue::Number(0.7));
    let text = StateValue::Text("a".to_owned());
    for (state, class) in [
        (vec![], "ValueError"),
        (vec![dict(&[])], "KeyError"),
        (vec![dict(&[("lr", text.clone())])], "TypeError"),
        (vec![dict(&[lr.clone(), ("max_lr", text)])], "TypeError"),
        (vec![dict(&[lr.clone(), ("betas", StateValue::numbers(&[0.9]))])], "TypeError"),
    ] {
        let error = torch::load_groups_state(&mut groups, &state).unwrap_err();
        assert_eq!((error.python_class(), &groups), (class, &before), "{state:?}");
    }
    torch::load_groups_state(&mut groups, &[dict(&[lr])]).unwrap();
    assert_eq!((groups[0].lr(), groups[0].get(Field::Momentum), groups[0].torch.swa_lr), (0.7, 0.9, None));
}

#[test]
fn a_state_survives_json_with_what_is_no_number_there() {
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e-308, 5.0].map(StateValue::Number);
    let state = dict(&[
        ("numbers", StateValue::List(values.to_vec())),
        (
            "words",
            StateValue::List(vec![
                StateValue::Text("min".to_owned()),
                StateValue::None,
                StateValue::Bool(true),
            ]),
        ),
        ("inner", StateValue::Map(dict(&[("k", StateValue::Number(1.0))]))),
    ]);
    let text = serde_json::to_string(&state).unwrap();
    let back: StateDict = serde_json::from_str(&text).unwrap();
    assert_eq!(format!("{back:?}"), format!("{state:?}"));
    assert_eq!(serde_json::from_str::<StateValue>("3").unwrap(), StateValue::Number(3.0));
}

#[test]
fn a_group_has_what_was_set() {
    let mut group = ParamGroup::new("g").with(Field::Momentum, 0.0);
    assert!(group.has(Field::Momentum) && !group.has(Field::Beta1));
    group.set(Field::Eps, 1e-8);
    let has: Vec<Field> = Field::ALL.into_iter().filter(|field| group.has(*field)).collect();
    assert_eq!(has, [Field::Momentum, Field::Eps]);
}

/// torch keeps a branch for objects whose count of calls was lost: they take the closed form once.
#[test]
fn a_cosine_without_its_count_takes_the_closed_form_once() {
    let mut groups = sgd(0.1);
    let mut scheduler = build("CosineAnnealingLR(10)", &mut groups);
    let lost =
        [("_step_count", 0.0), ("last_epoch", 3.0)].map(|(key, value)| (key, StateValue::Number(value)));
    scheduler.load_state_dict(&dict(&lost)).unwrap();
    scheduler.step(None, &mut groups).unwrap();
    assert_eq!(vec![groups[0].lr()], scheduler.closed_form().unwrap().unwrap());
}
