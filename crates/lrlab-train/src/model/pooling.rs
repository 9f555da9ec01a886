//! `nn.MaxPool2d(2)` and `nn.AdaptiveAvgPool2d(1)`.

use super::{Layer, Plane};

/// The largest of each square of 2 x 2 pixels; a last odd row or column is left out.
///
/// The derivative goes to the largest, the first of equals, as in PyTorch. A NaN is the largest.
#[derive(Clone, Debug)]
pub(super) struct MaxPool {
    input: Plane,
}

/// The mean of each channel.
#[derive(Clone, Debug)]
pub(super) struct AveragePool {
    input: Plane,
}

impl MaxPool {
    /// For pictures of at least 2 x 2 pixels.
    pub(super) fn new(input: Plane) -> Self {
        Self { input }
    }

    /// Shape of a picture that comes out.
    pub(super) fn output(&self) -> Plane {
        Plane { height: self.input.height / 2, width: self.input.width / 2, ..self.input }
    }

    /// The pairs of lines that are pooled, of all pictures, each with the place of the line below.
    fn pairs(&self, x: &[f32]) -> impl Iterator<Item = usize> + use<> {
        let Plane { height, width, .. } = self.input;
        let channels = x.len() / self.input.pixels();
        (0..channels).flat_map(move |channel| {
            (0..height / 2).map(move |row| channel * height * width + 2 * row * width)
        })
    }
}

impl Layer for MaxPool {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let (width, output) = (self.input.width, self.output());
        y.resize(x.len() / self.input.size() * output.size(), 0.0);
        for (pair, y) in self.pairs(x).zip(y.chunks_exact_mut(output.width)) {
            let (above, below) = x[pair..pair + 2 * width].split_at(width);
            for ((above, below), y) in above.as_chunks().0.iter().zip(below.as_chunks().0).zip(y) {
                *y = largest(*above, *below).0;
            }
        }
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let Some(by_x) = by_x else { return };
        let (width, output) = (self.input.width, self.output());
        by_x.clear();
        by_x.resize(x.len(), 0.0);
        for (pair, d) in self.pairs(x).zip(by_y.chunks_exact(output.width)) {
            let (above, below) = x[pair..pair + 2 * width].split_at(width);
            let (to_above, to_below) = by_x[pair..pair + 2 * width].split_at_mut(width);
            for ((((above, below), to_above), to_below), d) in above
                .as_chunks()
                .0
                .iter()
                .zip(below.as_chunks().0)
                .zip(to_above.as_chunks_mut::<2>().0)
                .zip(to_below.as_chunks_mut::<2>().0)
                .zip(d)
            {
                let place = largest(*above, *below).1;
                let share = |at: u32| if at == place { *d } else { 0.0 };
                *to_above = [share(0), share(1)];
                *to_below = [share(2), share(3)];
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// The largest of four numbers and its place among them.
#[expect(clippy::inline_always, reason = "compiled into each instruction set's loop")]
#[inline(always)]
fn largest([a, b]: [f32; 2], [c, d]: [f32; 2]) -> (f32, u32) {
    let larger = |(x, at): (f32, u32), (y, place): (f32, u32)| {
        if y > x || y.is_nan() { (y, place) } else { (x, at) }
    };
    larger(larger(larger((a, 0), (b, 1)), (c, 2)), (d, 3))
}

impl AveragePool {
    pub(super) fn new(input: Plane) -> Self {
        Self { input }
    }
}

impl Layer for AveragePool {
    fn forward(&mut self, x: &[f32], y: &mut Vec<f32>) {
        let pixels = self.input.pixels();
        y.clear();
        y.extend(x.chunks_exact(pixels).map(|x| x.iter().sum::<f32>() / pixels as f32));
    }

    fn backward(&mut self, x: &[f32], by_y: &[f32], by_x: Option<&mut Vec<f32>>) {
        let Some(by_x) = by_x else { return };
        let pixels = self.input.pixels();
        by_x.resize(x.len(), 0.0);
        for (to, d) in by_x.chunks_exact_mut(pixels).zip(by_y) {
            to.fill(d / pixels as f32);
        }
    }

    fn clone_box(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: Plane = Plane { channels: 1, height: 3, width: 5 };

    #[test]
    fn the_largest_of_each_square_gets_the_derivative_and_odd_edges_none() {
        let x = [
            1.0, 2.0, 5.0, 5.0, 9.0, //
            3.0, 0.0, 5.0, 4.0, 9.0, //
            9.0, 9.0, 9.0, 9.0, 9.0,
        ];
        let (mut y, mut by_x) = (Vec::new(), vec![7.0; 15]);
        let mut pool = MaxPool::new(ODD);
        pool.forward(&x, &mut y);
        assert_eq!(y, [3.0, 5.0]);
        pool.backward(&x, &[10.0, 20.0], Some(&mut by_x));
        let mut expected = [0.0; 15];
        (expected[5], expected[2]) = (10.0, 20.0);
        assert_eq!(by_x, expected);
    }

    #[test]
    fn a_nan_is_not_lost_in_a_pool() {
        for at in 0..4 {
            let mut x = [1.0, 2.0, 3.0, 4.0];
            x[at] = f32::NAN;
            let mut y = Vec::new();
            MaxPool::new(Plane { channels: 1, height: 2, width: 2 }).forward(&x, &mut y);
            assert!(y[0].is_nan(), "{at}");
        }
    }

    #[test]
    fn the_mean_has_the_slope_of_a_mean() {
        let x: Vec<f32> = (0..30).map(|i| i as f32).collect();
        let mut pool = AveragePool::new(ODD);
        let mut y = Vec::new();
        pool.forward(&x, &mut y);
        assert_eq!(y, [7.0, 22.0]);
        crate::model::slope::check(&mut pool, &x);
    }
}
