//! Properties of the text and data forms over random trees and random text.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    AfterEnd, Duration, Field, OptimizerSpec, Pattern, ScheduleSpec, Strategy as Whole, TaskSpec,
    optimizer::registry::OPTIMIZERS,
    registry::{Argument, Arguments, Kind, Level, Parameter, Point, Range},
    schedule::{Entry, Form, SCHEDULES},
    signal::SIGNALS,
    spec::{Clip, GroupStrategy, PlanSpec, ScheduleChoice, SignalSpec, TorchCall, TorchValue, Unit},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn number(range: Range) -> BoxedStrategy<f64> {
    let any = prop_oneof![-1e9..1e9, Just(0.0), Just(1e-300), Just(1e300), (1_i32..1000).prop_map(f64::from)];
    match range {
        Range::Unit | Range::UnitOpen | Range::UnitPositive => (1e-9..0.999_999).boxed(),
        Range::Any => any.boxed(),
        Range::NotNegative => any.prop_map(f64::abs).boxed(),
        Range::Positive => any.prop_map(|value| value.abs().max(1e-12)).boxed(),
        Range::AtLeastOne => any.prop_map(|value| value.abs().max(1.0)).boxed(),
    }
}

fn duration() -> BoxedStrategy<Duration> {
    prop_oneof![
        (1..=u64::MAX).prop_map(Duration::Steps),
        (1_u64..100).prop_map(Duration::Steps),
        (1e-6..1e6).prop_map(Duration::Epochs),
        (1_u32..100).prop_map(|epochs| Duration::Epochs(f64::from(epochs))),
        (1e-6..1.0).prop_map(Duration::Fraction),
        (1_u32..=100).prop_map(|percent| Duration::Fraction(f64::from(percent) / 100.0)),
    ]
    .boxed()
}

fn level(range: Range) -> BoxedStrategy<Level> {
    (number(range).prop_map(|value| value.min(Level::LARGEST)), any::<bool>())
        .prop_map(|(value, share)| if share { Level::Fraction(value) } else { Level::Absolute(value) })
        .boxed()
}

fn argument(param: &'static Parameter) -> BoxedStrategy<Argument> {
    match param.kind {
        Kind::Duration => duration().prop_map(Argument::Duration).boxed(),
        Kind::Durations => vec(duration(), 1..4).prop_map(Argument::Durations).boxed(),
        Kind::Level => level(param.range).prop_map(Argument::Level).boxed(),
        Kind::Number => number(param.range).prop_map(Argument::Number).boxed(),
        Kind::Integer => (1_u32..1000).prop_map(|value| Argument::Number(f64::from(value))).boxed(),
        Kind::Flag => any::<bool>().prop_map(Argument::Flag).boxed(),
        Kind::Choice(words) => select(words).prop_map(|word| Argument::Word(word.to_owned())).boxed(),
        Kind::Expression => {
            select(vec!["0.95^t", "1 / (1 + t)", "0.5 * (1 + cos(pi * t / T))", "floor(t / 3) / (1 + t)"])
                .prop_map(|text| Argument::Expression(text.parse().unwrap()))
                .boxed()
        }
        Kind::Points => vec((level(param.range), duration()), 1..4)
            .prop_map(|points| {
                Argument::Points(points.into_iter().map(|(level, at)| Point { level, at }).collect())
            })
            .boxed(),
        Kind::Numbers => vec(number(param.range), 1..4).prop_map(Argument::Numbers).boxed(),
    }
}

fn arguments(params: &'static [Parameter]) -> BoxedStrategy<Arguments> {
    let mut all = Just(Arguments::new()).boxed();
    for param in params {
        let one = if param.default.is_none() {
            argument(param).prop_map(Some).boxed()
        } else {
            option::of(argument(param)).boxed()
        };
        all = (all, one)
            .prop_map(|(mut args, one)| {
                args.extend(one.map(|argument| (param.name.to_owned(), argument)));
                args
            })
            .boxed();
    }
    all
}

