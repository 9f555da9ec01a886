//! Writes the Python classes of `lrlab.torch.optim` from the registry of optimizers, and prints them as one
//! JSON object: names of files and their text. `cargo xtask docs` runs it and puts the files in place.
//!
//! Signature and documentation come from the registry's entry, so a class cannot promise what the core does
//! not do, and a type checker sees every argument.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    io::{self, Write},
};

use lrlab_core::{
    optimizer::registry::{Module, OPTIMIZERS, OptimizerEntry},
    registry::{Kind, Parameter},
};

/// Characters in a line of what is written.
const WIDTH: usize = 100;
const HEADING: &str = "Written by `cargo xtask docs` from the registry of optimizers.";

fn main() -> Result<(), Box<dyn Error>> {
    let ours = || OPTIMIZERS.iter().copied().filter(|entry| entry.module == Module::Lrlab);
    let mut files = BTreeMap::from([("__init__.py".to_owned(), package(ours()))]);
    for entry in ours() {
        files.insert(
            format!("{}.py", module(entry)),
            class(entry).map_err(|why| format!("{}: {why}", entry.name))?,
        );
    }
    writeln!(io::stdout(), "{}", serde_json::to_string(&files)?)?;
    Ok(())
}

/// The module that a class stands in.
fn module(entry: &OptimizerEntry) -> String {
    entry.name.replace('-', "_")
}

/// The package's own file: every class by its name.
fn package(entries: impl Iterator<Item = &'static OptimizerEntry> + Clone) -> String {
    let imports = entries
        .clone()
        .map(|entry| format!("from lrlab.torch.optim.{} import {}\n", module(entry), entry.pytorch));
    let names = entries.map(|entry| format!("    \"{}\",\n", entry.pytorch));
    format!(
        "\"\"\"Optimizers that `torch.optim` lacks, for PyTorch tensors in the CPU's memory.\n\n{HEADING}\n\"\"\"\n\n\
         from __future__ import annotations\n\n{}\n__all__ = [\n{}]\n",
        imports.collect::<String>(),
        names.collect::<String>()
    )
}

/// One argument of a constructor: a parameter of the registry, or several under one key.
struct Argument {
    key: &'static str,
    of: Vec<&'static Parameter>,
}

fn arguments(entry: &OptimizerEntry) -> Vec<Argument> {
    let mut found: Vec<Argument> = Vec::new();
    for parameter in entry.params {
        let key = parameter.pytorch.unwrap_or(parameter.name).split('[').next().unwrap_or_default();
        match found.iter_mut().find(|argument| argument.key == key) {
            Some(argument) => argument.of.push(parameter),
            None => found.push(Argument { key, of: vec![parameter] }),
        }
    }
    // Flags can only be named, so they stand last.
    found.sort_by_key(|argument| argument.of[0].kind == Kind::Flag);
    found
}

