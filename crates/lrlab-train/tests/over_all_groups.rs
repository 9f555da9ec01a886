//! What a strategy does over all of its groups, in whole trials: against the same done by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "shared/rows.rs"]
mod rows;
mod shared;

use lrlab_core::{
    Event, Field, OptimizerSpec, Outcome,
    event::{Metric, Probe, SKIPPED_IN_A_ROW, Skipped, Step, Validated},
    optimizer::registry::OPTIMIZERS,
};
use lrlab_train::{TrainError, Trial};
use rows::Rows;
use shared::{Events, losses, run, spec};

/// All events of a training of `task`.
fn trained(task: Rows, strategy: &str, budget: &str, measure: bool) -> Vec<Event> {
    let mut trial = spec("line", strategy, 0, budget);
    trial.measure = measure;
    let mut events = Events::default();
    Trial::with_task(&trial, Box::new(task)).unwrap().run(&mut events).unwrap();
    events.0
}

fn steps(events: &[Event]) -> Vec<Step> {
    let step = |event: &Event| if let Event::Step(step) = event { Some(step.clone()) } else { None };
    events.iter().filter_map(step).collect()
}

fn validated(events: &[Event]) -> Vec<Validated> {
    let validated = |event: &Event| if let Event::Validated(v) = event { Some(v.clone()) } else { None };
    events.iter().filter_map(validated).collect()
}

/// Every value of a metric, in order.
fn metric(events: &[Event], name: &str) -> Vec<f64> {
    validated(events).iter().filter_map(|v| v.metrics.get(name)).map(|metric| metric.0).collect()
}

fn refusal(strategy: &str, budget: &str) -> String {
    let trial = spec("line", strategy, 0, budget);
    Trial::with_task(&trial, Box::new(Rows::ten())).unwrap_err().to_string()
}

#[test]
fn batches_of_equal_size_accumulate_to_one_big_batch() {
    let small = Rows { batch_size: 2, ..Rows::ten() };
    let big = Rows { batch_size: 10, ..Rows::ten() };
    for optimizer in ["sgd lr=0.05 momentum=0.9", "adam lr=0.02", "sgd lr=0.1 | clip norm 0.5"] {
        let accumulated =
            trained(small.clone(), &format!("{optimizer} | accumulate 5 batches"), "40 epochs", false);
        let whole = trained(big.clone(), optimizer, "40 epochs", false);
        let (accumulated, whole) = (steps(&accumulated), steps(&whole));
        assert_eq!((accumulated.len(), whole.len()), (40, 40));
        for (a, b) in accumulated.iter().zip(&whole) {
            assert!((a.loss - b.loss).abs() < 1e-5, "{optimizer}, step {}: {} for {}", a.t, a.loss, b.loss);
            assert_eq!((a.t, a.clipped), (b.t, b.clipped));
        }
    }
}

#[test]
fn steps_are_updates_and_epochs_the_same_data() {
    let length = |task: &str, strategy: &str, budget: &str| {
        let trial = spec(task, strategy, 0, budget);
        let horizon = Trial::new(&trial).unwrap().horizon();
        (horizon.total_steps, horizon.steps_per_epoch)
    };
    let digits = length("digits", "sgd", "2 epochs").1;
    let fewer = digits.div_ceil(4);
    assert_eq!(length("digits", "sgd | accumulate 4 batches", "2 epochs"), (2 * fewer, fewer));
    assert_eq!(length("digits", "sgd | accumulate 4 batches", "30 steps"), (30, fewer));
    // A stream has no end at which an update would have to be made.
    assert_eq!(length("quadratic noise=0.1", "sgd | accumulate 4 batches", "30 epochs"), (30, 1));
    let one = losses(&run(&spec("noisy-line", "sgd lr=0 | accumulate 50 batches", 0, "30 steps")));
    let many = losses(&run(&spec("noisy-line", "sgd lr=0", 0, "30 steps")));
    let spread = |losses: &[f64]| {
        let mean = losses.iter().sum::<f64>() / losses.len() as f64;
        losses.iter().map(|loss| (loss - mean).powf(2.0)).sum::<f64>().sqrt()
    };
    assert!(spread(&one) < spread(&many) / 4.0, "{} for {}", spread(&one), spread(&many));
}

