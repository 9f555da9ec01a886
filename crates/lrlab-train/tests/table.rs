//! The task `table`: what is made of a user's table, and what is said of one that cannot be learnt from.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{fs, path::Path};

use lrlab_core::{Event, TaskSpec};
use lrlab_train::{
    Batch, Task,
    task::{self, Supply},
};
use shared::{losses, run, spec};

/// The task of a table with this text, and `t.csv` in place of its path in what is said.
fn built(text: &str, args: &str) -> Result<Box<dyn Task>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my table.csv");
    fs::write(&path, text).unwrap();
    let shown = path.display().to_string();
    let spec: TaskSpec = format!("table file=\"{shown}\" {args}").parse().unwrap();
    task::build(&spec, 0).map_err(|error| error.to_string().replace(&shown, "t.csv"))
}

fn refused(text: &str, args: &str) -> String {
    built(text, args).unwrap_err()
}

fn facts(text: &str, args: &str) -> String {
    let folder_is_gone = built(text, args).unwrap();
    folder_is_gone.facts().join("\n")
}

/// Rows `x,y,kind` of which the class is whether x is above y.
fn rows(n: usize) -> String {
    let row = |at: usize| {
        let (x, y) = (at * 7 % 11, at * 5 % 13);
        format!("{x},{y}.5,{},{}\n", ["red", "green", "blue"][at % 3], if x > y { "yes" } else { "no" })
    };
    "x,y,colour,above\n".to_owned() + &(0..n).map(row).collect::<String>()
}

#[test]
fn what_was_inferred_is_told() {
    let told = facts(&rows(100), "target=above");
    for fact in [
        "100 rows of 4 columns; cells between commas, the first row names the columns",
        "target: above, 2 classes: no (",
        "(inferred; goal=number makes it otherwise)",
        "inputs: 2 columns of numbers, 1 of categories: colour (3)",
        "rows: 80 to train on, 20 to validate (a share of 0.2 of each class, split_seed=0)",
        "numbers are standardised by the mean and deviation of the training rows",
        "model: nn.Linear layers 5 -> 64 -> 2, with ReLU between them",
    ] {
        assert!(told.contains(fact), "{fact}\nis not in\n{told}");
    }
    let number = facts(&rows(100), "target=y goal=number model=linear leave_out=above,colour");
    assert!(number.contains("target: y, a number\n"), "{number}");
    assert!(number.contains("left out, as asked: above, colour"), "{number}");
    assert!(number.contains("a loss of 1 is that of always answering the mean"), "{number}");
    assert!(number.contains("layers 1 -> 1"), "{number}");
}

#[test]
fn classes_and_numbers_are_learnt() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/own-data/wine.csv");
    for (args, first) in [("target=grower", 1.09), ("target=alcohol model=linear", 1.0)] {
        let events = run(&spec(&format!("table file={path} {args}"), "adam lr=0.01", 0, "30 epochs"));
        let losses = losses(&events);
        assert!((losses[0] / first - 1.0).abs() < 0.6, "{args}: {}", losses[0]);
        assert!(losses[losses.len() - 1] < 0.6 * losses[0], "{args}: {losses:?}");
        let Event::Started(started) = &events[0] else { panic!("{:?}", events[0]) };
        assert_eq!(started.objective, "validation loss");
        assert!(
            started.data.iter().any(|fact| fact.contains("178 rows of 14 columns")),
            "{:?}",
            started.data
        );
    }
}

