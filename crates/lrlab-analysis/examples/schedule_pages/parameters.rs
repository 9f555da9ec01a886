//! The table of an entry's parameters.

use lrlab_core::registry::{Keyword, Kind, Parameter, Range};

/// What a level is where a rate makes no sense.
pub(super) const SHARE: &str = "a share such as `10%`";

/// The section, or nothing where there is no parameter; `level` says what a target value may be.
pub(super) fn section(params: &[Parameter], level: &str) -> String {
    if params.is_empty() {
        return String::new();
    }
    let mut text = "\n## Parameters\n\n| name | takes | default | written | PyTorch | what it is |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    for param in params {
        let default = match param.default {
            None => "must be given".to_owned(),
            Some("") => "may be left out".to_owned(),
            Some(default) => format!("`{default}`"),
        };
        let pytorch = param.pytorch.map(|name| format!("`{name}`")).unwrap_or_default();
        let cells = [
            format!("`{}`", param.name),
            takes(param, level),
            default,
            written(param),
            pytorch,
            param.doc.to_owned(),
        ];
        text.push_str(&["| ", &cells.map(|text| cell(&text)).join(" | "), " |\n"].concat());
    }
    text
}

/// Text for a cell of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// What may be given.
fn takes(param: &Parameter, level: &str) -> String {
    let range = param.range.describe();
    match param.kind {
        Kind::Number => range.to_owned(),
        Kind::Level if matches!(param.range, Range::Any | Range::NotNegative | Range::Positive) => {
            level.to_owned()
        }
        // A bound of 1 speaks of shares.
        Kind::Level => format!("{SHARE} (0.1): {range}"),
        Kind::Integer | Kind::Numbers if param.range == Range::Any => param.kind.describe(),
        Kind::Integer | Kind::Numbers => format!("{}; {range}", param.kind.describe()),
        Kind::Choice(words) => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            words.join(", ")
        }
        _ => param.kind.describe(),
    }
}

/// How it stands in the one-line text.
fn written(param: &Parameter) -> String {
    let value = match param.kind {
        Kind::Duration | Kind::Level => "10%",
        Kind::Durations => "3 epochs, 6 epochs",
        Kind::Number if param.range != Range::AtLeastOne => "0.5",
        Kind::Number | Kind::Integer => "2",
        Kind::Flag => "true",
        Kind::Choice(words) => words.first().copied().unwrap_or_default(),
        Kind::Numbers => "0.9,0.999",
        Kind::Points => "100% at 0 steps, 10% at 5 epochs",
        Kind::Expression => "0.95^t",
        Kind::Text | Kind::Texts | Kind::File => "name",
    };
    match param.keyword {
        Keyword::Named => format!("`{}={value}`", param.name),
        Keyword::Word(word) => format!("`{word} {value}`"),
        Keyword::Times => format!("`x{value}`"),
        Keyword::Bare(words) => {
            let forms = words.iter().map(|word| format!("`{}`", format!("{word} {value}").trim_start()));
            forms.collect::<Vec<_>>().join(" or ")
        }
    }
}