#[test]
fn the_last_update_of_an_epoch_has_the_batches_that_are_left() {
    // Batches of 3, 3, 3 and 1 rows; at a rate of 0 their losses stay what they are.
    let single = losses(&trained(Rows::ten(), "sgd lr=0", "2 epochs", false));
    let [a, b, c, d] = single[..4] else { panic!("{single:?}") };
    let three = losses(&trained(Rows::ten(), "sgd lr=0 | accumulate 3 batches", "2 epochs", false));
    assert_eq!(three, [(a + b + c) / 3.0, d, (a + b + c) / 3.0, d]);
    let error = refusal("sgd | accumulate 5 batches", "2 epochs");
    assert!(error.contains("`accumulate 5 batches`") && error.contains("has 4"), "{error}");
}

#[test]
fn a_skipped_update_moves_no_clock() {
    let spoilt = Rows { spoilt: [(2, f32::NAN), (3, f32::INFINITY), (9, f32::NAN)].into(), ..Rows::ten() };
    let strategy = "adam lr=0.05 | cosine to 0 | skip non-finite";
    for measure in [false, true] {
        let events = trained(spoilt.clone(), strategy, "4 epochs", measure);
        let skipped: Vec<&Skipped> =
            events.iter().filter_map(|e| if let Event::Skipped(s) = e { Some(s) } else { None }).collect();
        assert_eq!(skipped.iter().map(|skipped| skipped.t).collect::<Vec<u64>>(), [2, 2, 7]);
        assert!(skipped[0].loss.is_nan() && skipped[1].loss == f64::INFINITY);
        let steps = steps(&events);
        assert_eq!(steps.iter().map(|step| step.t).collect::<Vec<u64>>(), (0..16).collect::<Vec<u64>>());
        let rates: Vec<f64> = steps.iter().map(|step| step.lr[0]).collect();
        let plain = trained(Rows::ten(), "adam lr=0.05 | cosine to 0", "4 epochs", false);
        assert_eq!(rates, self::steps(&plain).iter().map(|step| step.lr[0]).collect::<Vec<f64>>());
        assert_eq!(validated(&events).iter().map(|v| v.t).collect::<Vec<u64>>(), [4, 8, 12, 16]);
        assert_eq!(events.last(), Some(&Event::Finished { outcome: Outcome::Completed }));
    }
    let told = |measure| {
        let events = trained(spoilt.clone(), strategy, "4 epochs", measure);
        let is_training = |event: &Event| !matches!(event, Event::Probed(_) | Event::Started(_));
        let text = |event: &Event| serde_json::to_string(event).unwrap();
        events.iter().filter(|event| is_training(event)).map(text).collect::<Vec<String>>()
    };
    assert_eq!(told(false), told(true));
}

#[test]
fn a_gradient_may_be_what_is_not_finite() {
    // The largest finite loss, whose gradient is not.
    let mut task = Rows::ten();
    task.inputs[0] = [f32::MAX; 3];
    task.weight = [0.0; 3];
    let events = trained(task, "sgd lr=0.1 | skip non-finite", "4 steps", false);
    let Event::Skipped(skipped) = &events[1] else { panic!("{:?}", events[1]) };
    assert!(skipped.loss.is_finite(), "{skipped:?}");
    assert_eq!(steps(&events).len(), 4);
}

#[test]
fn skipping_without_end_is_divergence() {
    let always = Rows { spoilt: (0..1000).map(|batch| (batch, f32::NAN)).collect(), ..Rows::ten() };
    let events = trained(always.clone(), "sgd lr=0.1 | skip non-finite", "4 epochs", true);
    let count = events.iter().filter(|event| matches!(event, Event::Skipped(_))).count();
    assert_eq!(count, SKIPPED_IN_A_ROW as usize);
    let Some(Event::Finished { outcome: Outcome::Diverged { t: 0, loss } }) = events.last() else {
        panic!("{:?}", events.last());
    };
    assert!(loss.is_nan());
    // Without being told to skip, the first of them ends it.
    let events = trained(always, "sgd lr=0.1", "4 epochs", false);
    assert_eq!((steps(&events).len(), validated(&events).len()), (1, 0));
}

/// An optimizer at a rate that moves the parameters within some updates.
fn moving(name: &str) -> String {
    // Its rate is a share of a distance, which it underestimates by far at first.
    let rate = if name == "prodigy" { "lr=1 d0=0.01" } else { "lr=0.01" };
    format!("{name} {rate}")
}

