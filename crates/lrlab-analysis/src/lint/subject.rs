//! What lints look at: a strategy, built once, with the values that its groups take.

use lrlab_core::{
    Field, Horizon, ParamGroup, Pattern, ScheduleSpec, SpecError, Strategy,
    optimizer::registry as optimizers,
    scheduler::torch::{self, TorchError, TorchScheduler},
    spec::{Average, Fault, GroupStrategy, Problem, ScheduleChoice, TorchCall, Unit},
};

use super::{
    call::{self, Placed},
    curve::{self, Curve},
    tree::{self, Node},
    words::count,
};

/// Calls of `scheduler.step()` up to which a recursion is replayed: some seconds of work.
const LONGEST_REPLAY: u64 = 50_000_000;

/// A strategy as lints see it.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Its groups, in order.
    pub(super) groups: Vec<Group<'a>>,
    /// Parameters that no weight decay acts on.
    pub(super) no_decay: &'a [Pattern],
    /// Averages of the weights.
    pub(super) averages: &'a [Average],
    /// How long training is.
    pub(super) horizon: Horizon,
    /// The names of the parameters, where they are known.
    pub(super) parameters: Option<&'a [String]>,
    /// The names of the metrics that are reported, where they are known.
    pub(super) metrics: Option<&'a [String]>,
    /// Why it cannot be built here, where `PyTorch` would begin to train all the same.
    pub(super) refused: Option<SpecError>,
}

/// A group of a strategy, with the values that its fields take.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    pub(super) spec: &'a GroupStrategy,
    pub(super) horizon: Horizon,
    /// The name of its optimizer.
    pub(super) optimizer: &'a str,
    /// Its own values, before a scheduler met it.
    pub(super) values: ParamGroup,
    /// Its learning rate, as if no metric ever moved it.
    pub(super) lr: Curve,
    /// The other fields that its plan moves.
    pub(super) fields: Vec<(Field, Curve)>,
    /// The parts of its schedule; none for one of `PyTorch`'s.
    pub(super) nodes: Vec<Node<'a>>,
    /// The schedulers of `PyTorch`; none for a schedule of lrlab's own.
    pub(super) calls: Vec<Placed<'a>>,
    /// Updates between two calls of `scheduler.step()`; 1 for a schedule of lrlab's own.
    pub(super) every: u64,
    /// The updates that the plan was made for, where it has an end of its own.
    pub(super) length: Option<u64>,
    /// What `PyTorch` raises, and the update before which it does.
    pub(super) raised: Option<(u64, TorchError)>,
}

impl<'a> Subject<'a> {
    /// Builds a strategy for a horizon and looks at the values of its fields.
    ///
    /// # Errors
    /// What stands against building it, unless all of that is what `PyTorch` itself would only come
    /// to in the middle of training, and a replay of `PyTorch` that is too long.
    pub fn new(strategy: &'a Strategy, horizon: Horizon) -> Result<Self, SpecError> {
        let refused = strategy.build(horizon).err();
        let mut groups = Vec::with_capacity(strategy.groups.len());
        for spec in &strategy.groups {
            match Group::new(spec, horizon) {
                Ok(group) => groups.push(group),
                Err(error) => return Err(refused.unwrap_or(error)),
            }
        }
        let Strategy { no_decay, averages, .. } = strategy;
        Ok(Self { groups, no_decay, averages, horizon, parameters: None, metrics: None, refused })
    }

    /// The same, of a model whose parameters have these names.
    pub fn with_parameters(self, names: &'a [String]) -> Self {
        Self { parameters: Some(names), ..self }
    }

    /// The same, in a training that reports these metrics.
    pub fn with_metrics(self, names: &'a [String]) -> Self {
        Self { metrics: Some(names), ..self }
    }
}

impl<'a> Group<'a> {
    fn new(spec: &'a GroupStrategy, horizon: Horizon) -> Result<Self, SpecError> {
        let mut values = spec.optimizer.build()?.group;
        values.name.clone_from(&spec.params.0);
        let group = Self {
            spec,
            horizon,
            optimizer: spec.optimizer.name,
            values,
            lr: Curve::default(),
            fields: Vec::new(),
            nodes: Vec::new(),
            calls: Vec::new(),
            every: 1,
            length: None,
            raised: None,
        };
        match &spec.plan.schedule {
            ScheduleChoice::Own(schedule) => group.follow(schedule),
            ScheduleChoice::Torch { call, unit } => group.replay(call, *unit),
        }
    }

    fn follow(mut self, spec: &'a ScheduleSpec) -> Result<Self, SpecError> {
        // All that can be wrong with a group, its signals included.
        Strategy::of(self.spec.optimizer.clone(), self.spec.plan.clone()).build(self.horizon)?;
        self.nodes = tree::nodes(spec, self.horizon);
        let times = curve::times(self.horizon.total_steps, &tree::borders(&self.nodes));
        let schedule = spec.build(self.horizon)?;
        let base = self.values.lr();
        self.lr = Curve::of(&times, |t| schedule.value_at(t, base));
        self.length = schedule.length();
        for (field, spec) in &self.spec.plan.fields {
            let (schedule, base) = (spec.build(self.horizon)?, self.values.get(*field));
            self.fields.push((*field, Curve::of(&times, |t| schedule.value_at(t, base))));
        }
        Ok(self)
    }

