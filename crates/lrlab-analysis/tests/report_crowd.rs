//! The report of a study of many strategies: small, and led by the best.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "report_samples/crowd.rs"]
mod crowd;

use std::{collections::BTreeSet, path::Path, sync::LazyLock};

use lrlab_analysis::{
    ArmRuns, Run, StudyRuns, compare,
    report::{self, REPORTS, Report, StudyReport, terminal},
};
use serde_json::Value;

const ARMS: usize = 40;
const SEEDS: u64 = 4;
const STEPS: u64 = 2000;

static REPORT: LazyLock<Report> = LazyLock::new(|| report(ARMS, SEEDS));

fn report(arms: usize, seeds: u64) -> Report {
    let spec = crowd::spec(arms, seeds, STEPS).unwrap();
    let mut runs: Vec<ArmRuns> =
        spec.arms.iter().map(|arm| ArmRuns { label: arm.label.clone(), ..ArmRuns::default() }).collect();
    for (arm, trial) in spec.trials() {
        runs[arm].runs.push(Run::fold(crowd::events(&trial, STEPS).unwrap()).unwrap());
    }
    let runs = StudyRuns { spec, arms: runs };
    let (heading, comparison) = (runs.spec.title.clone(), compare(&runs));
    let study = StudyReport { heading, text: vec![], runs, comparison, torch_code: None, command: None };
    Report { title: "Many".into(), introduction: String::new(), studies: vec![study] }
}

fn file(report: &Report, name: &str) -> String {
    let files = REPORTS.iter().flat_map(|format| match format.name {
        "png" => vec![],
        _ => (format.render)(report).unwrap(),
    });
    String::from_utf8(files.into_iter().find(|file| file.name == name).unwrap().bytes).unwrap()
}

/// The page of `report` without the text of plotly.js, and the data of its one study.
fn page(report: &Report) -> (String, Value) {
    let page = file(report, "report.html");
    let (before, rest) = page.split_once("id=\"plotly\">").unwrap();
    let own = before.to_owned() + rest.split_once("</script>").unwrap().1;
    let data = own.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    (own, data[0].clone())
}

/// The best by mean objective, as plain code says it.
fn best(report: &Report, count: usize) -> Vec<usize> {
    let rows = &report.studies[0].comparison.rows;
    let mut whole: Vec<usize> = (0..rows.len()).filter(|&index| rows[index].diverged == 0).collect();
    whole.sort_by(|&a, &b| rows[a].objective.mean.total_cmp(&rows[b].objective.mean));
    whole.truncate(count);
    whole
}

#[test]
fn the_page_of_many_strategies_stays_small() {
    let (page, _) = page(&REPORT);
    assert!(page.len() < 1_200_000, "{} bytes besides plotly.js", page.len());
}

#[test]
fn the_ten_best_lead_in_colours_of_their_own() {
    let (page, study) = page(&REPORT);
    let arms = study["arms"].as_array().unwrap();
    let order: Vec<usize> =
        study["order"].as_array().unwrap().iter().map(|index| index.as_u64().unwrap() as usize).collect();
    assert_eq!(order[..10], best(&REPORT, 10)[..]);
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), ARMS, "every strategy is listed once");
    let leading: Vec<usize> = (0..ARMS).filter(|&index| arms[index]["leads"] == true).collect();
    assert_eq!(leading.iter().collect::<BTreeSet<_>>(), order[..10].iter().collect());
    let styles: BTreeSet<String> =
        order[..10].iter().map(|&arm| format!("{} {}", arms[arm]["color"], arms[arm]["dash"])).collect();
    assert_eq!(styles.len(), 10);
    for (index, arm) in arms.iter().enumerate() {
        let runs = arm["curves"][0]["runs"].as_array().unwrap().len();
        assert_eq!(runs, if leading.contains(&index) { SEEDS as usize } else { 0 }, "single runs of {index}");
        assert!(arm["curves"][0]["mean"].as_array().unwrap().len() > 10, "every arm has its mean");
    }
    let rows: Vec<&str> = page.split("class=\"pick\" data-arm=\"").skip(1).collect();
    let listed: Vec<usize> = rows.iter().map(|row| row.split('"').next().unwrap().parse().unwrap()).collect();
    assert_eq!(listed, order, "the table begins with the best");
    assert_eq!(page.matches("aria-pressed=\"true\" disabled").count(), 10);
    assert!(page.contains("type=\"search\""));
}

#[test]
fn a_strategy_whose_runs_diverged_is_listed_last() {
    let report = report(100, 1);
    let (_, study) = page(&report);
    let last = study["order"].as_array().unwrap().last().unwrap().as_u64().unwrap() as usize;
    assert!(report.studies[0].comparison.rows[last].diverged > 0);
}

#[test]
fn few_strategies_keep_the_order_of_the_study() {
    let (page, study) = page(&report(12, 2));
    assert_eq!(study["order"], Value::from((0..12).collect::<Vec<usize>>()));
    assert!(study["arms"].as_array().unwrap().iter().all(|arm| arm["leads"] == true));
    assert!(!page.contains("type=\"search\"") && !page.contains("class=\"pick\""));
}

#[test]
fn curves_as_csv_are_thinned_alike_and_keep_both_ends() {
    let text = file(&REPORT, "curves.csv");
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let runs = ARMS * SEEDS as usize;
    assert!(lines.len() > 100_000 && lines.len() <= 200_000 + runs, "{} lines", lines.len());
    let step = |line: &str| line.rsplit(',').nth(2).unwrap().parse::<u64>().unwrap();
    let first: Vec<u64> = lines.iter().map(|line| step(line)).take_while(|&t| t < STEPS - 1).collect();
    assert!(
        first.iter().enumerate().all(|(index, &t)| t == 2 * index as u64),
        "every second step: {first:?}"
    );
    assert_eq!(
        lines.iter().filter(|line| step(line) == STEPS - 1).count(),
        runs,
        "the last step of each run"
    );
}

#[test]
fn the_terminal_lists_the_best_first() {
    let table = terminal::table(&REPORT.studies[0].comparison);
    let rows: Vec<&str> = table.lines().skip(2).take(ARMS).collect();
    assert!(rows[0].contains("  best"), "{}", rows[0]);
    assert_eq!(rows.iter().filter(|row| row.contains("  best")).count(), 1);
}

/// Writes a report of 100 strategies x 10 seeds where `LRLAB_LARGE_REPORT` says, for the browser test.
#[test]
fn sample_for_the_browser() {
    let Some(folder) = std::env::var_os("LRLAB_LARGE_REPORT") else { return };
    report::write(&report(100, 10), Path::new(&folder), REPORTS).unwrap();
}
