//! Optimizers that train at one point and mean another as their result, and those that make another rate of
//! the one they are given.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "shared/rows.rs"]
mod rows;
mod shared;

use lrlab_core::{
    BuiltStrategy, Event,
    event::Step,
    optimizer::{Moment, Optimizer, Point, Slot, StepContext},
    schedule,
};
use lrlab_train::Trial;
use rows::Rows;
use shared::{Events, run, spec};

/// Descent whose result lies far away from where it trains.
#[derive(Clone, Copy, Debug)]
struct Shifted {
    /// How far; so far that a way back would not end where it began.
    by: f32,
    /// What it makes of its rate.
    factor: f64,
}

impl Optimizer for Shifted {
    fn slots(&self, shape: &[usize]) -> Vec<Slot> {
        vec![Slot { name: "updates", shape: shape.to_vec() }]
    }

    fn step(&self, context: &mut dyn StepContext) {
        context.for_each(&mut |p| {
            let lr = (p.at.group.lr() * self.factor) as f32;
            p.value.iter_mut().zip(&*p.grad).for_each(|(x, g)| *x -= lr * g);
            p.slots[0].iter_mut().for_each(|updates| *updates += 1.0);
        });
    }

    fn evaluates_elsewhere(&self) -> bool {
        self.by != 0.0
    }

    fn move_to(&self, point: Point, context: &mut dyn StepContext) {
        let by = if point == Point::Evaluate { self.by } else { -self.by };
        context.for_each(&mut |p| {
            assert!(p.slots[0].iter().all(|updates| *updates > 0.0), "before the first update");
            p.value.iter_mut().for_each(|x| *x += by);
        });
    }

    fn effective_lr(&self, at: Moment<'_>) -> f64 {
        at.group.lr() * self.factor
    }

    fn stability_limit(&self, at: Moment<'_>) -> f64 {
        2.0 / (at.group.lr() * self.factor)
    }
}

fn trained(optimizer: Shifted, text: &str, budget: &str) -> Vec<Event> {
    let mut trial = spec("line", text, 0, budget);
    trial.measure = true;
    let build = move |_| {
        let halving = schedule::from_fn(|t, base| if t < 8 { base } else { base / 2.0 });
        Ok(BuiltStrategy::of(optimizer, halving, 0.1))
    };
    let mut events = Events::default();
    Trial::with_strategy(&trial, Box::new(Rows::ten()), &build).unwrap().run(&mut events).unwrap();
    events.0
}

fn steps(events: &[Event]) -> Vec<Step> {
    events.iter().filter_map(|e| if let Event::Step(step) = e { Some(step.clone()) } else { None }).collect()
}

fn metric(events: &[Event], name: &str) -> Vec<f64> {
    let value = |event: &Event| match event {
        Event::Validated(validated) => validated.metrics.get(name).map(|metric| metric.0),
        _ => None,
    };
    events.iter().filter_map(value).collect()
}

#[test]
fn validation_is_at_the_other_point_and_training_does_not_notice() {
    let (here, far) = (Shifted { by: 0.0, factor: 1.0 }, Shifted { by: 1e6, factor: 1.0 });
    for (text, budget) in
        [("sgd", "6 epochs"), ("sgd | ema 0.9 | swa from 50%", "6 epochs"), ("sgd", "1 steps")]
    {
        let (plain, moved) = (trained(here, text, budget), trained(far, text, budget));
        assert_eq!(steps(&plain), steps(&moved), "{text}, {budget}");
        for name in ["w0", "w1", "w2", "w3"] {
            let (plain, moved) = (metric(&plain, name), metric(&moved, name));
            assert!(!plain.is_empty());
            for (plain, moved) in plain.iter().zip(&moved) {
                assert!((moved - plain - 1e6).abs() < 0.1, "{name}: {moved} for {plain}");
            }
        }
        // An average is one of the points that are trained.
        assert_eq!(metric(&plain, "ema w0"), metric(&moved, "ema w0"));
        assert_eq!(metric(&plain, "swa w0"), metric(&moved, "swa w0"));
    }
}

#[test]
fn what_acts_is_told_where_it_is_not_the_rate() {
    let told = |factor| steps(&trained(Shifted { by: 0.0, factor }, "sgd", "4 epochs"));
    let doubled = told(2.0);
    assert_eq!((doubled[0].lr[0], &doubled[0].effective_lr[..]), (0.1, &[0.2][..]));
    assert_eq!((doubled[8].lr[0], &doubled[8].effective_lr[..]), (0.05, &[0.1][..]));
    assert!(told(1.0).iter().all(|step| step.effective_lr.is_empty()));
    let line = serde_json::to_string(&Event::Step(told(1.0)[0].clone())).unwrap();
    assert!(!line.contains("effective_lr"), "{line}");
}

#[test]
fn schedule_free_is_validated_at_its_mean_with_and_without_measurements() {
    for optimizer in ["schedule-free-sgd lr=0.05 warmup_steps=5", "schedule-free-adamw lr=0.02"] {
        let mut trial = spec("digits", optimizer, 3, "2 epochs");
        let told = |events: &[Event]| -> Vec<String> {
            let training =
                events.iter().filter(|event| matches!(event, Event::Step(_) | Event::Validated(_)));
            training.map(|event| serde_json::to_string(event).unwrap()).collect()
        };
        let plain = run(&trial);
        trial.measure = true;
        assert_eq!(told(&plain), told(&run(&trial)), "{optimizer}");
        let losses = metric(&plain, "validation loss");
        assert!(losses[1] < losses[0], "{optimizer}: {losses:?}");
    }
}