/// The specs of an optimizer with and without weight decay, where it has any.
fn with_decay(name: &str, decay: f64) -> Option<String> {
    let spec: OptimizerSpec = moving(name).parse().unwrap();
    spec.build()
        .unwrap()
        .group
        .has(Field::WeightDecay)
        .then(|| format!("{} weight_decay={decay}", moving(name)))
}

#[test]
fn a_mask_keeps_every_optimizers_weight_decay_from_its_parameters() {
    let mut masked = 0;
    for entry in OPTIMIZERS {
        let built = moving(entry.name).parse::<OptimizerSpec>().unwrap().build().unwrap();
        let (Some(decays), Some(not)) = (with_decay(entry.name, 0.5), with_decay(entry.name, 0.0)) else {
            continue;
        };
        // The rows are learnt by vectors.
        if built.optimizer.refuses(&[3]).is_some() {
            continue;
        }
        let of = |strategy: &str| losses(&trained(Rows::ten(), strategy, "10 epochs", false));
        assert_ne!(of(&decays), of(&not), "{decays}");
        assert_eq!(of(&format!("{decays} | no decay for *")), of(&not), "{decays}");
        masked += 1;
        // Where groups share nothing, a mask is what groups of their own would be.
        if built.optimizer.numbers().is_empty() {
            let groups = format!("for *.bias: {not} ; {decays}");
            let (masked, grouped) = (of(&format!("{decays} | no decay for *.bias")), of(&groups));
            assert_eq!(masked, grouped, "{decays}");
            assert_ne!(masked, of(&decays), "{decays}");
        }
    }
    assert!(masked >= 3, "{masked}");
}

#[test]
fn a_mask_holds_for_scheduled_decay_and_for_what_is_stable() {
    let plan = "| constant | weight_decay: linear to 0";
    let masked = format!("sgd lr=0.05 weight_decay=0.5 {plan} | no decay for *.bias");
    let grouped = format!("for *.bias: sgd lr=0.05 ; sgd lr=0.05 weight_decay=0.5 {plan}");
    let sharpness = |events: &[Event]| -> Vec<Probe> {
        let probe = |event: &Event| match event {
            Event::Probed(probed) if matches!(probed.probe, Probe::Sharpness { .. }) => {
                Some(probed.probe.clone())
            }
            _ => None,
        };
        events.iter().filter_map(probe).collect()
    };
    let [masked, grouped] =
        [masked, grouped].map(|strategy| trained(Rows::ten(), &strategy, "10 epochs", true));
    assert_eq!(losses(&masked), losses(&grouped));
    assert!(!sharpness(&masked).is_empty());
    assert_eq!(sharpness(&masked), sharpness(&grouped));
}

#[test]
fn a_mask_that_fits_nothing_names_the_parameters() {
    let error = refusal("adamw | no decay for *.bias norm.*", "1 epoch");
    assert_eq!(error, "`no decay for norm.*` fits no parameter; the parameters are layer.weight, layer.bias");
}

/// The average of what is given after each update, as `AveragedModel` takes it.
fn averaged(weights: &[f64], from: usize, every: usize, share: impl Fn(f64) -> f64) -> Vec<Option<f64>> {
    let (mut average, mut count) = (None, 0.0);
    let mut told = Vec::new();
    for (index, weight) in weights.iter().enumerate() {
        let t = index + 1;
        if t >= from && (t - from).is_multiple_of(every) {
            average = Some(average.map_or(*weight, |a: f64| a + share(count) * (weight - a)));
            count += 1.0;
        }
        told.push(average);
    }
    told
}

#[test]
fn averages_are_pytorchs_by_hand() {
    // One batch an epoch: every update is followed by a validation.
    let task = Rows { batch_size: 10, ..Rows::ten() };
    let strategy = "sgd lr=0.1 momentum=0.9 | ema 0.8 | swa from 3 steps every 2 steps";
    let events = trained(task, strategy, "40 steps", false);
    let weights = metric(&events, "w1");
    let expected = [
        ("ema w1", averaged(&weights, 1, 1, |_| 1.0 - 0.8)),
        ("swa w1", averaged(&weights, 3, 2, |count| 1.0 / (count + 1.0))),
    ];
    for (name, expected) in expected {
        let told: Vec<Option<f64>> =
            validated(&events).iter().map(|v| v.metrics.get(name).map(|metric| metric.0)).collect();
        for (t, (told, expected)) in told.iter().zip(&expected).enumerate() {
            match (told, expected) {
                (Some(told), Some(expected)) => assert!((told - expected).abs() < 1e-6, "{name} after {t}"),
                other => assert_eq!(other, (&None, &None), "{name} after {t}"),
            }
        }
    }
    assert_eq!(metric(&events, "swa loss").len(), 38);
}

