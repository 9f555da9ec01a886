//! Strategies and plans as TOML and JSON.
//!
//! ```toml
//! optimizer = "sgd lr=0.1 momentum=0.9"
//! schedule = "warmup 5% then constant"
//! fields = { momentum = "linear from 90% to 100%" }
//! signals = ["plateau patience 5 epochs x0.1"]
//! after_end = "error"
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{
    Clip, Code, Compat, Fault, GroupStrategy, OptimizerSpec, Origin, PlanSpec, ScheduleChoice, ScheduleSpec,
    SignalSpec, Strategy,
    data::{Data, Table, Tree, argument, join, read},
    plan_text::unknown_signal,
    whole_text::{ACCUMULATE, CLIP, batches, clash},
};
use crate::{AfterEnd, Field, Pattern, registry::Argument, signal};

/// The key of a strategy that was recorded: its description.
pub(super) const RECORDED: &str = "recorded";
/// The key of a strategy that code builds.
pub(super) const CODE: &str = "code";
/// The keys of what is done over all groups.
const OVER_ALL: [&str; 6] = ["clip", "accumulate", "skip_non_finite", "no_decay", "averages", "after_end"];

impl Tree {
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

    /// The keys of a table that say what moves a group's fields.
    fn plan(&mut self, path: &str, table: &Table, optimizer: Option<&OptimizerSpec>) -> Option<PlanSpec> {
        let compat = table.get("compat").map(|data| self.compat(&join(path, "compat"), data));
        let place = join(path, "schedule");
        let plan = match (table.get("schedule"), compat) {
            (_, Some(None)) => None,
            // As in the text form, a constructor may move more than the learning rate.
            (Some(Data::Text(text)), None | Some(Some(Compat::Own))) => {
                self.taken(&place, PlanSpec::read_beside(text, optimizer))
            }
            (Some(data), compat) => self.choice(&place, data, compat.flatten()).map(PlanSpec::from),
            (None, _) => Some(ScheduleSpec::constant().into()),
        };
        let fields = table.get("fields").map(|data| self.fields(&join(path, "fields"), data));
        let signals = table.get("signals").map(|data| self.signals(&join(path, "signals"), data));
        let mut plan: PlanSpec = plan?;
        plan.fields.extend(fields.unwrap_or_default());
        plan.signals.extend(signals.unwrap_or_default());
        Some(plan)
    }

    /// A plan that stands alone.
    pub(super) fn lone_plan(&mut self, data: &Data) -> Option<PlanSpec> {
        match data {
            Data::Text(text) => self.parse("", text),
            Data::Table(table) => self.plan_table(table, &[]),
            other => self.wrong("", other, "a plan, as a table or as text"),
        }
    }

    /// A plan that stands alone; keys in `others` are read elsewhere.
    pub(super) fn plan_table(&mut self, table: &Table, others: &[&str]) -> Option<PlanSpec> {
        const KEYS: [&str; 4] = ["schedule", "fields", "signals", "compat"];
        for key in table.keys().filter(|key| !KEYS.contains(&key.as_str()) && !others.contains(&key.as_str()))
        {
            let fault = Fault::unknown("key", key, KEYS.into_iter().chain(others.iter().copied()));
            self.note::<()>(key, fault);
        }
        self.plan("", table, None)
    }

    fn fields(&mut self, path: &str, data: &Data) -> BTreeMap<Field, ScheduleSpec> {
        let mut fields = BTreeMap::new();
        let Data::Table(table) = data else {
            self.wrong::<()>(path, data, "a table such as { momentum = \"linear from 90%\" }");
            return fields;
        };
        for (name, data) in table {
            let place = join(path, name);
            match Field::find(name) {
                Some(Field::Lr) => {
                    let why = "the learning rate's schedule is the key `schedule`";
                    self.note::<()>(&place, Fault::refused(why));
                }
                Some(field) => fields.extend(self.schedule(&place, data, 0).map(|spec| (field, spec))),
                None => {
                    self.note::<()>(&place, Fault::unknown("field", name, Field::ALL.map(Field::name)));
                }
            }
        }
        fields
    }

    fn signals(&mut self, path: &str, data: &Data) -> Vec<SignalSpec> {
        let Data::List(items) = data else {
            return self.signal(path, data).into_iter().collect();
        };
        let place = |index: usize| format!("{path}[{index}]");
        items.iter().enumerate().filter_map(|(index, item)| self.signal(&place(index), item)).collect()
    }

    fn signal(&mut self, path: &str, data: &Data) -> Option<SignalSpec> {
        let table = match data {
            Data::Table(table) => table,
            Data::Text(text) => return self.parse(path, text),
            other => return self.wrong(path, other, "a signal, as a table or as text"),
        };
        let name = self.name(path, table, "{ name = \"plateau\" }")?;
        let Some(entry) = signal::find(name) else {
            return self.note(&join(path, "name"), unknown_signal(name));
        };
        let args = self.arguments(path, entry.name, table, entry.params, None, entry.example);
        Some(SignalSpec { name: entry.name, args })
    }

    pub(super) fn after_end(&mut self, data: &Data) -> Option<AfterEnd> {
        let found = match data {
            Data::Text(text) => AfterEnd::WORDS.iter().find(|(word, _)| word == text),
            _ => None,
        };
        match found {
            Some((_, policy)) => Some(*policy),
            None => self.wrong("after_end", data, "\"hold\", \"warn\" or \"error\""),
        }
    }

