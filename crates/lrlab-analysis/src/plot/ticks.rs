//! Round values for an axis, and how they are written.
//!
//! Plain decimals while three of them suffice (0.002), else exponents (2e-4), the same way along
//! the whole axis. Steps are shortened to k and M.

/// More decimals than this are harder to read than an exponent.
const DECIMALS: i32 = 3;
/// From this power of ten on, plain numbers are harder to read than an exponent.
const LARGE: i32 = 6;

/// About `most` multiples of 1, 2 or 5 times a power of ten from `low` to `high`, with their text;
/// both ends where floating point leaves no room between them.
pub(crate) fn linear(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let step = round_step(high - low, most);
    if !step.is_normal() || !(high - low).is_finite() || step < low.abs().max(high.abs()) * 1e-12 {
        return [low, high].into_iter().map(|value| (value, brief(value))).collect();
    }
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let greatest = exponent(low.abs().max(high.abs()));
    let decimals = -exponent(step);
    (first..=last)
        .map(|multiple| {
            let value = multiple as f64 * step;
            let text = if multiple == 0 {
                "0".to_owned()
            } else if greatest < LARGE && (decimals <= DECIMALS || greatest + decimals > DECIMALS) {
                format!("{value:.*}", decimals.max(0) as usize)
            } else {
                short(&format!("{value:.*e}", (exponent(value) + decimals).max(0) as usize))
            };
            (value, text)
        })
        .collect()
}

/// Powers of ten from `low` to `high`, at most about `most`; with their multiples by 2 and 5 where the
/// powers alone are few, and as on a linear axis where even those are.
pub(crate) fn log(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let decades = high.log10() - low.log10();
    let factors: &[u8] = if decades * 3.0 <= most as f64 && decades < 3.0 { &[1, 2, 5] } else { &[1] };
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let stride = (decades / most.max(1) as f64).ceil().max(1.0) as i32;
    let ticks: Vec<(f64, String)> = (first..=last)
        .filter(|power| power % stride == 0)
        .flat_map(|power| factors.iter().map(move |factor| format!("{factor}e{power}")))
        // Read back, so that 1e-3 is that very number.
        .filter_map(|text| text.parse().ok().map(|value: f64| (value, text)))
        .filter(|(value, _)| (low..=high).contains(value))
        .collect();
    let plain = ticks.iter().all(|(value, _)| (-DECIMALS..LARGE).contains(&exponent(*value)));
    let text = |value: f64, text: String| if plain { value.to_string() } else { text };
    let ticks: Vec<(f64, String)> =
        ticks.into_iter().map(|(value, tick)| (value, text(value, tick))).collect();
    if ticks.len() < 2 { linear(low, high, most) } else { ticks }
}

/// About `most` whole numbers of steps from 0 to `total`.
pub(crate) fn steps(total: u64, most: usize) -> Vec<(f64, String)> {
    let step = round_step(total as f64, most).max(1.0);
    (0..=(total as f64 / step) as u64)
        .map(|multiple| {
            let value = multiple as f64 * step;
            let text = match value {
                ..1e4 => value.to_string(),
                ..1e6 => format!("{}k", value / 1e3),
                ..1e9 => format!("{}M", value / 1e6),
                _ => short(&format!("{value:e}")),
            };
            (value, text)
        })
        .collect()
}

/// `value` with two digits.
pub(crate) fn brief(value: f64) -> String {
    if (1e-3..1e4).contains(&value.abs()) || value == 0.0 {
        let decimals = (1 - exponent(value)).max(0) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        short(&format!("{value:.1e}"))
    }
}

/// The round number next above a `most`-th of `range`; 0 where that is no ordinary number.
fn round_step(range: f64, most: usize) -> f64 {
    let rough = range / most.max(1) as f64;
    if !rough.is_normal() {
        return 0.0;
    }
    let power = exponent(rough);
    let round = |factor: u8| format!("{factor}e{power}").parse::<f64>().unwrap_or(f64::NAN);
    [1, 2, 5].map(round).into_iter().find(|step| *step >= rough * 0.999).unwrap_or_else(|| round(10))
}

/// The power of ten of `value`; 0 for zero.
fn exponent(value: f64) -> i32 {
    // Digits tell it exactly where a logarithm may be off by one.
    let text = format!("{value:e}");
    text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// `1.50e-4` as `1.5e-4`.
fn short(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, power)) if digits.contains('.') => {
            format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ticks: &[(f64, String)]) -> Vec<&str> {
        ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn numbers_are_round_and_written_alike() {
        assert_eq!(
            texts(&linear(0.0, 0.106, 5)),
            ["0.00", "0.05", "0.10"].map(|t| if t == "0.00" { "0" } else { t })
        );
        assert_eq!(texts(&linear(0.0, 0.0106, 6)), ["0", "0.002", "0.004", "0.006", "0.008", "0.010"]);
        assert_eq!(texts(&linear(0.0, 3.2e-4, 4)), ["0", "1e-4", "2e-4", "3e-4"]);
        assert_eq!(texts(&linear(0.0, 2.6e-4, 6)), ["0", "5e-5", "1e-4", "1.5e-4", "2e-4", "2.5e-4"]);
        assert_eq!(texts(&linear(-1.0, 1.0, 4)), ["-1.0", "-0.5", "0", "0.5", "1.0"]);
        assert_eq!(texts(&linear(0.0, 3e7, 3)), ["0", "1e7", "2e7", "3e7"]);
        assert_eq!(texts(&log(1e-6, 0.2, 6)), ["1e-6", "1e-5", "1e-4", "1e-3", "1e-2", "1e-1"]);
        assert_eq!(texts(&log(0.009, 1.2, 8)), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(texts(&steps(1_000_000, 5)), ["0", "200k", "400k", "600k", "800k", "1M"]);
        assert_eq!(texts(&steps(3, 10)), ["0", "1", "2", "3"]);
        assert_eq!(texts(&steps(90, 5)), ["0", "20", "40", "60", "80"]);
    }

    #[test]
    fn ends_that_lie_too_close_or_too_far_apart_are_the_ticks() {
        assert_eq!(linear(f64::MIN, f64::MAX, 5).len(), 2);
        assert_eq!(linear(1.0, 1.0 + f64::EPSILON, 5).len(), 2);
        assert_eq!(linear(0.0, 5e-324, 5).len(), 2);
    }

    #[test]
    fn brief_numbers() {
        for (value, text) in [
            (0.0, "0"),
            (1e-6, "1e-6"),
            (2.345e-5, "2.3e-5"),
            (0.01, "0.01"),
            (0.0234, "0.023"),
            (120.0, "120"),
        ] {
            assert_eq!(brief(value), text);
        }
    }
}
