//! One parameter in memory with an optimizer from the registry, for the optimizer tests.
#![allow(dead_code, reason = "each test file uses its share")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

pub(crate) mod golden;

use std::sync::Arc;

use lrlab_core::{
    Optimizer, ParamGroup,
    optimizer::{Float, GroupState, GroupStep, Moment, ParamState, ParamStep, Point, StepContext, registry},
    registry::{Argument, Arguments},
};

/// Arguments out of names with numbers, and flags.
pub(crate) fn arguments(numbers: &[(&str, f64)], flags: &[&str]) -> Arguments {
    let numbers = numbers.iter().map(|(name, value)| ((*name).to_owned(), Argument::Number(*value)));
    numbers.chain(flags.iter().map(|flag| ((*flag).to_owned(), Argument::Flag(true)))).collect()
}

/// A float that optimizers step.
pub(crate) trait Steps: Float {
    /// One update of parameters in this float.
    fn update(optimizer: &dyn Optimizer, context: &mut dyn StepContext<Self>);

    /// Moves parameters in this float to `point`.
    fn move_to(optimizer: &dyn Optimizer, point: Point, context: &mut dyn StepContext<Self>);
}

impl Steps for f32 {
    fn update(optimizer: &dyn Optimizer, context: &mut dyn StepContext) {
        optimizer.step(context);
    }

    fn move_to(optimizer: &dyn Optimizer, point: Point, context: &mut dyn StepContext) {
        optimizer.move_to(point, context);
    }
}

impl Steps for f64 {
    fn update(optimizer: &dyn Optimizer, context: &mut dyn StepContext<f64>) {
        assert!(optimizer.step_f64(context), "{optimizer:?} knows f64");
    }

    fn move_to(optimizer: &dyn Optimizer, point: Point, context: &mut dyn StepContext<f64>) {
        optimizer.move_to_f64(point, context);
    }
}

/// The matrix of `length` elements that is nearest to a square and no higher than wide.
fn matrix(length: usize) -> Vec<usize> {
    let rows = (1..=length)
        .take_while(|rows| rows * rows <= length)
        .filter(|rows| length.is_multiple_of(*rows))
        .last();
    rows.map_or(vec![0, 0], |rows| vec![rows, length / rows])
}

/// The settings of formulas on single elements, which are those that have a program.
pub(crate) fn elementwise_settings() -> Vec<(&'static str, Arguments)> {
    let mut settings = settings();
    settings.retain(|(name, args)| {
        let built = (registry::find(name).unwrap().build)(args).unwrap();
        let numbers = GroupState::new(&*built.optimizer).numbers;
        built.optimizer.trace(Moment { group: &built.group, t: 0, numbers: &numbers }).is_some()
    });
    settings
}

/// A parameter with its optimizer, group and state.
#[derive(Clone, Debug)]
pub(crate) struct Trained<V = f32> {
    pub(crate) optimizer: Arc<dyn Optimizer>,
    pub(crate) group: ParamGroup,
    pub(crate) shape: Vec<usize>,
    pub(crate) state: ParamState<V>,
    pub(crate) group_state: GroupState,
    pub(crate) value: Vec<V>,
    pub(crate) grad: Vec<V>,
}

impl<V: Steps> Trained<V> {
    /// The optimizer `name` over `value`.
    pub(crate) fn new(name: &str, args: &Arguments, value: Vec<V>) -> Self {
        let built = (registry::find(name).unwrap().build)(args).unwrap();
        let vector = vec![value.len()];
        let shape = if built.optimizer.refuses(&vector).is_some() { matrix(value.len()) } else { vector };
        Self::shaped(name, args, value, &shape)
    }

