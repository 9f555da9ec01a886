//! `digits`: handwritten digits, 8 x 8 pixels, ten classes, by softmax regression or an MLP.

use std::sync::{Arc, OnceLock};

use lrlab_core::registry::{Argument, Arguments, Keyword, Kind, Parameter, Range};

use super::{
    Supply, Task, TaskEntry, TaskError,
    classifier::{Classifier, Examples},
    module::{Facts, ModuleTask},
};
use crate::{
    data::digits::{CLASSES, PIXELS, digits},
    torch_init::TorchGenerator,
};

pub(super) static ENTRY: TaskEntry = TaskEntry {
    name: "digits",
    summary: "1,797 handwritten digits of 8 x 8 pixels (UCI): 1,438 to train on, 359 to validate; cross-entropy",
    params: &[
        Parameter {
            name: "model",
            kind: Kind::Choice(&["mlp", "softmax"]),
            default: Some("mlp"),
            keyword: Keyword::Named,
            range: Range::Any,
            pytorch: None,
            doc: "`mlp`: 64-hidden-10 with ReLU; `softmax`: one linear layer, whose loss is convex.",
        },
        Parameter {
            name: "hidden",
            kind: Kind::Integer,
            default: Some("128"),
            keyword: Keyword::Named,
            range: Range::Positive,
            pytorch: None,
            doc: "Width of the hidden layer of the MLP.",
        },
    ],
    build,
};

/// Rows of a batch when nothing else is asked for.
const BATCH: usize = 32;
/// Training rows on which curvature is measured.
const PROBE_ROWS: usize = 64;

fn build(args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    static EXAMPLES: OnceLock<Arc<Examples>> = OnceLock::new();
    let data = digits()?;
    let examples =
        EXAMPLES.get_or_init(|| Arc::new(Examples::new(&data.train, &data.validation, PROBE_ROWS)));
    let mut generator = TorchGenerator::new(seed);
    let softmax = matches!(args.get("model"), Some(Argument::Word(model)) if model == "softmax");
    let hidden = match args.get("hidden") {
        Some(Argument::Number(hidden)) => *hidden as usize,
        _ => 128,
    };
    let widths = if softmax { vec![PIXELS, CLASSES] } else { vec![PIXELS, hidden, CLASSES] };
    let facts = Facts {
        supply: Supply::Rows(data.train.labels.len()),
        batch_size: BATCH,
        probe_rows: PROBE_ROWS,
        bowl: None,
    };
    Ok(Box::new(ModuleTask::new(Classifier::new(&mut generator, &widths), Arc::clone(examples), facts)))
}
