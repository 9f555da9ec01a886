//! The one matrix product: `gemm` on views into slices, so that no matrix is transposed or cut out
//! by copying it.
//!
//! One thread, whatever runs beside it, and so the same bits on one machine every time. Which
//! instructions it takes, and with them the last bits, depends on the CPU.

use gemm::Parallelism;

/// A matrix inside a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<'a> {
    numbers: &'a [f32],
    place: Place,
}

/// A matrix inside a slice, to be written.
#[derive(Debug)]
pub(super) struct MatrixMut<'a> {
    numbers: &'a mut [f32],
    place: Place,
}

/// Element `(r, c)` is number `r * down + c * right` of the slice.
#[derive(Clone, Copy, Debug)]
struct Place {
    rows: usize,
    columns: usize,
    down: usize,
    right: usize,
}

impl<'a> Matrix<'a> {
    /// `rows` whole rows of `columns` numbers.
    pub(super) fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(numbers, rows, columns, columns)
    }

    /// Rows of `columns` numbers that begin `stride` apart.
    pub(super) fn strided(numbers: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        let place = Place { rows, columns, down: stride, right: 1 };
        place.check(numbers.len());
        Self { numbers, place }
    }

    /// The same numbers with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        let Place { rows, columns, down, right } = self.place;
        Self { place: Place { rows: columns, columns: rows, down: right, right: down }, ..self }
    }
}

impl<'a> MatrixMut<'a> {
    /// `rows` whole rows of `columns` numbers.
    pub(super) fn new(numbers: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::strided(numbers, rows, columns, columns)
    }

    /// Rows of `columns` numbers that begin `stride` apart.
    pub(super) fn strided(numbers: &'a mut [f32], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(stride >= columns, "rows of {columns} numbers overlap when {stride} apart");
        let place = Place { rows, columns, down: stride, right: 1 };
        place.check(numbers.len());
        Self { numbers, place }
    }

    /// Becomes `factor * a b`.
    pub(super) fn set(self, factor: f32, a: Matrix<'_>, b: Matrix<'_>) {
        self.product(false, factor, a, b);
    }

    /// Adds `a b` to what is there.
    pub(super) fn add(self, a: Matrix<'_>, b: Matrix<'_>) {
        self.product(true, 1.0, a, b);
    }

    #[allow(unsafe_code, reason = "gemm takes pointers")]
    fn product(self, keep: bool, factor: f32, a: Matrix<'_>, b: Matrix<'_>) {
        let (to, a_place, b_place) = (self.place, a.place, b.place);
        assert_eq!(a_place.columns, b_place.rows, "inner sizes of a product");
        assert_eq!((to.rows, to.columns), (a_place.rows, b_place.columns), "outer sizes of a product");
        // SAFETY: every view was checked to lie inside its slice when it was made, the sizes fit each
        // other, and the output overlaps neither itself (its rows are at least as far apart as they
        // are long) nor the inputs (it is borrowed mutably).
        unsafe {
            gemm::gemm(
                to.rows,
                to.columns,
                a_place.columns,
                self.numbers.as_mut_ptr(),
                to.right.cast_signed(),
                to.down.cast_signed(),
                keep,
                a.numbers.as_ptr(),
                a_place.right.cast_signed(),
                a_place.down.cast_signed(),
                b.numbers.as_ptr(),
                b_place.right.cast_signed(),
                b_place.down.cast_signed(),
                1.0_f32,
                factor,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }
}

impl Place {
    fn check(&self, length: usize) {
        let Self { rows, columns, down, right } = *self;
        let fits = rows == 0 || columns == 0 || (rows - 1) * down + (columns - 1) * right < length;
        assert!(fits, "{rows} x {columns} numbers, {down} and {right} apart, are not among {length}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    #[test]
    fn multiplies_views_as_by_hand() {
        let (a, b) = (Matrix::new(&A, 2, 3), Matrix::new(&A, 3, 2));
        let mut product = [0.0; 4];
        MatrixMut::new(&mut product, 2, 2).set(1.0, a, b);
        assert_eq!(product, [22.0, 28.0, 49.0, 64.0]);
        MatrixMut::new(&mut product, 2, 2).add(a, a.transposed());
        assert_eq!(product, [36.0, 60.0, 81.0, 141.0]);
        MatrixMut::new(&mut product, 2, 2).set(0.5, b.transposed(), a.transposed());
        assert_eq!(product, [11.0, 24.5, 14.0, 32.0]);
    }

    #[test]
    fn writes_only_into_its_view() {
        let mut wide = [7.0; 10];
        let column = Matrix::strided(&A, 2, 1, 3);
        MatrixMut::strided(&mut wide, 2, 2, 5).set(1.0, column, column.transposed());
        assert_eq!(wide, [1.0, 4.0, 7.0, 7.0, 7.0, 4.0, 16.0, 7.0, 7.0, 7.0]);
    }

    #[test]
    #[should_panic(expected = "3 x 3 numbers, 3 and 1 apart, are not among 6")]
    fn a_view_beyond_its_slice_is_refused() {
        Matrix::new(&A, 3, 3);
    }
}
