//! A table of one's own, from the file to a recommended strategy: `docs/own-data.md`, walked.

use std::{fs, path::Path};

use tempfile::{TempDir, tempdir};

use crate::{lrlab, stderr, stdout, succeed};

const PAGE: &str = include_str!("../../../../docs/own-data.md");
const WINE: &str = include_str!("../../../../docs/own-data/wine.csv");

/// A folder that holds the page's table.
fn with_wine() -> TempDir {
    let home = tempdir().unwrap();
    fs::write(home.path().join("wine.csv"), WINE).unwrap();
    home
}

/// The blocks of the page in this language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    PAGE.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The words of a command, its own name left out, as a shell splits them.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in command.replace("\\\n", " ").split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words.remove(0);
    words
}

/// Exit code 2, and what is said.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = lrlab(folder, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {}{}", stdout(&output), stderr(&output));
    stderr(&output)
}

#[test]
fn the_page_leads_to_a_strategy_with_pytorch_code() {
    let home = with_wine();
    let commands = blocks("sh");
    let [look, in_full, find, compare, resume] = commands.as_slice() else { panic!("{commands:?}") };
    let run = |command: &str| {
        let words = words(command);
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        lrlab(home.path(), &args)
    };
    let looked = run(look);
    assert!(looked.status.success(), "{}", stderr(&looked));
    for line in blocks("text")[0].lines() {
        assert!(stderr(&looked).lines().any(|told| told == line), "{line}\nis not in\n{}", stderr(&looked));
    }
    assert!(run(in_full).status.success());
    let found = run(find);
    assert!(found.status.success(), "{}", stderr(&found));
    assert!(stdout(&found).contains("torch.optim.Adam("), "{}", stdout(&found));
    let compared = run(compare);
    assert!(compared.status.success(), "{}", stderr(&compared));
    assert!(stdout(&compared).contains("torch.optim."), "{}", stdout(&compared));
    for made in ["search/report.html", "study/report.html", "study/study.json"] {
        assert!(home.path().join(made).exists(), "{made}");
    }
    let study = fs::read_to_string(home.path().join("study/study.json")).unwrap();
    assert!(study.contains("\"sha256\""), "{study}");
    // As it was, it goes on; with another table it does not.
    assert!(run(resume).status.success());
    fs::write(home.path().join("wine.csv"), WINE.replace("14.23", "14.24")).unwrap();
    let why = run(resume);
    assert_eq!(why.status.code(), Some(2));
    assert!(
        stderr(&why).contains("wine.csv changed since this study began: its SHA-256 was "),
        "{}",
        stderr(&why)
    );
}

#[test]
fn a_log_says_what_was_made_of_the_table_and_which_file_it_was() {
    let home = with_wine();
    succeed(
        home.path(),
        &["train", "--data", "wine.csv", "--predict", "grower", "--epochs", "1", "--out", "run"],
    );
    let runs = fs::read_dir(home.path().join("run/runs")).unwrap().next().unwrap().unwrap().path();
    let log = fs::read_to_string(runs.join("events.jsonl")).unwrap();
    let started: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    let started = &started["started"];
    assert_eq!(started["data"][1].as_str().unwrap().split(',').next(), Some("target: grower"), "{started}");
    assert_eq!(started["trial"]["task"]["sha256"].as_str().unwrap().len(), 64, "{started}");
    assert_eq!(started["trial"]["task"]["file"], "wine.csv");
}

