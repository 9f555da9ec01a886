//! The schedules that the one that is being built is made of, and what they need for PyTorch code.

use std::sync::Arc;

use super::{Recipe, Stretch};
use crate::{
    registry::Level,
    schedule::{Schedule, TorchForm, constant::Constant},
};

impl<'a> Recipe<'a> {
    /// How many schedules it takes.
    pub fn inner_count(&self) -> usize {
        self.spec.inner.len()
    }

    fn child(&mut self, index: usize, stretch: Stretch, factor_only: bool) -> Option<Recipe<'a>> {
        let key = self.entry.form.key()?;
        // One that is missing was noted when the recipe was made.
        let inner = self.spec.inner.get(index)?;
        let key = if self.entry.form.takes_list() { format!("{key}[{index}]") } else { key.to_owned() };
        let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
        match Recipe::at(inner, stretch, path) {
            Ok(mut recipe) => {
                recipe.factor_only = self.factor_only || factor_only;
                Some(recipe)
            }
            Err(problem) => {
                self.problems.push(*problem);
                None
            }
        }
    }

    fn built(&mut self, child: Option<Recipe<'a>>) -> Arc<dyn Schedule> {
        let Some(mut recipe) = child else { return Arc::new(Constant { level: Level::Fraction(1.0) }) };
        let schedule = (recipe.entry.build)(&mut recipe);
        self.problems.append(&mut recipe.problems);
        schedule
    }

    fn written(&mut self, child: Option<Recipe<'a>>) -> TorchForm {
        let Some(recipe) = child else { return TorchForm::single("1.0".to_owned(), None) };
        let mut recipe = recipe.for_torch(self.base, self.tick);
        let form = (recipe.entry.to_torch)(&mut recipe);
        self.problems.append(&mut recipe.problems);
        form
    }

    /// Builds the schedule that this one takes, beginning `after` steps after its own start.
    pub fn inner(&mut self, after: u64) -> Arc<dyn Schedule> {
        self.inner_over(0, self.stretch.after(after))
    }

    /// Builds one of the schedules that this one takes, for a stretch of its own.
    pub fn inner_over(&mut self, index: usize, stretch: Stretch) -> Arc<dyn Schedule> {
        let child = self.child(index, stretch, false);
        self.built(child)
    }

    /// Builds one of the schedules that this one takes as a factor: its value for a base of 1.
    pub fn inner_factor(&mut self, index: usize) -> Arc<dyn Schedule> {
        let child = self.child(index, self.stretch, true);
        self.built(child)
    }

    /// Writes the schedule that this one takes as PyTorch code.
    pub fn inner_to_torch(&mut self, after: u64) -> TorchForm {
        self.inner_over_to_torch(0, self.stretch.after(after))
    }

    /// Writes one of the schedules that this one takes as PyTorch code.
    pub fn inner_over_to_torch(&mut self, index: usize, stretch: Stretch) -> TorchForm {
        let child = self.child(index, stretch, false);
        self.written(child)
    }

    /// Writes the schedule that this one takes as PyTorch code for another own value of the group, of
    /// which its factors are then.
    pub fn inner_to_torch_for(&mut self, base: f64) -> TorchForm {
        let own = std::mem::replace(&mut self.base, base);
        let form = self.inner_to_torch(0);
        self.base = own;
        form
    }

    /// For PyTorch code: the group's own value.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// For PyTorch code: a target value as a factor of the group's own.
    pub fn factor(&self, level: Level) -> f64 {
        match level {
            Level::Fraction(fraction) => fraction,
            Level::Absolute(value) => value / self.base,
        }
    }

    /// For PyTorch code: how often `scheduler.step()` is called in so many steps, if that is whole.
    pub fn ticks(&self, steps: u64) -> Option<u64> {
        steps.is_multiple_of(self.tick).then(|| steps / self.tick)
    }

    /// For PyTorch code: the steps between two calls of `scheduler.step()`.
    pub fn tick(&self) -> u64 {
        self.tick
    }
}