fn class(entry: &OptimizerEntry) -> Result<String, Box<dyn Error>> {
    let built = (entry.build)(&BTreeMap::new()).map_err(|faults| format!("{faults:?}"))?;
    let (base, moves) = if built.optimizer.evaluates_elsewhere() {
        let told = "It trains at one point and is evaluated at another: call `train()` before training, and `eval()` \
                    before the model is evaluated or saved.";
        ("MovingOptimizer", format!("\n{}", folded(told, "    ", "    ")))
    } else {
        ("CoreOptimizer", String::new())
    };
    let (mut documented, mut signature, mut values) = (String::new(), String::new(), String::new());
    let mut named = false;
    for argument in arguments(entry) {
        if argument.of[0].kind == Kind::Flag && !named {
            named = true;
            signature.push_str("        *,\n");
        }
        let Argument { key, .. } = argument;
        writeln!(signature, "        {key}: {} = {},", annotation(&argument)?, default(&argument)?)?;
        documented.push_str(&folded(&format!("{key}: {}", told(&argument)), "        ", "            "));
        writeln!(values, "                \"{key}\": {key},")?;
    }
    let class = entry.pytorch;
    let literal = if signature.contains("Literal[") { ", Literal" } else { "" };
    let link = if entry.source.link.is_empty() { String::new() } else { format!(", {}", entry.source.link) };
    Ok(format!(
        "\"\"\"{class}.\n\n{HEADING}\n\"\"\"\n\n\
         from __future__ import annotations\n\n\
         from typing import TYPE_CHECKING, ClassVar{literal}\n\n\
         from lrlab import _core\n\
         from lrlab.torch._optimizer import {base}\n\n\
         if TYPE_CHECKING:\n    from torch import Tensor\n    from torch.optim.optimizer import ParamsT\n\n\n\
         class {class}({base}):\n\
         \x20   \"\"\"{summary}.\n\n{formula}\n{source}{moves}\n\
         \x20   Args:\n\
         \x20       params: Parameters, or dicts of them with values of their own.\n\
         {documented}    \"\"\"\n\n\
         \x20   _lrlab: ClassVar = _core.TensorOptimizer(\"{class}\")\n\n\
         \x20   def __init__(\n        self,\n        params: ParamsT,\n{signature}    ) -> None:\n\
         \x20       super().__init__(\n            params,\n            {{\n{values}            }},\n        )\n",
        summary = capital(entry.summary.trim_end_matches('.')),
        formula = entry
            .formula
            .split("; ")
            .map(|line| folded(line, "        ", "            "))
            .collect::<String>(),
        source = folded(&format!("{}{link}.", entry.source.citation), "    ", "    "),
    ))
}

fn annotation(argument: &Argument) -> Result<String, String> {
    let single = |parameter: &Parameter| -> Result<String, String> {
        let kind = match parameter.kind {
            Kind::Number => "float".to_owned(),
            Kind::Integer => "int".to_owned(),
            Kind::Flag => "bool".to_owned(),
            Kind::Numbers => "tuple[float, ...]".to_owned(),
            Kind::Choice(words) => {
                format!(
                    "Literal[{}]",
                    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
                )
            }
            other => return Err(format!("{}: {other:?} has no form in Python", parameter.name)),
        };
        Ok(if matches!(parameter.default, None | Some("")) { format!("{kind} | None") } else { kind })
    };
    match &argument.of[..] {
        [lr] if lr.name == "lr" => Ok("float | Tensor".to_owned()),
        [one] if !one.pytorch.is_some_and(|key| key.contains('[')) => single(one),
        several => {
            let items = several.iter().map(|parameter| single(parameter)).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("tuple[{}]", items.join(", ")))
        }
    }
}

fn default(argument: &Argument) -> Result<String, String> {
    let single = |parameter: &Parameter| -> Result<String, String> {
        Ok(match (parameter.default, parameter.kind) {
            (None | Some(""), _) => "None".to_owned(),
            (Some(text), Kind::Flag) => (if text == "true" { "True" } else { "False" }).to_owned(),
            (Some(text), Kind::Choice(_)) => format!("\"{text}\""),
            (Some(text), Kind::Numbers) => format!("({},)", text.replace(',', ", ")),
            (Some(text), Kind::Integer) => text.to_owned(),
            (Some(text), _) => {
                let value: f64 = text.parse().map_err(|why| format!("{}: {text}: {why}", parameter.name))?;
                if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { format!("{value:?}") }
            }
        })
    };
    match &argument.of[..] {
        [one] if !one.pytorch.is_some_and(|key| key.contains('[')) => single(one),
        several => {
            let items = several.iter().map(|parameter| single(parameter)).collect::<Result<Vec<_>, _>>()?;
            Ok(format!("({})", items.join(", ")))
        }
    }
}

/// What an argument is, in the registry's words.
fn told(argument: &Argument) -> String {
    let one = |parameter: &&Parameter| match parameter.kind {
        Kind::Number | Kind::Integer => {
            format!("{}; {}", parameter.doc.trim_end_matches('.'), parameter.range.describe())
        }
        _ => parameter.doc.trim_end_matches('.').to_owned(),
    };
    let all: Vec<String> = argument.of.iter().map(one).collect();
    format!("{}.", all.join(". "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `text` in lines of at most [`WIDTH`] characters, the first behind `first` and the others behind `rest`.
fn folded(text: &str, first: &str, rest: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            rest.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines + &line + "\n"
}
