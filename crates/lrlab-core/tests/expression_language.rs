//! The language of expressions: what is read, what is refused, and how it prints.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    Expression,
    expression::MOST_CHECKED_STEPS,
    spec::{Fault, SpecError},
};
use proptest::prelude::*;

fn read(text: &str) -> Expression {
    Expression::read(text).unwrap_or_else(|(span, fault)| panic!("{text}: {fault} at {span:?}"))
}

/// The message, and the text that it is about.
fn refusal(text: &str) -> (String, &str) {
    let (span, fault) = Expression::read(text).unwrap_err();
    (fault.to_string(), &text[span])
}

#[test]
fn texts_have_one_canonical_form() {
    let cases = [
        ("0.5*(1+math.cos(math.pi*t/T))", "0.5 * (1 + cos(pi * t / T))"),
        ("0.95**t", "0.95 ^ t"),
        ("pow(0.95, t + 1)", "0.95 ^ (t + 1)"),
        ("((t))", "t"),
        ("-t ^ 2", "-t ^ 2"),
        ("(-t) ^ 2", "(-t) ^ 2"),
        ("2 ^ -t ^ 2", "2 ^ -t ^ 2"),
        ("(2 ^ 3) ^ t", "(2 ^ 3) ^ t"),
        ("2 ^ (3 ^ t)", "2 ^ 3 ^ t"),
        ("t - (1 - 2) - 3", "t - (1 - 2) - 3"),
        ("t * (2 / 3) // 4 % 5", "t * (2 / 3) // 4 % 5"),
        ("-(t + 1) * - 2", "-(t + 1) * -2"),
        ("+t - -1", "t - -1"),
        ("1 if t < 5 else 0.1 if t < 9 else 0.01", "if(t < 5, 1, if(t < 9, 0.1, 0.01))"),
        ("(1 if t < 5 else 2) * 3", "if(t < 5, 1, 2) * 3"),
        ("if(t, 1, 2) if t else 3", "if(t, if(t, 1, 2), 3)"),
        ("(t < 5) == (T > 3)", "(t < 5) == (T > 3)"),
        ("log(t) + ln(e)", "ln(t) + ln(e)"),
        ("min(t,1_0,1E-3)", "min(t, 10, 0.001)"),
        ("1e-300 + .5 + 5.", "1e-300 + 0.5 + 5"),
    ];
    for (text, canonical) in cases {
        assert_eq!(read(text).to_string(), canonical);
        assert_eq!(read(canonical), read(text), "{text}");
    }
}

#[test]
fn errors_name_the_place_and_what_to_write() {
    let cases = [
        ("0.9 ^ epoch", "epoch", "unknown name `epoch`; known: t, T, pi, e"),
        ("0.9 ^ PI", "PI", "did you mean `pi`?"),
        ("sqr(t)", "sqr", "unknown function `sqr`, did you mean `sqrt`?"),
        ("Cos(t)", "Cos", "did you mean `cos`?"),
        ("numpy.cos(t)", "numpy.cos", "unknown function"),
        ("math.t", "math.t", "unknown name"),
        ("cos t", "t", "expected `(` after `cos`, got `t`"),
        ("cos(t, 2)", "cos(t, 2)", "number of values for cos: got `2`, expected 1 value"),
        ("min(t)", "min(t)", "expected 2 values or more"),
        ("if(t, 1)", "if(t, 1)", "expected 3: `if(condition, value, other)`"),
        ("1 < t < 5", "<", "write `(a < b) * (b < c)`"),
        ("t > 1 and t < 5", "and", "so write `(t > 5) * (t < 10)`"),
        ("t = 5", "=", "(`==` compares)"),
        ("2t", "t", "expected an operator or the end, got `t`"),
        ("(t + 1", "", "expected an operator or `)`, got the end"),
        ("1 if t", "", "expected `else` and the other value"),
        ("", "", "expected an expression such as `0.95 ^ t`, got the end"),
        ("10%", "", "expected a number, a name or `(`, got the end"),
        ("1e999", "1e999", "expected a finite number"),
        ("1.2.3", "1.2.3", "expected a finite number"),
        ("t × 2", "×", "got `×`"),
    ];
    for (text, place, words) in cases {
        let (message, found) = refusal(text);
        assert!(message.contains(words), "{text}: {message}");
        assert_eq!(found, place, "{text}: {message}");
    }
    let error: SpecError = "1 + epohc".parse::<Expression>().unwrap_err();
    assert_eq!((error.text(), error.span()), (Some("1 + epohc"), Some(4..9)));
}