#[test]
fn inputs_are_standardised_by_training_rows_and_categories_are_one_of_many() {
    // A linear model whose weights are seen in its gradient: of a category that does not occur it is 0.
    let mut task = built(&rows(60), "target=above model=linear").unwrap();
    assert_eq!(task.supply(), Supply::Rows(48));
    let all: Vec<u64> = (0..48).collect();
    task.gradients(Batch::Rows(&all)).unwrap();
    let mut shapes = Vec::new();
    task.visit(&mut |param| shapes.push((param.name.to_owned(), param.shape.to_vec())));
    assert_eq!(shapes, [("layers.0.weight".to_owned(), vec![5, 2]), ("layers.0.bias".to_owned(), vec![2])]);
    // The sum over categories of the gradient is that of the bias: exactly one of them is 1 in each row.
    let mut gradients = Vec::new();
    task.visit_gradients(&mut |grad| gradients.push(grad.to_vec()));
    for class in 0..2 {
        let of_categories: f32 = (2..5).map(|input| gradients[0][input * 2 + class]).sum();
        assert!((of_categories - gradients[1][class]).abs() < 1e-6);
    }
}

#[test]
fn missing_values_are_refused_filled_or_dropped_as_told() {
    let mut text = rows(50);
    text += "NA,1.5,red,yes\n3,,,no\n";
    let why = refused(&text, "target=above");
    assert!(
        why.starts_with("t.csv, line 52, column \"x\": the cell is missing (NA), as in 1 of the rows"),
        "{why}"
    );
    let mean = facts(&text, "target=above missing=mean");
    assert!(mean.contains("an input marks them: x (1), y (1), colour (1)"), "{mean}");
    // Two numbers and their marks, three colours and a fourth for what is missing.
    assert!(mean.contains("layers 8 -> 64 -> 2"), "{mean}");
    let drop = facts(&text, "target=above missing=drop");
    assert!(drop.contains("left out: 2 rows in which a value is missing"), "{drop}");
    assert!(drop.contains("layers 5 -> 64 -> 2"), "{drop}");
    // Only the empty cell is missing where it is said to be the only mark.
    let only_empty = facts(&text, "target=above marks=\"\" missing=mean");
    assert!(only_empty.contains("2 of categories: x (12), colour (3)"), "{only_empty}");
}

/// So many lines, each ended.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |lines, at| lines + &line(at) + "\n")
}

#[test]
fn columns_without_use_are_left_out_and_told() {
    let text = "id,same,nothing,x,y\n".to_owned() + &lines(40, |at| format!("{at},7,,{},{}", at % 9, at % 2));
    let told = facts(&text, "target=y leave_out=id");
    assert!(told.contains("left out, as asked: id\n"), "{told}");
    assert!(told.contains("left out, nothing stands in them: nothing\n"), "{told}");
    assert!(told.contains("left out, they never vary: same\n"), "{told}");
    let why = refused(&text, "target=y leave_out=id,x");
    assert!(why.contains("no column is left to learn from"), "{why}");
}

