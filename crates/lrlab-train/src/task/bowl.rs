//! Least squares on a straight line, `y = w x + b`: its loss is a quadratic bowl in (w, b).

use lrlab_core::event::Bowl;

/// The bowl of the mean squared error of `y = slope x` at `xs`: `floor` is the loss of the best line.
pub(super) fn of_line(xs: &[f64], slope: f64, floor: f64) -> Bowl {
    let n = xs.len() as f64;
    let (sum, squares) = xs.iter().fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
    let (mean, square) = (2.0 * sum / n, 2.0 * squares / n);
    Bowl {
        axes: ["weight".to_owned(), "bias".to_owned()],
        minimum: [slope, 0.0],
        hessian: [[square, mean], [mean, 2.0]],
        floor,
    }
}
