//! An lrlab optimizer that steps any Burn module.

use std::{collections::HashMap, sync::Arc};

use burn::{
    module::{Module, ModuleMapper, Param, ParamId},
    optim::GradientsParams,
    tensor::Tensor,
};
use lrlab_core::{
    Field, Optimizer, OptimizerSpec, ParamGroup, SpecError,
    optimizer::{ParamState, ParamStep, StepContext},
};

use crate::flex::{FlexTensor, from_flex, into_flex};

/// An lrlab optimizer for a Burn user's own module and loop, used as Burn's own are: one `step` an
/// update, with the rate of that update.
///
/// Parameters on the `flex` device are changed in place.
///
/// # Panics
/// [`step`](Self::step) panics on a parameter that is not f32 on the `flex` device.
#[derive(Debug)]
pub struct ModuleOptimizer {
    optimizer: Arc<dyn Optimizer>,
    group: ParamGroup,
    states: HashMap<ParamId, ParamState>,
}

impl ModuleOptimizer {
    /// The optimizer written in `text`: `sgd momentum=0.9`, or `AdamW(weight_decay=0.1)`.
    ///
    /// # Errors
    /// Text that is no optimizer, or hyperparameters out of range.
    pub fn new(text: &str) -> Result<Self, SpecError> {
        let spec: OptimizerSpec = text.parse()?;
        let built = spec.build()?;
        Ok(Self { optimizer: built.optimizer, group: built.group, states: HashMap::new() })
    }

    /// Makes one update of `module` at the rate `lr` by `gradients`.
    ///
    /// A parameter without a gradient stays as it is.
    #[must_use = "the module is updated by being returned"]
    pub fn step<M: Module>(&mut self, lr: f64, module: M, gradients: GradientsParams) -> M {
        self.group.set(Field::Lr, lr);
        module.map(&mut Update { optimizer: self, gradients })
    }
}

struct Update<'a> {
    optimizer: &'a mut ModuleOptimizer,
    gradients: GradientsParams,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let (id, tensor, mapper) = param.consume();
        let tracked = tensor.is_require_grad();
        let shape = tensor.dims();
        let (mut value, mut grad) = (slice_of(tensor.inner()), slice_of(gradient));
        let ModuleOptimizer { optimizer, group, states } = &mut *self.optimizer;
        let size = shape.iter().product();
        let state = states.entry(id).or_insert_with(|| ParamState {
            t: 0,
            slots: optimizer.slots().iter().map(|_| vec![0.0; size]).collect(),
        });
        optimizer.step(&mut OneParameter { shape: &shape, group, state, value: &mut value, grad: &mut grad });
        state.t += 1;
        let tensor = from_flex::<D>(value).autodiff().set_require_grad(tracked);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

fn slice_of<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    match into_flex(tensor) {
        Ok(tensor) => tensor,
        Err(why) => panic!("lrlab steps f32 parameters on Burn's `flex` device: {why}"),
    }
}

/// An update of a single parameter: elementwise optimizers need to see no other.
struct OneParameter<'a> {
    shape: &'a [usize],
    group: &'a ParamGroup,
    state: &'a mut ParamState,
    value: &'a mut FlexTensor,
    grad: &'a mut FlexTensor,
}

impl StepContext for OneParameter<'_> {
    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        f(ParamStep {
            name: "",
            shape: self.shape,
            group: self.group,
            t: self.state.t,
            value: self.value.storage_mut(),
            grad: self.grad.storage_mut(),
            slots: &mut self.state.slots,
        });
    }
}
