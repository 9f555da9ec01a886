//! The replay of PyTorch's schedulers where it raises, is sent to an epoch, goes on with `last_epoch`, or meets
//! new groups: against PyTorch's own rows and messages in `golden/pytorch/schedulers_scripts.json`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod torch_harness;

use std::collections::BTreeMap;

use lrlab_core::{
    Field, ParamGroup,
    scheduler::torch::{self, StateDict, StateValue, TorchError},
};
use serde::Deserialize;
use torch_harness::{group, momentum, read};

#[derive(Deserialize)]
struct Goldens {
    scripts: Vec<Script>,
}

#[derive(Deserialize)]
struct Script {
    constructor: String,
    base_lrs: Vec<f64>,
    optimizer: String,
    keys: BTreeMap<String, f64>,
    actions: Vec<Vec<StateValue>>,
    rows: Vec<Row>,
    error: Option<Raised>,
    groups: Vec<StateDict>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Row {
    lr: Vec<f64>,
    momentum: Option<Vec<f64>>,
}

#[derive(Debug, Deserialize)]
struct Raised {
    class: String,
    message: String,
}

impl Script {
    fn new_groups(&self) -> Vec<ParamGroup> {
        let mut groups: Vec<ParamGroup> =
            self.base_lrs.iter().map(|lr| group(&self.optimizer, *lr)).collect();
        for group in &mut groups {
            group.torch.initial_lr = self.keys.get("initial_lr").copied();
            group.torch.max_lr = self.keys.get("max_lr").copied();
            group.torch.min_lr = self.keys.get("min_lr").copied();
            group.torch.base_momentum = self.keys.get("base_momentum").copied();
            group.torch.max_momentum = self.keys.get("max_momentum").copied();
        }
        groups
    }

    fn run(&self, groups: &mut Vec<ParamGroup>, rows: &mut Vec<Row>) -> Result<(), TorchError> {
        let mut note = |groups: &[ParamGroup]| {
            rows.push(Row {
                lr: groups.iter().map(ParamGroup::lr).collect(),
                momentum: groups.iter().map(momentum).collect(),
            });
        };
        let mut scheduler = torch::build(&self.constructor.parse().unwrap(), groups)?;
        note(groups);
        for action in &self.actions {
            let StateValue::Text(verb) = &action[0] else { panic!("{action:?}") };
            let numbers: Vec<f64> = action[1..].iter().map(|value| value.number().unwrap()).collect();
            match (verb.as_str(), numbers.as_slice()) {
                ("step", []) => scheduler.step(None, groups)?,
                ("epoch", [epoch]) => scheduler.step(Some(*epoch), groups)?,
                ("metric", [metric]) => scheduler.metric(*metric, None, groups)?,
                ("metric", [metric, epoch]) => scheduler.metric(*metric, Some(*epoch), groups)?,
                ("lr", [at, lr]) => groups[*at as usize].set(Field::Lr, *lr),
                ("add", [lr]) => groups.push(group(&self.optimizer, *lr)),
                other => panic!("no such action: {other:?}"),
            }
            note(groups);
        }
        Ok(())
    }
}

#[test]
fn rows_and_exceptions_are_pytorchs() {
    let mut wrong = Vec::new();
    for script in read::<Goldens>("schedulers_scripts.json").scripts {
        let label = format!("{} {:?}", script.constructor, script.actions);
        let (mut groups, mut rows) = (script.new_groups(), Vec::new());
        let got = script.run(&mut groups, &mut rows);
        if rows != script.rows {
            wrong.push(format!("{label}: rows\n  {rows:?}\n  for\n  {:?}", script.rows));
        }
        let state = torch::groups_state(&groups);
        // What a constructor that raises leaves in the groups is not replayed.
        if !rows.is_empty() && state != script.groups {
            wrong.push(format!("{label}: groups\n  {state:?}\n  for\n  {:?}", script.groups));
        }
        match (&got, &script.error) {
            (Ok(()), None) => {}
            // torch gives some exceptions no text.
            (Err(got), Some(want))
                if got.python_class() == want.class
                    && (want.message.is_empty() || got.to_string() == want.message) => {}
            _ => wrong.push(format!("{label}:\n  {got:?}\n  for\n  {:?}", script.error)),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