fn entries(fits: impl Fn(&Entry) -> bool) -> impl Strategy<Value = &'static Entry> {
    select(SCHEDULES.iter().copied().filter(|entry| fits(entry)).collect::<Vec<_>>())
}

fn made_of(entry: &'static Entry, inner: Vec<ScheduleSpec>) -> impl Strategy<Value = ScheduleSpec> {
    arguments(entry.params).prop_map(move |args| ScheduleSpec {
        name: entry.name,
        args,
        inner: inner.clone(),
    })
}

fn schedule() -> impl Strategy<Value = ScheduleSpec> {
    let leaf = entries(|entry| entry.form == Form::Plain).prop_flat_map(|entry| made_of(entry, Vec::new()));
    leaf.prop_recursive(4, 12, 3, |inner| {
        let one = entries(|entry| entry.form.takes(1));
        let some = entries(|entry| entry.form.takes_list());
        prop_oneof![
            (one, inner.clone()).prop_flat_map(|(entry, inner)| made_of(entry, vec![inner])),
            (some, vec(inner, 2..4)).prop_flat_map(|(entry, inner)| made_of(entry, inner)),
        ]
    })
}

fn optimizer() -> impl Strategy<Value = OptimizerSpec> {
    select(OPTIMIZERS).prop_flat_map(|entry| {
        arguments(entry.params).prop_map(|args| OptimizerSpec { name: entry.name, args })
    })
}

fn torch_call() -> BoxedStrategy<TorchCall> {
    let leaf = prop_oneof![
        Just(TorchValue::None),
        any::<bool>().prop_map(TorchValue::Bool),
        any::<i64>().prop_map(TorchValue::Int),
        number(Range::Any).prop_map(TorchValue::Float),
        "[a-zA-Z0-9 _.-]{0,8}".prop_map(TorchValue::Text),
    ];
    let call = |value: BoxedStrategy<TorchValue>| {
        let kwargs = proptest::collection::btree_map("k[a-zA-Z_]{1,8}", value.clone(), 0..3);
        ("[A-Z][a-zA-Z0-9]{0,8}", vec(value, 0..3), kwargs).prop_map(|(name, args, kwargs)| TorchCall {
            name,
            args,
            kwargs: kwargs.into_iter().collect(),
        })
    };
    let value = leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(TorchValue::List),
            call(inner.boxed()).prop_map(TorchValue::Call)
        ]
    });
    call(value.boxed()).boxed()
}

fn choice() -> impl Strategy<Value = ScheduleChoice> {
    let unit = prop_oneof![Just(Unit::Epoch), Just(Unit::Step)];
    prop_oneof![
        4 => schedule().prop_map(ScheduleChoice::Own),
        1 => (torch_call(), unit).prop_map(|(call, unit)| ScheduleChoice::Torch { call, unit }),
    ]
}

fn signal() -> impl Strategy<Value = SignalSpec> {
    select(SIGNALS)
        .prop_flat_map(|entry| arguments(entry.params).prop_map(|args| SignalSpec { name: entry.name, args }))
}

fn plan() -> impl Strategy<Value = PlanSpec> {
    let field = select(Field::ALL.into_iter().filter(|field| *field != Field::Lr).collect::<Vec<_>>());
    let fields = proptest::collection::btree_map(field, schedule(), 0..2);
    (choice(), fields, vec(signal(), 0..2)).prop_map(|(schedule, fields, signals)| PlanSpec {
        schedule,
        fields,
        signals,
    })
}