    /// The optimizer `name` over `value`, seen as a tensor of `shape`.
    pub(crate) fn shaped(name: &str, args: &Arguments, value: Vec<V>, shape: &[usize]) -> Self {
        let built = (registry::find(name).unwrap().build)(args).unwrap();
        let state = ParamState::new(&*built.optimizer, shape);
        let group_state = GroupState::new(&*built.optimizer);
        let grad = vec![V::of(0.0); value.len()];
        let (optimizer, group) = (built.optimizer, built.group);
        Self { optimizer, group, shape: shape.to_vec(), state, group_state, value, grad }
    }

    /// The group with the updates made so far.
    pub(crate) fn at(&self) -> Moment<'_> {
        Moment { group: &self.group, t: self.state.t, numbers: &self.group_state.numbers }
    }

    /// Moves the parameter to `point` from the other.
    pub(crate) fn move_to(&mut self, point: Point) {
        let optimizer = self.optimizer.clone();
        V::move_to(&*optimizer, point, self);
    }

    /// One update with `grad`.
    pub(crate) fn step(&mut self, grad: &[V]) {
        self.grad.copy_from_slice(grad);
        let optimizer = self.optimizer.clone();
        V::update(&*optimizer, self);
        self.state.t += 1;
        self.group_state.t += 1;
    }
}

impl Trained {
    /// The bits of the parameter and of every slot.
    pub(crate) fn bits(&self) -> Vec<Vec<u32>> {
        let all = std::iter::once(&self.value).chain(&self.state.slots);
        all.map(|vector| vector.iter().map(|x| x.to_bits()).collect()).collect()
    }
}

impl<V: Steps> StepContext<V> for Trained<V> {
    fn group(&mut self) -> GroupStep<'_> {
        let GroupState { t, numbers } = &mut self.group_state;
        GroupStep { group: &self.group, t: *t, numbers }
    }

    fn for_each(&mut self, f: &mut dyn FnMut(ParamStep<'_, V>)) {
        f(ParamStep {
            name: "p",
            shape: &self.shape,
            transposed: false,
            at: Moment { group: &self.group, t: self.state.t, numbers: &self.group_state.numbers },
            value: &mut self.value,
            grad: &mut self.grad,
            slots: &mut self.state.slices(),
        });
    }
}

