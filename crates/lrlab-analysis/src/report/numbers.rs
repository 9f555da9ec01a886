//! Numbers as a reader wants them: no more digits than the spread allows.

use crate::compare::Summary;

/// What stands where there is no number.
pub(super) const NOTHING: &str = "—";

/// `value` with `digits` significant digits; plain between 1e-4 and 1e6, else with an exponent.
pub(crate) fn significant(value: f64, digits: u8) -> String {
    if value.is_nan() {
        return NOTHING.to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let power = exponent(value, digits);
    if (-4..6).contains(&power) {
        let decimals = (i32::from(digits) - 1 - power).max(0) as usize;
        let text = format!("{value:.decimals$}");
        // Whole numbers stay whole: 12, not 12.00.
        if value.fract() == 0.0 && decimals > 0 { format!("{value:.0}") } else { text }
    } else {
        format!("{value:.*e}", usize::from(digits.saturating_sub(1)))
    }
}

/// The power of ten of `value` once it is rounded to `digits`.
fn exponent(value: f64, digits: u8) -> i32 {
    let text = format!("{value:.*e}", usize::from(digits.saturating_sub(1)));
    text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// `mean ± standard deviation`, the deviation with two digits and the mean to the same place.
pub(super) fn mean_and_deviation(summary: &Summary) -> String {
    let Summary { count, mean, standard_deviation: deviation, .. } = *summary;
    if count == 0 {
        return NOTHING.to_owned();
    }
    if !deviation.is_finite() || !mean.is_finite() || deviation <= mean.abs() * 1e-12 {
        return significant(mean, 4);
    }
    let power = exponent(deviation, 2);
    let lead = exponent(mean, 2).max(power);
    if (-4..6).contains(&lead) && power >= -7 {
        let decimals = (1 - power).max(0) as usize;
        format!("{mean:.decimals$} ± {deviation:.decimals$}")
    } else {
        let scale = 10_f64.powi(lead);
        let decimals = (lead - power + 1).clamp(1, 4) as usize;
        format!("({:.decimals$} ± {:.decimals$})e{lead}", mean / scale, deviation / scale)
    }
}

/// The same of a share of one, in percent: `97.1 ± 0.4 %`.
pub(super) fn percent(summary: &Summary) -> String {
    let (mean, deviation) = (summary.mean * 100.0, summary.standard_deviation * 100.0);
    if summary.count == 0 || !mean.is_finite() {
        NOTHING.to_owned()
    } else if deviation.is_finite() && deviation >= 0.05 {
        format!("{mean:.1} ± {deviation:.1} %")
    } else if deviation.is_finite() && deviation > 0.0 {
        format!("{mean:.2} ± {deviation:.2} %")
    } else {
        format!("{mean:.1} %")
    }
}

/// The same of a number of steps: whole ones.
pub(super) fn steps(summary: &Summary) -> String {
    let Summary { count, mean, standard_deviation, .. } = *summary;
    if count == 0 || !mean.is_finite() {
        NOTHING.to_owned()
    } else if standard_deviation.is_finite() && standard_deviation >= 0.5 {
        format!("{mean:.0} ± {standard_deviation:.0}")
    } else {
        format!("{mean:.0}")
    }
}

/// `median (low–high)`.
pub(super) fn median(summary: &Summary) -> String {
    if summary.count == 0 {
        return NOTHING.to_owned();
    }
    let [low, high] = summary.median_interval;
    if low.is_finite() && high.is_finite() && low < high {
        format!("{} ({}–{})", significant(summary.median, 3), significant(low, 3), significant(high, 3))
    } else {
        significant(summary.median, 3)
    }
}

/// A whole number with thin spaces between thousands: `9 098`.
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(count: usize, mean: f64, standard_deviation: f64) -> Summary {
        Summary { count, mean, standard_deviation, median: mean, median_interval: [mean, mean] }
    }

    #[test]
    fn the_deviation_sets_the_digits_of_the_mean() {
        for (mean, deviation, expected) in [
            (0.012_345, 0.001_1, "0.0123 ± 0.0011"),
            (0.073_44, 0.004_96, "0.0734 ± 0.0050"),
            (12.3456, 3.21, "12.3 ± 3.2"),
            (1234.5, 56.0, "1234 ± 56"),
            (0.05, 3.2, "0.1 ± 3.2"),
            (1.234e-7, 3.2e-9, "(1.234 ± 0.032)e-7"),
            (6.5e9, 2.0e10, "(0.7 ± 2.0)e10"),
            (0.5, 0.0, "0.5000"),
            (0.5, f64::NAN, "0.5000"),
        ] {
            assert_eq!(mean_and_deviation(&summary(10, mean, deviation)), expected);
        }
        assert_eq!(mean_and_deviation(&summary(0, f64::NAN, f64::NAN)), NOTHING);
    }

    #[test]
    fn single_numbers() {
        for (value, digits, expected) in [
            (0.1198, 3, "0.120"),
            (16.7, 4, "16.70"),
            (12.0, 4, "12"),
            (0.0, 3, "0"),
            (9.999_9, 3, "10.0"),
            (1.5e-9, 3, "1.50e-9"),
            (f64::INFINITY, 3, "∞"),
            (f64::NAN, 3, NOTHING),
        ] {
            assert_eq!(significant(value, digits), expected);
        }
    }

    #[test]
    fn percentages_and_steps() {
        assert_eq!(percent(&summary(10, 0.971, 0.004)), "97.1 ± 0.4 %");
        assert_eq!(percent(&summary(1, 0.971, f64::NAN)), "97.1 %");
        assert_eq!(steps(&summary(9, 412.3, 30.2)), "412 ± 30");
        assert_eq!(steps(&summary(0, f64::NAN, f64::NAN)), NOTHING);
        assert_eq!(grouped(9098), "9098");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
