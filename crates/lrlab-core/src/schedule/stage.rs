//! Another schedule for a given time, its last value held after it.
//!
//! `value(t) = of(min(t, for))`
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | for | how long it runs | steps |
//!
//! A length that the other schedule leaves out is `for`: `cosine to 10% for 40%` falls over 40%.
//! PyTorch: the distance between two milestones of `SequentialLR`.

use std::sync::Arc;

use super::{Entry, Form, Part, Recipe, Schedule, TorchForm, end::Ended, torch_form::at};
use crate::registry::{Keyword, Kind, Parameter, Range, Source};

#[derive(Clone, Debug)]
struct Stage {
    keep: u64,
    of: Arc<dyn Schedule>,
}

impl Schedule for Stage {
    fn value_at(&self, t: u64, base: f64) -> f64 {
        self.of.value_at(t, base)
    }

    fn length(&self) -> Option<u64> {
        Some(self.keep)
    }
}

pub(super) static STAGE: Entry = Entry {
    name: "stage",
    pytorch: None,
    summary: "another schedule for a given time; its last value holds",
    formula: "value = of(min(t, for))",
    example: "step every 5 epochs x0.5 for 60%",
    source: Source {
        citation: "torch.optim.lr_scheduler.SequentialLR, milestones",
        link: "https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html",
    },
    params: &[Parameter {
        name: "for",
        kind: Kind::Duration,
        default: None,
        keyword: Keyword::Bare(&[""]),
        range: Range::Positive,
        pytorch: Some("milestones"),
        doc: "How long it runs.",
    }],
    form: Form::Directly("for"),
    flat: true,
    build,
    to_torch,
};

fn read(recipe: &mut Recipe<'_>) -> Stage {
    let keep = recipe.steps("for").unwrap_or(1);
    let of = recipe.inner_over(0, recipe.stretch().first(keep));
    Stage { keep, of: Ended::at(keep, of) }
}

fn build(recipe: &mut Recipe<'_>) -> Arc<dyn Schedule> {
    Arc::new(read(recipe))
}

fn to_torch(recipe: &mut Recipe<'_>) -> TorchForm {
    let keep = recipe.steps("for").unwrap_or(1);
    let mut form = recipe.inner_over_to_torch(0, recipe.stretch().first(keep));
    let last = at(&form.factor, &keep.to_string());
    form.factor = at(&form.factor, &format!("min({{t}}, {keep})"));
    if keep < recipe.left() {
        form.parts.retain(|part| part.from < keep);
        form.parts.push(Part { from: keep, class: None, factor: last, note: None });
    }
    form
}

#[cfg(test)]
mod tests {
    use crate::{Horizon, ScheduleSpec};

    #[test]
    fn runs_for_its_time_and_holds() {
        let rates = |text: &str| -> Vec<f64> {
            let spec = text.parse::<ScheduleSpec>().map(|spec| spec.build(Horizon::new(8, 2)));
            let Ok(Ok(schedule)) = spec else { panic!("{text}") };
            (0..8).map(|t| schedule.value_at(t, 1.0)).collect()
        };
        assert_eq!(rates("linear for 50%"), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(rates("step every epoch x0.5 for 3 steps"), [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    }
}