#[test]
fn size_and_depth_have_limits() {
    let nested = |depth: usize| format!("{}t{}", "sqrt(".repeat(depth), ")".repeat(depth));
    assert!(Expression::read(&nested(31)).is_ok());
    assert!(refusal(&nested(32)).0.contains("over 32 operations inside each other"));
    for text in [nested(5000)[..8000].to_owned(), "(".repeat(8000), "-".repeat(8000), "+".repeat(8000)] {
        assert!(Expression::read(&text).is_err());
    }
    let (message, _) = refusal(&"t".repeat(9000)).to_owned();
    assert!(message.contains("9000 bytes is too long"), "{message}");
    let pair = |text: &str| format!("({text}) + ({text})");
    let wide = (0..6).fold("t".to_owned(), |text, _| pair(&text));
    assert!(Expression::read(&wide).is_ok());
    assert!(refusal(&pair(&wide)).0.contains("over 128 numbers, names and operations"));
}

#[test]
fn a_conditional_computes_the_side_it_takes() {
    let expression = read("if(t < 2, 10, if(t == 2, 20, 30)) + t");
    assert_eq!([0.0, 2.0, 5.0].map(|t| expression.value(t, 0.0)), [10.0, 22.0, 35.0]);
    assert_eq!(read("1 / t if t else 7").value(0.0, 1.0), 7.0);
}

#[test]
fn lambdas_are_read_and_written() {
    let text = "lambda epoch: 0.95 ** (epoch // 30)";
    let decay = Expression::from_python_lambda(text).unwrap();
    assert_eq!(decay, read("0.95 ^ (t // 30)"));
    assert_eq!(decay.to_python_lambda(0), "lambda t: 0.95 ** (t // 30.0)");
    for (text, same) in [("  lambda T : T + 1", "t + 1"), ("lambda e:e*math.e", "t * e")] {
        assert_eq!(Expression::from_python_lambda(text).unwrap(), read(same));
    }
    let written = read("if(t < T, 1, min(t, T) ^ -0.5)").to_python_lambda(100);
    assert_eq!(written, "lambda t: 1.0 if t < 100.0 else min(t, 100.0) ** -0.5");
    assert_eq!(Expression::from_python_lambda(&written).unwrap(), read("if(t < 100, 1, min(t, 100) ^ -0.5)"));
    let refused = [
        ("0.9 ** t", "0.9", "expected a function of one parameter"),
        ("lambda: 1", "lambda:", "expected a function of one parameter"),
        ("lambda if: 1", "if:", "expected the name of the parameter"),
        ("lambda a, b: a", ",", "expected `:` after the only parameter"),
        ("lambda epoch: decay ** epoch", "decay", "unknown name `decay`; known: epoch, pi, e"),
        ("lambda epoch: t", "t", "unknown name `t`"),
        ("lambda", "lambda", "expected a function of one parameter"),
    ];
    for (text, place, words) in refused {
        let (span, fault) = Expression::from_python_lambda(text).unwrap_err();
        assert!(fault.to_string().contains(words), "{text}: {fault}");
        assert_eq!(&text[span], place, "{text}");
    }
}

