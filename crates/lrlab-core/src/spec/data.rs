//! The TOML and JSON form: the tree of the text form with the registry's names as keys.
//!
//! ```toml
//! optimizer = { name = "sgd", lr = 0.1, momentum = 0.9 }
//! schedule = { name = "warmup", for = "5%", then = { name = "cosine", to = "0" } }
//! clip = { norm = 1.0 }
//! ```
//! Wherever such a table stands, the text form may stand instead. Several groups are a list
//! `groups`, each with `params = "*.weight"`.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error};

use super::{
    Fault, OptimizerSpec, Problem, ScheduleSpec, SpecError,
    named_text::unknown_optimizer,
    read_argument,
    schedule_text::{DEEPEST, unknown_schedule},
};
use crate::{
    TaskSpec,
    horizon::number_text,
    optimizer::registry as optimizers,
    registry::{Argument, Arguments, Kind, Parameter, RawArgument, same_name},
    schedule,
};

/// A tree before the registries say what it should be.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a table, text, a number, a list, true or false")]
pub(super) enum Data {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Data>),
    Table(BTreeMap<String, Data>),
}

impl Data {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number_text(*number),
            Self::Text(text) => text.clone(),
            Self::List(items) => items.iter().map(Self::describe).collect::<Vec<_>>().join(", "),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

/// Reads a tree, notes what is wrong and where.
pub(super) struct Tree {
    pub(super) problems: Vec<Problem>,
}

pub(super) type Table = BTreeMap<String, Data>;

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Tree {
    pub(super) fn note<T>(&mut self, path: &str, fault: Fault) -> Option<T> {
        self.problems.push(Problem::of(path, fault));
        None
    }

    pub(super) fn wrong<T>(&mut self, path: &str, data: &Data, allowed: &str) -> Option<T> {
        let field = path.rsplit('.').next().filter(|field| !field.is_empty()).unwrap_or("value");
        self.note(path, Fault::value(field, data.describe(), allowed))
    }

    pub(super) fn parse<T: FromStr<Err = SpecError>>(&mut self, path: &str, text: &str) -> Option<T> {
        self.taken(path, text.parse())
    }

    /// What was read from a text, or its problems at this place.
    pub(super) fn taken<T>(&mut self, path: &str, read: Result<T, SpecError>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems
                    .extend(error.problems().iter().map(|problem| Problem::of(path, problem.fault.clone())));
                None
            }
        }
    }

    /// The name in a table, as it was written.
    pub(super) fn name<'a>(&mut self, path: &str, table: &'a Table, example: &str) -> Option<&'a str> {
        match table.get("name") {
            Some(Data::Text(name)) => Some(name),
            Some(other) => self.wrong(&join(path, "name"), other, "a name in quotes"),
            None => self.note(
                path,
                Fault::Missing {
                    owner: "the table".to_owned(),
                    parameter: "name".to_owned(),
                    example: example.to_owned(),
                },
            ),
        }
    }

    pub(super) fn arguments(
        &mut self,
        path: &str,
        owner: &str,
        table: &Table,
        params: &'static [Parameter],
        inner: Option<&str>,
        example: &str,
    ) -> Arguments {
        let mut args = Arguments::new();
        for (key, data) in table.iter().filter(|(key, _)| *key != "name" && Some(key.as_str()) != inner) {
            let place = join(path, key);
            let Some(param) = params.iter().find(|param| same_name(param.name, key)) else {
                let known = params.iter().map(|param| param.name).chain(inner);
                self.note::<()>(&place, Fault::unknown(format!("parameter of {owner}"), key, known));
                continue;
            };
            if args.contains_key(param.name) {
                self.note::<()>(&place, Fault::Twice { what: format!("`{}`", param.name) });
            }
            match argument(param, data) {
                Ok(argument) => {
                    args.insert(param.name.to_owned(), argument);
                }
                Err(fault) => self.note(&place, fault).unwrap_or_default(),
            }
        }
        for param in params.iter().filter(|param| param.default.is_none()) {
            if !table.keys().any(|key| same_name(param.name, key)) {
                let (owner, parameter) = (owner.to_owned(), param.name.to_owned());
                self.note::<()>(path, Fault::Missing { owner, parameter, example: example.to_owned() });
            }
        }
        args
    }

    fn too_deep<T>(&mut self, path: &str) -> Option<T> {
        self.note(path, Fault::refused("too many schedules inside schedules"))
    }

    pub(super) fn schedule(&mut self, path: &str, data: &Data, depth: usize) -> Option<ScheduleSpec> {
        let table = match data {
            Data::Table(table) if depth < DEEPEST => table,
            Data::Table(_) => return self.too_deep(path),
            Data::Text(text) => {
                let spec: ScheduleSpec = self.parse(path, text)?;
                return if depth + spec.levels() > DEEPEST { self.too_deep(path) } else { Some(spec) };
            }
            other => return self.wrong(path, other, "a schedule, as a table or as text"),
        };
        let name = self.name(path, table, "{ name = \"cosine\" }")?;
        let Some(entry) = schedule::find(name) else {
            return self.note(&join(path, "name"), unknown_schedule(name));
        };
        let key = entry.form.key();
        let args = self.arguments(path, entry.name, table, entry.params, key, entry.example);
        let inner = match key.map(|key| (key, table.get(key))) {
            None => Vec::new(),
            Some((key, Some(Data::List(items)))) if entry.form.takes_list() => {
                let place = |index: usize| format!("{}[{index}]", join(path, key));
                let read: Vec<ScheduleSpec> = items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| self.schedule(&place(index), item, depth + 1))
                    .collect();
                if items.len() < 2 {
                    let got = format!("{} of them", items.len());
                    return self.note(&join(path, key), Fault::value(key, got, "two or more schedules"));
                }
                read
            }
            Some((key, Some(other))) if entry.form.takes_list() => {
                return self.wrong(&join(path, key), other, "a list of schedules");
            }
            Some((key, Some(inner))) => vec![self.schedule(&join(path, key), inner, depth + 1)?],
            Some((key, None)) => {
                let (owner, parameter) = (entry.name.to_owned(), key.to_owned());
                return self
                    .note(path, Fault::Missing { owner, parameter, example: entry.example.to_owned() });
            }
        };
        Some(ScheduleSpec { name: entry.name, args, inner })
    }

    pub(super) fn optimizer(&mut self, path: &str, data: &Data) -> Option<OptimizerSpec> {
        let table = match data {
            Data::Table(table) => table,
            Data::Text(text) => return self.parse(path, text),
            other => return self.wrong(path, other, "an optimizer, as a table or as text"),
        };
        let name = self.name(path, table, "{ name = \"sgd\", lr = 0.1 }")?;
        let Some(entry) = optimizers::find(name) else {
            return self.note(&join(path, "name"), unknown_optimizer(name));
        };
        let args =
            self.arguments(path, entry.name, table, entry.params, None, "{ name = \"sgd\", lr = 0.1 }");
        Some(OptimizerSpec { name: entry.name, args })
    }

    fn task(&mut self, data: &Data) -> Option<TaskSpec> {
        let table = match data {
            Data::Table(table) => table,
            Data::Text(text) => return self.parse("", text),
            other => return self.wrong("", other, "a task, as a table or as text"),
        };
        let name = self.name("", table, "{ name = \"digits\" }")?.to_owned();
        let mut args = BTreeMap::new();
        for (key, data) in table.iter().filter(|(key, _)| *key != "name") {
            match raw(data) {
                Some(value) => drop(args.insert(key.clone(), value)),
                None => self.wrong(key, data, RAW_FORMS).unwrap_or_default(),
            }
        }
        Some(TaskSpec { name, args })
    }
}

