//! The report as JSON.

use serde_json::{Value, json};

use super::{FindReport, rate_rows};
use crate::{
    finder::{FINDERS, Sweep},
    search::{Estimate, Side, Why},
};

/// Everything in the report as one JSON object.
pub fn data(report: &FindReport) -> Value {
    let answer = &report.answer;
    json!({
        "question": report.spec,
        "total_steps": report.horizon.total_steps,
        "data": report.data,
        "decided": report.is_decided(),
        "range_test": {
            "sweeps": answer.sweeps.iter().map(sweep).collect::<Vec<Value>>(),
            "hint": answer.hint.as_ref().ok().map(|hint| json!({
                "lr": hint.rate,
                "interval": hint.interval,
                "edge_of_divergence": hint.edge,
                "stability_limit": hint.stability,
                "reasons": hint.reasons(),
            })),
            "no_hint": answer.hint.as_ref().err().map(ToString::to_string),
        },
        "found": answer.found.as_ref().map(|found| json!({
            "lr": found.rate,
            "strategy": found.strategy,
            "text": found.strategy.to_string(),
            "estimate": estimate(&found.estimate),
            "rates": rate_rows(found),
            "groups": found.groups.iter().map(|(group, of)| json!({
                "group": found.strategy.groups[*group].params.0,
                "lr": found.strategy.groups[*group].optimizer.lr(),
                "factor": estimate(of),
            })).collect::<Vec<Value>>(),
        })),
        "why": report.why(),
        "gradient_evaluations": { "all": answer.gradients, "range_test": answer.sweep_gradients },
        "transfers": report.transfers,
        "torch": report.torch_code,
    })
}

fn sweep(sweep: &Sweep) -> Value {
    let suggestions: serde_json::Map<String, Value> = FINDERS
        .iter()
        .map(|finder| {
            let suggestion = match (finder.suggest)(sweep) {
                Ok(rate) => json!({ "lr": rate }),
                Err(why) => json!({ "none": why.to_string() }),
            };
            (finder.name.to_owned(), suggestion)
        })
        .collect();
    // A loss that is no number cannot stand in JSON as one.
    let losses = sweep
        .losses()
        .iter()
        .map(|loss| if loss.is_finite() { json!(loss) } else { json!(loss.to_string()) });
    json!({
        "seed": sweep.seed(),
        "lr": sweep.rates(),
        "loss": losses.collect::<Vec<Value>>(),
        "stable_lr": sweep.stable_rate(),
        "suggestions": suggestions,
    })
}

fn estimate(estimate: &Estimate) -> Value {
    let side = |side: Side| match side {
        Side::Worse => "worse",
        Side::Diverged => "diverges",
        Side::Open => "open",
    };
    json!({
        "best": estimate.x.exp2(),
        "interval_90": estimate.interval.map(f64::exp2),
        "as_good": estimate.as_good.map(f64::exp2),
        "below": side(estimate.sides[0]),
        "above": side(estimate.sides[1]),
        "lowest_diverging": estimate.edge.map(f64::exp2),
        "seed_deviation": Some(estimate.seed_deviation).filter(|d| d.is_finite()),
        "stopped_because": match estimate.why {
            Why::Narrow => "narrow",
            Why::AsGood => "as good as far as seeds tell",
            Why::Budget => "budget",
            Why::OutOfReach => "out of reach",
            Why::Diverged => "everything diverged",
        },
    })
}
