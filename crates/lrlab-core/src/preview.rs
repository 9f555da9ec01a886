//! What a strategy will do to its groups' fields, without training.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::{
    AfterEnd, BuiltStrategy, Field, Horizon, ParamGroup, PlanError, Schedule, SpecError, Strategy,
    spec::{GroupStrategy, ScheduleChoice},
};

/// Steps of a recursion that are kept, at 8 bytes a field; a longer one is replayed each time.
const KEPT: u64 = 1 << 24;

/// The values that a strategy's groups take at every step of a training, as long as no metric interferes.
///
/// Schedules are evaluated where they are asked; a recursion of `PyTorch` (`torch ...`) is replayed once,
/// when it is first asked, and kept.
///
/// ```
/// use lrlab_core::{Field, Horizon, Preview};
///
/// let preview = Preview::new(&"sgd lr=0.5 | linear to 0".parse()?, Horizon::new(10, 5))?;
/// assert_eq!(preview.value_at(0, Field::Lr, 5)?, 0.25);
/// let rates: Vec<f64> = preview.values(0, Field::Lr)?.collect();
/// assert_eq!((rates.len(), rates[0]), (10, 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Preview {
    horizon: Horizon,
    after_end: AfterEnd,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    start: ParamGroup,
    course: Course,
}

/// What moves the fields of one group.
#[derive(Debug)]
enum Course {
    /// Functions of t.
    Own(Vec<(Field, Arc<dyn Schedule>)>),
    /// A recursion.
    Torch { replay: Mutex<BuiltStrategy>, fields: Vec<Field>, table: OnceLock<Table> },
}

/// A replayed recursion: the values of each field that it writes, and what ended it before its time.
#[derive(Debug)]
struct Table {
    values: Vec<Vec<f64>>,
    raised: Option<PlanError>,
}

impl Preview {
    /// The preview of `strategy` in a training of `horizon`.
    ///
    /// # Errors
    /// Whatever cannot be built.
    pub fn new(strategy: &Strategy, horizon: Horizon) -> Result<Self, SpecError> {
        let built = strategy.build(horizon)?;
        let starts = built.groups.into_iter().map(|built| built.group);
        let groups = strategy.groups.iter().zip(starts).map(|(spec, start)| {
            let course = Course::new(spec, strategy.after_end, horizon, &start)?;
            Ok(Group { start, course })
        });
        Ok(Self { horizon, after_end: strategy.after_end, groups: groups.collect::<Result<_, SpecError>>()? })
    }

    /// How long the training is.
    pub fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// The groups as they are before the first step, in order.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &ParamGroup> {
        self.groups.iter().map(|group| &group.start)
    }

    /// The fields of `group` that something moves, the learning rate first.
    ///
    /// # Panics
    /// Where there is no such group.
    pub fn moved(&self, group: usize) -> Vec<Field> {
        match &self.groups[group].course {
            Course::Own(schedules) => schedules.iter().map(|(field, _)| *field).collect(),
            Course::Torch { fields, .. } => fields.clone(),
        }
    }

    /// The value of `field` in `group` for the update after `t` updates.
    ///
    /// # Errors
    /// A plan that is over and may not go on; what `PyTorch` raises in the middle of training.
    ///
    /// # Panics
    /// Where there is no such group.
    pub fn value_at(&self, group: usize, field: Field, t: u64) -> Result<f64, PlanError> {
        let Group { start, course } = &self.groups[group];
        let total = self.horizon.total_steps;
        match course {
            Course::Own(_) if t >= total && self.after_end == AfterEnd::Error => {
                Err(PlanError::AfterEnd { t, total })
            }
            Course::Own(schedules) => {
                let schedule = schedules.iter().find(|(moved, _)| *moved == field);
                let own = start.get(field);
                Ok(schedule.map_or(own, |(_, schedule)| schedule.value_at(t, own)))
            }
            Course::Torch { replay, fields, table } => {
                let Some(place) = fields.iter().position(|moved| *moved == field) else {
                    return Ok(start.get(field));
                };
                let table = table.get_or_init(|| replayed(replay, fields, total.min(KEPT)));
                let known = usize::try_from(t).ok().and_then(|t| table.values[place].get(t));
                match (known, &table.raised) {
                    (Some(value), _) => Ok(*value),
                    (None, Some(raised)) => Err(raised.clone()),
                    (None, None) => {
                        let (mut built, mut groups) = alone(replay);
                        built.scheduler.before_step(t, &mut groups)?;
                        Ok(groups[0].get(field))
                    }
                }
            }
        }
    }

    /// The value of `field` in `group` for each update of the training, in order.
    ///
    /// # Errors
    /// What `PyTorch` raises in the middle of training.
    ///
    /// # Panics
    /// Where there is no such group.
    pub fn values(
        &self,
        group: usize,
        field: Field,
    ) -> Result<Box<dyn ExactSizeIterator<Item = f64> + '_>, PlanError> {
        let Group { start, course } = &self.groups[group];
        let total = usize::try_from(self.horizon.total_steps).unwrap_or(usize::MAX);
        let own = start.get(field);
        match course {
            Course::Own(schedules) => match schedules.iter().find(|(moved, _)| *moved == field) {
                Some((_, schedule)) => {
                    Ok(Box::new((0..total).map(move |t| schedule.value_at(t as u64, own))))
                }
                None => Ok(Box::new((0..total).map(move |_| own))),
            },
            Course::Torch { replay, fields, table } => {
                let Some(place) = fields.iter().position(|moved| *moved == field) else {
                    return Ok(Box::new((0..total).map(move |_| own)));
                };
                if self.horizon.total_steps > KEPT {
                    let Table { mut values, raised } = replayed(replay, fields, self.horizon.total_steps);
                    return raised
                        .map_or_else(|| Ok(Box::new(values.swap_remove(place).into_iter()) as _), Err);
                }
                let table = table.get_or_init(|| replayed(replay, fields, self.horizon.total_steps));
                match &table.raised {
                    Some(raised) => Err(raised.clone()),
                    None => Ok(Box::new(table.values[place].iter().copied())),
                }
            }
        }
    }
}