#[test]
fn an_average_that_judges_takes_the_plain_names_and_trains_the_same() {
    let of = |average: &str| {
        let strategy =
            format!("sgd lr=0.1 momentum=0.9 | constant | plateau patience 0 epochs x0.9 | {average}");
        trained(Rows::ten(), &strategy, "30 epochs", true)
    };
    let (beside, judged) = (of("ema 0.9"), of("ema 0.9 judged"));
    // The signal hears those by which the training is judged.
    let first = |events: &[Event]| -> Vec<Step> { steps(events).into_iter().take(4).collect() };
    assert_eq!(first(&beside), first(&judged));
    assert_eq!(metric(&beside, "ema loss")[0], metric(&judged, "loss")[0]);
    assert_eq!(metric(&beside, "loss")[0], metric(&judged, "raw loss")[0]);
    assert!(metric(&judged, "ema loss").is_empty() && metric(&beside, "raw loss").is_empty());
    let plain = trained(
        Rows::ten(),
        "sgd lr=0.1 momentum=0.9 | constant | plateau patience 0 epochs x0.9",
        "30 epochs",
        true,
    );
    assert_eq!(steps(&plain), steps(&beside));
    assert_ne!(steps(&plain), steps(&judged));
    // Before an average has begun, the weights are what there is to judge.
    let late = of("swa from 50% judged");
    assert_eq!((metric(&late, "loss").len(), metric(&late, "raw loss").len()), (30, 16));
    let branch = |events: &[Event]| {
        let probe = |event: &Event| match event {
            Event::Probed(probed) => match probed.probe {
                Probe::Branch { same, .. } => Some(same),
                _ => None,
            },
            _ => None,
        };
        events.iter().find_map(probe).unwrap()
    };
    // A branch asks what the training is judged by; its probe batch is all rows here.
    assert!((branch(&judged) - metric(&judged, "loss")[29]).abs() < 1e-9);
    assert!((branch(&beside) - metric(&beside, "loss")[29]).abs() < 1e-9);
}

#[test]
fn an_average_that_never_begins_is_refused() {
    let error = refusal("sgd | swa from 20 epochs", "15 epochs");
    assert!(
        error.contains("`swa from 20 epochs` would begin after step 80") && error.contains("after step 60"),
        "{error}"
    );
    assert!(matches!(
        Trial::with_task(&spec("line", "sgd | swa from 61 steps", 0, "60 steps"), Box::new(Rows::ten())),
        Err(TrainError::Average { .. })
    ));
}

#[test]
fn pauses_leave_no_trace_and_probes_change_nothing() {
    let strategy = "adamw lr=0.02 | cosine to 0 | accumulate 3 batches | skip non-finite | no decay for *.bias | ema 0.9 judged \
                    | swa from 50% every 3 steps";
    let spoilt = Rows { spoilt: [(5, f32::NAN), (20, f32::INFINITY)].into(), ..Rows::ten() };
    let text = |events: &[Event]| -> Vec<String> {
        let told = events.iter().filter(|event| !matches!(event, Event::Started(_) | Event::Probed(_)));
        told.map(|event| serde_json::to_string(event).unwrap()).collect()
    };
    let whole = trained(spoilt.clone(), strategy, "20 epochs", false);
    let mut trial =
        Trial::with_task(&spec("line", strategy, 0, "20 epochs"), Box::new(spoilt.clone())).unwrap();
    let mut events = Events::default();
    let mut until = 1;
    while trial.run_until(until, &mut events).unwrap().is_none() {
        until += 1;
        // A clone that goes on leaves the trial as it was.
        trial.clone().run_until(until + 5, &mut Events::default()).unwrap();
    }
    assert_eq!(text(&whole), text(&events.0));
    assert_eq!(text(&whole), text(&trained(spoilt, strategy, "20 epochs", true)));
    assert!(whole.iter().any(|event| matches!(event, Event::Skipped(_))));
    let Metric(last) = validated(&whole).last().unwrap().metrics["swa loss"];
    assert!(last.is_finite());
}
