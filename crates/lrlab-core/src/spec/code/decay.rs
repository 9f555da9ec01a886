//! A mask over weight decay as groups of their own, which is how PyTorch has it.

use std::borrow::Cow;

use crate::{
    Field, Pattern,
    optimizer::registry as optimizers,
    registry::Argument,
    spec::{Fault, GroupStrategy, Problem, SpecError, Strategy},
};

impl Strategy {
    /// The same strategy without a mask: parameters under it get groups with no weight decay.
    ///
    /// # Errors
    /// A mask over a group that does not take all that is left: both patterns at once have no name.
    pub(super) fn with_decay_in_groups(&self) -> Result<Cow<'_, Self>, SpecError> {
        if self.no_decay.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let mut groups = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let decays = group.optimizer.build()?.group.get(Field::WeightDecay) != 0.0
                || group.plan.fields.contains_key(&Field::WeightDecay);
            if decays && group.params != Pattern::all() {
                let why = format!(
                    "`no decay for` over the group `{}` has no PyTorch form: write groups with weight_decay=0 instead",
                    group.params.0
                );
                return Err(SpecError::new(vec![Problem::of("no_decay", Fault::refused(why))]));
            }
            if decays {
                groups.extend(self.no_decay.iter().map(|pattern| undecayed(group, pattern)));
            }
            groups.push(group.clone());
        }
        Ok(Cow::Owned(Self { groups, no_decay: Vec::new(), ..self.clone() }))
    }
}

/// The same group without weight decay, for the parameters that fit `pattern`.
fn undecayed(group: &GroupStrategy, pattern: &Pattern) -> GroupStrategy {
    let mut group = GroupStrategy { params: pattern.clone(), ..group.clone() };
    group.plan.fields.remove(&Field::WeightDecay);
    let name = Field::WeightDecay.name();
    let known = optimizers::find(group.optimizer.name).map_or(&[][..], |entry| entry.params);
    if known.iter().any(|parameter| parameter.name == name) {
        group.optimizer.args.insert(name.to_owned(), Argument::Number(0.0));
    }
    group
}