/// The first `steps` values of each of `fields`.
fn replayed(replay: &Mutex<BuiltStrategy>, fields: &[Field], steps: u64) -> Table {
    let (mut built, mut groups) = alone(replay);
    let mut values = vec![Vec::new(); fields.len()];
    for t in 0..steps {
        if let Err(raised) = built.scheduler.before_step(t, &mut groups) {
            return Table { values, raised: Some(raised) };
        }
        for (values, field) in values.iter_mut().zip(fields) {
            values.push(groups[0].get(*field));
        }
    }
    Table { values, raised: None }
}

/// A copy to replay, and its one group.
fn alone(replay: &Mutex<BuiltStrategy>) -> (BuiltStrategy, Vec<ParamGroup>) {
    let built = replay.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let groups = built.groups.iter().map(|built| built.group.clone()).collect();
    (built, groups)
}

impl Course {
    fn new(
        spec: &GroupStrategy,
        after_end: AfterEnd,
        horizon: Horizon,
        start: &ParamGroup,
    ) -> Result<Self, SpecError> {
        match &spec.plan.schedule {
            ScheduleChoice::Own(schedule) => {
                let mut schedules = vec![(Field::Lr, schedule.build(horizon)?)];
                for (field, schedule) in &spec.plan.fields {
                    schedules.push((*field, schedule.build(horizon)?));
                }
                Ok(Self::Own(schedules))
            }
            ScheduleChoice::Torch { .. } => {
                let alone = Strategy::of(spec.optimizer.clone(), spec.plan.clone());
                let built = Strategy { after_end, ..alone }.build(horizon)?;
                let written = |field: &Field| built.scheduler.writes(*field) && start.has(*field);
                let fields = Field::ALL.into_iter().filter(written).collect();
                Ok(Self::Torch { replay: Mutex::new(built), fields, table: OnceLock::new() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(text: &str, total: u64, each: u64) -> Preview {
        Preview::new(&text.parse().unwrap(), Horizon::new(total, each)).unwrap()
    }

    #[test]
    fn values_are_those_that_training_sets() {
        let texts = [
            "for *.bias: sgd lr=0.2 | constant; for *: adamw lr=0.1 | cosine to 0 | weight_decay: linear to 50%",
            "sgd lr=0.1 momentum=0.9 | torch OneCycleLR(max_lr=0.1, total_steps=60)",
            "adam lr=0.1 | torch StepLR(step_size=2, gamma=0.5) | clip norm 1",
            "sgd lr=1 | warmup 5% then cosine | plateau x0.5",
        ];
        for text in texts {
            let strategy: Strategy = text.parse().unwrap();
            let preview = preview(text, 60, 5);
            let mut built = strategy.build(preview.horizon()).unwrap();
            let mut groups: Vec<ParamGroup> = preview.groups().cloned().collect();
            for t in 0..60 {
                built.scheduler.before_step(t, &mut groups).unwrap();
                for (index, group) in groups.iter().enumerate() {
                    for field in Field::ALL.into_iter().filter(|field| group.has(*field)) {
                        let values: Vec<f64> = preview.values(index, field).unwrap().collect();
                        assert_eq!(values.len(), 60);
                        assert_eq!(values[t as usize].to_bits(), group.get(field).to_bits(), "{text} {t}");
                        assert_eq!(preview.value_at(index, field, t), Ok(values[t as usize]), "{text} {t}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_moved_is_told() {
        let both = preview("sgd momentum=0.9 | cosine | momentum: linear from 90%", 10, 1);
        assert_eq!(both.moved(0), [Field::Lr, Field::Momentum]);
        let cycle = preview("adam | torch OneCycleLR(max_lr=0.1, total_steps=10)", 10, 1);
        assert_eq!(cycle.moved(0), [Field::Lr, Field::Beta1]);
    }

    #[test]
    fn after_the_end_a_plan_does_what_it_was_told() {
        let held = preview("sgd lr=1 | linear to 10%", 10, 1);
        assert_eq!(held.value_at(0, Field::Lr, 1 << 40), Ok(0.1));
        let over = preview("sgd lr=1 | linear to 10% | after end error", 10, 1);
        assert_eq!(over.value_at(0, Field::Lr, 10), Err(PlanError::AfterEnd { t: 10, total: 10 }));
        let torch = preview("sgd lr=1 | torch ExponentialLR(gamma=0.5)", 10, 1);
        assert_eq!(torch.value_at(0, Field::Lr, 12), Ok(0.5f64.powi(12)));
    }

    #[test]
    fn what_pytorch_raises_is_raised_where_it_would_be() {
        let short = preview("sgd lr=1 | torch OneCycleLR(max_lr=0.1, total_steps=5)", 10, 1);
        assert!(short.value_at(0, Field::Lr, 5).is_ok());
        assert!(matches!(short.value_at(0, Field::Lr, 9), Err(PlanError::Torch { t: 6, .. })));
        assert!(short.values(0, Field::Lr).is_err());
    }
}
