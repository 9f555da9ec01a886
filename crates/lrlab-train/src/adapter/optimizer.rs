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

use super::tensors::{self, TensorState};
use crate::flex::{FlexTensor, from_flex, into_flex, is_transposed};

/// An lrlab optimizer for a Burn user's own module and loop, used as Burn's own are: one `step` an
/// update, with the rate of that update.
///
/// Parameters on the `flex` device are changed in place. On other devices an update is carried out as
/// operations on whole tensors, which gives the same numbers where the device rounds as IEEE 754 says.
///
/// # Panics
/// Every method that takes a module panics on a parameter that is not f32, and on one of a shape that the
/// optimizer cannot update (Muon and a bias). Off `flex`, optimizers that are no formula on single elements
/// panic, as does [`evaluated`](Self::evaluated) for those that train at another point than is evaluated.
#[derive(Debug)]
pub struct ModuleOptimizer {
    optimizer: Arc<dyn Optimizer>,
    group: ParamGroup,
    state: GroupState,
    states: HashMap<ParamId, ParamState>,
    /// The same where parameters are no slices.
    tensor_states: HashMap<ParamId, TensorState>,
    /// Whether parameters are changed in place; found out in the first step.
    in_place: Option<bool>,
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
        Ok(Self {
            optimizer: built.optimizer,
            group: built.group,
            state,
            states: HashMap::new(),
            tensor_states: HashMap::new(),
            in_place: None,
        })
    }

    /// Makes one update of `module` at the rate `lr` by `gradients`.
    ///
    /// A parameter without a gradient stays as it is.
    #[must_use = "the module is updated by being returned"]
    pub fn step<M: Module>(&mut self, lr: f64, module: M, gradients: GradientsParams) -> M {
        self.group.set(Field::Lr, lr);
        let in_place = *self.in_place.get_or_insert_with(|| tensors::are_slices(&module));
        let module = if in_place {
            self.step_in_place(module, gradients)
        } else {
            let optimizer = Arc::clone(&self.optimizer);
            let (group, own) = (&self.group, &mut self.state);
            tensors::step(&*optimizer, group, own, &mut self.tensor_states, module, gradients)
        };
        self.state.t += 1;
        module
    }

    fn step_in_place<M: Module>(&mut self, module: M, gradients: GradientsParams) -> M {
        let mut collect = Collect { from: gradients, found: HashMap::new() };
        module.visit(&mut collect);
        let updated: Vec<ParamId> = collect.found.keys().copied().collect();
        let module = self.walk(module, collect.found, |optimizer, whole| optimizer.step(whole));
        for id in updated {
            self.states.entry(id).and_modify(|state| state.t += 1);
        }
        module
    }

    /// The module that is to be evaluated, used and kept: `module` itself, but for optimizers that train
    /// at another point (Schedule-Free). Train on with `module`.
    #[must_use = "the module is moved by being returned"]
    pub fn evaluated<M: Module>(&mut self, module: M) -> M {
        assert!(
            self.in_place != Some(false) || !self.optimizer.evaluates_elsewhere(),
            "{:?} evaluates parameters on Burn's `flex` device only",
            self.optimizer
        );
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
        let mut walk = Walk { own: &mut *self.own, gradients: &mut self.gradients, transposed: false, f };
        self.module = self.module.take().map(|module| module.map(&mut walk));
    }
}

struct Walk<'a> {
    own: &'a mut ModuleOptimizer,
    gradients: &'a mut HashMap<ParamId, FlexTensor>,
    /// Of the parameter that was entered last.
    transposed: bool,
    f: &'a mut dyn FnMut(ParamStep<'_>),
}

impl ModuleMapper for Walk<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.get_mut(&param.id) else { return param };
        let (id, tensor, mapper) = param.consume();
        let tracked = tensor.is_require_grad();
        let shape = tensor.dims();
        let mut value = slice_of(tensor.inner());
        let ModuleOptimizer { optimizer, group, state: own, states, .. } = &mut *self.own;
        let state = states.entry(id).or_insert_with(|| {
            if let Some(why) = optimizer.refuses(&shape) {
                panic!("parameter of shape {shape:?}: {why}");
            }
            ParamState::new(&**optimizer, &shape)
        });
        (self.f)(ParamStep {
            name: "",
            shape: &shape,
            transposed: self.transposed,
            at: Moment { group, t: state.t, numbers: &own.numbers },
            value: value.storage_mut(),
            grad: gradient.storage_mut(),
            slots: &mut state.slices(),
        });
        let tensor = from_flex::<D>(value).autodiff().set_require_grad(tracked);
        Param::from_mapped_value(id, tensor, mapper)
    }

    fn enter_module(&mut self, _name: &str, container: &str) {
        self.transposed = is_transposed(container);
    }
}

