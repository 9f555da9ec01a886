//! A Burn module as a task: gradients by its autodiff, parameters in place.

use std::{fmt::Debug, sync::Arc};

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Gradients, Tensor},
};
use lrlab_core::{
    event::Bowl,
    optimizer::{ParamMut, Parameters},
};

use super::{Batch, Metrics, Supply, Task, TaskError};
use crate::flex::{FlexTensor, from_flex, into_flex, is_transposed};

/// A Burn module that knows its loss on some data.
///
/// `Data` is shared by all clones of a task and never changes.
pub trait Model: Module + 'static {
    /// The data, and whatever else stays as it is while training runs.
    type Data: Send + Sync + Debug;

    /// The loss of `batch` on the autodiff device.
    fn loss(&self, data: &Self::Data, batch: Batch<'_>) -> Loss;

    /// Metrics at the present parameters, the objective first, lower being better. `self` is
    /// outside autodiff here, and so must be the tensors that it meets.
    fn validate(&self, data: &Self::Data) -> Metrics;
}

/// A loss and the way to its gradient.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The loss.
    pub value: f64,
    /// A scalar with the loss's gradient: the loss itself, or something cheaper that has the same
    /// derivative by every parameter.
    pub root: Tensor<1>,
}

impl From<Tensor<1>> for Loss {
    /// The loss as autodiff knows it.
    fn from(loss: Tensor<1>) -> Self {
        Self { value: f64::from(loss.clone().inner().into_scalar::<f32>()), root: loss }
    }
}

/// The facts about a task that do not change while it trains.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Where its training rows come from.
    pub supply: Supply,
    /// Rows of a batch when nothing else is asked for.
    pub batch_size: usize,
    /// Rows of the probe batch; 0 stands for the exact expectation.
    pub probe_rows: usize,
    /// The whole loss, where it is a quadratic bowl in two parameters.
    pub bowl: Option<Bowl>,
}

/// A Burn module on the `flex` device as a [`Task`].
#[derive(Debug)]
pub struct ModuleTask<M: Model> {
    /// Always there between calls; mapping a module consumes it.
    model: Option<M>,
    data: Arc<M::Data>,
    facts: Facts,
    places: Arc<[Place]>,
    gradients: Vec<FlexTensor>,
}

/// A parameter's name and shape.
#[derive(Debug)]
struct Place {
    name: String,
    shape: Vec<usize>,
    transposed: bool,
}

impl<M: Model> ModuleTask<M> {
    /// A task that trains `model` on `data`. The module must live on the `flex` device with
    /// autodiff.
    pub fn new(model: M, data: Arc<M::Data>, facts: Facts) -> Self {
        let mut places = Places { path: Vec::new(), transposed: false, found: Vec::new() };
        model.visit(&mut places);
        Self { model: Some(model), data, facts, places: places.found.into(), gradients: Vec::new() }
    }

    fn model(&self) -> Result<&M, TaskError> {
        self.model.as_ref().ok_or_else(|| TaskError::Engine("an earlier update failed half-way".to_owned()))
    }
}

impl<M: Model> Parameters for ModuleTask<M> {
    fn visit(&mut self, f: &mut dyn FnMut(ParamMut<'_>)) {
        if let Some(model) = self.model.take() {
            let mut walk = Walk { places: &self.places, gradients: &mut self.gradients, next: 0, f };
            self.model = Some(model.map(&mut walk));
        }
    }
}

impl<M: Model> Task for ModuleTask<M> {
    fn supply(&self) -> Supply {
        self.facts.supply
    }

    fn default_batch_size(&self) -> usize {
        self.facts.batch_size
    }

    fn probe_rows(&self) -> usize {
        self.facts.probe_rows
    }

    fn gradients(&mut self, batch: Batch<'_>) -> Result<f64, TaskError> {
        let Loss { value, root } = self.model()?.loss(&self.data, batch);
        let mut gradients = root.backward();
        self.gradients.clear();
        let mut collect = Collect { from: &mut gradients, into: &mut self.gradients, refused: None };
        if let Some(model) = &self.model {
            model.visit(&mut collect);
        }
        match collect.refused {
            None => Ok(value),
            Some(why) => Err(TaskError::Engine(why)),
        }
    }

    fn visit_gradients(&mut self, f: &mut dyn FnMut(&mut [f32])) {
        for gradient in &mut self.gradients {
            f(gradient.storage_mut());
        }
    }

    fn validate(&mut self) -> Result<Metrics, TaskError> {
        Ok(self.model()?.valid().validate(&self.data))
    }

    fn bowl(&self) -> Option<Bowl> {
        self.facts.bowl.clone()
    }

    fn clone_box(&self) -> Box<dyn Task> {
        // Burn's tensors are copied on write, so a clone is cheap and still shares nothing.
        Box::new(Self {
            model: self.model.clone(),
            data: Arc::clone(&self.data),
            facts: self.facts.clone(),
            places: Arc::clone(&self.places),
            gradients: self.gradients.clone(),
        })
    }
}

/// Lists the parameters by their path in the module.
struct Places {
    path: Vec<String>,
    /// Of the parameter that was entered last.
    transposed: bool,
    found: Vec<Place>,
}

impl ModuleVisitor for Places {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, shape) = (self.path.join("."), param.val().dims().to_vec());
        self.found.push(Place { name, shape, transposed: self.transposed });
    }

    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(name.to_owned());
        self.transposed = is_transposed(container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }
}

/// Takes each parameter's gradient out of what `backward` left.
struct Collect<'a> {
    from: &'a mut Gradients,
    into: &'a mut Vec<FlexTensor>,
    refused: Option<String>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = param.val().grad_remove(self.from) else {
            self.refused =
                Some(format!("parameter {} has no gradient: the loss does not depend on it", param.id));
            return;
        };
        match into_flex(gradient) {
            Ok(gradient) => self.into.push(gradient),
            Err(why) => self.refused = Some(why),
        }
    }
}

/// Shows each parameter as a slice, changed in place, with its gradient.
struct Walk<'a> {
    places: &'a [Place],
    gradients: &'a mut [FlexTensor],
    next: usize,
    f: &'a mut dyn FnMut(ParamMut<'_>),
}

impl ModuleMapper for Walk<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let place = &self.places[self.next];
        let gradient = self.gradients.get_mut(self.next);
        self.next += 1;
        let mut value = match into_flex(tensor.inner()) {
            Ok(value) => value,
            Err(why) => unreachable!("a task's module lives on the flex device: {why}"),
        };
        (self.f)(ParamMut {
            name: &place.name,
            shape: &place.shape,
            transposed: place.transposed,
            value: value.storage_mut(),
            grad: gradient.map_or(&mut [], |gradient| gradient.storage_mut()),
        });
        Param::from_mapped_value(id, from_flex::<D>(value).autodiff().require_grad(), mapper)
    }
}