#[test]
fn python_gets_brackets_where_its_own_precedence_needs_them() {
    let cases = [
        ("if(t < 5, 1, 2) * 3", "(1.0 if t < 5.0 else 2.0) * 3.0"),
        ("if(if(t, 1, 0), if(t, 2, 3), if(t, 4, 5))", {
            "(2.0 if t else 3.0) if (1.0 if t else 0.0) else 4.0 if t else 5.0"
        }),
        ("ln(max(t, 1)) ^ 2", "math.log(max(t, 1.0)) ** 2.0"),
    ];
    for (text, python) in cases {
        assert_eq!(read(text).python("t", "T"), python);
    }
    assert_eq!(read("t ^ 2 / T").python("epoch - 3", "100"), "(epoch - 3) ** 2.0 / 100");
}

#[test]
fn serde_uses_the_text() {
    let expression = read("0.5*(1+cos(pi*t/T))");
    let json = serde_json::to_string(&expression).unwrap();
    assert_eq!(json, r#""0.5 * (1 + cos(pi * t / T))""#);
    assert_eq!(serde_json::from_str::<Expression>(&json).unwrap(), expression);
    assert!(serde_json::from_str::<Expression>("\"2 +\"").is_err());
}

#[test]
fn a_factor_is_checked_at_every_step() {
    let first = |text: &str, total| match read(text).check_factor(total) {
        Ok(()) => String::new(),
        Err(fault @ Fault::Value { .. }) => fault.to_string(),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(first("1 - t / T", 1000), "");
    assert!(
        first("1 - t / 1000", 1001).starts_with("factor `1 - t / 1000` at t = 1001 of T = 1001: got `-0.000")
    );
    assert!(first("1 / t", 10).contains("t = 0 of T = 10: got `inf`"));
    assert!(first("t / T", 0).contains("got `NaN`"));
    assert!(first("10 ^ t", 100).contains("at t = 31 of"));
    assert_eq!(first("1 - (t == 4194304)", MOST_CHECKED_STEPS), "");
    assert!(first("-(t == 4194304)", MOST_CHECKED_STEPS).contains("at t = 4194304"));
    let fault = read("1").check_factor(MOST_CHECKED_STEPS + 1).unwrap_err();
    assert!(fault.to_string().contains("count epochs instead of steps"), "{fault}");
}

/// Random trees, written with every bracket, so that no rule of precedence is needed to read them.
fn bracketed() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["t", "T", "pi", "e"]).prop_map(str::to_owned),
        (0.0..1e3).prop_map(|value: f64| format!("{value:?}")),
        prop::num::f64::POSITIVE.prop_map(|value| format!("{value:e}")),
    ];
    leaf.prop_recursive(6, 60, 3, |inner| {
        let operator =
            prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "//", "%", "^"]);
        let function = prop::sample::select(vec!["sqrt", "log", "math.tanh", "round"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("({a}){op}({b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (function, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("max(({a}),({b}))")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, c, b)| format!("({a})if({c})else({b})")),
        ]
    })
}

/// `text` without one pair of brackets that only groups, for each such pair.
fn without_each_group(text: &str) -> Vec<String> {
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        if c == '(' {
            open.push(at);
        } else if c == ')' {
            let start = open.pop().unwrap();
            if !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric()) {
                found.push(format!("{} {} {}", &text[..start], &text[start + 1..at], &text[at + 1..]));
            }
        }
    }
    found
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_with_no_bracket_to_spare(text in bracketed(), t in 0.0..100.0, total in 1.0..100.0) {
        let expression = read(&text);
        let printed = expression.to_string();
        let again = read(&printed);
        prop_assert_eq!(&again, &expression);
        prop_assert_eq!(again.value(t, total).to_bits(), expression.value(t, total).to_bits());
        prop_assert_eq!(&read(&expression.python("t", "T")), &expression);
        for fewer in without_each_group(&printed) {
            prop_assert_ne!(Expression::read(&fewer).ok(), Some(again.clone()), "{} needs no bracket", printed);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}", words in "([tTe0-9.^*/<=%+(),é -]|if|else|cos|math\\.|lambda |:){0,60}") {
        for text in [text, words] {
            if let Ok(expression) = Expression::read(&text) {
                expression.value(1.0, 2.0);
            }
            let _ = Expression::from_python_lambda(&text);
            let _ = Expression::from_python_lambda(&format!("lambda t:{text}"));
        }
    }
}
