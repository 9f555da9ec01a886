//! Sums of many numbers, in sixteen sums side by side: fast, and one order on every machine.

const LANES: usize = 16;

/// The sum.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
pub(super) fn sum(x: &[f32]) -> f32 {
    sum_of(x, x, |x, _| x)
}

/// The sum of `f` of each pair of two slices of one length.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
pub(super) fn sum_of(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    debug_assert_eq!(a.len(), b.len());
    let mut sums = [0.0_f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f(*a, *b);
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += f(*a, *b);
    }
    sums.iter().sum()
}

/// The mean, and one over the standard deviation, whose square is enlarged by `eps`.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
pub(super) fn moments(x: &[f32], eps: f32) -> (f32, f32) {
    let n = x.len() as f32;
    let mean = sum(x) / n;
    let variance = sum_of(x, x, |x, _| (x - mean) * (x - mean)) / n;
    (mean, 1.0 / (variance + eps).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_counts_once() {
        let x: Vec<f32> = (1..=37).map(|i| i as f32).collect();
        assert_eq!(sum(&x), 703.0);
        assert_eq!(sum_of(&x, &x, |a, b| a * b), 17575.0);
        let (mean, scale) = moments(&x, 0.0);
        assert_eq!((mean, scale), (19.0, 1.0 / 114.0_f32.sqrt()));
    }
}
