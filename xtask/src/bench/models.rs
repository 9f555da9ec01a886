//! Training steps of the convolutional networks and the GPT beside PyTorch's.

use serde_json::Value;

use super::figure::{Bound, Figure};

/// A step may take so many times PyTorch's on one thread.
const TIMES_TORCH: f64 = 1.5;

/// The lines of `models`, from `crates/lrlab/benches/models.rs`.
pub(super) fn figures(models: &Value, torch: Option<&Value>) -> Vec<Figure> {
    [
        ("training step, lenet, 32 pictures of 28 x 28", "lenet"),
        ("training step, residual, 32 pictures of 28 x 28", "residual"),
        ("training step, gpt, 16 windows of 64 characters", "gpt"),
    ]
    .into_iter()
    .map(|(name, key)| {
        let peer = torch.and_then(|torch| torch["step_us"][key].as_f64());
        Figure::new(name, "us", models[format!("{key}_step_us")].as_f64())
            .wanted(peer.map(|us| Bound::AtMost(TIMES_TORCH * us)))
            .beside(peer)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_is_held_against_pytorchs() {
        let models = json!({ "lenet_step_us": 150.0, "residual_step_us": 151.0 });
        let torch = json!({ "step_us": { "lenet": 100.0, "residual": 100.0, "gpt": 100.0 } });
        let missed: Vec<bool> = figures(&models, Some(&torch)).iter().map(Figure::is_missed).collect();
        assert_eq!(missed, [false, true, true]);
        assert!(!figures(&models, None).iter().any(Figure::is_missed), "without PyTorch there is no bound");
    }
}