const RAW_FORMS: &str = "a number, a word, true or false, or a list";

fn raw(data: &Data) -> Option<RawArgument> {
    Some(match data {
        Data::Flag(flag) => RawArgument::Flag(*flag),
        Data::Number(number) => RawArgument::Number(*number),
        Data::Text(text) => RawArgument::Text(text.clone()),
        Data::List(items) => RawArgument::List(items.iter().map(raw).collect::<Option<_>>()?),
        Data::Table(_) => return None,
    })
}

pub(super) fn argument(param: &Parameter, data: &Data) -> Result<Argument, Fault> {
    let fits = match (param.kind, data) {
        (Kind::Numbers, Data::List(items)) => items.iter().all(|item| matches!(item, Data::Number(_))),
        (Kind::Durations | Kind::Points, Data::List(items)) => {
            items.iter().all(|item| matches!(item, Data::Text(_)))
        }
        (Kind::Number | Kind::Integer | Kind::Numbers, data) => matches!(data, Data::Number(_)),
        (Kind::Flag, data) => matches!(data, Data::Flag(_)),
        (Kind::Texts, Data::List(items)) => items.iter().all(|item| matches!(item, Data::Text(_))),
        (Kind::Choice(_) | Kind::Text | Kind::Texts | Kind::File, data) => matches!(data, Data::Text(_)),
        (Kind::Expression, data) => matches!(data, Data::Text(_) | Data::Number(_)),
        (Kind::Duration | Kind::Durations | Kind::Points | Kind::Level, data) => {
            matches!(data, Data::Text(_) | Data::Number(_))
        }
    };
    if fits {
        read_argument(param, &data.describe())
    } else {
        Err(Fault::value(param.name, data.describe(), param.kind.describe()))
    }
}

pub(super) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    part: impl FnOnce(&mut Tree, &Data) -> Option<T>,
) -> Result<T, D::Error> {
    let data = Data::deserialize(deserializer)?;
    let mut tree = Tree { problems: Vec::new() };
    match part(&mut tree, &data) {
        Some(value) if tree.problems.is_empty() => Ok(value),
        _ => Err(D::Error::custom(SpecError::new(tree.problems))),
    }
}

impl<'de> Deserialize<'de> for ScheduleSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| tree.schedule("", data, 0))
    }
}

impl<'de> Deserialize<'de> for OptimizerSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| tree.optimizer("", data))
    }
}

impl<'de> Deserialize<'de> for TaskSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Tree::task)
    }
}
