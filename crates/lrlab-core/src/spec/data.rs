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
    Clip, Compat, Fault, GroupStrategy, OptimizerSpec, Problem, ScheduleChoice, ScheduleSpec, SpecError,
    Strategy,
    named_text::unknown_optimizer,
    read_argument,
    schedule_text::{DEEPEST, unknown_schedule},
    strategy_text::CLIP,
};
use crate::{
    Pattern, TaskSpec,
    horizon::number_text,
    optimizer::registry as optimizers,
    registry::{Argument, Arguments, Kind, Parameter, RawArgument, same_name},
    schedule,
};

/// A tree before the registries say what it should be.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a table, text, a number, a list, true or false")]
enum Data {
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Data>),
    Table(BTreeMap<String, Data>),
}

impl Data {
    fn describe(&self) -> String {
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
struct Tree {
    problems: Vec<Problem>,
}

type Table = BTreeMap<String, Data>;

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Tree {
    fn note<T>(&mut self, path: &str, fault: Fault) -> Option<T> {
        self.problems.push(Problem::of(path, fault));
        None
    }

    fn wrong<T>(&mut self, path: &str, data: &Data, allowed: &str) -> Option<T> {
        let field = path.rsplit('.').next().filter(|field| !field.is_empty()).unwrap_or("value");
        self.note(path, Fault::value(field, data.describe(), allowed))
    }

    fn parse<T: FromStr<Err = SpecError>>(&mut self, path: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems
                    .extend(error.problems().iter().map(|problem| Problem::of(path, problem.fault.clone())));
                None
            }
        }
    }

