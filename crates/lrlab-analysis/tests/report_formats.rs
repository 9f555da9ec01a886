//! Every small format, from one study made by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod report_samples;

use lrlab_analysis::report::{REPORTS, terminal};
use report_samples::{digits, small};

fn file(format: &str, name: &str) -> String {
    let format = REPORTS.iter().find(|other| other.name == format).unwrap();
    let files = (format.render)(&small()).unwrap();
    String::from_utf8(files.into_iter().find(|file| file.name == name).unwrap().bytes).unwrap()
}

#[test]
fn table_csv() {
    insta::assert_snapshot!(file("csv", "table.csv"));
}

#[test]
fn curves_csv() {
    insta::assert_snapshot!(file("csv", "curves.csv"));
}

#[test]
fn report_json() {
    let json = file("json", "report.json");
    insta::assert_snapshot!(json);
    let back: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(back["studies"][0]["strategies"][1]["trials"][0]["last_loss"], "inf");
}

#[test]
fn terminal_table() {
    insta::assert_snapshot!(terminal::table(&small().studies[0].comparison));
}

#[test]
fn terminal_table_of_many_strategies() {
    let mut comparison = digits().comparison;
    let table = terminal::table(&comparison);
    insta::assert_snapshot!(table);
    assert!(table.lines().all(|line| line.chars().count() <= 100));

    comparison.rows[0].label = "a label much longer than any column of a table should ever have to be".into();
    let table = terminal::table(&comparison);
    insta::assert_snapshot!(table);
    assert!(table.lines().all(|line| line.chars().count() <= 100));
}
