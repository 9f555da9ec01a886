//! What the Python package costs its users, beside PyTorch's own classes in the same process.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Map, Value};

use super::{
    figure::{Bound, Figure},
    json_of,
};
use crate::Result;

/// Programs in `crates/lrlab-python/benches`, each of which prints JSON.
const PROGRAMS: [&str; 5] = ["schedule", "dropin", "scheduler", "recorder", "optim"];

/// A plan of four stages may take so many times what PyTorch's `StepLR` takes.
const PLAN_OVER_STEP: f64 = 1.2;
/// An update in torch's tensors may take so many times what torch's fused one takes.
const UPDATE_OVER_FUSED: f64 = 1.05;
/// Milliseconds.
const VALUES: Bound = Bound::AtMost(30.0);
/// Milliseconds.
const IMPORT: Bound = Bound::AtMost(30.0);
/// Microseconds beyond the loss's own `.item()`.
const RECORDING: Bound = Bound::AtMost(5.0);

/// What the programs print, by their names; `None` where the package is not installed.
pub(super) fn measure(root: &Path, python: &Path) -> Result<Option<Value>> {
    let installed = Command::new(python)
        .args(["-c", "import lrlab"])
        .stderr(Stdio::null())
        .status()
        .map_err(|why| format!("cannot run {}: {why}", python.display()))?;
    if !installed.success() {
        eprintln!(
            "the package is not installed there; `cargo xtask python --no-tests` makes a Python that has it"
        );
        return Ok(None);
    }
    let mut measured = Map::new();
    for name in PROGRAMS {
        let mut command = Command::new(python);
        command.arg(root.join(format!("crates/lrlab-python/benches/{name}.py"))).env("OMP_NUM_THREADS", "1");
        measured.insert(name.to_owned(), json_of(&mut command, &format!("the package's {name}"))?);
    }
    Ok(Some(Value::Object(measured)))
}

/// The lines of the package.
pub(super) fn figures(measured: &Value) -> Vec<Figure> {
    let own = |program: &str, name: &str| measured[program][name].as_f64();
    let mut figures = vec![
        Figure::new("import lrlab", "ms", own("schedule", "import_ms")).wanted(Some(IMPORT)),
        Figure::new("Schedule.values(), a million", "ms", own("schedule", "values_million_ms"))
            .wanted(Some(VALUES)),
    ];
    let beside = |name: String, pair: &Value, times: f64| {
        let torch = pair["torch_us"].as_f64();
        let bound = torch.map(|torch| Bound::AtMost(torch * times));
        Figure::new(name, "us", pair["ours_us"].as_f64()).wanted(bound).beside(torch)
    };
    for (class, pair) in measured["dropin"].as_object().into_iter().flatten() {
        figures.push(beside(format!("lrlab.torch.lr_scheduler.{class}.step()"), pair, 1.0));
    }
    let plan = &measured["scheduler"]["one_group"];
    figures.push(beside("lrlab.torch.Scheduler.step(), four stages".to_owned(), plan, PLAN_OVER_STEP));
    let update = |part: &str, rival: &str| measured["optim"][part][rival].as_f64();
    let fused = update("ten_million_ms", "torch");
    figures.push(
        Figure::new("AdamW in torch's tensor of 10 million", "ms", update("ten_million_ms", "ours"))
            .wanted(fused.map(|fused| Bound::AtMost(UPDATE_OVER_FUSED * fused)))
            .beside(fused),
    );
    figures.push(
        Figure::new("AdamW in 200 tensors of 1,000 of torch's", "us", update("tensors_200_us", "ours"))
            .beside(update("tensors_200_us", "torch")),
    );
    let recording = measured["recorder"]["figures"]["1 groups"]["over_item"].as_f64();
    figures.push(Figure::new("Recorder, a step beyond .item()", "us", recording).wanted(Some(RECORDING)));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_figure_but_one_has_a_bound() {
        let measured = |slower: f64| {
            json!({
                "schedule": { "import_ms": 30.0 * slower, "values_million_ms": 30.0 * slower },
                "dropin": { "StepLR": { "ours_us": 3.0 * slower, "torch_us": 3.0 } },
                "scheduler": { "one_group": { "ours_us": 3.5 * slower, "torch_us": 3.0 } },
                "optim": {
                    "ten_million_ms": { "ours": 10.5 * slower, "torch": 10.0 },
                    "tensors_200_us": { "ours": 300.0, "torch": 600.0 },
                },
                "recorder": { "figures": { "1 groups": { "over_item": 5.0 * slower } } },
            })
        };
        assert!(!figures(&measured(1.0)).iter().any(Figure::is_missed));
        let within: Vec<String> =
            figures(&measured(1.1)).into_iter().filter(|f| !f.is_missed()).map(|f| f.name).collect();
        assert_eq!(within, ["AdamW in 200 tensors of 1,000 of torch's"], "reported without a bound");
    }
}
