//! The mean of the last readings.

/// A ring of the last readings; its size is fixed, so that nothing is allocated later.
#[derive(Clone, Debug)]
pub(super) struct Window {
    values: Box<[f64]>,
    /// Where the next value goes, once the ring is full.
    oldest: usize,
    held: usize,
}

impl Window {
    /// For `size` readings, at least 1.
    pub(super) fn new(size: usize) -> Self {
        Self { values: vec![0.0; size.max(1)].into(), oldest: 0, held: 0 }
    }

    /// The values held, oldest first.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        let (newer, older) = self.values[..self.held].split_at(self.oldest);
        older.iter().chain(newer).copied()
    }

    /// Takes a value in, for the oldest one where the window is full, and returns the mean.
    pub(super) fn push(&mut self, value: f64) -> f64 {
        if let Some(place) = self.values.get_mut(self.held) {
            *place = value;
            self.held += 1;
        } else {
            self.values[self.oldest] = value;
            self.oldest = (self.oldest + 1) % self.held;
        }
        // Shares are added, so that the sum of large readings stays finite; oldest first, so that a
        // restored window gives the same bits.
        let mean: f64 = self.values().map(|value| value / self.held as f64).sum();
        mean.clamp(f64::MIN, f64::MAX)
    }

    /// How many values fit.
    pub(super) fn size(&self) -> usize {
        self.values.len()
    }

    /// Holds `values` alone, oldest first; the last ones where not all fit.
    pub(super) fn refill(&mut self, values: &[f64]) {
        let values = &values[values.len().saturating_sub(self.size())..];
        self.values[..values.len()].copy_from_slice(values);
        (self.oldest, self.held) = (0, values.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_mean_of_the_last_values() {
        let mut window = Window::new(3);
        let means = [6.0, 3.0, 0.0, 3.0, 9.0, 0.0].map(|value| window.push(value));
        assert_eq!(means, [6.0, 4.5, 3.0, 2.0, 4.0, 4.0]);
        assert_eq!(window.values().collect::<Vec<_>>(), [3.0, 9.0, 0.0]);
        let mut again = Window::new(3);
        again.refill(&[3.0, 9.0, 0.0]);
        assert_eq!((again.push(3.0), again.push(6.0)), (window.push(3.0), window.push(6.0)));
        assert!(Window::new(2).push(f64::MAX).is_finite() && window.size() == 3);
    }
}