/// Settings that reach every branch of every formula.
pub(crate) fn settings() -> Vec<(&'static str, Arguments)> {
    vec![
        ("sgd", arguments(&[("lr", 0.1)], &[])),
        ("sgd", arguments(&[("lr", 0.1), ("weight_decay", 0.05)], &["maximize"])),
        ("sgd", arguments(&[("lr", 0.1), ("momentum", 0.9)], &[])),
        ("sgd", arguments(&[("lr", 0.1), ("momentum", 0.9), ("dampening", 0.3)], &["maximize"])),
        ("sgd", arguments(&[("lr", 0.1), ("momentum", 0.9), ("weight_decay", 0.05)], &["nesterov"])),
        ("sgd", arguments(&[("lr", 0.1), ("momentum", 0.0)], &[])),
        ("adam", arguments(&[], &[])),
        ("adam", arguments(&[("beta1", 0.4), ("beta2", 0.9), ("eps", 1e-3)], &["maximize"])),
        ("adam", arguments(&[("weight_decay", 0.05)], &["amsgrad"])),
        ("adam", arguments(&[("weight_decay", 0.05)], &["decoupled_weight_decay"])),
        ("adamw", arguments(&[], &[])),
        ("adamw", arguments(&[("lr", 0.01), ("weight_decay", 0.3)], &["amsgrad", "maximize"])),
        ("nadam", arguments(&[], &[])),
        ("nadam", arguments(&[("weight_decay", 0.05), ("momentum_decay", 0.1)], &["maximize"])),
        ("nadam", arguments(&[("weight_decay", 0.05), ("beta1", 0.4)], &["decoupled_weight_decay"])),
        ("radam", arguments(&[], &[])),
        // Divides from the seventh update on.
        ("radam", arguments(&[("weight_decay", 0.05), ("beta2", 0.8)], &["maximize"])),
        ("radam", arguments(&[("weight_decay", 0.05)], &["decoupled_weight_decay"])),
        ("adamax", arguments(&[], &[])),
        ("adamax", arguments(&[("weight_decay", 0.05), ("beta2", 0.5), ("eps", 1e-3)], &["maximize"])),
        ("adagrad", arguments(&[], &[])),
        ("adagrad", arguments(&[("lr_decay", 0.1), ("initial_accumulator_value", 0.5)], &["maximize"])),
        ("adagrad", arguments(&[("weight_decay", 0.05), ("eps", 1e-3)], &[])),
        ("adadelta", arguments(&[], &[])),
        ("adadelta", arguments(&[("weight_decay", 0.05), ("rho", 0.5), ("eps", 1e-3)], &["maximize"])),
        ("rmsprop", arguments(&[], &[])),
        ("rmsprop", arguments(&[("momentum", 0.9), ("weight_decay", 0.05)], &["maximize"])),
        ("rmsprop", arguments(&[("alpha", 0.9)], &["centered"])),
        ("rmsprop", arguments(&[("momentum", 0.9), ("eps", 1e-3)], &["centered"])),
        ("rmsprop", arguments(&[("momentum", 0.0)], &[])),
        ("rprop", arguments(&[], &[])),
        (
            "rprop",
            arguments(&[("eta_minus", 0.3), ("eta_plus", 3.0), ("step_size_max", 0.05)], &["maximize"]),
        ),
        ("asgd", arguments(&[], &[])),
        (
            "asgd",
            arguments(&[("lambd", 0.1), ("t0", 1.0), ("alpha", 1.0), ("weight_decay", 0.05)], &["maximize"]),
        ),
        ("lion", arguments(&[], &[])),
        ("lion", arguments(&[("lr", 0.01), ("beta1", 0.4), ("weight_decay", 0.3)], &["maximize"])),
        ("schedule-free-sgd", arguments(&[("lr", 0.1)], &[])),
        ("schedule-free-sgd", arguments(&[("lr", 0.1), ("weight_decay", 0.05), ("warmup_steps", 3.0)], &[])),
        ("schedule-free-adamw", arguments(&[], &[])),
        (
            "schedule-free-adamw",
            arguments(
                &[("weight_decay", 0.05), ("warmup_steps", 3.0), ("r", 1.0), ("weight_lr_power", 0.0)],
                &[],
            ),
        ),
        ("schedule-free-radam", arguments(&[], &[])),
        ("schedule-free-radam", {
            let mut args = arguments(&[("weight_decay", 0.05), ("r", 0.5)], &[]);
            args.insert("silent_sgd_phase".to_owned(), Argument::Flag(false));
            args
        }),
        ("prodigy", arguments(&[("d0", 0.01)], &[])),
        ("prodigy", {
            let numbers = [("d0", 0.01), ("weight_decay", 0.1), ("growth_rate", 1.5), ("d_coef", 2.0)];
            let mut args = arguments(&numbers, &["use_bias_correction", "safeguard_warmup"]);
            args.insert("decouple".to_owned(), Argument::Flag(false));
            args
        }),
        ("prodigy", arguments(&[("d0", 0.01), ("beta1", 0.0), ("beta3", 0.9), ("weight_decay", 0.1)], &[])),
        ("dog", arguments(&[("reps_rel", 0.01)], &[])),
        ("dog", arguments(&[("init_eta", 0.01), ("weight_decay", 0.1)], &[])),
        ("adafactor", arguments(&[], &[])),
        ("adafactor", arguments(&[("eps1", 1e-3), ("weight_decay", 0.1)], &["maximize"])),
        ("muon", arguments(&[("lr", 0.1)], &[])),
        ("muon", {
            let mut args = arguments(&[("lr", 0.1), ("momentum", 0.4)], &[]);
            args.insert("nesterov".to_owned(), Argument::Flag(false));
            args.insert("adjust_lr_fn".to_owned(), Argument::Word("match_rms_adamw".to_owned()));
            args
        }),
    ]
}
