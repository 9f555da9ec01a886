//! What every schedule of the registry must do.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    Horizon, ScheduleSpec, Strategy,
    registry::same_name,
    schedule::{Entry, Form, SCHEDULES, find},
    spec::Fault,
};

const HORIZON: Horizon = Horizon { total_steps: 1200, steps_per_epoch: 10 };

fn example(entry: &Entry) -> ScheduleSpec {
    entry.example.parse().unwrap_or_else(|error| panic!("{}: {error}", entry.name))
}

/// As many schedules as `entry` takes, each with a length.
fn parts(entry: &Entry) -> Vec<ScheduleSpec> {
    let part: ScheduleSpec = "linear to 50% over 100 steps".parse().unwrap();
    (0..3).map(|count| vec![part.clone(); count]).find(|parts| entry.form.takes(parts.len())).unwrap()
}

#[test]
fn names_are_found_in_any_spelling_and_are_unique() {
    for entry in SCHEDULES {
        let spellings = [entry.name.to_owned(), entry.name.to_uppercase(), entry.name.replace('-', "_")];
        for spelling in spellings {
            assert_eq!(find(&spelling).map(|found| found.name), Some(entry.name));
        }
        assert_eq!(SCHEDULES.iter().filter(|other| same_name(other.name, entry.name)).count(), 1);
        for param in entry.params {
            assert_eq!(entry.params.iter().filter(|other| same_name(other.name, param.name)).count(), 1);
            assert!(!matches!(param.name, "name" | "then" | "of"), "{}: {} is taken", entry.name, param.name);
        }
    }
    assert!(find("plateau").is_none());
}

#[test]
fn everything_is_explained() {
    for entry in SCHEDULES {
        assert!(!entry.summary.is_empty() && !entry.formula.is_empty(), "{}", entry.name);
        assert_eq!(entry.source.citation.is_empty(), entry.source.link.is_empty(), "{}", entry.name);
        for param in entry.params {
            assert!(param.doc.ends_with('.'), "{}: {}", entry.name, param.name);
        }
    }
}

#[test]
fn the_example_uses_it_and_reads_back_from_every_form() {
    for entry in SCHEDULES {
        let spec = example(entry);
        assert_eq!(spec.name, entry.name);
        assert_eq!(spec.to_string().parse(), Ok(spec.clone()));
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ScheduleSpec>(&json).unwrap(), spec, "{json}");
        let toml = toml::to_string(&spec).unwrap();
        assert_eq!(toml::from_str::<ScheduleSpec>(&toml).unwrap(), spec, "{toml}");
    }
}

#[test]
fn left_out_parameters_have_a_default_or_are_asked_for() {
    // Those that mean the time before the schedule when left out: at the start there is none.
    let mut of_the_time_before: Vec<(&str, String)> = Vec::new();
    for entry in SCHEDULES {
        let inner = parts(entry);
        let bare = ScheduleSpec { name: entry.name, args: [].into(), inner };
        let needed: Vec<&str> =
            entry.params.iter().filter(|param| param.default.is_none()).map(|param| param.name).collect();
        let asked: Vec<String> = match bare.build(HORIZON) {
            Ok(_) => Vec::new(),
            Err(error) => error
                .problems()
                .iter()
                .map(|problem| match &problem.fault {
                    Fault::Missing { parameter, .. } => parameter.clone(),
                    other => panic!("{}: {other}", entry.name),
                })
                .collect(),
        };
        let (asked, optional): (Vec<String>, Vec<String>) =
            asked.into_iter().partition(|name| entry.param(name).unwrap().default.is_none());
        assert_eq!(asked, needed, "{}", entry.name);
        of_the_time_before.extend(optional.into_iter().map(|name| (entry.name, name)));
    }
    let timescale = "timescale".to_owned();
    assert_eq!(of_the_time_before, [("inverse-sqrt", timescale.clone()), ("power-law", timescale)]);
}

#[test]
fn a_schedule_that_takes_another_says_so_when_it_is_missing_or_too_much() {
    for entry in SCHEDULES {
        let mut spec = example(entry);
        spec.inner = if entry.form == Form::Plain { vec![ScheduleSpec::constant()] } else { Vec::new() };
        assert!(spec.build(HORIZON).is_err(), "{}", entry.name);
    }
}

#[test]
fn rates_are_sane_throughout_and_after_the_end() {
    for entry in SCHEDULES {
        let schedule = example(entry).build(HORIZON).unwrap();
        let first = schedule.value_at(0, 0.1);
        assert!(first > 0.0 && first <= 0.1, "{}: {first}", entry.name);
        for t in (0..2000).chain([u64::MAX]) {
            let rate = schedule.value_at(t, 0.1);
            assert!((0.0..=0.1).contains(&rate), "{} at {t}: {rate}", entry.name);
            assert_eq!(schedule.value_at(t, 0.1).to_bits(), rate.to_bits(), "{} at {t}", entry.name);
        }
        assert!(schedule.value_at(u64::MAX, 0.1) <= schedule.value_at(1200, 0.1), "{}", entry.name);
    }
}