fn whole_strategy() -> impl Strategy<Value = Whole> {
    let pattern = prop_oneof![Just(Pattern::all()), "[a-z*._0-9]{1,10}".prop_map(Pattern)];
    let group = (pattern, optimizer(), plan()).prop_map(|(params, optimizer, plan)| GroupStrategy {
        params,
        optimizer,
        plan,
    });
    let size = number(Range::Positive);
    let clip = option::of(
        (any::<bool>(), size)
            .prop_map(|(norm, size)| if norm { Clip::Norm(size) } else { Clip::Value(size) }),
    );
    let after_end = select(vec![AfterEnd::Hold, AfterEnd::Warn, AfterEnd::Error]);
    (vec(group, 1..4), clip, after_end).prop_map(|(groups, clip, after_end)| Whole {
        groups,
        clip,
        after_end,
    })
}

/// Words of the grammar in any order, glued in any way.
fn soup() -> impl Strategy<Value = String> {
    let words = vec![
        "sgd",
        "adamw",
        "lr",
        "=",
        "0.1",
        "momentum",
        "|",
        ";",
        "step",
        "every",
        "5",
        "epochs",
        "epoch",
        "x0.5",
        "x",
        "×",
        "10%",
        "%",
        "warmup",
        "then",
        "cosine",
        "to",
        "over",
        "from",
        "(",
        ")",
        "stepped",
        "each",
        "multi-step",
        "at",
        ",",
        "and",
        "clip",
        "norm",
        "value",
        "for",
        "*:",
        ":",
        "torch",
        "StepLR(",
        "SGD(",
        "[",
        "]",
        "'",
        "per",
        "1/3",
        "-",
        "é",
        "hold",
        "linear",
        "constant",
        "exponential",
        "1e",
        "times",
        "momentum:",
        "after",
        "end",
        "error",
        "plateau",
        "patience",
        "lambda",
        "0.9^t",
        "for",
        "lr",
        "value",
        "e5",
        "_",
        "18446744073709551615",
    ];
    vec((select(words), select(vec!["", " "])), 0..20)
        .prop_map(|words| words.into_iter().flat_map(|(word, space)| [word, space]).collect())
}

fn never_panics(text: &str) {
    if let Ok(strategy) = text.parse::<Whole>() {
        let printed = strategy.to_string();
        assert_eq!(printed.parse::<Whole>().unwrap(), strategy, "{text}");
        assert_eq!(printed.parse::<Whole>().unwrap().to_string(), printed);
    } else {
        let error = text.parse::<Whole>().unwrap_err();
        assert!(!error.problems().is_empty() && !error.to_string().is_empty(), "{text}");
        for problem in error.problems() {
            assert!(problem.span.clone().is_none_or(|span| text.get(span).is_some()), "{text}");
        }
    }
    let _ = text.parse::<ScheduleSpec>();
    let _ = text.parse::<Duration>();
    let _ = text.parse::<TaskSpec>();
    let _ = text.parse::<TorchCall>();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printed_strategies_read_back(strategy in whole_strategy()) {
        let text = strategy.to_string();
        prop_assert_eq!(text.parse::<Whole>().unwrap_or_else(|error| panic!("{text}: {error}")), strategy);
    }

    #[test]
    fn strategies_survive_json_and_toml(strategy in whole_strategy()) {
        let json = serde_json::to_string(&strategy).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Whole>(&json).unwrap(), &strategy, "{}", json);
        let toml = toml::to_string(&strategy).unwrap();
        prop_assert_eq!(&toml::from_str::<Whole>(&toml).unwrap(), &strategy, "{}", toml);
    }

    #[test]
    fn random_text_is_read_or_refused(text in "\\PC*") {
        never_panics(&text);
    }

    #[test]
    fn random_words_are_read_or_refused(text in soup()) {
        never_panics(&text);
    }

    #[test]
    fn schedules_are_built_or_refused(spec in schedule(), total in 0_u64..10_000, epoch in 0_u64..100, t in any::<u64>()) {
        if let Ok(schedule) = spec.build(lrlab_core::Horizon::new(total, epoch)) {
            for t in [t, t % (total + 1), total / 2, total] {
                let rate = schedule.value_at(t, 0.1);
                prop_assert!(rate >= 0.0 && rate.is_finite(), "{} at {}: {}", spec, t, rate);
            }
        }
    }
}
