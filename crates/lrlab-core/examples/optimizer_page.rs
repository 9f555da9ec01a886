//! Writes the page `docs/optimizers.md` from the registry of optimizers, and prints it as one JSON object: names
//! of files and their text. `cargo xtask docs` runs it and puts the file in place.
//!
//! Everything on the page comes from the registry's entries and from the optimizers that they build, so it
//! cannot say what the code does not do.

use std::{collections::BTreeMap, error::Error, fmt::Write as _};

use lrlab_core::{
    Field, Optimizer,
    optimizer::{
        GroupState, GroupStep, Moment,
        registry::{Built, LEFT_OUT, LeftOut, Module, OPTIMIZERS, OptimizerEntry},
    },
    registry::{Argument, Arguments, Kind, Parameter},
};

const HEAD: &str = "\
# Optimizers

Each is one formula, written once: it trains in f32, is held against PyTorch in f64 and f32, and writes itself down for
devices whose tensors are not slices. A strategy names it first: `adamw lr=0.001 weight_decay=0.1 | warmup 5% then cosine to 0`.
PyTorch's constructors are read as they are: `AdamW(lr=0.001, weight_decay=0.1)`.

The rate that acts is what really multiplies the direction of an update: the group's rate with whatever the optimizer makes of it by
itself. Slots are kept for each parameter, numbers for the whole group, both under PyTorch's names.

This page is written by `cargo xtask docs`; what it says is what the code knows about itself.
";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "the page is what this program is for")]
fn main() -> Result<()> {
    let mut text = HEAD.to_owned();
    text.push_str("\n| name | what it does | in Python |\n|---|---|---|\n");
    for entry in OPTIMIZERS {
        let anchor = entry.name;
        let row = [format!("[`{anchor}`](#{anchor})"), entry.summary.to_owned(), class(entry)];
        text.push_str(&line(&row));
    }
    for entry in OPTIMIZERS {
        text.push_str(&section(entry).map_err(|why| format!("{}: {why}", entry.name))?);
    }
    text.push_str("\n## Left out\n\n");
    for LeftOut { pytorch, why, instead, .. } in LEFT_OUT {
        writeln!(text, "- `torch.optim.{pytorch}`: {why}. Use {instead}.")?;
    }
    println!("{}", serde_json::to_string(&BTreeMap::from([("optimizers.md", text)]))?);
    Ok(())
}

fn class(entry: &OptimizerEntry) -> String {
    format!("`{}.{}`", entry.module.path(), entry.pytorch)
}

fn section(entry: &OptimizerEntry) -> Result<String> {
    let built = build(entry, &Arguments::new())?;
    let mut text = format!("\n## {}\n\nIt {}.\n\n", entry.name, entry.summary);
    write!(text, "```text\n{}\n```\n\n", entry.formula)?;
    let source = match entry.module {
        Module::Torch => "",
        Module::Lrlab => ", which PyTorch lacks",
    };
    writeln!(text, "- in Python: {}{source}", class(entry))?;
    writeln!(text, "- keeps {}", kept(entry, &built)?)?;
    writeln!(text, "- the rate that acts: {}", built.optimizer.effective_lr_formula())?;
    writeln!(text, "- largest stable sharpness: {}", limit(&built))?;
    if built.optimizer.evaluates_elsewhere() {
        text.push_str("- it trains at one point and is evaluated at another\n");
    }
    let link = entry.source.link;
    let link = if link.is_empty() { String::new() } else { format!(", {link}") };
    writeln!(text, "- source: {}{link}", entry.source.citation)?;
    text.push_str(
        "\n| parameter | takes | default | scheduled | PyTorch | what it is |\n|---|---|---|---|---|---|\n",
    );
    for param in entry.params {
        text.push_str(&parameter(param));
    }
    Ok(text)
}

fn build(entry: &OptimizerEntry, args: &Arguments) -> Result<Built> {
    (entry.build)(args)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ").into())
}

/// The names of slots and numbers, and which options bring more of them.
fn kept(entry: &OptimizerEntry, built: &Built) -> Result<String> {
    let plain = names(&*built.optimizer);
    let mut parts = vec![if plain.is_empty() { "nothing".to_owned() } else { quoted(&plain) }];
    for param in entry.params {
        let Some(other) = another(param) else { continue };
        // An option that does not go without others brings nothing of its own.
        let Ok(with) = build(entry, &Arguments::from([(param.name.to_owned(), other)])) else { continue };
        let more: Vec<String> =
            names(&*with.optimizer).into_iter().filter(|name| !plain.contains(name)).collect();
        if !more.is_empty() {
            parts.push(format!("with `{}` also {}", param.name, quoted(&more)));
        }
    }
    let numbers: Vec<String> =
        built.optimizer.numbers().iter().map(|number| number.name.to_owned()).collect();
    if !numbers.is_empty() {
        parts.push(format!("for the group {}", quoted(&numbers)));
    }
    Ok(parts.join("; "))
}

/// The slots of a parameter; a matrix, which every optimizer takes.
fn names(optimizer: &dyn Optimizer) -> Vec<String> {
    optimizer.slots(&[2, 2]).iter().map(|slot| slot.name.to_owned()).collect()
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A value that the parameter may have and that is not its default.
fn another(param: &Parameter) -> Option<Argument> {
    let all = match param.kind {
        Kind::Flag => vec![Argument::Flag(param.default != Some("true"))],
        Kind::Choice(words) => words.iter().map(|word| Argument::Word((*word).to_owned())).collect(),
        _ => [0.25, 1.25, 3.0].map(Argument::Number).to_vec(),
    };
    all.into_iter()
        .find(|value| param.check(value).is_ok() && Some(value.to_string().as_str()) != param.default)
}

/// What theory knows, after some updates.
fn limit(built: &Built) -> &'static str {
    let mut numbers = GroupState::new(&*built.optimizer).numbers;
    let group = &built.group;
    for t in 0..=100 {
        built.optimizer.advance(GroupStep { group, t, numbers: &mut numbers });
    }
    let known = built.optimizer.stability_limit(Moment { group, t: 100, numbers: &numbers });
    if known.is_nan() { "no theory tells" } else { "known, and measured against by the probe `sharpness`" }
}

fn parameter(param: &Parameter) -> String {
    let takes = match param.kind {
        Kind::Number => param.range.describe().to_owned(),
        Kind::Integer => format!("{}; {}", param.kind.describe(), param.range.describe()),
        _ => param.kind.describe(),
    };
    let default = match param.default {
        None => "must be given".to_owned(),
        Some("") => "may be left out".to_owned(),
        Some(default) => format!("`{default}`"),
    };
    let scheduled = if Field::find(param.name).is_some() { "yes" } else { "" };
    let pytorch = param.pytorch.map(|name| format!("`{name}`")).unwrap_or_default();
    line(&[format!("`{}`", param.name), takes, default, scheduled.to_owned(), pytorch, param.doc.to_owned()])
}

/// A row of a table.
fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
