//! Numbers as sentences show them.

/// A value with three digits, as it would be written in a spec.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    if (1e-3..1e6).contains(&rounded.abs()) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// A share of a hundred with at most three digits.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number(100.0 * share))
}

/// `1 step`, `7 steps`.
pub(crate) fn count(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [0.1 + 0.2, 3e-4, 1e-7, 123_456.0, -0.143].map(number);
        assert_eq!(texts, ["0.3", "3e-4", "1e-7", "123000", "-0.143"]);
        assert_eq!(percent(0.02447), "2.45 %");
        assert_eq!((count(1, "step"), count(0, "epoch")), ("1 step".to_owned(), "0 epochs".to_owned()));
    }
}
