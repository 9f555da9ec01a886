//! A plan made to fit the optimizer that it is written beside.

use super::{Fault, OptimizerSpec, PlanSpec};
use crate::{
    Field,
    optimizer::registry as optimizers,
    registry::{Argument, Level},
};

impl PlanSpec {
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
            && self.fields.insert(Field::Beta1, spec).is_some()
        {
            return Err(Fault::Twice { what: "`beta1:` (momentum of this optimizer)".to_owned() });
        }
        let Ok(built) = optimizer.build() else { return Ok(()) };
        let lr = built.group.lr();
        for signal in &mut self.signals {
            for (name, argument) in &mut signal.args {
                let Argument::Level(Level::Absolute(rate)) = *argument else { continue };
                let (fits, allowed) = match name.as_str() {
                    "floor" => (rate < lr, "a rate below the group's own"),
                    "ceiling" => (rate >= lr, "a rate of the group's own or more"),
                    _ => continue,
                };
                if !fits || lr == 0.0 {
                    return Err(Fault::value(
                        name.as_str(),
                        argument.to_string(),
                        format!("{allowed}, {lr}"),
                    ));
                }
                *argument = Argument::Level(Level::Fraction(rate / lr));
            }
        }
        Ok(())
    }
}
