//! The classes whose rates the core computes: how the core's struct is made from torch's attributes.

use lrlab::core::{
    Field,
    scheduler::torch::{
        Anneal, ConstantLR, CosineAnnealingLR, CosineAnnealingWarmRestarts, CyclicLR, CyclicMode,
        ExponentialLR, LinearLR, Milestones, MultiStepLR, OneCycleLR, Phase, PhaseKey, PolynomialLR, SWALR,
        ScaleFn, State, StepLR, TorchScheduler,
    },
};
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyList, PyString, PyTuple},
};

use super::{
    attributes::{Attributes, count, float, number},
    groups::Reads,
};

/// A scheduler of the core, with the attributes of Python's.
type Made = Option<Box<dyn TorchScheduler>>;

/// A class of torch's.
pub(super) struct Class {
    pub(super) name: &'static str,
    /// What it reads from the groups.
    pub(super) reads: Reads,
    /// What makes the core's struct for `get_lr`.
    pub(super) make: fn(&Attributes<'_, '_>) -> Made,
    /// The methods that its rates are made of, beside `get_lr`: who overrides one gets torch's arithmetic.
    pub(super) methods: &'static [&'static str],
}

pub(super) const CLASSES: [Class; 11] = [
    class("StepLR", Reads::Rate, step_lr),
    class("MultiStepLR", Reads::Rate, multi_step_lr),
    class("ConstantLR", Reads::Rate, constant_lr),
    class("LinearLR", Reads::Rate, linear_lr),
    class("ExponentialLR", Reads::Rate, exponential_lr),
    class("PolynomialLR", Reads::Rate, polynomial_lr),
    class("CosineAnnealingLR", Reads::Rate, cosine_annealing_lr),
    class("CosineAnnealingWarmRestarts", Reads::Nothing, cosine_annealing_warm_restarts),
    Class {
        methods: &["scale_fn", "_triangular_scale_fn", "_triangular2_scale_fn", "_exp_range_scale_fn"],
        ..class("CyclicLR", Reads::Nothing, cyclic_lr)
    },
    Class {
        methods: &["_anneal_func", "_annealing_cos", "_annealing_linear"],
        ..class("OneCycleLR", Reads::Cycle, one_cycle_lr)
    },
    Class {
        methods: &["_get_initial_lr", "_cosine_anneal", "_linear_anneal"],
        ..class("SWALR", Reads::RateAndTarget, swalr)
    },
];

const fn class(name: &'static str, reads: Reads, make: fn(&Attributes<'_, '_>) -> Made) -> Class {
    Class { name, reads, make, methods: &[] }
}

fn made<S: TorchScheduler + 'static>(scheduler: S) -> Made {
    Some(Box::new(scheduler))
}

fn step_lr(a: &Attributes<'_, '_>) -> Made {
    let step_size = a.count(intern!(a.py(), "step_size"))?;
    made(StepLR { state: a.state(), step_size, gamma: a.float(intern!(a.py(), "gamma"))? })
}

fn multi_step_lr(a: &Attributes<'_, '_>) -> Made {
    let milestones = a.get(intern!(a.py(), "milestones"))?;
    // The recursion asks for one step only, and a Counter knows it without a search.
    let times = match milestones.cast::<PyDict>().ok()?.get_item(a.epoch).ok()? {
        None => 0,
        Some(times) => usize::try_from(count(&times)?).ok()?,
    };
    let milestones = Milestones(vec![a.epoch as f64; times]);
    made(MultiStepLR { state: a.state(), milestones, gamma: a.float(intern!(a.py(), "gamma"))? })
}

fn constant_lr(a: &Attributes<'_, '_>) -> Made {
    let total_iters = a.count(intern!(a.py(), "total_iters"))?;
    made(ConstantLR { state: a.state(), factor: a.factor(intern!(a.py(), "factor"))?, total_iters })
}

