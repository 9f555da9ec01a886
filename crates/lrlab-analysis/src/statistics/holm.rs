//! Several comparisons at once.

/// Holm's adjustment of p-values for several comparisons: adjusted values, in the order given,
/// hold against the level that one alone would be held against.
///
/// ```
/// use lrlab_analysis::statistics::holm;
/// let adjusted = holm(&[0.01, 0.04, 0.03]);
/// for (got, expected) in adjusted.iter().zip([0.03, 0.06, 0.06]) {
///     assert!((got - expected).abs() < 1e-12);
/// }
/// ```
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max(p_values[index] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holm_keeps_the_order_and_never_lowers(p_values in prop::collection::vec(0.0..1.0_f64, 1..9)) {
            let adjusted = holm(&p_values);
            for (i, &p) in p_values.iter().enumerate() {
                prop_assert!(adjusted[i] >= p && adjusted[i] <= 1.0);
                for (j, &other) in p_values.iter().enumerate() {
                    prop_assert!(p > other || adjusted[i] <= adjusted[j]);
                }
            }
            let least = p_values.iter().copied().fold(1.0, f64::min);
            let got = adjusted.iter().copied().fold(1.0, f64::min);
            prop_assert_eq!(got, (least * p_values.len() as f64).min(1.0));
        }
    }
}
