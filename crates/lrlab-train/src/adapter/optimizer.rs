//! An lrlab optimizer that steps any Burn module.

use std::{collections::HashMap, sync::Arc};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    optim::GradientsParams,
    tensor::Tensor,
};
use lrlab_core::{
    Field, Optimizer, OptimizerSpec, ParamGroup, SpecError,
    optimizer::{GroupState, GroupStep, Moment, ParamState, ParamStep, Point, StepContext},
};

use crate::flex::{FlexTensor, from_flex, into_flex};

/// An lrlab optimizer for a Burn user's own module and loop, used as Burn's own are: one `step` an
/// update, with the rate of that update.
///
/// Parameters on the `flex` device are changed in place.
///
/// # Panics
/// Every method that takes a module panics on a parameter that is not f32 on the `flex` device, and on one
/// of a shape that the optimizer cannot update (Muon and a bias).
#[derive(Debug)]
pub struct ModuleOptimizer {
    optimizer: Arc<dyn Optimizer>,
    group: ParamGroup,
    state: GroupState,
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
        let state = GroupState::new(&*built.optimizer);
        Ok(Self { optimizer: built.optimizer, group: built.group, state, states: HashMap::new() })
    }

    /// Makes one update of `module` at the rate `lr` by `gradients`.
    ///
    /// A parameter without a gradient stays as it is.
    #[must_use = "the module is updated by being returned"]
    pub fn step<M: Module>(&mut self, lr: f64, module: M, gradients: GradientsParams) -> M {
        self.group.set(Field::Lr, lr);
        let mut collect = Collect { from: gradients, found: HashMap::new() };
        module.visit(&mut collect);
        let updated: Vec<ParamId> = collect.found.keys().copied().collect();
        let module = self.walk(module, collect.found, |optimizer, whole| optimizer.step(whole));
        self.state.t += 1;
        for id in updated {
            self.states.entry(id).and_modify(|state| state.t += 1);
        }
        module
    }

    /// The module that is to be evaluated, used and kept: `module` itself, but for optimizers that train
    /// at another point (Schedule-Free). Train on with `module`.
    #[must_use = "the module is moved by being returned"]
    pub fn evaluated<M: Module>(&mut self, module: M) -> M {
        let known = self.states.keys().map(|id| (*id, FlexTensor::from_data([0.0_f32; 0].into()))).collect();
        self.walk(module, known, |optimizer, whole| optimizer.move_to(Point::Evaluate, whole))
    }

    fn walk<M: Module>(
        &mut self,
        module: M,
        gradients: HashMap<ParamId, FlexTensor>,
        act: impl FnOnce(&dyn Optimizer, &mut dyn StepContext),
    ) -> M {
        let optimizer = Arc::clone(&self.optimizer);
        let mut whole = Whole { module: Some(module), own: self, gradients };
        act(&*optimizer, &mut whole);
        match whole.module {
            Some(module) => module,
            None => unreachable!("every walk puts the module back"),
        }
    }
}

/// The tensors that gradients are.
struct Collect {
    from: GradientsParams,
    found: HashMap<ParamId, FlexTensor>,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.from.remove::<D>(param.id) {
            self.found.insert(param.id, slice_of(gradient));
        }
    }
}

/// All parameters that have a gradient, as one group.
struct Whole<'a, M> {
    /// Always there between walks; mapping a module consumes it.
    module: Option<M>,
    own: &'a mut ModuleOptimizer,
    gradients: HashMap<ParamId, FlexTensor>,
}

impl<M: Module> StepContext for Whole<'_, M> {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut self.own.state;
        GroupStep { group: &self.own.group, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_>)) {
        let mut walk = Walk { own: &mut *self.own, gradients: &mut self.gradients, f };
        self.module = self.module.take().map(|module| module.map(&mut walk));
    }
}

struct Walk<'a> {
    own: &'a mut ModuleOptimizer,
    gradients: &'a mut HashMap<ParamId, FlexTensor>,
    f: &'a mut dyn FnMut(ParamStep<'_>),
}

impl ModuleMapper for Walk<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.get_mut(&param.id) else { return param };
        let (id, tensor, mapper) = param.consume();
        let tracked = tensor.is_require_grad();
        let shape = tensor.dims();
        let mut value = slice_of(tensor.inner());
        let ModuleOptimizer { optimizer, group, state: own, states } = &mut *self.own;
        let state = states.entry(id).or_insert_with(|| {
            if let Some(why) = optimizer.refuses(&shape) {
                panic!("parameter of shape {shape:?}: {why}");
            }
            ParamState::new(&**optimizer, &shape)
        });
        (self.f)(ParamStep {
            name: "",
            shape: &shape,
            at: Moment { group, t: state.t, numbers: &own.numbers },
            value: value.storage_mut(),
            grad: gradient.storage_mut(),
            slots: &mut state.slices(),
        });
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