fn linear_lr(a: &Attributes<'_, '_>) -> Made {
    made(LinearLR {
        state: a.state_with_initial()?,
        start_factor: a.factor(intern!(a.py(), "start_factor"))?,
        end_factor: a.factor(intern!(a.py(), "end_factor"))?,
        total_iters: a.count(intern!(a.py(), "total_iters"))?,
    })
}

fn exponential_lr(a: &Attributes<'_, '_>) -> Made {
    made(ExponentialLR { state: a.state_with_initial()?, gamma: a.float(intern!(a.py(), "gamma"))? })
}

fn polynomial_lr(a: &Attributes<'_, '_>) -> Made {
    let total_iters = a.count(intern!(a.py(), "total_iters"))?;
    let power = a.factor(intern!(a.py(), "power"))?;
    made(PolynomialLR { state: a.state_with_initial()?, total_iters, power })
}

fn cosine_annealing_lr(a: &Attributes<'_, '_>) -> Made {
    let state = State {
        base_lrs: a.floats(intern!(a.py(), "base_lrs"))?,
        step_count: a.step_count()?,
        ..a.state_with_initial()?
    };
    let t_max = a.count(intern!(a.py(), "T_max"))?;
    made(CosineAnnealingLR { state, t_max, eta_min: a.factor(intern!(a.py(), "eta_min"))? })
}

/// For `step` as well: so `T_i` counts, and the core's remainder is Python's where it is above 0.
fn cosine_annealing_warm_restarts(a: &Attributes<'_, '_>) -> Made {
    warm_restarts(a).and_then(made)
}

pub(super) fn warm_restarts(a: &Attributes<'_, '_>) -> Option<CosineAnnealingWarmRestarts> {
    Some(CosineAnnealingWarmRestarts {
        state: a.state_with_bases()?,
        t_0: a.count(intern!(a.py(), "T_0"))?,
        t_i: a.count(intern!(a.py(), "T_i")).filter(|t_i| *t_i > 0.0)?,
        t_mult: a.count(intern!(a.py(), "T_mult"))?,
        eta_min: a.factor(intern!(a.py(), "eta_min"))?,
        t_cur: number(&a.get(intern!(a.py(), "T_cur"))?)?,
    })
}

fn cyclic_lr(a: &Attributes<'_, '_>) -> Made {
    let py = a.py();
    if !a.get(intern!(py, "_scale_fn_custom"))?.is_none() {
        return None;
    }
    let (mode, gamma) = scale(a)?;
    let cycle_momentum = a.flag(intern!(py, "cycle_momentum"))?;
    let momenta = |name| if cycle_momentum { a.numbers(name).map(Some) } else { Some(None) };
    made(CyclicLR {
        state: State { base_lrs: a.numbers(intern!(py, "base_lrs"))?, ..a.state() },
        max_lrs: a.numbers(intern!(py, "max_lrs"))?,
        total_size: a.float(intern!(py, "total_size"))?,
        step_ratio: a.float(intern!(py, "step_ratio"))?,
        mode,
        gamma,
        scale_fn: ScaleFn(None),
        scale_mode: a.get(intern!(py, "scale_mode"))?.extract().ok()?,
        cycle_momentum,
        use_beta1: if cycle_momentum { Some(a.flag(intern!(py, "use_beta1"))?) } else { None },
        base_momentums: momenta(intern!(py, "base_momentums"))?,
        max_momentums: momenta(intern!(py, "max_momentums"))?,
    })
}

/// How the height of a cycle changes: the function that was chosen, whatever became of `mode` and `gamma`
/// since then.
fn scale(a: &Attributes<'_, '_>) -> Option<(CyclicMode, f64)> {
    let py = a.py();
    let function = a.get(intern!(py, "_scale_fn_ref"))?;
    if function.is(&a.of_class(intern!(py, "_triangular_scale_fn"))?) {
        return Some((CyclicMode::Triangular, 1.0));
    }
    if function.is(&a.of_class(intern!(py, "_triangular2_scale_fn"))?) {
        return Some((CyclicMode::Triangular2, 1.0));
    }
    let with_gamma = function.getattr(intern!(py, "func")).ok()?;
    if !with_gamma.is(&a.of_class(intern!(py, "_exp_range_scale_fn"))?) {
        return None;
    }
    let arguments = function.getattr(intern!(py, "args")).ok()?.cast_into_exact::<PyTuple>().ok()?;
    Some((CyclicMode::ExpRange, float(&arguments.get_item(0).ok()?)?))
}