    /// One group; keys in `others` belong to the table around it.
    fn group(&mut self, path: &str, table: &Table, others: &[&str]) -> Option<GroupStrategy> {
        const KEYS: [&str; 6] = ["params", "optimizer", "schedule", "fields", "signals", "compat"];
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
        let optimizer = if let Some(data) = table.get("optimizer") {
            self.optimizer(&join(path, "optimizer"), data)
        } else {
            let (owner, parameter) = ("a strategy".to_owned(), "optimizer".to_owned());
            let example = "optimizer = { name = \"sgd\", lr = 0.1 }".to_owned();
            self.note(path, Fault::Missing { owner, parameter, example })
        };
        let plan = self.plan(path, table, optimizer.as_ref());
        Some(GroupStrategy { params: params?, optimizer: optimizer?, plan: plan? })
    }

    pub(super) fn strategy(&mut self, data: &Data) -> Option<Strategy> {
        let table = match data {
            Data::Table(table) => table,
            Data::Text(text) => return self.parse("", text),
            other => return self.wrong("", other, "a strategy, as a table or as text"),
        };
        if let Some(recorded) = table.get(RECORDED) {
            return match recorded {
                Data::Text(description) if table.len() == 1 => Some(Strategy::as_recorded(description)),
                other => self.wrong(RECORDED, other, "one text that stands alone: what was recorded"),
            };
        }
        let over_all = self.over_all(table);
        let Some(groups) = table.get("groups") else {
            let others: Vec<&str> = OVER_ALL.into_iter().chain(["groups", CODE]).collect();
            let group = self.group("", table, &others)?;
            let code = table.get(CODE).and_then(|data| self.code(data));
            let origin = code.map_or(Origin::Spec, Origin::Code);
            return Some(Strategy { groups: vec![group], origin, ..over_all });
        };
        let known = || OVER_ALL.into_iter().chain(["groups"]);
        for key in table.keys().filter(|key| !known().any(|known| known == key.as_str())) {
            self.note::<()>(key, Fault::unknown("key beside groups", key, known()));
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
        Some(Strategy { groups: read, ..over_all })
    }

    /// What a table says about all groups; of a strategy that has none yet.
    fn over_all(&mut self, table: &Table) -> Strategy {
        let mut all = Strategy::of_groups(Vec::new());
        all.clip = table.get("clip").and_then(|data| self.clip("clip", data));
        all.after_end = table.get("after_end").and_then(|data| self.after_end(data)).unwrap_or_default();
        if let Some(data) = table.get(ACCUMULATE.name) {
            let read = argument(&ACCUMULATE, data).and_then(|argument| match argument {
                Argument::Number(number) => batches(number),
                other => Err(Fault::value(ACCUMULATE.name, other.to_string(), ACCUMULATE.kind.describe())),
            });
            match read {
                Ok(batches) => all.accumulate = batches,
                Err(fault) => self.note(ACCUMULATE.name, fault).unwrap_or_default(),
            }
        }
        match table.get("skip_non_finite") {
            None => {}
            Some(Data::Flag(skip)) => all.skip_non_finite = *skip,
            Some(other) => self.wrong("skip_non_finite", other, "true or false").unwrap_or_default(),
        }
        for (index, data) in list(table.get("no_decay")).iter().enumerate() {
            match data {
                Data::Text(text) if is_pattern(text) => all.no_decay.push(Pattern(text.clone())),
                other => self
                    .wrong(
                        &format!("no_decay[{index}]"),
                        other,
                        "a pattern without spaces, such as \"*.bias\"",
                    )
                    .unwrap_or_default(),
            }
        }
        for (index, data) in list(table.get("averages")).iter().enumerate() {
            let place = format!("averages[{index}]");
            let average = match data {
                Data::Text(text) => self.parse(&place, text),
                other => self.wrong(&place, other, "an average as text, such as \"ema 0.999\""),
            };
            let Some(average) = average else { continue };
            if let Some(fault) = clash(&all.averages, average) {
                let _: Option<()> = self.note(&place, fault);
            }
            all.averages.push(average);
        }
        all
    }

    /// The code that builds a strategy.
    fn code(&mut self, data: &Data) -> Option<Code> {
        let fields = |table: &Table| match (table.get("name"), table.get("takes_rate")) {
            (Some(Data::Text(name)), Some(Data::Flag(takes_rate))) if table.len() == 2 => {
                Some(Code { name: name.clone(), takes_rate: *takes_rate })
            }
            _ => None,
        };
        match data {
            Data::Table(table) => fields(table),
            _ => None,
        }
        .or_else(|| self.wrong(CODE, data, "{ name = \"train.lion\", takes_rate = true }"))
    }
}

/// The items of a list; of anything else, itself, so that it is told what is wrong.
fn list(data: Option<&Data>) -> &[Data] {
    match data {
        None => &[],
        Some(Data::List(items)) => items,
        Some(other) => std::slice::from_ref(other),
    }
}

/// What the text form of a group can hold.
fn is_pattern(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, ':' | ';' | '|'))
}

impl<'de> Deserialize<'de> for ScheduleChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, |tree, data| tree.choice("", data, None))
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

impl<'de> Deserialize<'de> for PlanSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Tree::lone_plan)
    }
}
