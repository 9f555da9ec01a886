//! Products of small and middling matrices of f32, with the same bits on every machine.
//!
//! Each element of a product is one sum, added up in f32 in the order of its terms: no vector width has a
//! say, only how many elements are worked on at a time. The right factor is laid out in panels first, so that
//! the inner loop reads straight on.

use super::simd::{self, Kernel};

/// Columns of a panel.
const WIDTH: usize = 16;

/// Rows that are worked on at a time: their sums, two vectors of a panel and a factor fit the registers of AVX2.
const HEIGHT: usize = 6;

/// Numbers that [`pack`] and [`pack_transposed`] write for a factor of `rows` x `columns`.
pub(crate) fn packed_length(rows: usize, columns: usize) -> usize {
    columns.div_ceil(WIDTH) * WIDTH * rows
}

/// Lays out the row-major `rows` x `columns` matrix `b` as a right factor: panel by panel, each row by row,
/// the last one filled up with zeros.
pub(crate) fn pack(b: &[f32], rows: usize, columns: usize, into: &mut [f32]) {
    for (panel, into) in into.chunks_exact_mut(WIDTH * rows).enumerate() {
        let first = panel * WIDTH;
        let width = WIDTH.min(columns - first);
        for (row, into) in b.chunks_exact(columns).zip(into.chunks_exact_mut(WIDTH)) {
            into[..width].copy_from_slice(&row[first..][..width]);
            into[width..].fill(0.0);
        }
    }
}

/// [`pack`] for the transpose of the row-major `columns` x `rows` matrix `b`.
pub(crate) fn pack_transposed(b: &[f32], rows: usize, columns: usize, into: &mut [f32]) {
    for (panel, into) in into.chunks_exact_mut(WIDTH * rows).enumerate() {
        into.fill(0.0);
        let first = panel * WIDTH;
        let width = WIDTH.min(columns - first);
        for (lane, column) in b[first * rows..].chunks_exact(rows).take(width).enumerate() {
            for (row, &x) in column.iter().enumerate() {
                into[row * WIDTH + lane] = x;
            }
        }
    }
}

/// Writes `finish(sum, old)` for each element of the row-major `out`, where `sum` is that of the product of
/// the row-major `a` with the packed factor of `inner` rows, and `old` what stood there.
pub(crate) fn multiply(
    a: &[f32],
    packed: &[f32],
    inner: usize,
    columns: usize,
    out: &mut [f32],
    finish: impl Fn(f32, f32) -> f32 + Copy,
) {
    simd::run(Multiply { a, packed, inner, columns, out, finish });
}

struct Multiply<'a, F> {
    a: &'a [f32],
    packed: &'a [f32],
    inner: usize,
    columns: usize,
    out: &'a mut [f32],
    finish: F,
}

impl<F: Fn(f32, f32) -> f32 + Copy> Kernel for Multiply<'_, F> {
    type Output = ();

    #[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
    #[inline(always)]
    fn run(self) {
        let Self { a, packed, inner, columns, out, finish } = self;
        for (panel, first) in packed.chunks_exact(WIDTH * inner).zip((0..columns).step_by(WIDTH)) {
            let place = Place { first, columns, width: WIDTH.min(columns - first) };
            let a = a.chunks_exact(HEIGHT * inner);
            let mut out = out.chunks_exact_mut(HEIGHT * columns);
            let rest = a.remainder();
            for (a, out) in a.zip(&mut out) {
                block::<HEIGHT>(a, panel, inner, out, place, finish);
            }
            for (a, out) in rest.chunks_exact(inner).zip(out.into_remainder().chunks_exact_mut(columns)) {
                block::<1>(a, panel, inner, out, place, finish);
            }
        }
    }
}

/// Where a panel stands in the product.
#[derive(Clone, Copy)]
struct Place {
    first: usize,
    columns: usize,
    width: usize,
}

/// `ROWS` rows of the product, in the columns of one panel.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
fn block<const ROWS: usize>(
    a: &[f32],
    panel: &[f32],
    inner: usize,
    out: &mut [f32],
    Place { first, columns, width }: Place,
    finish: impl Fn(f32, f32) -> f32,
) {
    let a: [&[f32]; ROWS] = std::array::from_fn(|row| &a[row * inner..][..inner]);
    let mut sums = [[0.0_f32; WIDTH]; ROWS];
    for (k, b) in panel.as_chunks::<WIDTH>().0[..inner].iter().enumerate() {
        for (sums, a) in sums.iter_mut().zip(a) {
            let factor = a[k];
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum += factor * b;
            }
        }
    }
    for (sums, row) in sums.iter().zip(out.chunks_exact_mut(columns)) {
        for (sum, out) in sums.iter().zip(&mut row[first..][..width]) {
            *out = finish(*sum, *out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{simd::InstructionSet, *};

    fn matrix(length: usize, step: f64) -> Vec<f32> {
        (0..length).map(|i| (i as f64 * step).sin() as f32).collect()
    }

    const SHAPES: [(usize, usize, usize); 7] =
        [(1, 1, 1), (2, 5, 3), (6, 7, 16), (7, 16, 17), (12, 33, 32), (13, 40, 50), (64, 64, 64)];

    #[test]
    fn every_instruction_set_adds_in_the_order_of_the_terms() {
        for (rows, inner, columns) in SHAPES {
            let (a, b) = (matrix(rows * inner, 0.7), matrix(inner * columns, 1.3));
            let mut packed = vec![f32::NAN; packed_length(inner, columns)];
            pack(&b, inner, columns, &mut packed);
            let old = matrix(rows * columns, 0.3);
            let mut plain = old.clone();
            for (i, out) in plain.iter_mut().enumerate() {
                let (row, column) = (i / columns, i % columns);
                let sum = (0..inner).fold(0.0, |sum, k| sum + a[row * inner + k] * b[k * columns + column]);
                *out += sum * 0.5;
            }
            for set in InstructionSet::available() {
                let mut out = old.clone();
                let finish = |sum: f32, old: f32| sum * 0.5 + old;
                let (a, packed) = (&a[..], &packed[..]);
                simd::run_on(set, Multiply { a, packed, inner, columns, out: &mut out, finish });
                assert_eq!(out, plain, "{rows} x {inner} x {columns}, {set:?}");
            }
        }
    }

    #[test]
    fn a_transpose_is_packed_like_its_matrix() {
        for (rows, columns, _) in SHAPES {
            let b = matrix(rows * columns, 0.9);
            let transpose: Vec<f32> = (0..rows * columns).map(|i| b[i % rows * columns + i / rows]).collect();
            let mut packed =
                [vec![f32::NAN; packed_length(rows, columns)], vec![f32::NAN; packed_length(rows, columns)]];
            let [plain, transposed] = &mut packed;
            pack(&b, rows, columns, plain);
            pack_transposed(&transpose, rows, columns, transposed);
            assert_eq!(plain, transposed, "{rows} x {columns}");
        }
    }
}
