//! The groups' part of a checkpoint: what `optimizer.state_dict()["param_groups"]` keeps of each.

use super::{StateDict, StateValue, TorchError};
use crate::{Field, ParamGroup, TorchKeys};

/// One of the keys of [`TorchKeys`], to read or to write.
type Key = (&'static str, fn(&mut TorchKeys) -> &mut Option<f64>);

const KEYS: [Key; 6] = [
    ("initial_lr", |keys| &mut keys.initial_lr),
    ("max_lr", |keys| &mut keys.max_lr),
    ("min_lr", |keys| &mut keys.min_lr),
    ("base_momentum", |keys| &mut keys.base_momentum),
    ("max_momentum", |keys| &mut keys.max_momentum),
    ("swa_lr", |keys| &mut keys.swa_lr),
];

/// The fields that torch keeps under their own names; `betas` is a pair.
const PLAIN: [Field; 5] = [Field::Lr, Field::Momentum, Field::Dampening, Field::WeightDecay, Field::Eps];

/// The groups as `optimizer.state_dict()["param_groups"]` holds them, without their parameters.
///
/// A scheduler's rates live in the groups: resuming takes these and the scheduler's own
/// [`state_dict`](super::TorchScheduler::state_dict).
pub fn groups_state(groups: &[ParamGroup]) -> Vec<StateDict> {
    groups.iter().map(group_state).collect()
}

fn group_state(group: &ParamGroup) -> StateDict {
    let mut dict = StateDict::default();
    for field in PLAIN.into_iter().filter(|field| group.has(*field)) {
        dict.insert(field.name(), StateValue::Number(group.get(field)));
    }
    if group.has(Field::Beta1) {
        let betas = [Field::Beta1, Field::Beta2].map(|field| group.get(field));
        dict.insert("betas", StateValue::numbers(&betas));
    }
    let mut keys = group.torch;
    for (name, key) in KEYS {
        if let Some(value) = *key(&mut keys) {
            dict.insert(name, StateValue::Number(value));
        }
    }
    dict
}

/// Puts the groups back to what [`groups_state`] gave.
///
/// As in torch the schedulers' keys become those of the state, whatever the groups had: a rate that
/// was changed after loading does not move `initial_lr`. A field that the state does not name stays.
///
/// # Errors
/// `ValueError` where the number of groups differs, `KeyError` without a rate, `TypeError` where a value is
/// no number. The groups are then as before.
pub fn load_groups_state(groups: &mut [ParamGroup], state: &[StateDict]) -> Result<(), TorchError> {
    if groups.len() != state.len() {
        return Err(TorchError::Value(
            "loaded state dict has a different number of parameter groups".to_owned(),
        ));
    }
    let mut loaded = groups.to_vec();
    for (group, dict) in loaded.iter_mut().zip(state) {
        load_group(group, dict)?;
    }
    groups.clone_from_slice(&loaded);
    Ok(())
}

fn load_group(group: &mut ParamGroup, dict: &StateDict) -> Result<(), TorchError> {
    let number = |name: &str| match dict.get(name) {
        None => Ok(None),
        Some(value) => match value.number() {
            Some(number) => Ok(Some(number)),
            None => Err(TorchError::Type(format!("{name} of a group must be a number, got {value:?}"))),
        },
    };
    for field in PLAIN {
        match number(field.name())? {
            Some(value) => group.set(field, value),
            None if field == Field::Lr => return Err(TorchError::Key("lr".to_owned())),
            None => {}
        }
    }
    if let Some(betas) = dict.get("betas") {
        let StateValue::List(pair) = betas else {
            return Err(TorchError::Type(format!(
                "betas of a group must be a pair of numbers, got {betas:?}"
            )));
        };
        let [Some(beta1), Some(beta2)] = [0, 1].map(|at| pair.get(at).and_then(StateValue::number)) else {
            return Err(TorchError::Type(format!(
                "betas of a group must be a pair of numbers, got {betas:?}"
            )));
        };
        group.set(Field::Beta1, beta1);
        group.set(Field::Beta2, beta2);
    }
    for (name, key) in KEYS {
        *key(&mut group.torch) = number(name)?;
    }
    Ok(())
}
