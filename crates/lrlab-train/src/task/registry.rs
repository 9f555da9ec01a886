//! The tasks there are. Adding one: its file, and two lines (here and in `mod.rs`).

use std::collections::BTreeMap;

use lrlab_core::{
    TaskSpec,
    registry::{Argument, Arguments, Kind, Parameter, RawArgument, same_name},
    spec::Fault,
};

use super::{
    Task, TaskError, austen_char, breast_cancer, deep_linear, digits, fashion_mnist, files, images, line,
    mnist_1d, modular_addition, noisy_line, power_law, quadratic, rosenbrock, table, teacher_student, text,
    wine,
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
    &fashion_mnist::ENTRY,
    &deep_linear::ENTRY,
    &quadratic::ENTRY,
    &power_law::ENTRY,
    &rosenbrock::ENTRY,
    &table::ENTRY,
    &images::ENTRY,
    &text::ENTRY,
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
    let mut args = typed(entry, &spec.args).map_err(TaskError::Spec)?;
    if files::reads_files(entry) && !args.contains_key(files::SHA256.name) {
        let pinned = files::pin(entry, spec, &args)?;
        args = typed(entry, &pinned.args).map_err(TaskError::Spec)?;
    }
    (entry.build)(&args, seed)
}

/// `spec` with the hash of each file that its task reads, so that it cannot be built any more once one of
/// them has changed. What is pinned already, reads no files or is none of the registry's tasks stays as it is.
///
/// # Errors
/// An argument that the task does not take, or a file that is nowhere or cannot be read.
pub fn pin(spec: &TaskSpec) -> Result<TaskSpec, TaskError> {
    let Some(entry) = find(&spec.name).filter(|entry| files::reads_files(entry)) else {
        return Ok(spec.clone());
    };
    let args = typed(entry, &spec.args).map_err(TaskError::Spec)?;
    if args.contains_key(files::SHA256.name) {
        return Ok(spec.clone());
    }
    files::pin(entry, spec, &args)
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
        (Kind::Choice(_) | Kind::File, RawArgument::Text(word)) => Argument::Word(word.clone()),
        (Kind::Text, value) => Argument::Word(text(value)?),
        (Kind::Texts, RawArgument::List(items)) => {
            Argument::Words(items.iter().map(text).collect::<Option<_>>()?)
        }
        (Kind::Texts, value) => Argument::Words(vec![text(value)?]),
        _ => return None,
    })
}

/// A text; a column may be called by a whole number, or `true`.
fn text(value: &RawArgument) -> Option<String> {
    match value {
        RawArgument::Text(text) => Some(text.clone()),
        RawArgument::Number(number) if number.fract() == 0.0 && *number >= 0.0 => Some(value.to_string()),
        RawArgument::Flag(_) => Some(value.to_string()),
        RawArgument::Number(_) | RawArgument::List(_) => None,
    }
}
