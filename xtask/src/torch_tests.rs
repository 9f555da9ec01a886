//! `cargo xtask torch-tests`: PyTorch's own tests of its schedulers, run on lrlab's.
//!
//! The file is the user's copy of PyTorch's `test/optim/test_lrscheduler.py`; it is no part of this project.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Result, tree};

/// Runs a file of tests, and tells what became of each.
const RUNNER: &str = include_str!("torch_tests.py");

/// Which module of lrlab's stands for which of torch's.
const MODULES: [(&str, &str); 2] = [
    ("torch.optim.lr_scheduler", "lrlab.torch.lr_scheduler"),
    ("torch.optim.swa_utils", "lrlab.torch.swa_utils"),
];

/// The arguments of the chore.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A copy of PyTorch's `test/optim/test_lrscheduler.py`.
    path: PathBuf,
    /// The Python to run, with lrlab, torch, numpy and expecttest, such as .venv/bin/python.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
}

/// What became of each test: passed, failed or skipped.
type Outcomes = BTreeMap<String, String>;

/// Runs the file as it is, and with lrlab's classes imported; fails where only lrlab's fail.
pub(crate) fn run(options: &Options) -> Result<()> {
    let told = |why| format!("cannot read {}: {why}", options.path.display());
    let text = fs::read_to_string(&options.path).map_err(told)?;
    let (changed, imports) = with_lrlab(&text);
    if imports == 0 {
        return Err(format!(
            "{} imports nothing from torch.optim.lr_scheduler: expected PyTorch's test/optim/test_lrscheduler.py",
            options.path.display()
        ));
    }
    let torchs = outcomes(&options.python, &text)?;
    let ours = outcomes(&options.python, &changed)?;
    println!("with torch's classes: {}", counts(&torchs));
    println!("with lrlab's classes: {}", counts(&ours));
    for name in failed(&torchs) {
        println!("torch fails by itself: {name}");
    }
    let only_ours = differing(&torchs, &ours);
    for name in &only_ours {
        println!("only lrlab differs: {name}");
    }
    match only_ours.len() {
        0 => Ok(()),
        1 => Err("one test ends otherwise with lrlab's classes".to_owned()),
        many => Err(format!("{many} tests end otherwise with lrlab's classes")),
    }
}

/// The text with its import statements led to lrlab, and how many they were.
fn with_lrlab(text: &str) -> (String, usize) {
    let mut imports = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let statement = line.trim_start();
        for (theirs, ours) in MODULES {
            let is_import = statement.strip_prefix("from ").and_then(|rest| rest.strip_prefix(theirs));
            if is_import.is_some_and(|rest| rest.trim_start().starts_with("import")) {
                imports += 1;
                return line.replacen(theirs, ours, 1);
            }
        }
        line.to_owned()
    });
    let changed = lines.collect();
    (changed, imports)
}

/// Runs the tests of `text` in a folder of their own.
fn outcomes(python: &Path, text: &str) -> Result<Outcomes> {
    let folder = tempfile::tempdir().map_err(|why| format!("cannot make a folder: {why}"))?;
    let (runner, tests) = (folder.path().join("run.py"), folder.path().join("tests_of_torch.py"));
    for (path, content) in [(&runner, RUNNER), (&tests, text)] {
        fs::write(path, content).map_err(|why| format!("cannot write {}: {why}", path.display()))?;
    }
    let output = Command::new(tree::program(python)?)
        .args([&runner, &tests])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cannot run {}: {why}", python.display()))?;
    if !output.status.success() {
        return Err(format!(
            "the tests could not be run: {} ended with {}; it needs lrlab, torch, numpy and expecttest, all of which \
             `cargo xtask python --no-tests` puts into target/python/venv",
            python.display(),
            output.status
        ));
    }
    // Tests may print; what became of them is the last line.
    let printed = String::from_utf8_lossy(&output.stdout);
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|why| format!("the tests told no outcomes: {why}"))
}

fn counts(outcomes: &Outcomes) -> String {
    let count = |what: &str| outcomes.values().filter(|outcome| *outcome == what).count();
    format!("{} passed, {} failed, {} skipped", count("passed"), count("failed"), count("skipped"))
}

fn failed(outcomes: &Outcomes) -> impl Iterator<Item = &String> {
    outcomes.iter().filter(|(_, outcome)| *outcome == "failed").map(|(name, _)| name)
}

/// The tests that end otherwise with lrlab's classes than with torch's.
fn differing(torchs: &Outcomes, ours: &Outcomes) -> Vec<String> {
    let missing = torchs.keys().filter(|name| !ours.contains_key(*name));
    let other = ours.iter().filter(|(name, outcome)| torchs.get(*name) != Some(outcome));
    missing.chain(other.map(|(name, _)| name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_led_to_lrlab_and_nothing_else() {
        let text = "from torch.optim.lr_scheduler import (\n    StepLR,\n)\n    from torch.optim.swa_utils import SWALR\n\
                    x = torch.optim.lr_scheduler.StepLR\nfrom torch.optim import SGD\n";
        let (changed, imports) = with_lrlab(text);
        assert_eq!(imports, 2);
        assert_eq!(
            changed,
            "from lrlab.torch.lr_scheduler import (\n    StepLR,\n)\n    from lrlab.torch.swa_utils import SWALR\n\
             x = torch.optim.lr_scheduler.StepLR\nfrom torch.optim import SGD\n"
        );
    }

    #[test]
    fn what_torch_fails_too_is_told_apart() {
        let of = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect::<Outcomes>()
        };
        let torchs = of(&[("a", "passed"), ("b", "failed"), ("c", "passed"), ("d", "skipped")]);
        let ours = of(&[("a", "passed"), ("b", "failed"), ("c", "failed")]);
        assert_eq!(differing(&torchs, &ours), ["d", "c"]);
        assert_eq!(failed(&torchs).collect::<Vec<_>>(), ["b"]);
        assert_eq!(counts(&torchs), "2 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_file_without_the_imports_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "import torch\n").unwrap();
        let options = Options { path: file.path().to_owned(), python: "python3".into() };
        assert!(run(&options).unwrap_err().contains("imports nothing from torch.optim.lr_scheduler"));
    }
}