#[test]
fn what_cannot_be_learnt_is_explained() {
    let line = |text: &str, args: &str, expected: &str| {
        let why = refused(text, args);
        assert!(why.contains(expected), "{why}\nexpected: {expected}");
    };
    line("", "target=y", "t.csv: the file holds no rows");
    line("x,y\n", "target=y", "t.csv: the file holds no rows below its header");
    line(
        "x,y\n1,a\n2,a\n",
        "target=y",
        "column \"y\": is the target, and every row is of the one class \"a\"",
    );
    line("x,y\n1,2.5\n2,2.5\n", "target=y", "column \"y\": is the target, and never varies");
    line("x,y\n1,\n2,\n", "target=y", "column \"y\": is the target, and nothing stands in it");
    line("x,y\n1,a\n2,\n", "target=y", "line 3, column \"y\": the target is missing (in 1 rows)");
    line("x,y\n1,a\ninf,b\n", "target=y", "line 3, column \"x\": inf is no finite number");
    line("x,y\n1,a\n1e999,b\n", "target=y", "line 3, column \"x\": 1e999 is no finite number");
    line("x,y\n1,a\n2\n", "target=y", "line 3: has 1 cells, and the first row has 2");
    line("x,x\n1,a\n", "target=x", "two columns are called \"x\"");
    line(
        "species,x\na,1\nb,2\n",
        "target=specied",
        "target: there is no column \"specied\"; did you mean \"species\"?",
    );
    line(
        "x,y\n1,a\n",
        "",
        "say which column is learnt, with target=COLUMN (--predict COLUMN); the columns are x, y",
    );
    line("x,y\n1,a\n2,b\n", "target=y leave_out=z", "leave_out: there is no column \"z\"");
    line("x,y\n1,a\n2,b\n", "target=y leave_out=y", "leave_out names the target");
    line(
        "x,y\n1e200,1\n-1e200,2\n3,1\n",
        "target=y",
        "numbers so far apart that their deviation is no number",
    );
    line(
        "x,y\n1,a\n2,b\n",
        "target=y goal=number",
        "line 2, column \"y\": expected a number to learn, got \"a\"",
    );
    line("x,y\n1,a\n2,b\n", "target=y hidden=1.5", "hidden: got `1.5`, expected whole numbers");
    let ten = lines(10, |at| format!("{at},{}", ["a", "b"][at % 2]));
    let ten = format!("x,y\n{ten}");
    line(&ten, "target=y hidden=100000000", "weights at most");
    line(&ten, "target=y model=linear hidden=5", "a linear model has no hidden layers");
    line("x,y\n1,a\n2,b\n", "target=y validation=0", "a share above 0 and below 1");
    line("x,y\n1,a\n2,b\n", "target=y", "both need one");
    let many = lines(60, |at| format!("name{at},{}", at % 2));
    line(
        &format!("x,y\n{many}"),
        "target=y",
        "column \"x\": holds 60 different texts, and a category has 50 at most",
    );
    let nearly = lines(300, |at| format!("{}{at},{}", if at == 7 { "#" } else { "" }, at % 2));
    line(&format!("x,y\n{nearly}"), "target=y", "\"#7\" on line 9 is no number");
    let why = task::build(&"table target=y".parse().unwrap(), 0).unwrap_err().to_string();
    assert_eq!(why, "table needs file: write `table file=iris.csv target=species`");
    let why = task::build(&"table file=nowhere.csv target=y".parse().unwrap(), 0).unwrap_err().to_string();
    assert!(why.starts_with("there is no file nowhere.csv; looked for nowhere.csv, "), "{why}");
}

/// The task of a table with a second one to validate, called `u.csv` in what is said.
fn beside(train: &str, test: &str, args: &str) -> Result<Box<dyn Task>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("u.csv");
    fs::write(&path, test).unwrap();
    let shown = path.display().to_string();
    built(train, &format!("test_file=\"{shown}\" {args}")).map_err(|error| error.replace(&shown, "u.csv"))
}

#[test]
fn the_rows_of_a_second_table_validate() {
    let train = rows(60);
    let mut task = beside(&train, &rows(30), "target=above").unwrap();
    let told = task.facts().join("\n");
    assert!(
        told.contains("rows: 60 to train on, 30 to validate, those of ") && told.contains("u.csv"),
        "{told}"
    );
    assert!(matches!(task.supply(), Supply::Rows(60)));
    // The same rows as the training table's: the same loss as on all of them.
    let mut same = beside(&train, &train, "target=above").unwrap();
    let all: Vec<u64> = (0..60).collect();
    let loss = same.gradients(Batch::Rows(&all)).unwrap();
    let validated = same.validate().unwrap()[0].1;
    assert!((loss - validated).abs() < 1e-6 * loss, "{loss} {validated}");
    let apart = task.validate().unwrap()[0].1;
    assert!((apart - validated).abs() > 1e-3, "{apart} {validated}");

    let number = beside(&train, &rows(30), "target=y goal=number missing=mean").unwrap();
    assert!(number.facts().join("\n").contains("30 to validate"));
}

