//! Products and norms of flat vectors, fast and with the same bits on every machine.
//!
//! A sum of floats depends on its order, so the order is fixed here, by position alone: element i
//! goes to lane i mod 32, each lane is summed in f64 in the order of its elements, and the lanes are
//! added up pairwise at the end. No vector width, thread or address has a say. A product of two f32
//! is exact in f64, so the relative error of a norm over n elements is below n * 2^-58, and nothing
//! overflows or vanishes on the way.

pub(crate) mod matrix;
pub(crate) mod simd;

use simd::Kernel;

const LANES: usize = 32;

/// Two passes over this many elements find them in the fastest cache the second time.
const BLOCK: usize = 2048;

/// A dot product and the squared norm of its first factor, from one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DotAndNorm {
    /// The sum of `a[i] * b[i]`.
    pub dot: f64,
    /// The sum of `a[i]^2`.
    pub norm_squared: f64,
}

/// The sum of `a[i] * b[i]`.
///
/// # Panics
///
/// When the lengths differ.
///
/// ```
/// assert_eq!(lrlab_core::vector::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
pub fn dot<V: Copy + Into<f64>>(a: &[V], b: &[V]) -> f64 {
    assert_eq!(a.len(), b.len(), "a dot product is of vectors of one length");
    let sums = &mut [0.0; LANES];
    simd::run(AddProducts { sums, a, b });
    total(*sums)
}

/// The sum of `a[i]^2`: the square of the Euclidean norm.
pub fn norm_squared<V: Copy + Into<f64>>(a: &[V]) -> f64 {
    dot(a, a)
}

/// [`dot`] of `a` and `b` and [`norm_squared`] of `a`, fetching `a` once; the same bits as the two.
///
/// # Panics
///
/// When the lengths differ.
pub fn dot_and_norm(a: &[f32], b: &[f32]) -> DotAndNorm {
    assert_eq!(a.len(), b.len(), "a dot product is of vectors of one length");
    let (mut dots, mut squares) = ([0.0; LANES], [0.0; LANES]);
    // Two short loops over a block are vectorised where one loop with two sums is not.
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        simd::run(AddProducts { sums: &mut dots, a, b });
        simd::run(AddProducts { sums: &mut squares, a, b: a });
    }
    DotAndNorm { dot: total(dots), norm_squared: total(squares) }
}

/// The sum of `term` over the elements that stand at one place of all `slices`, in the order of a
/// [`dot`] product.
///
/// # Panics
///
/// When the lengths differ.
pub(crate) fn sum_over<V: Copy, const N: usize>(slices: [&[V]; N], term: impl Fn([V; N]) -> f64) -> f64 {
    assert!(slices.iter().all(|slice| slice.len() == slices[0].len()), "a sum is over slices of one length");
    total(simd::run(AddTerms { slices, term }))
}

/// Adds each term to the sum of its lane.
struct AddTerms<'a, V, F, const N: usize> {
    slices: [&'a [V]; N],
    term: F,
}

impl<V: Copy, F: Fn([V; N]) -> f64, const N: usize> Kernel for AddTerms<'_, V, F, N> {
    type Output = [f64; LANES];

    #[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
    #[inline(always)]
    fn run(self) -> [f64; LANES] {
        let mut lanes = [0.0; LANES];
        let length = self.slices.first().map_or(0, |slice| slice.len());
        let rows: [&[[V; LANES]]; N] = self.slices.map(|slice| &slice.as_chunks().0[..length / LANES]);
        for row in 0..length / LANES {
            let row: [&[V; LANES]; N] = rows.map(|rows| &rows[row]);
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum += (self.term)(row.map(|row| row[lane]));
            }
        }
        for (lane, element) in (length - length % LANES..length).enumerate() {
            lanes[lane] += (self.term)(self.slices.map(|slice| slice[element]));
        }
        lanes
    }
}

/// Adds each product to the sum of its lane.
struct AddProducts<'a, V> {
    sums: &'a mut [f64; LANES],
    a: &'a [V],
    b: &'a [V],
}