fn one_cycle_lr(a: &Attributes<'_, '_>) -> Made {
    let py = a.py();
    let phases = a.get(intern!(py, "_schedule_phases"))?.cast_into_exact::<PyList>().ok()?;
    let cycle_momentum = a.flag(intern!(py, "cycle_momentum"))?;
    made(OneCycleLR {
        state: a.state(),
        total_steps: a.count(intern!(py, "total_steps"))?,
        schedule_phases: phases.iter().map(|each| phase(&each, cycle_momentum)).collect::<Option<_>>()?,
        anneal: match a.get(intern!(py, "_anneal_func_type"))?.extract::<&str>().ok()? {
            "cos" => Anneal::Cos,
            "linear" => Anneal::Linear,
            _ => return None,
        },
        cycle_momentum,
        use_beta1: if cycle_momentum { Some(a.flag(intern!(py, "use_beta1"))?) } else { None },
    })
}

fn phase(of: &Bound<'_, PyAny>, cycle_momentum: bool) -> Option<Phase> {
    let py = of.py();
    let dict = of.cast_exact::<PyDict>().ok()?;
    let key = |name: &Bound<'_, PyString>| {
        PhaseKey::from_name(dict.get_item(name).ok()??.cast_exact::<PyString>().ok()?.to_str().ok()?)
    };
    let momentum = |name| if cycle_momentum { key(name) } else { Some(PhaseKey::default()) };
    Some(Phase {
        end_step: number(&dict.get_item(intern!(py, "end_step")).ok()??)?,
        start_lr: key(intern!(py, "start_lr"))?,
        end_lr: key(intern!(py, "end_lr"))?,
        start_momentum: momentum(intern!(py, "start_momentum"))?,
        end_momentum: momentum(intern!(py, "end_momentum"))?,
    })
}

fn swalr(a: &Attributes<'_, '_>) -> Made {
    let py = a.py();
    let function = a.get(intern!(py, "anneal_func"))?;
    // A function of the user's own may stand there.
    let anneal = if function.is(&a.of_class(intern!(py, "_cosine_anneal"))?) {
        Anneal::Cos
    } else if function.is(&a.of_class(intern!(py, "_linear_anneal"))?) {
        Anneal::Linear
    } else {
        return None;
    };
    let state = State { step_count: a.step_count()?, ..a.state() };
    made(SWALR { state, anneal_epochs: a.count(intern!(py, "anneal_epochs"))?, anneal })
}

/// What makes the core's struct for `_get_closed_form_lr`, which needs every milestone.
pub(super) fn make_for_closed_form(class: &Class, a: &Attributes<'_, '_>) -> Made {
    let mut scheduler = if class.name == "MultiStepLR" {
        let gamma = a.float(intern!(a.py(), "gamma"))?;
        let mut milestones = Vec::new();
        for (step, times) in a.get(intern!(a.py(), "milestones"))?.cast::<PyDict>().ok()?.iter() {
            let times = usize::try_from(count(&times)?).ok()?;
            milestones.resize(milestones.len() + times, count(&step)? as f64);
        }
        milestones.sort_by(f64::total_cmp);
        made(MultiStepLR { state: a.state(), milestones: Milestones(milestones), gamma })
    } else {
        (class.make)(a)
    }?;
    scheduler.state_mut().base_lrs = a.floats(intern!(a.py(), "base_lrs"))?;
    Some(scheduler)
}

/// The field that a scheduler moves beside the rate.
pub(super) fn momentum_of(scheduler: &dyn TorchScheduler) -> Option<Field> {
    [Field::Momentum, Field::Beta1].into_iter().find(|field| scheduler.writes(*field))
}
