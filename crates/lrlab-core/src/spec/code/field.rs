//! Fields beside the learning rate, set before each step.

use std::collections::BTreeMap;

use super::{Code, schedule_code};
use crate::{
    Field, Horizon, schedule,
    spec::{Fault, GroupStrategy, Problem, ScheduleSpec, SpecError, torch_text::float_text},
};

impl Code {
    /// Fields beside the learning rate, set from their formulas.
    pub(super) fn fields(
        &mut self,
        group: &GroupStrategy,
        target: &str,
        horizon: Horizon,
    ) -> Result<(), SpecError> {
        let values = group.optimizer.build()?.group;
        let mut betas: BTreeMap<Field, String> = BTreeMap::new();
        for (field, spec) in &group.plan.fields {
            let value = value_of(spec, *field, values.get(*field), horizon)?;
            match field {
                Field::Beta1 | Field::Beta2 => {
                    betas.insert(*field, value);
                }
                _ => self.values.push(format!("{target}[\"{}\"] = {value}", field.name())),
            }
        }
        if !betas.is_empty() {
            let item = |field: Field, index: usize| {
                betas.get(&field).cloned().unwrap_or_else(|| format!("{target}[\"betas\"][{index}]"))
            };
            let (first, second) = (item(Field::Beta1, 0), item(Field::Beta2, 1));
            self.values.push(format!("{target}[\"betas\"] = ({first}, {second})"));
        }
        Ok(())
    }
}

/// At how many times a schedule is looked at.
const LOOKS: u64 = 4096;

/// The value of a field that the group itself has at `base`, as an expression of `step`.
fn value_of(spec: &ScheduleSpec, field: Field, base: f64, horizon: Horizon) -> Result<String, SpecError> {
    let base = if base == 0.0 {
        // Shares of nothing are nothing; a schedule that names values alone is the same for any base.
        let schedule = spec.build(horizon)?;
        let last = horizon.total_steps;
        let times = (0..=LOOKS.min(last))
            .map(|k| (u128::from(last) * u128::from(k) / u128::from(LOOKS.min(last).max(1))) as u64);
        if !times
            .into_iter()
            .all(|t| schedule.value_at(t, 0.0).to_bits() == schedule.value_at(t, 1.0).to_bits())
        {
            let why =
                format!("{} is 0, and shares of it have no form in PyTorch code: name values", field.name());
            return Err(SpecError::new(vec![Problem::of(
                format!("fields.{}", field.name()),
                Fault::refused(why),
            )]));
        }
        1.0
    } else {
        base
    };
    let factor = schedule::at(&schedule_code::factor(spec, base, horizon)?, "step");
    Ok(format!("{} * {}", float_text(base), grouped(&factor)))
}

/// An expression that can be multiplied: in brackets, unless it stands in them already or is a number.
pub(super) fn grouped(expression: &str) -> String {
    if expression.parse::<f64>().is_ok() {
        return expression.to_owned();
    }
    let mut open = 0_usize;
    let closed_before_end = expression.char_indices().any(|(at, c)| {
        match c {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0 && at + 1 < expression.len()
    });
    if closed_before_end { format!("({expression})") } else { expression.to_owned() }
}
