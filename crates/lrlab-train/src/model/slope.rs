//! Holds a layer's derivatives against differences of what it computes, for the tests of layers.

use super::Layer;

/// How far the slope that was measured may lie from the derivative, in shares of their size.
const SHARE: f64 = 2e-3;

/// Asserts that for `sum(w * y)`, with fixed `w`, the derivatives by the inputs and by each weight are
/// the slopes along them.
pub(super) fn check(layer: &mut dyn Layer, x: &[f32]) {
    let mut y = Vec::new();
    layer.forward(x, &mut y);
    let by_y: Vec<f32> = (0..y.len()).map(|i| (i as f32 * 0.7 + 0.3).sin() + 0.5).collect();
    let mut by_x = vec![7.0; 3];
    layer.backward(x, &by_y, Some(&mut by_x));
    assert_eq!(by_x.len(), x.len());
    let value = |layer: &mut dyn Layer, x: &[f32]| {
        let mut y = Vec::new();
        layer.forward(x, &mut y);
        y.iter().zip(&by_y).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum::<f64>()
    };
    let h = 1e-2;
    let slope = |direction: &[f32], mut moved: Box<dyn FnMut(f32) -> f64 + '_>| {
        let norm = direction.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>().sqrt();
        (norm, (moved(h / norm as f32) - moved(-h / norm as f32)) / (2.0 * f64::from(h)))
    };
    let near = |what: &str, (norm, slope): (f64, f64)| {
        assert!((slope - norm).abs() <= SHARE * norm, "{what}: slope {slope}, derivative {norm}");
    };
    let moved = |by: f32| x.iter().zip(&by_x).map(|(x, d)| x + by * d).collect::<Vec<f32>>();
    near("x", slope(&by_x, Box::new(|by| value(layer, &moved(by)))));
    let mut gradients = Vec::new();
    layer.visit(&mut |weights| gradients.push(weights.grad.clone()));
    for (index, gradient) in gradients.iter().enumerate() {
        let found = slope(
            gradient,
            Box::new(|by| {
                let mut shifted = layer.clone_box();
                let mut next = 0;
                shifted.visit(&mut |weights| {
                    if next == index {
                        weights.value.iter_mut().zip(gradient).for_each(|(w, d)| *w += by * d);
                    }
                    next += 1;
                });
                value(&mut *shifted, x)
            }),
        );
        near(&format!("weight {index}"), found);
    }
}
