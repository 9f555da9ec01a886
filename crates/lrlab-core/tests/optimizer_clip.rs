//! Gradient clipping as a training loop uses it.

use lrlab_core::optimizer::{ParamMut, Parameters, clip};

struct Model {
    grads: Vec<Vec<f32>>,
}

impl Model {
    fn new(grads: &[&[f32]]) -> Self {
        Self { grads: grads.iter().map(|grad| grad.to_vec()).collect() }
    }
}

impl Parameters for Model {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        for grad in &mut self.grads {
            let mut value = vec![0.0; grad.len()];
            f(ParamMut::new("p", &[grad.len()], &mut value, grad));
        }
    }
}

#[test]
fn the_norm_is_over_all_parameters_together() {
    let mut model = Model::new(&[&[1.0, 2.0], &[], &[2.0, 4.0]]);
    let found = clip::by_norm(&mut model, 2.5);
    assert_eq!((found.norm, found.clipped), (5.0, true));
    // What torch.nn.utils.clip_grad_norm_ leaves of the same gradients.
    assert_eq!(model.grads.concat(), [0.499_999_9, 0.999_999_8, 0.999_999_8, 1.999_999_6]);
    assert!((clip::global_norm(&mut model) - 2.5).abs() < 1e-6);
}

#[test]
fn a_norm_below_the_bound_changes_nothing() {
    let mut model = Model::new(&[&[0.3, -0.4]]);
    let found = clip::by_norm(&mut model, 1.0);
    assert!(!found.clipped && (found.norm - 0.5).abs() < 1e-7);
    assert_eq!(model.grads[0], [0.3, -0.4]);
    assert!(!clip::by_norm(&mut Model::new(&[&[0.0, 0.0]]), 1.0).clipped);
    assert!(!clip::by_norm(&mut Model::new(&[]), 1.0).clipped);
}

#[test]
fn a_blown_up_gradient_stays_visible() {
    let mut model = Model::new(&[&[f32::NAN, 1.0], &[1.0]]);
    assert!(clip::by_norm(&mut model, 1.0).clipped);
    assert!(model.grads.concat().iter().all(|g| g.is_nan()));
    let mut model = Model::new(&[&[f32::INFINITY, 1.0]]);
    let found = clip::by_norm(&mut model, 1.0);
    assert_eq!((found.norm, found.clipped), (f64::INFINITY, true));
    assert!(model.grads[0][0].is_nan() && model.grads[0][1] == 0.0);
}

#[test]
fn values_are_clamped_on_both_sides() {
    let mut model = Model::new(&[&[-3.0, 0.25, 2.0], &[1.0, f32::INFINITY, -0.0]]);
    assert!(clip::by_value(&mut model, 1.0));
    assert_eq!(model.grads.concat(), [-1.0, 0.25, 1.0, 1.0, 1.0, 0.0]);
    assert!(!clip::by_value(&mut model, 1.0), "nothing is left to clamp");
    let mut model = Model::new(&[&[f32::NAN, 0.5]]);
    assert!(!clip::by_value(&mut model, 1.0) && model.grads[0][0].is_nan());
}
