//! `CyclicLR`: the rate goes up and down between two bounds; momentum goes the other way.
//!
//! ```text
//! cycle = floor(1 + e / (up + down));  x = 1 + e / (up + down) - cycle;  r = up / (up + down)
//! share = x / r where x <= r, else (x - 1) / (r - 1)
//! lr = base_lr + (max_lr - base_lr) * share * scale
//! momentum = max_momentum - (max_momentum - base_momentum) * share * scale
//! scale = 1 (triangular), 1 / 2^(cycle - 1) (triangular2), gamma^e (exp_range)
//! ```
//!
//! e: steps made; up, down: `step_size_up` and `step_size_down`, steps.
//! PyTorch: `torch.optim.lr_scheduler.CyclicLR(optimizer, base_lr, max_lr, step_size_up=2000,
//! step_size_down=None, mode='triangular', gamma=1.0, scale_fn=None, scale_mode='cycle',
//! cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1)`; paper: Smith 2015, "Cyclical
//! Learning Rates for Training Neural Networks" (arXiv 1506.01186).
//! Bounds may be lists, one value for each group. It is no recursion: the one form is both. Quirks, all
//! replayed: the constructor sets rate and momentum, an SGD without momentum gets one, and with
//! betas beta1 moves instead; a `step_size_up` of 0 raises in the constructor; triangular2 raises
//! `OverflowError` at cycle 1025, and `exp_range` with a gamma above 1 once its power is too large.

use super::{
    Arguments, Attribute, Attributes, Built, Factor, Refusal, State, StateValue, TorchError, TorchScheduler,
    boxed, construct, factor::ScaleFn, python, python_text, same_count,
};
use crate::{
    Field, ParamGroup,
    spec::{TorchCall, TorchValue},
};

/// How the height of `CyclicLR`'s cycles changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CyclicMode {
    /// `triangular`: not at all.
    Triangular,
    /// `triangular2`: halved from cycle to cycle.
    Triangular2,
    /// `exp_range`: times gamma at every step.
    ExpRange,
    /// Any other word, which torch takes where a `scale_fn` is given.
    Other(String),
}

/// torch's `CyclicLR`.
#[derive(Clone, Debug)]
pub struct CyclicLR {
    /// The attributes that all schedulers have; `base_lrs` are the lower bounds.
    pub state: State,
    /// The upper bounds of the rates.
    pub max_lrs: Vec<f64>,
    /// Steps of a whole cycle.
    pub total_size: f64,
    /// The share of a cycle on the way up.
    pub step_ratio: f64,
    /// How the height changes.
    pub mode: CyclicMode,
    /// The factor of a step in `exp_range`.
    pub gamma: f64,
    /// `_scale_fn_custom`: the user's own function of the height.
    pub scale_fn: ScaleFn,
    /// `scale_mode`: `cycle` where the height is a function of the cycle, else it is one of the step.
    pub scale_mode: String,
    /// Whether momentum moves too.
    pub cycle_momentum: bool,
    /// Whether beta1 stands for momentum; set where `cycle_momentum` is.
    pub use_beta1: Option<bool>,
    /// The lower bounds of the momenta, set where `cycle_momentum` is.
    pub base_momentums: Option<Vec<f64>>,
    /// The upper bounds of the momenta, set where `cycle_momentum` is.
    pub max_momentums: Option<Vec<f64>>,
}

const PARAMETERS: &[&str] = &[
    "base_lr",
    "max_lr",
    "step_size_up",
    "step_size_down",
    "mode",
    "gamma",
    "scale_fn",
    "scale_mode",
    "cycle_momentum",
    "base_momentum",
    "max_momentum",
    "last_epoch",
];

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    CyclicLR::new(call, None, groups).map(boxed)
}

