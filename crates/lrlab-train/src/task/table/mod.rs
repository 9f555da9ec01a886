//! `table`: a table of one's own, a row an example; classes by cross-entropy, numbers by mean squared error.
//!
//! The model is layers of `nn.Linear` with ReLU between them, which begin with the numbers of
//! `torch.manual_seed(seed)`: a PyTorch twin that makes the same layers in the same order starts from them.
//! A row's inputs are its columns in the table's order, numbers standardised over the training rows, categories as one
//! input for each of their texts.

mod examples;
mod roles;

use std::{path::Path, sync::Arc};

use lrlab_core::{
    registry::{Argument, Arguments, Kind, Parameter, Range},
    spec::Fault,
};

use super::{
    Task, TaskEntry, TaskError,
    files::{Files, SHA256},
    network::{Activation, Network},
    parameter::named,
    supervised::{Source as Rows, Supervised},
};
use crate::{
    data::{
        read::{
            Limits, Place, ReadError, Source,
            delimited::{Separator, Told as Form},
        },
        rows::Table,
        shared::shared,
        survey::MISSING,
    },
    torch_init::TorchGenerator,
};
use examples::Prepared;

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "table",
    summary: "a table of your own (CSV, TSV, .npy, .npz): a row an example, a column the target; cross-entropy or mean squared error",
    params: &[
        Parameter { doc: "The table: a path, or a name in --data-dir.", ..named("file", Kind::File, None) },
        Parameter {
            doc: "A second table of the same columns, whose rows validate in place of a share of the first.",
            ..named("test_file", Kind::File, Some(""))
        },
        Parameter { doc: "The column that is learnt.", ..named("target", Kind::Text, None) },
        Parameter {
            doc: "What the target is; `auto`: classes if it holds texts, or 20 different whole numbers at most.",
            ..named("goal", Kind::Choice(&["auto", "classes", "number"]), Some("auto"))
        },
        Parameter {
            doc: "`mlp`: layers of the widths `hidden` with ReLU behind each; `linear`: one layer.",
            ..named("model", Kind::Choice(&["mlp", "linear"]), Some("mlp"))
        },
        Parameter {
            range: Range::AtLeastOne,
            doc: "Widths of the hidden layers of the MLP.",
            ..named("hidden", Kind::Numbers, Some("64"))
        },
        Parameter {
            doc: "What a missing value does; `mean`: the mean of the training rows, or a category of its own, stands in its place and an input marks it; `drop`: its row is left out.",
            ..named("missing", Kind::Choice(&["refuse", "mean", "drop"]), Some("refuse"))
        },
        Parameter {
            doc: "Cells that are missing values; by default empty ones, NA, N/A, NaN, nan, null and ?.",
            ..named("marks", Kind::Texts, Some(""))
        },
        Parameter { doc: "Columns that are not learnt from.", ..named("leave_out", Kind::Texts, Some("")) },
        Parameter {
            doc: "Columns of numbers that are categories; columns that hold texts are anyhow.",
            ..named("categories", Kind::Texts, Some(""))
        },
        Parameter {
            doc: "Whether the first row names the columns; `auto`: it does if none of its cells is a number.",
            ..named("header", Kind::Choice(&["auto", "yes", "no"]), Some("auto"))
        },
        Parameter {
            doc: "What stands between two cells; `auto`: what the first row has most of.",
            ..named("separator", Kind::Choice(&["auto", "comma", "semicolon", "tab", "bar"]), Some("auto"))
        },
        Parameter {
            range: Range::UnitOpen,
            doc: "Share of the rows, of each class, that validates.",
            ..named("validation", Kind::Number, Some("0.2"))
        },
        Parameter {
            range: Range::NotNegative,
            doc: "Which rows validate; the same for every trial.",
            ..named("split_seed", Kind::Integer, Some("0"))
        },
        SHA256,
    ],
    build,
};

/// Rows of a batch when nothing else is asked for and there are as many.
const BATCH: usize = 32;
/// Training rows on which curvature is measured, at most.
const PROBE_ROWS: usize = 64;
/// Weights of the largest model that is built.
const MOST_WEIGHTS: f64 = 1e8;

/// What is said of a table, beside its file.
#[derive(Debug)]
struct Told {
    target: String,
    /// Whether the target is classes, where that is said.
    classes: Option<bool>,
    missing: Missing,
    marks: Vec<String>,
    leave_out: Vec<String>,
    categories: Vec<String>,
    validation: f64,
    split_seed: u64,
}

