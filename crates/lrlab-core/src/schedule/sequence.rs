//! Schedules one after another.
//!
//! `value(t) = stage_k(t - start_k)` for the last k whose start is t or less, where a stage starts
//! when the one before it has run its length
//!
//! Each stage starts from the group's own value, as if it stood alone: to go on from where the one
//! before ended, give it that value (`cosine from 10% to 0`). So grouping changes nothing:
//! `(a then b) then c` and `a then (b then c)` are the same function.
//!
//! PyTorch: `SequentialLR(schedulers, milestones)`. Differences: its milestones stand apart from the
//! schedulers; sequences inside sequences fail there or lose a step; what a scheduler does in its
//! constructor reaches the ones before it.

use std::sync::Arc;

use super::{Entry, Form, Recipe, Schedule, TorchForm};
use crate::{registry::Source, spec::Fault};

/// A stage and the step at which it starts.
#[derive(Clone, Debug)]
struct Stage {
    start: u64,
    schedule: Arc<dyn Schedule>,
}

#[derive(Clone, Debug)]
struct Sequence {
    stages: Vec<Stage>,
}

impl Schedule for Sequence {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        // There are few: from the end is quicker than halving.
        let found = self.stages.iter().rev().find(|stage| stage.start <= t);
        found.map_or(base, |stage| stage.schedule.value_at(t - stage.start, base))
    }

    fn length(&self) -> Option<u64> {
        let last = self.stages.last()?;
        Some(last.start.saturating_add(last.schedule.length()?))
    }
}

pub(super) static SEQUENCE: Entry = Entry {
    name: "sequence",
    pytorch: Some("SequentialLR"),
    summary: "one schedule after another",
    formula: "value = stage_k(t - start_k)",
    example: "constant for 30% then linear from 100% to 10% over 40% then constant 10%",
    source: Source {
        citation: "torch.optim.lr_scheduler.SequentialLR",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",
    },
    params: &[],
    form: Form::Between { word: "then", key: "stages" },
    flat: true,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Sequence {
    let mut stages = Vec::with_capacity(recipe.inner_count());
    let (mut start, last) = (0_u64, recipe.inner_count().saturating_sub(1));
    for index in 0..recipe.inner_count() {
        if start >= recipe.left() && recipe.left() > 0 {
            let why = format!(
                "it would start at step {start}, when nothing is left of the training; give the schedule before \
                 it a shorter length, such as `for 30%`"
            );
            recipe.note(&format!("stages[{index}]"), Fault::refused(why));
            break;
        }
        let schedule = recipe.inner_over(index, recipe.stretch().after(start));
        let length = schedule.length();
        stages.push(Stage { start, schedule });
        if length.is_none() && index < last {
            let why =
                "a schedule before `then` needs a length: add `for 30%`, `for 5 epochs` or `for 500 steps`";
            recipe.note(&format!("stages[{index}]"), Fault::refused(why));
        }
        start = start.saturating_add(length.unwrap_or(1));
    }
    Sequence { stages }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let starts: Vec<u64> = read(recipe).stages.iter().map(|stage| stage.start).collect();
    let mut forms: Vec<TorchForm> = Vec::with_capacity(starts.len());
    for (index, &start) in starts.iter().enumerate() {
        forms.push(recipe.inner_over_to_torch(index, recipe.stretch().after(start)));
    }
    let mut whole: Option<(u64, TorchForm)> = None;
    for (&start, form) in starts.iter().zip(forms).rev() {
        whole = Some(match whole {
            None => (start, form),
            Some((next, later)) => (start, form.then(next - start, later)),
        });
    }
    whole.map_or_else(|| TorchForm::single("1.0".to_owned(), None), |(_, form)| form)
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    fn rates(text: &str) -> Vec<f64> {
        let spec: ScheduleSpec = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let schedule = spec.build(Horizon::new(10, 5)).unwrap_or_else(|error| panic!("{text}: {error}"));
        (0..12).map(|t| schedule.value_at(t, 1.0)).collect()
    }

    #[test]
    fn stages_follow_each_other_and_the_last_one_holds() {
        let expected = [0.5, 0.5, 1.0, 0.75, 0.5, 0.25, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
        assert_eq!(rates("constant 50% for 2 steps then linear over 4 steps then constant 10%"), expected);
    }

    #[test]
    fn grouping_changes_nothing() {
        let parts = ["step every 1 step x0.5 for 3 steps", "linear over 4 steps", "cosine"];
        let [a, b, c] = parts;
        let flat = rates(&format!("{a} then {b} then {c}"));
        assert_eq!(rates(&format!("({a} then {b}) then {c}")), flat);
        assert_eq!(rates(&format!("{a} then ({b} then {c})")), flat);
    }

    #[test]
    fn a_stage_without_a_length_or_after_the_end_is_refused() {
        for text in
            ["step every 1 step x0.5 then cosine", "cosine then constant", "constant for 100% then cosine"]
        {
            let error = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(10, 5)));
            assert!(matches!(error, Ok(Err(_))), "{text}");
        }
    }
}
