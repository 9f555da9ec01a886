//! The parts of a strategy's text that are about all of its groups.

use std::{ops::Range as Span, str::FromStr};

use super::{
    Average, AverageKind, Clip, Fault, Problem, SpecError, Strategy,
    strategy_text::{after_word, read, stop, whole},
    text::{Reader, Stop},
};
use crate::{
    AfterEnd, Duration, Pattern,
    registry::{Argument, Keyword, Kind, Parameter, Range},
};

impl FromStr for Clip {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, clip)
    }
}

impl FromStr for Average {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, average)
    }
}

/// Takes in a part that is about all groups; `false` where it is about one.
pub(super) fn set_whole(
    text: &str,
    part: &Span<usize>,
    strategy: &mut Strategy,
    problems: &mut Vec<Problem>,
) -> bool {
    let begins = |words: &[&str]| {
        words.iter().try_fold(part.clone(), |rest, word| after_word(text, &rest, word)).is_some()
    };
    let twice = |word: &str| Problem::at(part.clone(), Fault::Twice { what: format!("`{word}`") });
    if begins(&["clip"]) {
        problems.extend(strategy.clip.is_some().then(|| twice("clip")));
        strategy.clip = clip(text, part.clone(), problems).ok().or(strategy.clip);
    } else if begins(&["accumulate"]) {
        problems.extend((strategy.accumulate != 1).then(|| twice("accumulate")));
        strategy.accumulate = accumulate(text, part.clone(), problems).unwrap_or(strategy.accumulate);
    } else if begins(&["skip"]) {
        problems.extend(strategy.skip_non_finite.then(|| twice("skip non-finite")));
        strategy.skip_non_finite |= skip(text, part.clone(), problems).is_ok();
    } else if begins(&["no", "decay"]) {
        problems.extend((!strategy.no_decay.is_empty()).then(|| twice("no decay for")));
        strategy.no_decay = no_decay(text, part.clone(), problems).unwrap_or_default();
    } else if begins(&["ema"]) || begins(&["swa"]) {
        if let Ok(average) = average(text, part.clone(), problems) {
            problems.extend(clash(&strategy.averages, average).map(|fault| Problem::at(part.clone(), fault)));
            strategy.averages.push(average);
        }
    } else {
        let Some(policy) = after_end(text, part, problems) else { return false };
        strategy.after_end = policy.unwrap_or_default();
    }
    true
}

/// What stands against another average beside those that there are.
pub(super) fn clash(averages: &[Average], new: Average) -> Option<Fault> {
    let alike = |other: &Average| other.kind.word() == new.kind.word();
    if averages.iter().any(alike) {
        return Some(Fault::Twice { what: format!("`{}`", new.kind.word()) });
    }
    let judges = |other: &Average| other.judged && new.judged;
    averages.iter().any(judges).then(|| Fault::Twice { what: "`judged`".to_owned() })
}

/// What a part says of the time after the end, if it speaks of that.
pub(super) fn after_end(
    text: &str,
    part: &Span<usize>,
    problems: &mut Vec<Problem>,
) -> Option<Result<AfterEnd, Stop>> {
    let word = after_word(text, part, "after").and_then(|rest| after_word(text, &rest, "end"))?;
    let found = AfterEnd::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(&text[word.clone()]));
    if let Some((_, policy)) = found {
        return Some(Ok(*policy));
    }
    let got = format!("`{}`", &text[word.clone()]);
    Some(stop(problems, word, Fault::syntax("`after end hold`, `warn` or `error`", got)))
}

/// A number or a time of such a part, described as any other parameter.
const fn parameter(name: &'static str, kind: Kind, range: Range, doc: &'static str) -> Parameter {
    Parameter { name, kind, default: None, keyword: Keyword::Bare(&[]), range, pytorch: None, doc }
}

/// What `clip` takes.
pub(super) static CLIP: Parameter = Parameter {
    pytorch: Some("max_norm"),
    ..parameter("clip", Kind::Number, Range::Positive, "The largest norm, or the largest size of an element.")
};