/// Which field `CyclicLR` and `OneCycleLR` take for momentum: whether it is beta1.
///
/// torch asks the optimizer's defaults, which are those of every group.
pub(super) fn uses_beta1(groups: &[ParamGroup]) -> Result<bool, TorchError> {
    let any_has = |field| groups.iter().any(|group| group.has(field));
    if any_has(Field::Momentum) || any_has(Field::Beta1) {
        return Ok(any_has(Field::Beta1));
    }
    Err(TorchError::Value(
        "optimizer must support momentum or beta1 with `cycle_momentum` option enabled".to_owned(),
    ))
}

/// The field that momentum is kept in.
pub(super) fn momentum_field(use_beta1: bool) -> Field {
    if use_beta1 { Field::Beta1 } else { Field::Momentum }
}

/// Starts the groups' momenta at their upper bounds.
pub(super) fn start_momenta(groups: &mut [ParamGroup], use_beta1: bool, base: &[f64], max: &[f64]) {
    for ((group, base), max) in groups.iter_mut().zip(base).zip(max) {
        group.set(momentum_field(use_beta1), *max);
        group.torch.max_momentum = Some(*max);
        group.torch.base_momentum = Some(*base);
    }
}

impl CyclicLR {
    /// Torch's constructor with the arguments of `call`, and `scale_fn` as its argument of that name.
    ///
    /// # Errors
    /// What torch raises.
    pub fn new(
        call: &TorchCall,
        scale_fn: Option<Factor>,
        groups: &mut [ParamGroup],
    ) -> Result<Self, TorchError> {
        let arguments = Arguments::bind(call, PARAMETERS, 2)?;
        let last_epoch = arguments.last_epoch()?;
        let fresh = last_epoch == -1.0;
        let base_lrs = arguments.per_group("base_lr", 0.0, groups.len())?;
        if fresh {
            groups.iter_mut().zip(&base_lrs).for_each(|(group, lr)| group.set(Field::Lr, *lr));
        }
        let max_lrs = arguments.per_group("max_lr", 0.0, groups.len())?;
        let up = arguments.value("step_size_up").map_or(Ok(2000.0), python_text::to_float)?;
        let down = arguments.some("step_size_down").map_or(Ok(up), python_text::to_float)?;
        let total_size = up + down;
        let step_ratio = python::divide(up, total_size)?;
        let scale_fn = match (scale_fn, arguments.some("scale_fn")) {
            (None, Some(TorchValue::Text(text))) => Some(Factor::read(text)?),
            (None, Some(TorchValue::Lambda(expression))) => Some(Factor::Expression(expression.clone())),
            (given, _) => given,
        };
        let not_a_function = if scale_fn.is_none() { arguments.some("scale_fn") } else { None };
        let mode = arguments.value("mode").map_or_else(|| "triangular".to_owned(), python_text::text);
        let mode = CyclicMode::read(&mode);
        let has_own_scale = scale_fn.is_some() || not_a_function.is_some();
        if matches!(mode, CyclicMode::Other(_)) && !has_own_scale {
            return Err(TorchError::Value("mode is invalid and scale_fn is None".to_owned()));
        }
        let gamma = arguments.number("gamma", 1.0)?;
        let scale_mode = match mode {
            _ if has_own_scale => {
                arguments.value("scale_mode").map_or_else(|| "cycle".to_owned(), python_text::text)
            }
            CyclicMode::ExpRange => "iterations".to_owned(),
            _ => "cycle".to_owned(),
        };
        let cycle_momentum = arguments.flag("cycle_momentum", true);
        let (mut use_beta1, mut base_momentums, mut max_momentums) = (None, None, None);
        if cycle_momentum {
            let beta1 = uses_beta1(groups)?;
            let base = arguments.per_group("base_momentum", 0.8, groups.len())?;
            let max = arguments.per_group("max_momentum", 0.9, groups.len())?;
            if fresh {
                start_momenta(groups, beta1, &base, &max);
            }
            (use_beta1, base_momentums, max_momentums) = (Some(beta1), Some(base), Some(max));
        }
        if let Some(value) = not_a_function {
            let kind = python_text::type_name(value);
            return Err(TorchError::Type(format!("'{kind}' object is not callable")));
        }
        let scheduler = Self {
            state: State::default(),
            max_lrs,
            total_size,
            step_ratio,
            mode,
            gamma,
            scale_fn: ScaleFn(scale_fn),
            scale_mode,
            cycle_momentum,
            use_beta1,
            base_momentums,
            max_momentums,
        };
        // The constructor's own step still starts from initial_lr, which may be older than this class.
        let mut scheduler = construct(scheduler, last_epoch, groups)?;
        scheduler.state.base_lrs = base_lrs;
        Ok(scheduler)
    }