impl<V: Copy + Into<f64>> Kernel for AddProducts<'_, V> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
    #[inline(always)]
    fn run(self) {
        let mut lanes = *self.sums;
        let ((a, a_rest), (b, b_rest)) = (self.a.as_chunks::<LANES>(), self.b.as_chunks::<LANES>());
        for (a, b) in a.iter().zip(b) {
            add_lanes(&mut lanes, a, b);
        }
        // Filled up with zeros, the rest is one more row: a loop of unknown length here would keep
        // the lanes out of the registers.
        let fill = |rest: &[V]| -> [f64; LANES] {
            std::array::from_fn(|lane| rest.get(lane).map_or(0.0, |x| (*x).into()))
        };
        let (a, b) = (fill(a_rest), fill(b_rest));
        add_lanes(&mut lanes, &a, &b);
        *self.sums = lanes;
    }
}

#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
fn add_lanes<V: Copy + Into<f64>>(lanes: &mut [f64; LANES], a: &[V; LANES], b: &[V; LANES]) {
    for lane in 0..LANES {
        lanes[lane] += a[lane].into() * b[lane].into();
    }
}

/// The lanes added up pairwise: halves onto halves.
fn total(mut sums: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::{simd::InstructionSet, *};

    fn vectors(length: usize) -> (Vec<f32>, Vec<f32>) {
        let wave = |i: usize, step: f64| ((i as f64 * step).sin() * 3.0) as f32;
        ((0..length).map(|i| wave(i, 0.7)).collect(), (0..length).map(|i| wave(i, 1.3) + 0.5).collect())
    }

    const LENGTHS: [usize; 9] = [0, 1, 31, 32, 33, 2047, 2048, 2049, 9610];

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for length in LENGTHS {
            let (a, b) = vectors(length);
            let results: Vec<u64> = InstructionSet::available()
                .map(|set| {
                    let sums = &mut [0.0; LANES];
                    simd::run_on(set, AddProducts { sums, a: &a, b: &b });
                    total(*sums).to_bits()
                })
                .collect();
            assert!(results.iter().all(|bits| *bits == dot(&a, &b).to_bits()), "length {length}");
        }
    }

    #[test]
    fn a_sum_of_products_is_a_dot_product() {
        for length in LENGTHS {
            let (a, b) = vectors(length);
            let product = |[a, b]: [f32; 2]| f64::from(a) * f64::from(b);
            assert_eq!(sum_over([&a, &b], product).to_bits(), dot(&a, &b).to_bits(), "length {length}");
            let sums = InstructionSet::available().map(|set| {
                let term = |[a]: [f32; 1]| f64::from(a).abs();
                total(simd::run_on(set, AddTerms { slices: [&a], term })).to_bits()
            });
            let sums: Vec<u64> = sums.collect();
            assert!(sums.iter().all(|sum| *sum == sums[0]), "length {length}");
        }
    }

    #[test]
    fn one_pass_is_two_passes() {
        for length in LENGTHS {
            let (a, b) = vectors(length);
            let both = dot_and_norm(&a, &b);
            assert_eq!((both.dot, both.norm_squared), (dot(&a, &b), norm_squared(&a)), "length {length}");
        }
    }

    #[test]
    fn sums_are_right_and_survive_extremes() {
        for length in LENGTHS {
            let (a, b) = vectors(length);
            let plain: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let size: f64 = a.iter().zip(&b).map(|(a, b)| (f64::from(*a) * f64::from(*b)).abs()).sum();
            assert!((dot(&a, &b) - plain).abs() <= 1e-14 * size, "length {length}");
        }
        assert!((norm_squared(&[1.5e38_f32, 2e38]).sqrt() / 2.5e38 - 1.0).abs() < 1e-6);
        assert!(norm_squared(&[1e-30_f32]) > 0.0);
        assert!(norm_squared(&[1.0, f32::NAN]).is_nan());
        assert_eq!(dot(&[f32::INFINITY], &[1.0]), f64::INFINITY);
    }

    #[test]
    #[should_panic(expected = "one length")]
    fn lengths_must_agree() {
        dot(&[1.0], &[1.0, 2.0]);
    }
}