fn slice_of<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    match into_flex(tensor) {
        Ok(tensor) => tensor,
        Err(why) => panic!("lrlab steps f32 parameters on Burn's `flex` device: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use lrlab_core::{
        optimizer::registry::{OPTIMIZERS, OptimizerEntry},
        registry::{Argument, Arguments, Kind, Parameter},
    };

    use super::*;
    use crate::flex::{device, to_vec};

    /// Values of a parameter to try, beside leaving it out.
    fn values(parameter: &Parameter) -> Vec<Argument> {
        let numbers = || [0.05, 0.6, 0.9, 1.5, 3.0].map(Argument::Number).to_vec();
        let all = match parameter.kind {
            Kind::Flag => vec![Argument::Flag(true)],
            Kind::Choice(words) => words.iter().map(|word| Argument::Word((*word).to_owned())).collect(),
            _ => numbers(),
        };
        all.into_iter().filter(|value| parameter.check(value).is_ok()).take(3).collect()
    }

    /// Every flag with and without, beside the defaults and beside three other values of every number.
    fn settings(entry: &OptimizerEntry) -> Vec<OptimizerSpec> {
        let (flags, numbers): (Vec<_>, Vec<_>) =
            entry.params.iter().partition(|parameter| parameter.kind == Kind::Flag);
        let mut found = Vec::new();
        for number in 0..4 {
            let given = numbers.iter().filter_map(|parameter| {
                let value = values(parameter).into_iter().nth(number - 1)?;
                Some((parameter.name.to_owned(), value))
            });
            let args: Arguments = if number == 0 { Arguments::new() } else { given.collect() };
            for set in 0..1 << flags.len() {
                let mut args = args.clone();
                for (bit, flag) in flags.iter().enumerate() {
                    args.insert(flag.name.to_owned(), Argument::Flag(set & (1 << bit) != 0));
                }
                found.push(OptimizerSpec { name: entry.name, args });
            }
        }
        // Nesterov's momentum and dampening for instance do not go together.
        found.retain(|spec| spec.build().is_ok());
        found
    }

    fn bits(module: &Linear) -> Vec<u32> {
        let bias = module.bias.as_ref().map(|bias| to_vec(bias.val().inner()));
        let numbers = to_vec(module.weight.val().inner()).into_iter().chain(bias.into_iter().flatten());
        // One NaN is as good as another.
        numbers.map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
    }

    /// A gradient of ordinary, tiny, large and no size, with signs that stay and turn.
    fn gradients(module: &Linear, step: u32) -> GradientsParams {
        let number = |i: u32| {
            let noise =
                ((i * 8191 + step * 131 + 7).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
            match i % 5 {
                0 => noise,
                1 => noise * 1e-7,
                2 => noise * 1e3,
                3 => f32::from(u8::from(step % 3 == 1)) * noise,
                _ => 0.5 + noise / 4.0,
            }
        };
        let make = |from: u32, count: u32| (from..from + count).map(number).collect::<Vec<f32>>();
        let weight = Tensor::<1>::from_data(make(0, 12).as_slice(), &device().inner()).reshape([3, 4]);
        let bias = Tensor::<1>::from_data(make(12, 4).as_slice(), &device().inner());
        let mut gradients = GradientsParams::new();
        gradients.register(module.weight.id, weight);
        gradients.register(module.bias.as_ref().map(|bias| bias.id).unwrap(), bias);
        gradients
    }

    #[test]
    fn whole_tensors_get_the_bits_of_slices_for_every_formula() {
        let mut elementwise = 0;
        for entry in OPTIMIZERS {
            let (mut held, mut formula) = (0, true);
            for spec in settings(entry) {
                let mut in_place = ModuleOptimizer::new(&spec.to_string()).unwrap();
                let numbers = in_place.state.numbers.clone();
                let at = Moment { group: &in_place.group, t: 0, numbers: &numbers };
                if in_place.optimizer.trace(at).is_none() {
                    formula = false;
                    break;
                }
                let mut on_tensors = ModuleOptimizer::new(&spec.to_string()).unwrap();
                (in_place.in_place, on_tensors.in_place) = (Some(true), Some(false));
                let mut slices: Linear = LinearConfig::new(3, 4).init(&device());
                let mut whole = slices.clone();
                let lr = in_place.group.lr();
                for step in 0..40 {
                    slices = in_place.step(lr, slices.clone(), gradients(&slices, step));
                    whole = on_tensors.step(lr, whole.clone(), gradients(&whole, step));
                    assert_eq!(bits(&slices), bits(&whole), "{spec} in step {step}");
                }
                held += 1;
            }
            assert!(held > 3 || !formula, "{} has {held} settings", entry.name);
            elementwise += usize::from(formula);
        }
        assert!(elementwise >= 12, "{elementwise} optimizers are formulas on single elements");
    }
}
