//! `cargo xtask python`: the Python package as its users get it, built, installed and tested.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    tree::{program, workspace_root},
};

/// Where environment and wheel go, below the target folder.
const FOLDER: &str = "target/python";
const TESTS: &str = "crates/lrlab-python/tests";
const REQUIREMENTS: &str = "crates/lrlab-python/tests/requirements.txt";

/// Bytes.
const MIB: f64 = 1_048_576.0;
/// A larger wheel is a mistake: something was built with its debugging symbols, or twice.
const LARGEST_WHEEL: f64 = 16.0 * MIB;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The Python to make the environment with, 3.10 or later.
    #[arg(long, value_name = "PYTHON", default_value = "python3")]
    python: PathBuf,

    /// Makes the environment anew instead of going on with the one that is there.
    #[arg(long)]
    fresh: bool,

    /// Builds and installs, and runs no test.
    #[arg(long)]
    no_tests: bool,

    /// Handed to pytest: `-k scheduler`, for instance.
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Builds the wheel into a virtual environment, checks its types and runs its tests.
pub(crate) fn run(options: &Options) -> Result<()> {
    let root = workspace_root()?;
    let environment = root.join(FOLDER).join("venv");
    if options.fresh && environment.exists() {
        fs::remove_dir_all(&environment).map_err(|why| format!("{}: {why}", environment.display()))?;
    }
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        let base = program(&options.python)?;
        step(Command::new(base).args(["-m", "venv"]).arg(&environment), "make a virtual environment")?;
    }
    let pip = |arguments: &[&str], what: &str| {
        let mut command = Command::new(&python);
        command.args(["-m", "pip", "--disable-pip-version-check"]).args(arguments).current_dir(&root);
        step(&mut command, what)
    };
    let wheel = wheel(&root, &pip)?;
    pip(&["install", "--quiet", "--requirement", REQUIREMENTS], "install what the tests need")?;
    pip(&["install", "--quiet", "--force-reinstall", "--no-deps", &wheel], "install the wheel")?;
    if options.no_tests {
        println!("{}", python.display());
        return Ok(());
    }
    // Away from the tree, so that the installed package is what is imported.
    let elsewhere = tempfile::tempdir().map_err(|why| format!("cannot make a folder: {why}"))?;
    let module = |name: &str, what: &str, arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(["-m", name]).args(arguments).current_dir(elsewhere.path());
        step(&mut command, what)
    };
    module("mypy", "check the types", &["--strict", "--package", "lrlab"])?;
    module("mypy.stubtest", "check the stubs against the compiled half", &["lrlab._core"])?;
    let tests = root.join(TESTS);
    let mut command = Command::new(&python);
    command.args(["-m", "pytest", "-p", "no:cacheprovider", "--rootdir"]).arg(&tests).arg(&tests);
    command.args(&options.pytest).current_dir(elsewhere.path());
    step(&mut command, "run the tests of the package")
}

/// Builds the wheel and gives its path.
fn wheel(root: &Path, pip: &dyn Fn(&[&str], &str) -> Result<()>) -> Result<String> {
    let folder = root.join(FOLDER).join("wheel");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    let into = folder.to_string_lossy();
    pip(&["wheel", "--quiet", "--no-deps", "--wheel-dir", &into, "."], "build the wheel")?;
    let entry = fs::read_dir(&folder)
        .map_err(|why| format!("{into}: {why}"))?
        .find_map(std::result::Result::ok)
        .ok_or_else(|| format!("pip left no wheel in {into}"))?;
    let size = entry.metadata().map_err(|why| format!("{into}: {why}"))?.len() as f64;
    println!("{}: {:.1} MiB", entry.file_name().to_string_lossy(), size / MIB);
    if size > LARGEST_WHEEL {
        return Err(format!("the wheel has {:.1} MiB, wanted {} at most", size / MIB, LARGEST_WHEEL / MIB));
    }
    Ok(entry.path().to_string_lossy().into_owned())
}

/// Runs a command that speaks for itself.
fn step(command: &mut Command, what: &str) -> Result<()> {
    println!("--- {what}");
    let status = command.status().map_err(|why| format!("cannot {what}: {why}"))?;
    if status.success() { Ok(()) } else { Err(format!("cannot {what}: {status}")) }
}
