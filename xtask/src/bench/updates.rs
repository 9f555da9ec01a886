//! What an update of an optimizer costs, beside the memory's own speed and PyTorch's updates.

use serde_json::Value;

use super::figure::{Bound, Figure};

/// An update of a large tensor may take so many times what a trivial pass over the same memory takes.
const OVER_MEMORY: f64 = 1.1;
/// And so many times what PyTorch's fused update takes, where it is `AdamW`.
const OVER_FUSED: f64 = 1.05;
/// An update of many small tensors may take this share of the time of PyTorch's `foreach`.
const OF_FOREACH: f64 = 0.2;

/// The optimizer that is held against PyTorch's.
const RIVAL: &str = "AdamW";

/// The lines of `updates`, from `crates/lrlab-core/benches/updates.rs`: all on one thread. `torch` is what
/// `golden/pytorch/bench_updates.py` measured.
pub(super) fn figures(updates: &Value, torch: Option<&Value>) -> Vec<Figure> {
    let peer = |kind: &str, name: &str| torch.and_then(|torch| torch["updates"][kind][name].as_f64());
    let mut figures = Vec::new();
    for (name, measured) in updates["ten_million"].as_object().into_iter().flatten() {
        let ours = measured["ms"].as_f64();
        let over = ours.zip(measured["memory_ms"].as_f64()).map(|(ours, memory)| ours / memory);
        let fused = peer("fused_ms", name);
        let bound = fused.filter(|_| name == RIVAL).map(|fused| Bound::AtMost(OVER_FUSED * fused));
        figures.push(
            Figure::new(format!("{name}, 10 million parameters"), "ms", ours).wanted(bound).beside(fused),
        );
        if let Some(two) = peer("fused_two_threads_ms", name) {
            figures.push(
                Figure::new(format!("  beside two threads of PyTorch's {name}"), "ms", ours)
                    .beside(Some(two)),
            );
        }
        figures.push(
            Figure::new("  over a trivial pass in the same memory", "x", over)
                .wanted(Some(Bound::AtMost(OVER_MEMORY))),
        );
    }
    for (name, measured) in updates["tensors_200_us"].as_object().into_iter().flatten() {
        let foreach = peer("foreach_200_us", name);
        let bound = foreach.map(|foreach| Bound::AtMost(OF_FOREACH * foreach));
        let line = Figure::new(format!("{name}, 200 tensors of 1,000"), "us", measured.as_f64());
        figures.push(line.wanted(bound).beside(foreach));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_update_is_held_against_memory_and_adamw_against_pytorch() {
        let updates = json!({
            "ten_million": {
                "AdamW": { "ms": 10.0, "memory_ms": 9.5 },
                "Lion": { "ms": 10.0, "memory_ms": 9.0 },
            },
            "tensors_200_us": { "AdamW": 100.0 },
        });
        let missed = |torch: Option<&Value>| -> Vec<String> {
            figures(&updates, torch).into_iter().filter(Figure::is_missed).map(|figure| figure.name).collect()
        };
        assert_eq!(missed(None), ["  over a trivial pass in the same memory"], "Lion's");
        let slow =
            json!({ "updates": { "fused_ms": { "AdamW": 9.6 }, "foreach_200_us": { "AdamW": 500.0 } } });
        assert_eq!(missed(Some(&slow)).len(), 1);
        let quick =
            json!({ "updates": { "fused_ms": { "AdamW": 9.5 }, "foreach_200_us": { "AdamW": 499.0 } } });
        assert_eq!(
            missed(Some(&quick)),
            [
                "AdamW, 10 million parameters",
                "  over a trivial pass in the same memory",
                "AdamW, 200 tensors of 1,000",
            ]
        );
    }
}
