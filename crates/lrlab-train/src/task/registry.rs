//! The tasks there are. Adding one: its file, and two lines (here and in `mod.rs`).

use std::collections::BTreeMap;

use lrlab_core::{
    TaskSpec,
    registry::{Argument, Arguments, Kind, Parameter, RawArgument, same_name},
    spec::Fault,
};

use super::{
    Task, TaskError, austen_char, breast_cancer, deep_linear, digits, line, mnist_1d, modular_addition,
    noisy_line, power_law, quadratic, rosenbrock, teacher_student, wine,
};

/// Every task, in the order in which lists show them.
pub static TASKS: &[&TaskEntry] = &[
    &line::ENTRY,
    &noisy_line::ENTRY,
    &digits::ENTRY,
    &breast_cancer::ENTRY,
    &wine::ENTRY,
    &mnist_1d::ENTRY,
    &modular_addition::ENTRY,
    &teacher_student::ENTRY,
    &austen_char::ENTRY,
    &deep_linear::ENTRY,
    &quadratic::ENTRY,
    &power_law::ENTRY,
    &rosenbrock::ENTRY,
];

/// A task as specs, help and docs know it.
#[derive(Debug)]
pub struct TaskEntry {
    /// Its name in specs.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What it can be told.
    pub params: &'static [Parameter],
    /// Makes the task.
    pub build: Build,
}

/// Makes a task from its arguments, with the initial weights of a seed.
pub type Build = fn(&Arguments, u64) -> Result<Box<dyn Task>, TaskError>;

/// The entry of that name, hyphens and underscores being the same.
pub fn find(name: &str) -> Option<&'static TaskEntry> {
    TASKS.iter().copied().find(|entry| same_name(entry.name, name))
}

/// Makes the task that `spec` describes, with the initial weights of `seed`.
///
/// # Errors
/// An unknown name or argument, or a value out of range; all problems at once, with what is
/// allowed.
pub fn build(spec: &TaskSpec, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let known = TASKS.iter().map(|entry| entry.name);
    let entry =
        find(&spec.name).ok_or_else(|| TaskError::Spec(vec![Fault::unknown("task", &spec.name, known)]))?;
    let args = typed(entry, &spec.args).map_err(TaskError::Spec)?;
    (entry.build)(&args, seed)
}

/// Arguments as they stand in a spec, held against what the entry takes.
fn typed(entry: &TaskEntry, raw: &BTreeMap<String, RawArgument>) -> Result<Arguments, Vec<Fault>> {
    let (mut args, mut faults) = (Arguments::new(), Vec::new());
    for (name, value) in raw {
        let Some(param) = entry.params.iter().find(|param| same_name(param.name, name)) else {
            let known = entry.params.iter().map(|param| param.name);
            faults.push(Fault::unknown(format!("argument of task {}", entry.name), name, known));
            continue;
        };
        match argument(param.kind, value) {
            Some(argument) => match param.check(&argument) {
                Ok(()) => {
                    args.insert(param.name.to_owned(), argument);
                }
                Err(fault) => faults.push(fault),
            },
            None => faults.push(Fault::Value {
                field: param.name.to_owned(),
                got: value.to_string(),
                allowed: param.kind.describe(),
            }),
        }
    }
    if faults.is_empty() { Ok(args) } else { Err(faults) }
}

/// The value as the kind that is asked for, if it can be read so.
fn argument(kind: Kind, value: &RawArgument) -> Option<Argument> {
    Some(match (kind, value) {
        (Kind::Number | Kind::Integer, RawArgument::Number(number)) => Argument::Number(*number),
        (Kind::Numbers, RawArgument::Number(number)) => Argument::Numbers(vec![*number]),
        (Kind::Numbers, RawArgument::List(items)) => Argument::Numbers(
            items
                .iter()
                .map(|item| if let RawArgument::Number(number) = item { Some(*number) } else { None })
                .collect::<Option<_>>()?,
        ),
        (Kind::Flag, RawArgument::Flag(flag)) => Argument::Flag(*flag),
        (Kind::Choice(_), RawArgument::Text(word)) => Argument::Word(word.clone()),
        _ => return None,
    })
}
