//! A small GPT that learns which character of a text comes next.
//!
//! The text is cut into windows of one context each, which are dealt in a new order each epoch. The
//! last tenth of it is not trained on and validates, by at most 256 windows, evenly spaced.

use std::sync::Arc;

use lrlab_core::{
    registry::{Argument, Arguments, Parameter},
    spec::Fault,
};

use super::{
    Metrics, Task, TaskError,
    learner::{Examples, Learner},
    parameter::size,
};
use crate::{
    data::corpus::Corpus,
    model::{Gpt, GptSizes},
    torch_init::TorchGenerator,
};

/// What a task on a text can be told about its model.
pub(super) const PARAMS: [Parameter; 4] = [
    size("layers", "2", "Blocks of attention and two linear layers, 1 to 24."),
    size("heads", "4", "Heads of each attention; they divide the width."),
    size("width", "64", "Numbers for each character, up to 2048."),
    size("context", "64", "Characters that are seen at once, 2 to 2048."),
];

/// Windows of a batch when nothing else is asked for and there are as many.
const BATCH: usize = 16;
/// Training windows on which curvature is measured, at most.
const PROBE_ROWS: usize = 8;
/// Windows that validate, at most.
const VALIDATION_ROWS: usize = 256;
/// Least and most characters that are seen at once.
const CONTEXT: (usize, usize) = (2, 2048);
/// One part in so many of the text validates.
const HELD_OUT: usize = 10;

/// The task on `corpus` with the weights of `seed`, from the arguments [`PARAMS`].
pub(super) fn task(corpus: &Corpus, args: &Arguments, seed: u64) -> Result<Box<dyn Task>, TaskError> {
    let refuse = |fault| TaskError::Spec(vec![fault]);
    let sizes = sizes(args).map_err(refuse)?;
    let Corpus { tokens, vocabulary, name } = corpus;
    let held_out = tokens.len() / HELD_OUT;
    if held_out <= sizes.context {
        let count = tokens.len();
        let allowed = match held_out.checked_sub(1) {
            Some(fitting) if fitting >= CONTEXT.0 => {
                format!(
                    "at most {fitting}: {name} holds {count} characters, and one more must fit into its last tenth"
                )
            }
            _ => format!(
                "a longer text: {name} holds {count} characters, and a context must fit into its last tenth"
            ),
        };
        let got = sizes.context.to_string();
        return Err(refuse(Fault::Value { field: "context".to_owned(), got, allowed }));
    }
    if vocabulary.len() < 2 {
        let why = format!("{name} is one character over and over: there is nothing to learn");
        return Err(refuse(Fault::Refused { why }));
    }
    let model = Gpt::new(&mut TorchGenerator::new(seed), vocabulary.len(), sizes).map_err(refuse)?;
    let (train, validation) = tokens.split_at(tokens.len() - held_out);
    let train = Windows::new(train, sizes.context, usize::MAX);
    let validation = Windows::new(validation, sizes.context, VALIDATION_ROWS);
    Ok(Box::new(Learner::new(model, Arc::new(train), Arc::new(validation), BATCH, PROBE_ROWS)))
}

/// The sizes that are asked for, each within what is sensible on a CPU.
fn sizes(args: &Arguments) -> Result<GptSizes, Fault> {
    let number = |name: &str, default: usize, least: usize, most: usize| match args.get(name) {
        Some(Argument::Number(value)) if !(least as f64..=most as f64).contains(value) => Err(Fault::Value {
            field: name.to_owned(),
            got: value.to_string(),
            allowed: format!("a whole number from {least} to {most}"),
        }),
        Some(Argument::Number(value)) => Ok(*value as usize),
        _ => Ok(default),
    };
    Ok(GptSizes {
        layers: number("layers", 2, 1, 24)?,
        heads: number("heads", 4, 1, 64)?,
        width: number("width", 64, 1, 2048)?,
        context: number("context", 64, CONTEXT.0, CONTEXT.1)?,
    })
}

/// Stretches of tokens, each with the token that follows every one of its own.
#[derive(Debug)]
struct Windows {
    tokens: Vec<u32>,
    context: usize,
    /// Where each begins.
    starts: Vec<usize>,
}

impl Windows {
    /// Windows side by side, at most so many of them, evenly spaced.
    fn new(tokens: &[u32], context: usize, most: usize) -> Self {
        let all = (tokens.len() - 1) / context;
        let taken = all.min(most);
        let starts = (0..taken).map(|at| at * all / taken * context).collect();
        Self { tokens: tokens.to_vec(), context, starts }
    }
}

impl Examples for Windows {
    type Input = u32;

    fn rows(&self) -> usize {
        self.starts.len()
    }

    fn read(&self, row: usize, inputs: &mut Vec<u32>, labels: &mut Vec<u32>) {
        let window = &self.tokens[self.starts[row]..=self.starts[row] + self.context];
        inputs.extend_from_slice(&window[..self.context]);
        labels.extend_from_slice(&window[1..]);
    }

    fn metrics(loss: f64, accuracy: f64) -> Metrics {
        vec![
            ("validation loss", loss),
            ("bits per character", loss / std::f64::consts::LN_2),
            ("validation accuracy", accuracy),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_side_by_side_and_end_before_the_last_token() {
        let windows = Windows::new(&(0..10).collect::<Vec<u32>>(), 3, usize::MAX);
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        (0..windows.rows()).for_each(|row| windows.read(row, &mut inputs, &mut labels));
        assert_eq!(inputs, (0..9).collect::<Vec<u32>>());
        assert_eq!(labels, (1..10).collect::<Vec<u32>>());
        assert_eq!(Windows::new(&(0..40).collect::<Vec<u32>>(), 3, 4).starts, [0, 9, 18, 27]);
    }
}
