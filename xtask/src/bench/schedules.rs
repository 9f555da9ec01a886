//! What a value of a schedule costs, and a picture of a million of them.

use serde_json::Value;

use super::figure::{Bound, Figure};

/// Nanoseconds of a value, by the group in which the benchmark lists it; without a bound where the cost
/// is what a user writes.
const GROUPS: [(&str, Option<Bound>); 3] =
    [("leaves", Some(Bound::AtMost(20.0))), ("composed", Some(Bound::AtMost(60.0))), ("as_written", None)];

/// Milliseconds for a million values as a PNG.
const DRAWING: Bound = Bound::AtMost(150.0);

/// The lines of `values`, from `crates/lrlab-core/benches/schedules.rs`, each beside PyTorch's
/// `scheduler.step()` for it, and of the slowest picture in `drawing`, from
/// `crates/lrlab-analysis/benches/drawing.rs`.
pub(super) fn figures(values: &Value, drawing: &Value, torch: Option<&Value>) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (group, wanted) in GROUPS {
        for (name, value) in values[group].as_object().into_iter().flatten() {
            let torch = torch.and_then(|torch| torch["scheduler_step_us"][name].as_f64());
            figures.push(
                Figure::new(format!("value of {name}"), "ns", value.as_f64())
                    .wanted(wanted)
                    .beside(torch.map(|us| 1000.0 * us)),
            );
        }
    }
    let times = drawing.as_object().into_iter().flatten();
    let slowest =
        times.filter_map(|(name, value)| Some((name, value.as_f64()?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let name = slowest.map_or("", |(name, _)| name);
    figures.push(
        Figure::new(format!("a million values as PNG, slowest ({name})"), "ms", slowest.map(|(_, ms)| ms))
            .wanted(Some(DRAWING)),
    );
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_have_the_bound_of_their_group_and_the_slowest_picture_counts() {
        let values = json!({
            "leaves": { "step": 25.0, "cosine": 10.0 },
            "composed": { "warmup then cosine": 25.0 },
            "as_written": { "lambda": 500.0 },
        });
        let torch = json!({ "scheduler_step_us": { "step": 5.0 } });
        let lines = figures(&values, &json!({ "cosine": 90.0, "noise": 160.0 }), Some(&torch));
        let missed: Vec<&str> =
            lines.iter().filter(|figure| figure.is_missed()).map(|figure| figure.name.as_str()).collect();
        assert_eq!(missed, ["value of step", "a million values as PNG, slowest (noise)"]);
        let ratios: Vec<Option<f64>> = lines.iter().map(Figure::ratio).collect();
        assert_eq!(ratios, [None, Some(200.0), None, None, None]);
    }

    #[test]
    fn a_picture_that_was_not_measured_is_missed() {
        assert!(figures(&json!({}), &json!({}), None)[0].is_missed());
    }
}