#[test]
fn a_second_table_that_does_not_fit_is_explained() {
    let train = rows(60);
    let one = |row: &str| format!("x,y,colour,above\n{row}\n");
    for (test, args, parts) in [
        (
            "x,y,above\n1,2,yes\n".to_owned(),
            "",
            vec!["u.csv", "has the columns x, y, above", "x, y, colour, above"],
        ),
        (
            one("1,2,mauve,yes"),
            "",
            vec!["u.csv", "line 2", "colour", "\"mauve\" stands nowhere in this column of t.csv"],
        ),
        (one("1,2,red,maybe"), "", vec!["u.csv", "line 2", "above", "\"maybe\" stands nowhere"]),
        (
            one("x,2,red,yes"),
            "",
            vec!["u.csv", "line 2", "column \"x\"", "expected a finite number, as in t.csv; got \"x\""],
        ),
        (one("inf,2,red,yes"), "", vec!["u.csv", "line 2", "expected a finite number"]),
        (one(",2,red,yes"), "", vec!["u.csv", "line 2", "the cell is missing", "missing=mean"]),
        (one("1,2,red,"), "missing=mean", vec!["u.csv", "line 2", "above", "the cell is missing"]),
        (one(",2,red,yes"), "missing=drop", vec!["u.csv", "no rows are left to validate"]),
        ("x,y,colour,above\n".to_owned(), "", vec!["u.csv", "no rows are left to validate"]),
        (
            one("1,2,red,yes"),
            "validation=0.5",
            vec!["validation says which rows", "test_file", "leave one out"],
        ),
        (one("1,2,red,yes"), "split_seed=3", vec!["split_seed says which rows"]),
    ] {
        let refused = beside(&train, &test, &format!("target=above {args}")).unwrap_err();
        for part in parts {
            assert!(refused.contains(part), "{part}\nis not in\n{refused}");
        }
    }
    // Filled or dropped as told.
    let filled = beside(&train, &(one("1,2,red,yes") + ",2,,no\n"), "target=above missing=mean").unwrap();
    assert!(filled.facts().join("\n").contains("2 to validate"));
    let dropped = beside(&train, &(one("1,2,red,yes") + ",2,,no\n"), "target=above missing=drop").unwrap();
    assert!(dropped.facts().join("\n").contains("1 to validate"));
}

#[test]
fn a_batch_of_more_rows_than_there_are_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, rows(20)).unwrap();
    let mut trial = spec(&format!("table file={} target=above", path.display()), "sgd lr=0.1", 0, "1 epoch");
    trial.batch_size = Some(64);
    let why = lrlab_train::Trial::new(&trial).unwrap_err().to_string();
    assert_eq!(why, "a batch of 64 rows does not fit this task; give 1 to 16, the training rows there are");
}

#[test]
fn numpy_arrays_are_tables_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numpy");
    let spec =
        |args: &str| -> TaskSpec { format!("table file=\"{}/{args}", folder.display()).parse().unwrap() };
    let why = task::build(&spec("pictures.npz\" target=y_train"), 0).unwrap_err().to_string();
    assert!(why.contains("array \"x_train\": expected rows and columns, of shape [rows, columns]"), "{why}");
    let why = task::build(&spec("f4.npy\" target=\"column 3\" goal=number"), 0).unwrap_err().to_string();
    assert!(why.contains("deviation over the training rows is 0"), "{why}");
}

#[test]
fn a_file_that_changed_is_refused_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, rows(40)).unwrap();
    let spec: TaskSpec = format!("table file=\"{}\" target=above", path.display()).parse().unwrap();
    let pinned = task::pin(&spec).unwrap();
    assert_eq!(pinned.args.len(), spec.args.len() + 1);
    assert_eq!(task::pin(&pinned).unwrap(), pinned);
    assert_eq!(pinned.to_string().parse(), Ok(pinned.clone()));
    task::build(&pinned, 0).unwrap();
    fs::write(&path, rows(41)).unwrap();
    // Another table is asked for in between, so that what was read is not there any more.
    task::build(&spec, 0).unwrap();
    let why = task::build(&pinned, 0).unwrap_err().to_string();
    assert!(
        why.contains("changed since this study began: its SHA-256 was ") && why.contains(" and is "),
        "{why}"
    );
    fs::write(&path, rows(40)).unwrap();
    task::build(&pinned, 0).unwrap();
    assert_eq!(task::pin(&"digits".parse().unwrap()).unwrap(), "digits".parse().unwrap());
}