#[test]
fn a_length_holds_its_last_value() {
    for text in [
        "linear from 10% to 50%",
        "cosine to 20%",
        "warmup 5% then cosine",
        "hold 50% then linear to lr 0.03",
    ] {
        let schedule = text.parse::<ScheduleSpec>().unwrap().build(HORIZON).unwrap();
        for t in [1201, 5000, u64::MAX] {
            assert_eq!(schedule.value_at(t, 0.1), schedule.value_at(1200, 0.1), "{text}");
        }
    }
    for entry in SCHEDULES {
        let schedule = example(entry).build(HORIZON).unwrap();
        let Some(length) = schedule.length() else { continue };
        for t in [length + 1, 2 * length, u64::MAX] {
            assert_eq!(schedule.value_at(t, 0.1), schedule.value_at(length, 0.1), "{}", entry.name);
        }
    }
}

#[test]
fn every_schedule_is_written_as_pytorch_code() {
    for entry in SCHEDULES {
        let strategy = Strategy::single("sgd lr=0.1".parse().unwrap(), example(entry));
        let code = strategy.to_torch_code(HORIZON).unwrap();
        assert!(code.contains("optimizer.step()"), "{}", entry.name);
        assert_eq!(code.contains("scheduler.step()"), entry.name != "constant", "{}: {code}", entry.name);
    }
}

#[test]
fn impossible_trainings_are_refused_and_never_panic() {
    let huge = "warmup 18446744073709551615 steps then hold 18446744073709551615 steps then cosine";
    let specs = SCHEDULES.iter().map(|entry| example(entry)).chain([huge.parse().unwrap()]);
    let edges = [0, 1, 2, u64::MAX];
    for spec in specs {
        for (total, epoch) in edges.iter().flat_map(|&total| edges.map(|epoch| (total, epoch))) {
            let horizon = Horizon::new(total, epoch);
            let built = spec.build(horizon);
            assert!(total > 0 && epoch > 0 || built.is_err(), "{spec} over {horizon:?}");
            let code = Strategy::single("sgd".parse().unwrap(), spec.clone()).to_torch_code(horizon);
            assert_eq!(code.is_ok(), built.is_ok(), "{spec} over {horizon:?}");
            for t in edges {
                assert!(
                    built.as_ref().is_ok_and(|schedule| schedule.value_at(t, 0.1).is_finite())
                        || built.is_err()
                );
            }
        }
    }
}

fn problems(text: &str, horizon: Horizon) -> Vec<String> {
    let error = text.parse::<ScheduleSpec>().unwrap().build(horizon).unwrap_err();
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn all_problems_of_a_build_are_told_with_their_place() {
    assert_eq!(
        problems("warmup 1% then multi-step at 10 steps, 1% x0.1", Horizon::new(20, 5)),
        [
            "for: got `1%`, expected at least one step (the training has 20 of them, an epoch 5)",
            "then.milestones: got `1%`, expected at least one step (the training has 20 of them, an epoch 5)",
            "then.milestones: got `10 steps, 1%`, expected times that grow",
        ]
    );
    assert_eq!(
        problems("warmup 30 steps then cosine", Horizon::new(20, 5)),
        [
            "for: got `30 steps`, expected no more than the 20 steps that are left of the training",
            "then: nothing of the training is left for cosine",
        ]
    );
}

#[test]
fn a_percentage_is_of_the_whole_training_and_a_rest_of_what_is_left() {
    let rates = |text: &str| {
        let schedule = text.parse::<ScheduleSpec>().unwrap().build(Horizon::new(100, 10)).unwrap();
        move |t| schedule.value_at(t, 1.0)
    };
    let steps = rates("warmup 50% then step every 10% x0.5");
    assert_eq!([steps(50), steps(59), steps(60), steps(70)], [1.0, 1.0, 0.5, 0.25]);
    let line = rates("warmup 50% then linear to 0");
    assert_eq!([line(50), line(75), line(100)], [1.0, 0.5, 0.0]);
    let given = rates("warmup 50% then linear to 0 over 100%");
    assert_eq!(given(100), 0.5);
}

#[test]
fn the_rates_of_the_program_that_everyone_starts_from() {
    let spec: ScheduleSpec = "StepLR(step_size=5, gamma=0.5)".parse().unwrap();
    let schedule = spec.build(Horizon::new(15, 1)).unwrap();
    let after: Vec<f64> = (1..=15).map(|epoch| schedule.value_at(epoch, 0.1)).collect();
    assert_eq!(after[..4], [0.1; 4]);
    assert_eq!(after[4..9], [0.05; 5]);
    assert_eq!(after[9..14], [0.025; 5]);
    assert_eq!(after[14], 0.0125);
}