    fn replay(mut self, call: &'a TorchCall, unit: Unit) -> Result<Self, SpecError> {
        let total = self.horizon.total_steps;
        self.every = match unit {
            Unit::Epoch => self.horizon.steps_per_epoch,
            Unit::Step => 1,
        };
        if self.every == 0 || !self.spec.plan.fields.is_empty() || !self.spec.plan.signals.is_empty() {
            return Err(refuse(format!("{call} cannot be combined with this training and plan")));
        }
        if self.steps_made() > LONGEST_REPLAY {
            return Err(refuse(format!(
                "{call} would be stepped {} times; a recursion is replayed for up to {LONGEST_REPLAY} steps, so \
                 check a shorter training, or step once an epoch",
                self.steps_made()
            )));
        }
        self.calls = call::placed(call);
        self.length = call::length(call).map(|steps| (steps * self.every as f64) as u64);
        let mut groups = [self.values.clone()];
        let scheduler = torch::build(&call::without_last_epoch(call), &mut groups);
        let scheduler = scheduler.map_err(|error| refuse(format!("{call}: {error}")))?;
        if self.calls.iter().any(|placed| call::moves_momentum(placed.call)) {
            self.fields = [Field::Momentum, Field::Beta1].map(|field| (field, Curve::default())).into();
        }
        self.record(scheduler, groups, total);
        Ok(self)
    }

    fn record(&mut self, mut scheduler: Box<dyn TorchScheduler>, mut groups: [ParamGroup; 1], total: u64) {
        // A scheduler that waits for metrics stays where its constructor left it.
        let waits = self.calls.iter().any(|placed| placed.is("ReduceLROnPlateau"));
        let borders: Vec<u64> = (0..=self.steps_made()).map(|step| step.saturating_mul(self.every)).collect();
        let times = curve::times(total, if total > curve::EVERY_STEP { &borders } else { &[] });
        let mut made = 0;
        for t in times {
            while !waits && made < t / self.every {
                if let Err(error) = scheduler.step(None, &mut groups) {
                    self.raised = Some(((made + 1).saturating_mul(self.every), error));
                    return;
                }
                made += 1;
            }
            self.lr.push(t, groups[0].lr());
            for (field, curve) in &mut self.fields {
                curve.push(t, groups[0].get(*field));
            }
        }
    }

    /// Updates of the whole training.
    pub(super) fn updates(&self) -> u64 {
        self.horizon.total_steps
    }

    /// Epochs of the whole training.
    pub(super) fn epochs(&self) -> f64 {
        self.updates() as f64 / self.horizon.steps_per_epoch.max(1) as f64
    }

    /// Calls of `scheduler.step()` before the last update.
    pub(super) fn steps_made(&self) -> u64 {
        self.updates().saturating_sub(1) / self.every.max(1)
    }

    /// Rates that a scheduler of `PyTorch` gives: one for each epoch or update.
    pub(super) fn rates_asked(&self) -> u64 {
        self.updates().div_ceil(self.every.max(1))
    }

    /// Whether a scheduler of `PyTorch` is stepped once an epoch.
    pub(super) fn is_per_epoch(&self) -> bool {
        self.every > 1
    }

    /// `steps` of a scheduler of `PyTorch` in words: "10 epochs".
    pub(super) fn counted(&self, steps: f64) -> String {
        let unit = if self.is_per_epoch() { "epoch" } else { "step" };
        if steps.fract() == 0.0 && (0.0..1e15).contains(&steps) {
            count(steps as u64, unit)
        } else {
            format!("{steps} {unit}s")
        }
    }

    /// The update at which a scheduler of `PyTorch` has made `steps`.
    pub(super) fn update_at(&self, steps: f64) -> u64 {
        (steps * self.every as f64) as u64
    }

    /// The schedule, where it is one of lrlab's own.
    pub(super) fn own(&self) -> Option<&'a ScheduleSpec> {
        match &self.spec.plan.schedule {
            ScheduleChoice::Own(spec) => Some(spec),
            ScheduleChoice::Torch { .. } => None,
        }
    }

    /// The part that the rate follows at the end of training.
    pub(super) fn final_part(&self) -> Option<&Node<'a>> {
        let leaves = self.nodes.iter().filter(|node| node.is_main && node.spec.inner.is_empty());
        leaves.max_by_key(|node| node.start)
    }

    /// The scheduler of `PyTorch` that the rate follows at the end of training, alone.
    pub(super) fn final_call(&self) -> Option<Placed<'a>> {
        let chained = self.calls.iter().any(|placed| placed.is("ChainedScheduler"));
        let mut leaves = self.calls.iter().filter(|placed| !call::is_composite(placed.call));
        if chained { None } else { leaves.next_back().copied() }
    }

    /// Whether the rate goes up and down as often as the training lasts, and is meant to.
    pub(super) fn is_cyclic(&self) -> bool {
        let own = |node: &Node<'_>| matches!(node.spec.name, "warm-restarts" | "cyclic" | "repeat");
        self.nodes.iter().any(own) || self.calls.iter().any(|placed| call::is_cyclic(placed.call))
    }

    /// Whether the rate is swept to find the best one.
    pub(super) fn is_range_test(&self) -> bool {
        self.nodes.iter().any(|node| node.spec.name == "range-test")
    }

    /// Whether a metric moves the rate.
    pub(super) fn has_signals(&self) -> bool {
        !self.spec.plan.signals.is_empty() || self.calls.iter().any(|placed| placed.is("ReduceLROnPlateau"))
    }

    /// Whether the optimizer has a parameter of this name.
    pub(super) fn optimizer_has(&self, parameter: &str) -> bool {
        optimizers::find(self.optimizer)
            .is_some_and(|entry| entry.params.iter().any(|known| known.name == parameter))
    }

    /// The values of a field, where the plan moves it.
    pub(super) fn field(&self, field: Field) -> Option<&Curve> {
        if field == Field::Lr {
            return Some(&self.lr);
        }
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, curve)| curve)
    }
}

fn refuse(why: String) -> SpecError {
    SpecError::new(vec![Problem { fault: Fault::Refused { why }, span: None, path: "schedule".to_owned() }])
}
