//! Properties of the text and data forms over random trees, random text and specs that were damaged.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    AfterEnd, Duration, Expression, Field, Horizon, OptimizerSpec, Pattern, ScheduleSpec, Strategy as Whole,
    TaskSpec,
    optimizer::registry::OPTIMIZERS,
    registry::{Argument, Arguments, Kind, Level, Parameter, Point, Range},
    schedule::{Entry, Form, SCHEDULES},
    signal::SIGNALS,
    spec::{
        Average, AverageKind, Clip, GroupStrategy, PlanSpec, ScheduleChoice, SignalSpec, TorchCall,
        TorchValue, Unit,
    },
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value, json};

#[path = "spec_harness/mod.rs"]
mod spec_harness;
#[path = "spec_harness/words.rs"]
mod words;

use spec_harness::{BASES, holds_of_strategy, holds_of_text, rates_are_rates};

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

/// Any formula, whatever its values are: building refuses most of them.
fn expression() -> impl Strategy<Value = Expression> {
    let number = prop_oneof![(0_u32..100).prop_map(f64::from), 1e-9..1e9, Just(1e300)];
    let leaf = prop_oneof![
        2 => select(vec!["t", "T", "pi", "e"]).prop_map(str::to_owned),
        1 => number.prop_map(|number| format!("{number}")),
    ];
    let tree = leaf.prop_recursive(4, 16, 3, |inner| {
        let two = vec!["+", "-", "*", "/", "^", "<", "<=", ">", "==", "!="];
        let functions = vec!["exp", "log", "sqrt", "cos", "sin", "abs", "floor", "ceil"];
        prop_oneof![
            3 => (inner.clone(), select(two), inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => (select(functions), inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            1 => (select(vec!["min", "max"]), inner.clone(), inner.clone())
                .prop_map(|(name, a, b)| format!("{name}({a}, {b})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("if({a} < 1, {b}, {c})")),
        ]
    });
    let known = vec!["0.95^t", "1 / (1 + t)", "0.5 * (1 + cos(pi * t / T))", "floor(t / 3) / (1 + t)"];
    prop_oneof![
        1 => select(known).prop_map(|text| text.parse().unwrap()),
        2 => tree.prop_filter_map("not an expression", |text| text.parse().ok()),
    ]
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
        Kind::Expression => expression().prop_map(Argument::Expression).boxed(),
        Kind::Points => vec((level(param.range), duration()), 1..4)
            .prop_map(|points| {
                Argument::Points(points.into_iter().map(|(level, at)| Point { level, at }).collect())
            })
            .boxed(),
        Kind::Numbers => vec(number(param.range), 1..4).prop_map(Argument::Numbers).boxed(),
        Kind::Text | Kind::Texts | Kind::File => unreachable!("only tasks take texts"),
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

/// At most one of each kind, and at most one that judges.
fn averages() -> impl Strategy<Value = Vec<Average>> {
    let ema = number(Range::UnitOpen).prop_map(|decay| AverageKind::Ema { decay });
    let swa = (duration(), duration()).prop_map(|(from, every)| AverageKind::Swa { from, every });
    let judge = select(vec!["none", "ema", "swa"]);
    (option::of(ema), option::of(swa), judge).prop_map(|(ema, swa, judge)| {
        let average = |kind: AverageKind| Average { kind, judged: judge == kind.word() };
        ema.into_iter().chain(swa).map(average).collect()
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
    let pattern = "[a-z*._0-9]{1,10}".prop_map(Pattern);
    let masks = (1_u32..9, any::<bool>(), vec(pattern, 0..3));
    (vec(group, 1..4), clip, after_end, masks, averages()).prop_map(
        |(groups, clip, after_end, (accumulate, skip_non_finite, no_decay), averages)| Whole {
            clip,
            accumulate,
            skip_non_finite,
            no_decay,
            averages,
            after_end,
            ..Whole::of_groups(groups)
        },
    )
}

/// Words of the grammar in any order, glued in any way.
fn soup() -> impl Strategy<Value = String> {
    vec((select(words::words()), select(vec!["", " ", "\n"])), 0..20)
        .prop_map(|words| words.into_iter().flat_map(|(word, space)| [word, space.to_owned()]).collect())
}

/// A spec that is fine, with some of its bytes changed, words put in, and ends swapped.
fn damaged() -> impl Strategy<Value = String> {
    let change = (any::<Index>(), any::<u8>(), 0_u8..4, select(words::words()));
    (select(words::examples()), vec(change, 1..6)).prop_map(|(spec, changes)| {
        let mut bytes = spec.into_bytes();
        for (place, byte, how, word) in changes {
            let at = place.index(bytes.len() + 1);
            match how {
                0 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => drop(bytes.splice(at..at, word.bytes())),
                _ => bytes.rotate_left(at),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a value may become: of another kind, out of range, or a tree where none belongs.
fn stray() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(vec![json!(null), json!(true), json!(-1), json!(0), json!(1e300), json!(u64::MAX), json!("")]),
        number(Range::Any).prop_map(|number| json!(number)),
        select(words::words()).prop_map(Value::String),
        select(words::examples()).prop_map(Value::String),
        soup().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::btree_map(select(words::words()), inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A way to damage a tree: which of its nodes, and how.
type Damage = (Index, u8, Value, Index);

fn nodes(value: &mut Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter_mut().map(nodes).sum(),
        Value::Object(map) => map.values_mut().map(nodes).sum(),
        _ => 0,
    }
}

/// The node with so many before it.
fn node<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| node(item, left)),
        Value::Object(map) => map.values_mut().find_map(|item| node(item, left)),
        _ => None,
    }
}

/// Drops a key or an item, adds one, puts another value in, wraps it many times, or swaps it with another node.
fn damage(tree: &mut Value, (place, how, stray, other): &Damage) {
    let count = nodes(tree);
    let copy = node(tree, &mut other.index(count)).unwrap().clone();
    let found = node(tree, &mut place.index(count)).unwrap();
    match (how % 6, &mut *found) {
        (0, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(other.index(map.len())).unwrap().clone();
            map.remove(&key);
        }
        (1, Value::Object(map)) => {
            map.insert(stray.as_str().unwrap_or("name").to_owned(), copy);
        }
        (2, Value::Array(items)) => items.push(copy),
        (3, _) => *found = copy,
        (4, _) => {
            let wrapped = |inner: Value, _| json!({ "name": "warmup", "for": "1%", "then": inner });
            *found = (0..*how).fold(found.take(), wrapped);
        }
        _ => *found = stray.clone(),
    }
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec((any::<Index>(), 0_u8..100, stray(), any::<Index>()), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn strategies_read_back_from_every_form_and_train(strategy in whole_strategy()) {
        holds_of_strategy(&strategy);
    }

    #[test]
    fn random_text_is_read_or_refused(text in "\\PC*") {
        holds_of_text(&text);
    }

    #[test]
    fn random_words_are_read_or_refused(text in soup()) {
        holds_of_text(&text);
    }

    #[test]
    fn damaged_specs_are_read_or_refused(text in damaged()) {
        holds_of_text(&text);
    }

    #[test]
    fn damaged_trees_are_read_or_refused(strategy in whole_strategy(), damages in damages()) {
        let mut tree = serde_json::to_value(&strategy).unwrap();
        for change in &damages {
            damage(&mut tree, change);
        }
        if let Ok(strategy) = serde_json::from_value::<Whole>(tree.clone()) {
            holds_of_strategy(&strategy);
        }
        let _ = serde_json::from_value::<PlanSpec>(tree.clone());
        let _ = serde_json::from_value::<ScheduleSpec>(tree.clone());
        let _ = serde_json::from_value::<OptimizerSpec>(tree.clone());
        let _ = serde_json::from_value::<TaskSpec>(tree.clone());
        // TOML has no null: what cannot be written there is not asked for.
        if let Ok(text) = toml::to_string(&tree) {
            holds_of_text(&text);
        }
        holds_of_text(&tree.to_string());
    }

    #[test]
    fn schedules_are_built_or_refused(
        spec in schedule(),
        total in 0_u64..10_000,
        epoch in 0_u64..100,
        t in any::<u64>(),
        base in 1e-9_f64..10.0,
    ) {
        rates_are_rates(&spec);
        if let Ok(schedule) = spec.build(Horizon::new(total, epoch)) {
            let times = [t, t % (total + 1), total / 2, total].into_iter().chain(0..total.min(200));
            for (t, base) in times.flat_map(|t| BASES.into_iter().chain([base]).map(move |base| (t, base))) {
                let rate = schedule.value_at(t, base);
                prop_assert!(rate >= 0.0 && rate.is_finite(), "{} at {} for {}: {}", spec, t, base, rate);
            }
        }
    }
}

#[test]
fn every_example_holds() {
    for text in words::examples() {
        holds_of_text(&text);
    }
}

/// Nothing is so deep that it runs out of stack.
#[test]
fn deep_texts_are_refused() {
    let towers = [
        ("(", "cosine", ")"),
        ("warmup 1 step then ", "cosine", ""),
        ("hold 1 step then (", "constant", ")"),
        ("", "cosine", " for 50%"),
        ("", "cosine", " times cosine"),
        ("", "cosine", " then cosine"),
        ("", "cosine", " floor 1%"),
        ("(", "t", ")"),
        ("-", "t", ""),
        ("max(1, ", "t", ")"),
        ("", "t", "^t"),
        ("A(", "1", ")"),
        ("A(k=[", "1", "])"),
        ("sgd lr=0.1 | torch A([", "1", "])"),
        ("{\"schedule\":", "1", "}"),
        ("schedule = { then = ", "1", "}"),
        ("sgd | ", "cosine", ""),
        ("", "sgd", ";"),
    ];
    for (before, middle, after) in towers {
        for count in [10, 22, 23, 24, 25, 100, 5_000] {
            let text = [before.repeat(count), middle.to_owned(), after.repeat(count)].concat();
            for whole in [format!("sgd lr=0.1 | {text}"), format!("sgd lr=0.1 | lambda {text}"), text] {
                holds_of_text(&whole);
            }
        }
    }
}

#[test]
fn curves_between_far_ends_stay_numbers() {
    holds_of_text(
        "warmup 1 epoch then piecewise lr 1e-300 at 0.0001%, 2156260691.5372886% at 51 epochs by log",
    );
}

#[test]
fn rates_that_leave_the_numbers_are_refused() {
    holds_of_text("sgd lr=1e300 | warmup 1 step from 25369509097.098854% then constant");
}

#[test]
fn parts_that_are_deep_together_are_refused_in_every_form() {
    let inner = format!("({}{})", "warmup 1 step then ".repeat(20), "cosine");
    holds_of_text(&format!("sgd lr=0.1 | {inner}{}", " for 50%".repeat(20)));
    let mut tree = json!(inner);
    for _ in 0..20 {
        tree = json!({ "name": "stage", "for": "50%", "of": tree });
    }
    holds_of_text(&json!({ "optimizer": "sgd lr=0.1", "schedule": tree }).to_string());
}