#[test]
fn a_report_tells_what_was_made_of_the_data_and_what_averages_came_to() {
    let home = with_wine();
    let args =
        ["compare", "--data", "wine.csv", "--predict", "grower", "--epochs=3", "--seeds=1", "--as-written"];
    let arms =
        ["--strategy", "raw: sgd lr=0.1", "--strategy", "mean: sgd lr=0.1 | ema 0.9", "--out", "study"];
    let table = succeed(home.path(), &[&args[..], &arms[..]].concat());
    let heading = table.lines().find(|line| line.starts_with("strategy")).unwrap();
    assert!(heading.contains("ema validation loss"), "{table}");

    let read = |name: &str| fs::read_to_string(home.path().join("study").join(name)).unwrap();
    let data: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    let study = &data["studies"][0];
    let told = study["data"][1].as_str().unwrap();
    assert!(told.starts_with("target: grower, 3 classes: first (59)"), "{told}");
    let averaged = study["strategies"][1]["metrics"].as_array().unwrap();
    let ema = averaged.iter().find(|metric| metric["name"] == "ema validation loss").unwrap();
    assert_eq!(ema["count"], 1);
    assert!(ema["mean"].as_f64().unwrap() > 0.0);
    assert!(
        study["strategies"][0]["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .all(|metric| metric["name"] != ema["name"])
    );
    let codes: Vec<&str> =
        study["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"CF301"), "one seed: {codes:?}");

    let page = read("report.html");
    for part in ["What was made of the data", "target: grower, 3 classes", "<small>ema 0."] {
        assert!(page.contains(part), "{part}");
    }
    let find = [
        "find",
        "--data",
        "wine.csv",
        "--predict",
        "grower",
        "--epochs=2",
        "--sweep-only",
        "--out",
        "search",
    ];
    succeed(home.path(), &find);
    let page = fs::read_to_string(home.path().join("search/report.html")).unwrap();
    assert!(page.contains("What was made of the data") && page.contains("target: grower, 3 classes"));
    assert!(page.contains("on table file=wine.csv target=grower</h1>"), "a heading without hashes");
    assert!(read("table.csv").lines().any(|line| line.contains(",mean,ema validation loss,1,")));
}

#[test]
fn a_second_table_validates_and_is_pinned_too() {
    let home = with_wine();
    let lines: Vec<&str> = WINE.lines().collect();
    let every_third = |kind: bool| {
        let rows =
            lines[1..].iter().enumerate().filter(|(at, _)| (at % 3 == 0) == kind).map(|(_, line)| *line);
        std::iter::once(lines[0]).chain(rows).collect::<Vec<_>>().join("\n")
    };
    fs::write(home.path().join("train.csv"), every_third(false)).unwrap();
    fs::write(home.path().join("test.csv"), every_third(true)).unwrap();
    let data = [
        "--data",
        "train.csv",
        "--test-data",
        "test.csv",
        "--predict",
        "grower",
        "--epochs=2",
        "--out",
        "run",
    ];
    let output = lrlab(home.path(), &[&["train"][..], &data[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("to validate, those of test.csv"), "{}", stderr(&output));
    let study: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(home.path().join("run/study.json")).unwrap()).unwrap();
    assert_eq!(study["compare"]["task"]["sha256"].as_array().unwrap().len(), 2, "{study}");
    assert!(refused(home.path(), &["train", "--test-data", "test.csv"]).contains("--data"));
}

#[test]
fn a_table_is_found_in_the_folder_of_data() {
    let (home, other) = (with_wine(), tempdir().unwrap());
    let folder = home.path().to_str().unwrap();
    let train = ["train", "--data", "wine.csv", "--predict", "grower", "--epochs", "1"];
    let why = refused(other.path(), &train);
    assert!(
        why.starts_with(
            "error: there is no file wine.csv; looked for wine.csv, /usr/share/datasets/wine.csv"
        ),
        "{why}"
    );
    succeed(other.path(), &[&train[..], &["--data-dir", folder, "--out", "run"]].concat());
    let why = refused(other.path(), &[&train[..], &["--data-dir", "nowhere"]].concat());
    assert_eq!(why, "error: --data-dir: there is no folder nowhere\n");
}

#[test]
fn what_cannot_be_used_is_explained_and_writes_nothing() {
    let home = with_wine();
    let mistakes: &[(&str, &str, &str)] = &[
        ("wine.csv", "growers", "did you mean \"grower\"?"),
        (
            "wine.csv",
            "",
            "say which column is learnt, with target=COLUMN (--predict COLUMN); the columns are alcohol, ",
        ),
        ("ragged.csv", "y", "ragged.csv, line 3: has 1 cells, and the first row has 2"),
        ("missing.csv", "y", "missing.csv, line 3, column \"x\": the cell is missing"),
        ("one.csv", "y", "every row is of the one class \"a\""),
        ("empty.csv", "y", "empty.csv: the file holds no rows"),
        ("latin.csv", "y", "latin.csv, line 2: cell 1 is no UTF-8"),
        ("torn.csv.gz", "y", "the gzip stream breaks off here: the file is incomplete"),
        ("folder", "y", "folder: cannot be read"),
    ];
    let write = |name: &str, bytes: &[u8]| fs::write(home.path().join(name), bytes).unwrap();
    write("ragged.csv", b"x,y\n1,a\n2\n");
    write("missing.csv", b"x,y\n1,a\n,b\n2,b\n");
    write("one.csv", b"x,y\n1,a\n2,a\n");
    write("empty.csv", b"");
    write("latin.csv", b"x,y\ncaf\xe9,a\n");
    // The first bytes of a gzip stream.
    write("torn.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b");
    fs::create_dir(home.path().join("folder")).unwrap();
    for (file, target, expected) in mistakes {
        for command in ["train", "find"] {
            let mut args = vec![command, "--data", file, "--out", "run"];
            if !target.is_empty() {
                args.extend(["--predict", target]);
            }
            let why = refused(home.path(), &args);
            assert!(why.contains(expected), "{args:?}: {why}");
            assert!(!home.path().join("run").exists(), "{args:?} wrote");
        }
    }
    let why =
        refused(home.path(), &["train", "--data", "wine.csv", "--predict", "grower", "--batch-size", "500"]);
    assert!(why.contains("a batch of 500 rows does not fit this task; give 1 to 142"), "{why}");
}
