//! Updates as operations on whole tensors, for devices whose storage is no slice.
//!
//! What happens to a tensor is the [`Program`](lrlab_core::optimizer::Program) that an optimizer's formula writes
//! down of itself. On `flex` it gives the bits of the pass over slices; each operation makes a tensor, so it
//! is slower.

use std::collections::HashMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    optim::GradientsParams,
    tensor::{DType, Tensor},
};
use lrlab_core::{
    Optimizer, ParamGroup,
    optimizer::{GroupState, GroupStep, Moment, Op},
};

use crate::flex::into_flex;

/// What is kept for one parameter: its tensor and its slots are seen as one row.
#[derive(Debug)]
pub(super) struct TensorState {
    t: u64,
    slots: Vec<Tensor<1>>,
}

/// Whether all parameters of a module can be changed in place.
pub(super) fn are_slices<M: Module>(module: &M) -> bool {
    struct Look(bool);
    impl ModuleVisitor for Look {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 &= into_flex(param.val().inner()).is_ok();
        }
    }
    let mut look = Look(true);
    module.visit(&mut look);
    look.0
}

/// Makes one update of those parameters of `module` that have a gradient.
///
/// # Panics
/// On parameters other than f32, and for an optimizer that is no formula on single elements.
pub(super) fn step<M: Module>(
    optimizer: &dyn Optimizer,
    group: &ParamGroup,
    own: &mut GroupState,
    states: &mut HashMap<ParamId, TensorState>,
    module: M,
    gradients: GradientsParams,
) -> M {
    let GroupState { t, numbers } = own;
    optimizer.advance(GroupStep { group, t: *t, numbers });
    module.map(&mut Walk { optimizer, group, numbers, states, gradients })
}

struct Walk<'a> {
    optimizer: &'a dyn Optimizer,
    group: &'a ParamGroup,
    numbers: &'a [f64],
    states: &'a mut HashMap<ParamId, TensorState>,
    gradients: GradientsParams,
}

impl ModuleMapper for Walk<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let (id, tensor, mapper) = param.consume();
        let (tracked, shape) = (tensor.is_require_grad(), tensor.dims());
        assert_eq!(tensor.dtype(), DType::F32, "lrlab steps f32 parameters");
        let row: [usize; 1] = [shape.iter().product()];
        let value = tensor.inner().reshape(row);
        let state = self.states.entry(id).or_insert_with(|| {
            let slots = self.optimizer.slots(&shape);
            TensorState { t: 0, slots: slots.iter().map(|_| value.zeros_like()).collect() }
        });
        let at = Moment { group: self.group, t: state.t, numbers: self.numbers };
        let Some(program) = self.optimizer.trace(at) else {
            panic!("{:?} steps parameters on Burn's `flex` device only", self.optimizer);
        };
        let inputs = [value, gradient.reshape(row)].into_iter().chain(state.slots.drain(..));
        let mut outputs = program.run(inputs.collect(), apply).into_iter();
        let Some(value) = outputs.next() else { unreachable!("a program gives the parameter first") };
        state.slots = outputs.collect();
        state.t += 1;
        let tensor = value.reshape(shape).autodiff().set_require_grad(tracked);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// One operation; a number is narrowed to the tensors' float first.
fn apply(op: Op<&Tensor<1>>) -> Tensor<1> {
    match op.map(Tensor::clone) {
        Op::Add(a, b) => a + b,
        Op::Sub(a, b) => a - b,
        Op::Mul(a, b) => a * b,
        Op::Div(a, b) => a / b,
        Op::Max(a, b) => {
            let first = a.clone().greater(b.clone()).bool_or(a.clone().is_nan());
            b.mask_where(first, a)
        }
        Op::IfNegative(a, then, otherwise) => {
            otherwise.mask_where(a.clone().lower_elem(0.0), then).mask_where(a.clone().is_nan(), a)
        }
        Op::Neg(a) => -a,
        Op::Abs(a) => a.abs(),
        Op::Sign(a) => {
            let (above, below) = (a.clone().greater_elem(0.0), a.clone().lower_elem(0.0));
            a.mask_fill(above, 1.0).mask_fill(below, -1.0)
        }
        Op::Sqrt(a) => a.sqrt(),
        Op::Scale(a, c) => a.mul_scalar(c as f32),
        Op::Offset(a, c) => a.add_scalar(c as f32),
        Op::Divide(a, c) => a.div_scalar(c as f32),
        Op::AtLeast(a, c) => {
            let below = a.clone().lower_elem(c as f32);
            a.mask_fill(below, c as f32)
        }
        Op::AtMost(a, c) => {
            let above = a.clone().greater_elem(c as f32);
            a.mask_fill(above, c as f32)
        }
        Op::ReplacedBy(a, c) => a.full_like(c as f32),
    }
}