    /// The name in a table, as it was written.
    fn name<'a>(&mut self, path: &str, table: &'a Table, example: &str) -> Option<&'a str> {
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

    fn arguments(
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

    fn schedule(&mut self, path: &str, data: &Data, depth: usize) -> Option<ScheduleSpec> {
        let table = match data {
            Data::Table(table) if depth < DEEPEST => table,
            Data::Table(_) => return self.note(path, Fault::refused("too many schedules inside schedules")),
            Data::Text(text) => return self.parse(path, text),
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

    fn choice(&mut self, path: &str, data: &Data, compat: Option<Compat>) -> Option<ScheduleChoice> {
        match (data, compat) {
            (Data::Text(text), Some(Compat::Torch)) => {
                let bare = text.trim_start().strip_prefix("torch ").unwrap_or(text);
                self.parse(path, &format!("torch {bare}"))
            }
            (Data::Text(text), None) => self.parse(path, text),
            (data, Some(Compat::Torch)) => self.wrong(
                path,
                data,
                "PyTorch's constructor as text, `StepLR(step_size=5)`, with compat = \"torch\"",
            ),
            (data, _) => self.schedule(path, data, 0).map(ScheduleChoice::Own),
        }
    }

    fn optimizer(&mut self, path: &str, data: &Data) -> Option<OptimizerSpec> {
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

    fn clip(&mut self, path: &str, data: &Data) -> Option<Clip> {
        let table = match data {
            Data::Table(table) => table,
            Data::Text(text) => return self.parse(path, text),
            other => return self.wrong(path, other, "{ norm = 1.0 } or { value = 1.0 }"),
        };
        let make = match table.keys().map(String::as_str).collect::<Vec<_>>()[..] {
            ["norm"] => Clip::Norm,
            ["value"] => Clip::Value,
            _ => {
                let got = table.keys().cloned().collect::<Vec<_>>().join(", ");
                return self.note(path, Fault::value("clip", got, "{ norm = 1.0 } or { value = 1.0 }"));
            }
        };
        let (key, value) = table.iter().next()?;
        match argument(&CLIP, value) {
            Ok(Argument::Number(number)) => Some(make(number)),
            Ok(_) => None,
            Err(fault) => self.note(&join(path, key), fault),
        }
    }

    fn compat(&mut self, path: &str, data: &Data) -> Option<Compat> {
        match data {
            Data::Text(text) if text == "own" => Some(Compat::Own),
            Data::Text(text) if text == "torch" => Some(Compat::Torch),
            other => self.wrong(path, other, "\"own\" or \"torch\""),
        }
    }

    /// One group; keys in `others` belong to the table around it.
    fn group(&mut self, path: &str, table: &Table, others: &[&str]) -> Option<GroupStrategy> {
        const KEYS: [&str; 4] = ["params", "optimizer", "schedule", "compat"];
        for key in table.keys().filter(|key| !KEYS.contains(&key.as_str()) && !others.contains(&key.as_str()))
        {
            let fault = Fault::unknown("key", key, KEYS.into_iter().chain(others.iter().copied()));
            self.note::<()>(&join(path, key), fault);
        }
        let params = match table.get("params") {
            None => Some(Pattern::all()),
            Some(Data::Text(text)) if is_pattern(text) => Some(Pattern(text.clone())),
            Some(other) => {
                self.wrong(&join(path, "params"), other, "a pattern without spaces, such as \"*.weight\"")
            }
        };
        let compat = table.get("compat").map(|data| self.compat(&join(path, "compat"), data));
        let optimizer = if let Some(data) = table.get("optimizer") {
            self.optimizer(&join(path, "optimizer"), data)
        } else {
            let (owner, parameter) = ("a strategy".to_owned(), "optimizer".to_owned());
            let example = "optimizer = { name = \"sgd\", lr = 0.1 }".to_owned();
            self.note(path, Fault::Missing { owner, parameter, example })
        };
        let schedule = match (table.get("schedule"), compat) {
            (_, Some(None)) => None,
            (Some(data), compat) => self.choice(&join(path, "schedule"), data, compat.flatten()),
            (None, _) => Some(ScheduleChoice::Own(ScheduleSpec::constant())),
        };
        Some(GroupStrategy { params: params?, optimizer: optimizer?, schedule: schedule? })
    }

    fn strategy(&mut self, data: &Data) -> Option<Strategy> {
        let table = match data {
            Data::Table(table) => table,
            Data::Text(text) => return self.parse("", text),
            other => return self.wrong("", other, "a strategy, as a table or as text"),
        };
        let clip = table.get("clip").map(|data| self.clip("clip", data));
        let Some(groups) = table.get("groups") else {
            let group = self.group("", table, &["clip", "groups"])?;
            return Some(Strategy { groups: vec![group], clip: clip.flatten() });
        };
        for key in table.keys().filter(|key| !matches!(key.as_str(), "groups" | "clip")) {
            self.note::<()>(key, Fault::unknown("key beside groups", key, ["groups", "clip"]));
        }
        let Data::List(items) = groups else { return self.wrong("groups", groups, "a list of tables") };
        if items.is_empty() {
            return self.note("groups", Fault::value("groups", "none", "one or more"));
        }
        let mut read = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = format!("groups[{index}]");
            match item {
                Data::Table(table) => read.extend(self.group(&path, table, &[])),
                other => self.wrong(&path, other, "a table").unwrap_or_default(),
            }
        }
        Some(Strategy { groups: read, clip: clip.flatten() })
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

/// What the text form of a group can hold.
fn is_pattern(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, ':' | ';' | '|'))
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

fn argument(param: &Parameter, data: &Data) -> Result<Argument, Fault> {
    let fits = match (param.kind, data) {
        (Kind::Numbers, Data::List(items)) => items.iter().all(|item| matches!(item, Data::Number(_))),
        (Kind::Durations | Kind::Points, Data::List(items)) => {
            items.iter().all(|item| matches!(item, Data::Text(_)))
        }
        (Kind::Number | Kind::Integer | Kind::Numbers, data) => matches!(data, Data::Number(_)),
        (Kind::Flag, data) => matches!(data, Data::Flag(_)),
        (Kind::Choice(_), data) => matches!(data, Data::Text(_)),
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

fn read<'de, D: Deserializer<'de>, T>(
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

impl<'de> Deserialize<'de> for ScheduleChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| tree.choice("", data, None))
    }
}

impl<'de> Deserialize<'de> for OptimizerSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| tree.optimizer("", data))
    }
}

impl<'de> Deserialize<'de> for Clip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| tree.clip("", data))
    }
}

impl<'de> Deserialize<'de> for Strategy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Tree::strategy)
    }
}

impl<'de> Deserialize<'de> for TaskSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Tree::task)
    }
}
