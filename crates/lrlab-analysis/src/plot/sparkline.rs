//! A curve as one short line of text.

use super::axis::Axis;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `values`, one a step, as `width` block characters; each shows the mean of its steps, or the step it
/// falls on where there are fewer steps than characters.
///
/// The lowest block is 0, or the least value if all lie close together; the highest is the greatest
/// value. What is not finite is a space. No values give no text.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (least, greatest) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    if values.is_empty() {
        return String::new();
    }
    if least > greatest {
        return " ".repeat(width);
    }
    let axis = Axis::linear(least, greatest);
    let height = |value: f64| axis.height(value).unwrap_or(0.0);
    let bottom = if axis.low == 0.0 { 0.0 } else { height(least) };
    let top = height(greatest);
    let place = |column: usize| (column as u128 * values.len() as u128 / width as u128) as usize;
    (0..width)
        .map(|column| {
            let start = place(column);
            let steps = &values[start..place(column + 1).max(start + 1)];
            let mean = steps.iter().map(|value| value / steps.len() as f64).sum::<f64>();
            if !mean.is_finite() {
                return ' ';
            }
            let share = if top > bottom { (height(mean) - bottom) / (top - bottom) } else { 0.0 };
            BLOCKS[((share.clamp(0.0, 1.0) * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
        })
        .collect()
}
