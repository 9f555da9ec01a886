//! A scheduler's state as `state_dict()` gives it: a small tree under torch's own names.
//!
//! It is saved by whatever serde writes. What JSON has no number for is written as the strings `"NaN"`,
//! `"inf"` and `"-inf"`.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// What a scheduler remembers, by the names of torch's attributes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateDict(pub BTreeMap<String, StateValue>);

/// One value of a [`StateDict`].
#[derive(Clone, Debug, PartialEq)]
pub enum StateValue {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A number, whole or not.
    Number(f64),
    /// A string.
    Text(String),
    /// A list or a tuple.
    List(Vec<StateValue>),
    /// A dict; keys that are numbers in Python are their texts here.
    Map(StateDict),
}

impl StateDict {
    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&StateValue> {
        self.0.get(key)
    }

    /// Puts `value` under `key`.
    pub fn insert(&mut self, key: &str, value: StateValue) {
        self.0.insert(key.to_owned(), value);
    }
}

impl StateValue {
    /// A list of numbers.
    pub fn numbers(values: &[f64]) -> Self {
        Self::List(values.iter().copied().map(Self::Number).collect())
    }

    /// The number; `True` is 1, as in Python.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Bool(flag) => Some(f64::from(u8::from(*flag))),
            _ => None,
        }
    }
}

impl Serialize for StateValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_none(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(value) => crate::finite::serialize(value, serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => items.serialize(serializer),
            Self::Map(entries) => entries.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for StateValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = StateValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a state_dict: nothing, a bool, a number, a string, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<StateValue, E> {
        Ok(StateValue::None)
    }

    fn visit_none<E>(self) -> Result<StateValue, E> {
        Ok(StateValue::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<StateValue, D::Error> {
        StateValue::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<StateValue, E> {
        Ok(StateValue::Bool(flag))
    }

    fn visit_i64<E>(self, value: i64) -> Result<StateValue, E> {
        Ok(StateValue::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<StateValue, E> {
        Ok(StateValue::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<StateValue, E> {
        Ok(StateValue::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<StateValue, E> {
        Ok(match text {
            "NaN" => StateValue::Number(f64::NAN),
            "inf" => StateValue::Number(f64::INFINITY),
            "-inf" => StateValue::Number(f64::NEG_INFINITY),
            _ => StateValue::Text(text.to_owned()),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<StateValue, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(StateValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<StateValue, A::Error> {
        let mut map = StateDict::default();
        while let Some((key, value)) = entries.next_entry()? {
            map.0.insert(key, value);
        }
        Ok(StateValue::Map(map))
    }
}
