//! Evaluating a schedule, and setting the groups before a step, allocate nothing.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use lrlab_core::{
    Field, Horizon, ParamGroup, Pattern, Plan, Rule, ScheduleSpec, Scheduler,
    schedule::SCHEDULES,
    signal::{SIGNALS, Setting},
};

struct Counting;

thread_local! {
    // Per thread, since the test harness allocates on threads of its own.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn allocations() -> usize {
    ALLOCATIONS.with(Cell::get)
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const HORIZON: Horizon = Horizon { total_steps: 1200, steps_per_epoch: 10 };

fn evaluating_allocates_nothing(text: &str) {
    let schedule = text.parse::<ScheduleSpec>().unwrap().build(HORIZON).unwrap();
    let before = allocations();
    let mut sum = 0.0;
    for t in (0..1300).chain([u64::MAX]) {
        sum += schedule.value_at(t, 0.1);
    }
    assert_eq!(allocations() - before, 0, "{text}");
    assert!(sum > 0.0 && before > 0, "{text}: building it was counted");
}

#[test]
fn every_schedule_evaluates_without_allocating() {
    for entry in SCHEDULES {
        evaluating_allocates_nothing(entry.example);
    }
}

#[test]
fn compositions_and_expressions_evaluate_without_allocating() {
    for text in [
        "warmup 5% then (cosine to 0 times step every 20% x0.5) floor 1%",
        "(((cosine to 0 stepped each epoch) noise 10%) times step every 20% x0.5) ceiling 80%",
        "lambda 0.5 * (1 + cos(pi * t / T)) + 0.01 * sin(t)^2",
        "lambda if(t < 100, t / 100, max(0.01, 0.999^t))",
        "multiplicative 1 - 1 / (t + 10) every epoch",
    ] {
        evaluating_allocates_nothing(text);
    }
}

#[test]
fn a_plan_sets_groups_fields_and_signals_without_allocating() {
    let rule = |group: &str, field: Field, text: &str| Rule {
        group: Pattern(group.to_owned()),
        field,
        schedule: text.parse::<ScheduleSpec>().unwrap().build(HORIZON).unwrap(),
    };
    let rules = vec![
        rule("*", Field::Lr, "warmup 5% then (cosine to 0 times step every 20% x0.5) floor 1%"),
        rule("*", Field::WeightDecay, "lambda 0.5 + 0.5 * t / T"),
        rule("head*", Field::Lr, "one-cycle"),
    ];
    let mut groups: Vec<ParamGroup> = ["backbone", "neck", "head.weight", "head.bias"]
        .map(|name| ParamGroup::new(name).with(Field::Lr, 0.1).with(Field::WeightDecay, 0.01))
        .into();
    let setting = Setting { horizon: HORIZON, warmup: 60 };
    let signals = SIGNALS.iter().map(|entry| (entry.build)(&[].into(), setting).unwrap()).collect();
    let mut plan = Plan::new(rules, groups.clone()).with_signals(signals);

    let before = allocations();
    for t in 0..1300_u32 {
        plan.before_step(t.into(), &mut groups).unwrap();
        plan.on_metric(t.into(), "validation loss", f64::from(t % 7), &mut groups).unwrap();
    }
    assert_eq!(allocations() - before, 0);
    assert!(groups.iter().all(|group| group.lr() < 0.1), "the plan moved them");
}
