//! The page as a whole, and files on disk.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod report_samples;

use std::{fs, path::Path};

use lrlab_analysis::report::{self, Format, REPORTS, ReportError};
use lrlab_core::Outcome;
use report_samples::{large, small};

fn format(name: &str) -> &'static Format {
    REPORTS.iter().find(|format| format.name == name).unwrap()
}

fn page(report: &report::Report) -> String {
    let mut files = (format("html").render)(report).unwrap();
    assert_eq!(files.len(), 1);
    String::from_utf8(files.remove(0).bytes).unwrap()
}

/// The page without the text of plotly.js, which names many addresses that it never asks.
fn own(page: &str) -> String {
    let (before, rest) = page.split_once("id=\"plotly\">").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    format!("{before}></script>{after}")
}

/// What the figures of `page` draw.
fn data(page: &str) -> serde_json::Value {
    let text = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_page_loads_nothing_from_outside() {
    let page = page(&large());
    assert_eq!(page.matches("window.Plotly = Plotly").count(), 1);
    let own = own(&page);
    for outside in ["http://", "https://", " src=", "@import", "url(", "<link", "<iframe"] {
        assert!(!own.contains(outside), "{outside} in the page");
    }
    for target in own.split("href=\"").skip(1) {
        assert!(target.starts_with('#'), "a link leads outside: {}", &target[..40]);
    }
    let policy = own.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = &policy[..policy.find('"').unwrap()];
    assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{policy}");
    assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe-inline'"));
}

#[test]
fn every_script_that_runs_carries_the_nonce() {
    let page = page(&small());
    let own = own(&page);
    let nonce = own.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(nonce.len(), 32);
    let scripts: Vec<&str> = own.split("<script").skip(1).map(|s| s.split('>').next().unwrap()).collect();
    assert_eq!(scripts.len(), 3);
    for script in scripts {
        assert!(script.contains(nonce) || script.contains("application/json"), "{script}");
    }
}

#[test]
fn labels_are_text_and_never_markup() {
    let page = own(&page(&small()));
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"));
    assert!(page.contains("\\u003cscript\\u003ealert(1)\\u003c/script\\u003e"));
    assert!(page.contains("Second &lt;b&gt;paragraph"));
    assert!(page.contains("# a &lt; b"));
}

#[test]
fn the_page_holds_every_part() {
    let report = large();
    let page = own(&page(&report));
    assert_eq!(page.matches("<section class=\"study\"").count(), 3);
    assert_eq!(page.matches("data-figure=\"curves\"").count(), 3);
    assert_eq!(page.matches("data-figure=\"valley\"").count(), 1);
    assert_eq!(page.matches("data-figure=\"sharpness\"").count(), 2);
    assert_eq!(page.matches("<caption").count(), 3 + 14, "each table has a caption");
    assert_eq!(page.matches("<details class=\"rules\">").count(), 3);
    assert_eq!(page.matches("<div class=\"code\">").count(), 1);
    for text in [
        "10&#x2f;10 reached",
        "3&#x2f;10",
        "badge jumping",
        "tie with best",
        "lrlab compare --task digits",
        "p &lt; 0.001",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(page.matches("<h1>").count(), 1);
    assert!(!page.contains("NaN"), "what is no number is a gap or a dash");
}

#[test]
fn the_objective_is_drawn_where_it_is_not_the_training_loss() {
    let page = own(&page(&large()));
    let sections: Vec<&str> = page.split("<section class=\"study\"").skip(1).collect();
    let choice = |name: &str, pressed: bool| {
        format!("data-set=\"curve\" data-value=\"{name}\" aria-pressed=\"{pressed}\">{name}</button>")
    };
    assert!(!sections[0].contains("data-set=\"curve\""), "the bowl's objective is its training loss");
    for (section, objective, first) in [(1, "excess loss", true), (2, "validation loss", false)] {
        assert_eq!(sections[section].matches("data-set=\"curve\"").count(), 2);
        assert!(sections[section].contains(&choice(objective, first)), "{objective}");
        assert!(sections[section].contains(&choice("training loss", !first)), "beside {objective}");
    }
    let data = data(&page);
    let telling = |study: usize| &data[study]["curves"][data[study]["telling"].as_u64().unwrap() as usize];
    assert_eq!(
        [0, 1, 2].map(|study| &telling(study)["name"]),
        ["training loss", "excess loss", "training loss"]
    );
    let excess = telling(1);
    assert_eq!(excess["t"].as_array().unwrap().len(), 75);
    assert_eq!((&excess["t"][0], &excess["t"][74]), (&4.into(), &300.into()));
    for arm in data[1]["arms"].as_array().unwrap() {
        let run = &arm["curves"][1]["runs"][0];
        assert_eq!(run["y"].as_array().unwrap().len(), 75);
        assert!(run.get("t").is_none(), "the steps of a run are those of the curve");
    }
}

#[test]
fn a_run_that_ends_early_adds_no_point_to_the_others() {
    let mut report = large();
    let run = &mut report.studies[1].runs.arms[0].runs[0];
    run.outcome = Some(Outcome::Stopped);
    run.validated.truncate(30);
    run.validated[29].t += 2;
    run.steps.truncate(122);
    let data = data(&page(&report));
    let steps = data[1]["curves"][1]["t"].as_array().unwrap();
    assert_eq!(steps.len(), 75);
    assert!(!steps.contains(&122.into()));
    let own = &data[1]["arms"][0]["curves"][1]["runs"][0];
    assert_eq!(own["t"][29], 122, "the run itself keeps its end");
}

#[test]
fn a_large_study_stays_small() {
    let report = report::Report { studies: vec![report_samples::digits()], ..small() };
    let whole = page(&report);
    let bytes = own(&whole).len();
    assert!(bytes < 1_000_000, "{bytes} bytes besides plotly.js");
    assert!(whole.len() < 6_000_000);
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    for format in REPORTS {
        let render = || (format.render)(&small()).unwrap();
        assert!(render() == render(), "{}", format.name);
    }
}

#[test]
fn formats_are_told_apart_by_name() {
    for format in REPORTS {
        assert_eq!(REPORTS.iter().filter(|other| other.name == format.name).count(), 1);
        assert!(format.doc.ends_with('.') && !format.file.is_empty());
    }
}

#[test]
fn files_appear_whole_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let nested = folder.path().join("made/for/it");
    let paths = report::write(&small(), &nested, REPORTS).unwrap();
    let mut names: Vec<String> = fs::read_dir(&nested)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["curves.csv", "report.html", "report.json", "small-simple.png", "table.csv"]);
    assert_eq!(paths.len(), names.len());
    assert!(paths.iter().all(|path| path.starts_with(&nested)));
    let picture = fs::read(nested.join("small-simple.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
}

#[test]
fn errors_name_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    fs::write(&file, "a file, not a folder").unwrap();
    let error = report::write(&small(), &file, &[format("csv")]).unwrap_err();
    assert!(error.to_string().contains("taken"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "a file, not a folder");

    fs::create_dir(folder.path().join("table.csv")).unwrap();
    let error = report::write(&small(), folder.path(), &[format("csv")]).unwrap_err();
    assert!(matches!(&error, ReportError::Io { path, .. } if path.ends_with("table.csv")), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no partial file stays");
}

#[test]
fn a_comparison_of_other_runs_is_refused() {
    let mut report = small();
    report.studies[0].comparison.rows.pop();
    let error = report::write(&report, Path::new("never-made"), REPORTS).unwrap_err();
    assert_eq!(error.to_string(), "study \"Small & simple\" has 2 arms, but its comparison has 1 rows");
    assert!(!Path::new("never-made").exists());
}

/// Writes the large sample where `LRLAB_REPORT_SAMPLE` says, for the browser test and for looking at it.
#[test]
fn sample_for_the_browser() {
    let Some(folder) = std::env::var_os("LRLAB_REPORT_SAMPLE") else { return };
    report::write(&large(), Path::new(&folder), REPORTS).unwrap();
}