/// What `accumulate` takes.
pub(super) static ACCUMULATE: Parameter = parameter(
    "accumulate",
    Kind::Integer,
    Range::AtLeastOne,
    "Batches whose mean gradient makes one update.",
);

static DECAY: Parameter =
    parameter("decay", Kind::Number, Range::UnitOpen, "Share of the old average that is kept at an update.");

static FROM: Parameter =
    parameter("from", Kind::Duration, Range::NotNegative, "When the weights are averaged first.");

static EVERY: Parameter =
    parameter("every", Kind::Duration, Range::Positive, "Time between two weights that are averaged.");

/// The most batches for one update.
const MOST_BATCHES: f64 = 1_000_000.0;

fn clip(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<Clip, Stop> {
    read(text, span, problems, |reader| {
        reader.eat("clip");
        let make = if reader.eat("norm") {
            Clip::Norm
        } else if reader.eat("value") {
            Clip::Value
        } else {
            return reader.wrong("`clip norm N` or `clip value N`");
        };
        let number = reader.number(&CLIP)?;
        reader.end("clip")?;
        Ok(make(number))
    })
}

fn accumulate(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<u32, Stop> {
    read(text, span, problems, |reader| {
        reader.eat("accumulate");
        let place = reader.span();
        let number = reader.number(&ACCUMULATE)?;
        let Ok(batches) = batches(number) else {
            reader.note(place, too_many(number));
            return Err(Stop);
        };
        let _ = reader.eat("batches") || reader.eat("batch");
        reader.end("accumulate")?;
        Ok(batches)
    })
}

/// A count of batches for one update.
pub(super) fn batches(number: f64) -> Result<u32, Fault> {
    if number <= MOST_BATCHES { Ok(number as u32) } else { Err(too_many(number)) }
}

fn too_many(number: f64) -> Fault {
    Fault::value("accumulate", number.to_string(), format!("no more than {MOST_BATCHES} batches"))
}

fn skip(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<(), Stop> {
    read(text, span, problems, |reader| {
        reader.eat("skip");
        if !reader.eat("non-finite") {
            return reader.wrong("`skip non-finite`");
        }
        reader.end("skip")
    })
}

fn no_decay(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<Vec<Pattern>, Stop> {
    let place = span.clone();
    let expected = "`no decay for` and patterns such as `*.bias`";
    let words: Vec<&str> = text[span].split_whitespace().skip(2).collect();
    match words[..] {
        [word, ref patterns @ ..] if word.eq_ignore_ascii_case("for") && !patterns.is_empty() => {
            Ok(patterns.iter().map(|&pattern| Pattern(pattern.to_owned())).collect())
        }
        [] => stop(problems, place, Fault::syntax(expected, "the end")),
        [word, ..] => stop(problems, place, Fault::syntax(expected, format!("`{word}`"))),
    }
}

fn average(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<Average, Stop> {
    read(text, span, problems, |reader| {
        let kind = if reader.eat("ema") {
            AverageKind::Ema { decay: reader.number(&DECAY)? }
        } else if reader.eat("swa") {
            if !reader.eat("from") {
                return reader.wrong("`swa from TIME`, such as `swa from 75%`");
            }
            let from = duration(reader, &FROM)?;
            let every = if reader.eat("every") { duration(reader, &EVERY)? } else { Duration::Epochs(1.0) };
            AverageKind::Swa { from, every }
        } else {
            return reader.wrong("`ema DECAY` or `swa from TIME`");
        };
        let judged = reader.eat("judged");
        reader.end("the average")?;
        Ok(Average { kind, judged })
    })
}

fn duration(reader: &mut Reader<'_>, parameter: &'static Parameter) -> Result<Duration, Stop> {
    match reader.argument(parameter)? {
        Argument::Duration(duration) => Ok(duration),
        _ => Err(Stop),
    }
}