    fn scale(&self, x: f64) -> Result<f64, TorchError> {
        match (&self.scale_fn.0, &self.mode) {
            (Some(factor), _) => factor.value(x),
            (None, CyclicMode::Triangular2) => python::divide(1.0, python::power(2.0, x - 1.0)?),
            (None, CyclicMode::ExpRange) => python::power(self.gamma, x),
            (None, CyclicMode::Triangular | CyclicMode::Other(_)) => Ok(1.0),
        }
    }
}

impl TorchScheduler for CyclicLR {
    fn name(&self) -> &'static str {
        "CyclicLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let epoch = self.state.last_epoch;
        let cycles = python::divide(epoch, self.total_size)?;
        let cycle = (1.0 + cycles).floor();
        let x = 1.0 + cycles - cycle;
        let share = if x <= self.step_ratio {
            python::divide(x, self.step_ratio)?
        } else {
            python::divide(x - 1.0, self.step_ratio - 1.0)?
        };
        let scale = self.scale(if self.scale_mode == "cycle" { cycle } else { epoch })?;
        let bounds = self.state.base_lrs.iter().zip(&self.max_lrs);
        let rates: Vec<f64> = bounds.map(|(base, max)| base + (max - base) * share * scale).collect();
        same_count(self.max_lrs.len(), self.state.base_lrs.len())?;
        if let (true, Some(base), Some(max)) =
            (self.cycle_momentum, &self.base_momentums, &self.max_momentums)
        {
            let field = momentum_field(self.use_beta1 == Some(true));
            for (group, (base, max)) in groups.iter_mut().zip(base.iter().zip(max)) {
                group.set(field, max - (max - base) * share * scale);
            }
            same_count(max.len(), groups.len())?;
        }
        Ok(rates)
    }

    fn writes(&self, field: Field) -> bool {
        let momentum = self.cycle_momentum && field == momentum_field(self.use_beta1 == Some(true));
        momentum || field == Field::Lr
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("max_lrs", &mut self.max_lrs));
        all.push(("total_size", &mut self.total_size));
        all.push(("step_ratio", &mut self.step_ratio));
        all.push(("mode", &mut self.mode));
        all.push(("gamma", &mut self.gamma));
        all.push(("scale_mode", &mut self.scale_mode));
        all.push(("_scale_fn_custom", &mut self.scale_fn));
        all.push(("cycle_momentum", &mut self.cycle_momentum));
        all.push(("use_beta1", &mut self.use_beta1));
        all.push(("base_momentums", &mut self.base_momentums));
        all.push(("max_momentums", &mut self.max_momentums));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}

impl CyclicMode {
    fn read(word: &str) -> Self {
        match word {
            "triangular" => Self::Triangular,
            "triangular2" => Self::Triangular2,
            "exp_range" => Self::ExpRange,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Attribute for CyclicMode {
    fn save(&self) -> Option<StateValue> {
        let word = match self {
            Self::Triangular => "triangular",
            Self::Triangular2 => "triangular2",
            Self::ExpRange => "exp_range",
            Self::Other(word) => word,
        };
        Some(StateValue::Text(word.to_owned()))
    }

    fn load(&mut self, value: &StateValue) -> Result<(), Refusal> {
        let StateValue::Text(word) = value else { return Err(Refusal::Expected("a string")) };
        *self = Self::read(word);
        Ok(())
    }
}
