//! Specs written as TOML and JSON; the inverse of reading them.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    GroupStrategy, OptimizerSpec, Origin, PlanSpec, ScheduleChoice, ScheduleSpec, SignalSpec, Strategy,
    strategy_data::{CODE, RECORDED},
};
use crate::{
    AfterEnd, Pattern,
    registry::Argument,
    schedule::{self, Form},
};

impl Serialize for Argument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Duration(_) | Self::Level(_) | Self::Word(_) | Self::Expression(_) => {
                serializer.collect_str(self)
            }
            Self::Durations(durations) => durations.serialize(serializer),
            Self::Points(points) => serializer.collect_seq(points.iter().map(ToString::to_string)),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Numbers(numbers) => numbers.serialize(serializer),
            Self::Words(words) => words.serialize(serializer),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
        }
    }
}

impl Serialize for ScheduleSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        for (name, argument) in &self.args {
            map.serialize_entry(name, argument)?;
        }
        let form = schedule::find(self.name).map_or(Form::Plain, |entry| entry.form);
        match (form.key(), &self.inner[..]) {
            (Some(key), inner) if form.takes_list() => map.serialize_entry(key, inner)?,
            (Some(key), [inner]) => map.serialize_entry(key, inner)?,
            _ => {}
        }
        map.end()
    }
}

impl Serialize for OptimizerSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        for (name, argument) in &self.args {
            map.serialize_entry(name, argument)?;
        }
        map.end()
    }
}

impl Serialize for ScheduleChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own(spec) => spec.serialize(serializer),
            Self::Torch { .. } => serializer.collect_str(self),
        }
    }
}

impl Serialize for SignalSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        for (name, argument) in &self.args {
            map.serialize_entry(name, argument)?;
        }
        map.end()
    }
}

fn plan_entries<M: SerializeMap>(map: &mut M, plan: &PlanSpec) -> Result<(), M::Error> {
    map.serialize_entry("schedule", &plan.schedule)?;
    if !plan.fields.is_empty() {
        map.serialize_entry("fields", &plan.fields)?;
    }
    if !plan.signals.is_empty() {
        map.serialize_entry("signals", &plan.signals)?;
    }
    Ok(())
}

impl Serialize for PlanSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        plan_entries(&mut map, self)?;
        map.end()
    }
}

fn group_entries<M: SerializeMap>(map: &mut M, group: &GroupStrategy) -> Result<(), M::Error> {
    map.serialize_entry("optimizer", &group.optimizer)?;
    plan_entries(map, &group.plan)
}

impl Serialize for GroupStrategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("params", &self.params)?;
        group_entries(&mut map, self)?;
        map.end()
    }
}

impl Serialize for Strategy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Origin::Recorded(description) = &self.origin {
            map.serialize_entry(RECORDED, description)?;
            return map.end();
        }
        match &self.groups[..] {
            [group] => {
                if group.params != Pattern::all() {
                    map.serialize_entry("params", &group.params)?;
                }
                group_entries(&mut map, group)?;
            }
            groups => map.serialize_entry("groups", groups)?,
        }
        if let Origin::Code(code) = &self.origin {
            map.serialize_entry(CODE, code)?;
        }
        if let Some(clip) = &self.clip {
            map.serialize_entry("clip", clip)?;
        }
        if self.accumulate != 1 {
            map.serialize_entry("accumulate", &self.accumulate)?;
        }
        if self.skip_non_finite {
            map.serialize_entry("skip_non_finite", &true)?;
        }
        if !self.no_decay.is_empty() {
            map.serialize_entry("no_decay", &self.no_decay)?;
        }
        if !self.averages.is_empty() {
            let averages: Vec<String> = self.averages.iter().map(ToString::to_string).collect();
            map.serialize_entry("averages", &averages)?;
        }
        if self.after_end != AfterEnd::Hold {
            map.serialize_entry("after_end", &self.after_end)?;
        }
        map.end()
    }
}
