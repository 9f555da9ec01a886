//! What a constructor says, made to fit the optimizer that it stands beside.

use super::{Fault, OptimizerSpec, SignalSpec, import::Imported};
use crate::{
    Field,
    optimizer::registry as optimizers,
    registry::{Argument, Level},
};

impl Imported {
    /// Says in the optimizer's words what could be said without knowing it.
    ///
    /// Momentum is beta1 for an optimizer of Adam's kind, as it is for PyTorch's `OneCycleLR` and
    /// `CyclicLR`. A signal's bound that is a rate (`min_lr`) becomes a share of the group's own.
    pub(super) fn fit(&mut self, optimizer: &OptimizerSpec) -> Result<(), Fault> {
        let params = optimizers::find(optimizer.name).map_or(&[][..], |entry| entry.params);
        let has = |field: Field| params.iter().any(|param| param.name == field.name());
        if has(Field::Beta1)
            && !has(Field::Momentum)
            && let Some(spec) = self.fields.remove(&Field::Momentum)
        {
            self.fields.insert(Field::Beta1, spec);
        }
        // What is wrong with the optimizer is told when it is built.
        let Ok(built) = optimizer.build() else { return Ok(()) };
        let lr = built.group.lr();
        self.signals.iter_mut().try_for_each(|signal| signal.bounds_as_shares_of(lr))
    }
}

impl SignalSpec {
    /// Says bounds that are rates (PyTorch's `min_lr`) as shares of the group's own rate `lr`.
    pub(crate) fn bounds_as_shares_of(&mut self, lr: f64) -> Result<(), Fault> {
        for (name, argument) in &mut self.args {
            let Argument::Level(Level::Absolute(rate)) = *argument else { continue };
            let (torch, fits, allowed) = match name.as_str() {
                "floor" => ("min_lr", rate < lr, "a rate below"),
                "ceiling" => ("max_lr", rate >= lr, "no rate below"),
                _ => continue,
            };
            if !fits || lr == 0.0 {
                return Err(Fault::value(
                    torch,
                    rate.to_string(),
                    format!("{allowed} the group's own, {lr}"),
                ));
            }
            *argument = Argument::Level(Level::Fraction(rate / lr));
        }
        Ok(())
    }
}
