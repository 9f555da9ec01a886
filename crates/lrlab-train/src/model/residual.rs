//! A branch beside a shortcut: `y = branch(x) + shortcut(x)`.

use super::{Layer, Sequential, Weights};

#[derive(Clone, Debug)]
pub(super) struct Residual {
    branch: Sequential,
    /// Absent where `x` itself is added.
    shortcut: Option<Box<dyn Layer>>,
    /// What the shortcut gave, and then the derivative by its input.
    beside: Vec<f32>,
}

impl Residual {
    /// `y = branch(x) + x`.
    pub(super) fn new(branch: Vec<Box<dyn Layer>>) -> Self {
        Self { branch: Sequential::new(branch), shortcut: None, beside: Vec::new() }
    }

    /// `y = branch(x) + shortcut(x)`.
    pub(super) fn around(branch: Vec<Box<dyn Layer>>, shortcut: Box<dyn Layer>) -> Self {
        Self { branch: Sequential::new(branch), shortcut: Some(shortcut), beside: Vec::new() }
    }
}

impl Layer for Residual {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        self.branch.forward(x, y);
        let beside = match &mut self.shortcut {
            None => x,
            Some(shortcut) => {
                shortcut.forward(x, &mut self.beside);
                &self.beside
            }
        };
        add(y, beside);
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], mut by_x: Option<&mut Vec<f32>>) {
        self.branch.backward(x, by_y, by_x.as_deref_mut());
        let beside = match &mut self.shortcut {
            None => by_y,
            Some(shortcut) => {
                shortcut.backward(x, by_y, by_x.is_some().then_some(&mut self.beside));
                &self.beside
            }
        };
        if let Some(by_x) = by_x {
            add(by_x, beside);
        }
    }

    fn visit(&mut self, f: &mut dyn FnMut(&mut Weights)) {
        self.branch.visit(f);
        if let Some(shortcut) = &mut self.shortcut {
            shortcut.visit(f);
        }
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

fn add(to: &mut [f32], numbers: &[f32]) {
    to.iter_mut().zip(numbers).for_each(|(to, x)| *to += x);
}