/// What a missing value does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Refuse,
    Mean,
    Drop,
}

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let hidden = hidden(args)?;
    let model = ["model", "hidden"];
    let of_data: Vec<String> = args
        .iter()
        .filter(|(name, _)| !model.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    let data = shared(&format!("table {}", of_data.join(" ")), || prepare(args))?;
    let widths: Vec<usize> = [data.train.width].into_iter().chain(hidden).chain([data.outputs]).collect();
    let weights: f64 = widths.windows(2).map(|pair| pair[0] as f64 * pair[1] as f64).sum();
    if weights > MOST_WEIGHTS {
        let got = format!("layers of widths {widths:?}");
        let allowed = format!("{MOST_WEIGHTS:e} weights at most");
        return Err(TaskError::Spec(vec![Fault::value("hidden", got, allowed)]));
    }
    let network = Network::of_torch(&mut TorchGenerator::new(seed), &widths, Activation::Relu);
    let rows = data.train.rows();
    let probe = rows.min(PROBE_ROWS);
    let probe = data.train.pick((0..probe).map(|at| at * rows / probe));
    let told = widths.iter().map(usize::to_string).collect::<Vec<_>>().join(" -> ");
    let mut facts = data.facts.clone();
    facts.push(format!("model: nn.Linear layers {told}, with ReLU between them"));
    let source = Rows::Table(Arc::new(data.train.clone()));
    let task = Supervised::new(network, source, probe, data.validation.clone(), BATCH.min(rows));
    Ok(Box::new(task.of_users(facts)))
}

/// Widths of the hidden layers; none of a linear model.
fn hidden(args: &Arguments) -> Result<Vec<usize>, TaskError> {
    let given = match args.get("hidden") {
        Some(Argument::Numbers(widths)) => Some(widths.clone()),
        _ => None,
    };
    let refuse =
        |got: String, allowed: &str| Err(TaskError::Spec(vec![Fault::value("hidden", got, allowed)]));
    if word(args, "model") == "linear" {
        return match given {
            Some(widths) => refuse(format!("{widths:?}"), "nothing: a linear model has no hidden layers"),
            None => Ok(Vec::new()),
        };
    }
    let widths = given.unwrap_or_else(|| vec![64.0]);
    match widths.iter().find(|width| width.fract() != 0.0 || **width > MOST_WEIGHTS) {
        Some(width) => refuse(width.to_string(), "whole numbers of 1 or more"),
        None => Ok(widths.into_iter().map(|width| width as usize).collect()),
    }
}

/// The table, read and made ready.
fn prepare(args: &Arguments) -> Result<Prepared, TaskError> {
    if !args.contains_key("file") {
        return Err(missing_argument("file", "table file=iris.csv target=species"));
    }
    let files = Files::pinned(ENTRY.params, args)?;
    let Some(path) = files.get("file") else { unreachable!("the file was given, so it was found") };
    let separator = Separator::ALL.into_iter().find(|known| known.word() == word(args, "separator"));
    let header = match word(args, "header") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let open = |path: &Path| Table::open(Source::file(path), Form { separator, header }, Limits::default());
    let table = open(path)?;
    let Some(Argument::Word(target)) = args.get("target") else {
        let names = table.names().join(", ");
        let problem = format!(
            "say which column is learnt, with target=COLUMN (--predict COLUMN); the columns are {names}"
        );
        return Err(ReadError::refused(table.file(), Place::Whole, problem).into());
    };
    let words = |name: &str| match args.get(name) {
        Some(Argument::Words(words)) => Some(words.clone()),
        _ => None,
    };
    let number = |name: &str, default: f64| match args.get(name) {
        Some(Argument::Number(number)) => *number,
        _ => default,
    };
    let test = files.get("test_file").map(open).transpose()?;
    let idle = ["validation", "split_seed"].into_iter().find(|name| args.contains_key(*name));
    if let (Some(idle), true) = (idle, test.is_some()) {
        let why =
            format!("{idle} says which rows of the table validate, and those of test_file do: leave one out");
        return Err(TaskError::Spec(vec![Fault::refused(why)]));
    }
    let validation = number("validation", 0.2);
    if validation == 0.0 {
        let allowed = "a share above 0 and below 1: without rows to validate no training can be judged";
        return Err(TaskError::Spec(vec![Fault::value("validation", "0", allowed)]));
    }
    let told = Told {
        target: target.clone(),
        classes: match word(args, "goal") {
            "classes" => Some(true),
            "number" => Some(false),
            _ => None,
        },
        missing: match word(args, "missing") {
            "mean" => Missing::Mean,
            "drop" => Missing::Drop,
            _ => Missing::Refuse,
        },
        marks: words("marks").unwrap_or_else(|| MISSING.map(str::to_owned).to_vec()),
        leave_out: words("leave_out").unwrap_or_default(),
        categories: words("categories").unwrap_or_default(),
        validation,
        split_seed: number("split_seed", 0.0) as u64,
    };
    Prepared::of(&table, test.as_ref(), &told)
}

fn word<'a>(args: &'a Arguments, name: &str) -> &'a str {
    match args.get(name) {
        Some(Argument::Word(word)) => word,
        _ => "",
    }
}

fn missing_argument(parameter: &str, example: &str) -> TaskError {
    TaskError::Spec(vec![Fault::Missing {
        owner: ENTRY.name.to_owned(),
        parameter: parameter.to_owned(),
        example: example.to_owned(),
    }])
}
