//! What most formulas begin with: the sign of the gradient, and weight decay.

use super::Value;
use crate::{Field, ParamGroup};

/// How gradient and parameter enter an update.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decay {
    maximize: bool,
    /// Joins the gradient; 0 for none.
    coupled: f64,
    /// What the parameter is multiplied with; 1 for no decay.
    pub(super) shrink: f64,
}

impl Decay {
    /// Decay of `group` that joins the gradient, as a quadratic penalty would. With `maximize` the loss is raised.
    pub(super) fn coupled(group: &ParamGroup, maximize: bool) -> Self {
        Self { maximize, coupled: group.get(Field::WeightDecay), shrink: 1.0 }
    }

    /// Decay of `group` that shrinks the parameter itself by lr * decay.
    pub(super) fn decoupled(group: &ParamGroup, maximize: bool) -> Self {
        Self { maximize, coupled: 0.0, shrink: 1.0 - group.lr() * group.get(Field::WeightDecay) }
    }

    /// Parameter and gradient as the rest of the formula takes them.
    #[inline]
    pub(super) fn apply<V: Value>(self, param: V, grad: V) -> (V, V) {
        let grad = if self.maximize { -grad } else { grad };
        let grad = if self.coupled == 0.0 { grad } else { grad + param.scale(self.coupled) };
        let param = if self.shrink == 1.0 { param } else { param.scale(self.shrink) };
        (param, grad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decay_joins_the_gradient_or_shrinks_the_parameter() {
        let group = ParamGroup::new("g").with(Field::Lr, 0.5).with(Field::WeightDecay, 0.25);
        assert_eq!(Decay::coupled(&group, false).apply(2.0, 1.0), (2.0, 1.5));
        assert_eq!(Decay::coupled(&group, true).apply(2.0, 1.0), (2.0, -0.5));
        assert_eq!(Decay::decoupled(&group, false).apply(2.0, 1.0), (1.75, 1.0));
        assert_eq!(Decay::decoupled(&group, true).apply(2.0, 1.0), (1.75, -1.0));
    }
}
