//! `gpt`: the next token from those before it.
//!
//! A token's embedding plus its place's, blocks of causal self-attention and of two linear layers with
//! GELU, each behind a layer norm and beside a shortcut, a last norm, and a linear head of its own.
//! After GPT-2 (Radford et al., 2019), with PyTorch's default initial weights and without dropout.

use lrlab_core::spec::Fault;

use super::{
    Layer, Model, Residual, Sequential, Weights, activation::Gelu, attention::Attention, linear::Linear,
    normalization::LayerNorm,
};
use crate::torch_init::TorchGenerator;

/// How large the model is.
#[derive(Clone, Copy, Debug)]
pub struct GptSizes {
    /// Blocks.
    pub layers: usize,
    /// Heads of each block's attention; they divide the width.
    pub heads: usize,
    /// Numbers for each token.
    pub width: usize,
    /// Tokens that are seen at once.
    pub context: usize,
}

/// The model; a row of inputs is one token, and rows come in whole contexts.
#[derive(Clone, Debug)]
pub struct Gpt {
    /// A row for each token that there is.
    tokens: Weights,
    /// A row for each place in the context.
    positions: Weights,
    trunk: Sequential,
    embedded: Vec<f32>,
    by_embedded: Vec<f32>,
    logits: Vec<f32>,
}

impl Gpt {
    /// The model for so many different tokens.
    ///
    /// # Errors
    /// Heads that do not divide the width.
    pub fn new(generator: &mut TorchGenerator, vocabulary: usize, sizes: GptSizes) -> Result<Self, Fault> {
        let GptSizes { layers, heads, width, context } = sizes;
        if !width.is_multiple_of(heads) {
            return Err(Fault::Value {
                field: "width".to_owned(),
                got: width.to_string(),
                allowed: format!("a multiple of heads={heads}, which share it"),
            });
        }
        let tokens = embedding(generator, "tokens", vocabulary, width);
        let positions = embedding(generator, "positions", context, width);
        let mut trunk: Vec<Box<dyn Layer>> = Vec::new();
        for at in 0..layers {
            let name = |part: &str| format!("blocks.{at}.{part}");
            trunk.push(Box::new(Residual::new(vec![
                Box::new(LayerNorm::new(&name("norm1"), width)),
                Box::new(Attention::new(generator, &name("attention"), width, heads, context)),
            ])));
            trunk.push(Box::new(Residual::new(vec![
                Box::new(LayerNorm::new(&name("norm2"), width)),
                Box::new(Linear::new(generator, &name("up"), width, 4 * width)),
                Box::new(Gelu),
                Box::new(Linear::new(generator, &name("down"), 4 * width, width)),
            ])));
        }
        trunk.push(Box::new(LayerNorm::new("norm", width)));
        trunk.push(Box::new(Linear::unbiased(generator, "head", width, vocabulary)));
        Ok(Self {
            tokens,
            positions,
            trunk: Sequential::new(trunk),
            embedded: Vec::new(),
            by_embedded: Vec::new(),
            logits: Vec::new(),
        })
    }
}

/// `nn.Embedding`: standard normal rows.
fn embedding(generator: &mut TorchGenerator, name: &str, rows: usize, width: usize) -> Weights {
    Weights::new(format!("{name}.weight"), vec![rows, width], generator.normal(rows * width))
}

impl Model for Gpt {
    type Input = u32;

    fn forward(&mut self, x: &[u32]) {
        let width = self.tokens.shape[1];
        let places = self.positions.value.chunks_exact(width).cycle();
        self.embedded.clear();
        for (&token, place) in x.iter().zip(places) {
            let token = &self.tokens.value[token as usize * width..][..width];
            self.embedded.extend(token.iter().zip(place).map(|(a, b)| a + b));
        }
        self.trunk.forward(&self.embedded, &mut self.logits);
    }

    fn logits(&mut self) -> &mut [f32] {
        &mut self.logits
    }

    fn backward(&mut self, x: &[u32]) {
        let (width, context) = (self.tokens.shape[1], self.positions.shape[0]);
        self.trunk.backward(&self.embedded, &self.logits, Some(&mut self.by_embedded));
        self.tokens.grad.fill(0.0);
        self.positions.grad.fill(0.0);
        for (at, (&token, d)) in x.iter().zip(self.by_embedded.chunks_exact(width)).enumerate() {
            let add = |weights: &mut Weights, row: usize| {
                weights.grad[row * width..][..width].iter_mut().zip(d).for_each(|(grad, d)| *grad += d);
            };
            add(&mut self.tokens, token as usize);
            add(&mut self.positions, at % context);
        }
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        f(&mut self.tokens);
        f(&mut self.positions);
        self.trunk.visit(f);
    }
}
