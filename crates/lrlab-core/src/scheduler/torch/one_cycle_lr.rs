//! `OneCycleLR`: one cycle of the rate, up to `max_lr` and far down; momentum goes the other way.
//!
//! ```text
//! initial_lr = max_lr / div_factor;  min_lr = initial_lr / final_div_factor
//! two phases, ending at pct_start N - 1 and N - 1:               initial_lr -> max_lr -> min_lr
//! three, ending at pct_start N - 1, 2 pct_start N - 2, N - 1:    initial_lr -> max_lr -> initial_lr -> min_lr
//! p = (e - begin) / (end - begin) of the phase that e is in
//! value = end + (start - end) / 2 * (1 + cos(pi p))      cos
//! value = (end - start) * p + start                      linear
//! ```
//!
//! e: steps made; N: `total_steps`, or `epochs * steps_per_epoch`.
//! PyTorch: `torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=None, epochs=None,
//! steps_per_epoch=None, pct_start=0.3, anneal_strategy='cos', cycle_momentum=True, base_momentum=0.85,
//! max_momentum=0.95, div_factor=25.0, final_div_factor=1e4, three_phase=False, last_epoch=-1)`; paper: Smith
//! and Topin 2017, "Super-Convergence" (arXiv 1708.07120).
//! It is no recursion: the one form is both. Quirks, all replayed: the rates and momenta it moves between
//! are kept in the groups, so an optimizer's checkpoint brings its own; the constructor overwrites
//! `initial_lr` and momentum, which `SequentialLR` then starts its first part from; an SGD without momentum
//! gets one; step N is allowed although N - 1 is the last of the cycle, and goes beyond it (up again, or
//! below zero with 'linear'); step N + 1 raises; a phase without steps raises `ZeroDivisionError`.

use std::f64::consts::PI;

use super::{
    Anneal, Arguments, Attributes, Built, Phase, PhaseKey, State, TorchError, TorchScheduler, boxed,
    construct,
    cyclic_lr::{momentum_field, start_momenta, uses_beta1},
    python, python_text,
};
use crate::{
    Field, ParamGroup,
    spec::{TorchCall, TorchValue},
};

/// torch's `OneCycleLR`.
#[derive(Clone, Debug, PartialEq)]
pub struct OneCycleLR {
    /// The attributes that all schedulers have.
    pub state: State,
    /// N: steps of the cycle.
    pub total_steps: f64,
    /// `_schedule_phases`.
    pub schedule_phases: Vec<Phase>,
    /// `_anneal_func_type`.
    pub anneal: Anneal,
    /// Whether momentum moves too.
    pub cycle_momentum: bool,
    /// Whether beta1 stands for momentum; set where `cycle_momentum` is.
    pub use_beta1: Option<bool>,
}

const PARAMETERS: &[&str] = &[
    "max_lr",
    "total_steps",
    "epochs",
    "steps_per_epoch",
    "pct_start",
    "anneal_strategy",
    "cycle_momentum",
    "base_momentum",
    "max_momentum",
    "div_factor",
    "final_div_factor",
    "three_phase",
    "last_epoch",
];

pub(super) fn build(call: &TorchCall, groups: &mut [ParamGroup]) -> Built {
    let arguments = Arguments::bind(call, PARAMETERS, 1)?;
    let fresh = arguments.last_epoch()? == -1.0;
    let total_steps = total_steps(&arguments)?;
    let schedule_phases = phases(&arguments, total_steps)?;
    let anneal = Anneal::read(&arguments)?;
    let max_lrs = arguments.per_group("max_lr", 0.0, groups.len())?;
    let div_factor = arguments.number("div_factor", 25.0)?;
    let final_div_factor = arguments.number("final_div_factor", 1e4)?;
    if fresh {
        for (group, max_lr) in groups.iter_mut().zip(max_lrs) {
            let initial_lr = python::divide(max_lr, div_factor)?;
            group.torch.initial_lr = Some(initial_lr);
            group.torch.max_lr = Some(max_lr);
            group.torch.min_lr = Some(python::divide(initial_lr, final_div_factor)?);
        }
    }
    let cycle_momentum = arguments.flag("cycle_momentum", true);
    let mut use_beta1 = None;
    if cycle_momentum {
        let beta1 = uses_beta1(groups)?;
        let max = arguments.per_group("max_momentum", 0.95, groups.len())?;
        let base = arguments.per_group("base_momentum", 0.85, groups.len())?;
        if fresh {
            start_momenta(groups, beta1, &base, &max);
        }
        use_beta1 = Some(beta1);
    }
    let state = State::default();
    let scheduler = OneCycleLR { state, total_steps, schedule_phases, anneal, cycle_momentum, use_beta1 };
    construct(scheduler, arguments.last_epoch()?, groups).map(boxed)
}

fn total_steps(arguments: &Arguments<'_>) -> Result<f64, TorchError> {
    let refused = |name: &str, value: &TorchValue| {
        TorchError::Value(format!("Expected positive integer {name}, but got {}", python_text::text(value)))
    };
    if let Some(value) = arguments.some("total_steps") {
        let steps = python_text::compared(value, "<=", "int")?;
        return if steps > 0.0 && python_text::is_int(value) {
            Ok(steps)
        } else {
            Err(refused("total_steps", value))
        };
    }
    let (Some(epochs), Some(steps)) = (arguments.some("epochs"), arguments.some("steps_per_epoch")) else {
        return Err(TorchError::Value(
            "You must define either total_steps OR (epochs AND steps_per_epoch)".to_owned(),
        ));
    };
    let mut product = 1.0;
    for (name, value) in [("epochs", epochs), ("steps_per_epoch", steps)] {
        let number = super::arguments::as_number(value).filter(|number| *number > 0.0);
        product *= number.filter(|_| python_text::is_int(value)).ok_or_else(|| refused(name, value))?;
    }
    Ok(product)
}

#[expect(clippy::manual_range_contains, reason = "NaN passes, as in torch")]
fn phases(arguments: &Arguments<'_>, total_steps: f64) -> Result<Vec<Phase>, TorchError> {
    use PhaseKey::{BaseMomentum, InitialLr, MaxLr, MaxMomentum, MinLr};
    let pct_start = arguments.number("pct_start", 0.3)?;
    let is_float = arguments.value("pct_start").is_none_or(|value| matches!(value, TorchValue::Float(_)));
    if pct_start < 0.0 || pct_start > 1.0 || !is_float {
        let got = arguments.value("pct_start").map_or_else(String::new, python_text::text);
        return Err(TorchError::Value(format!("Expected float between 0 and 1 pct_start, but got {got}")));
    }
    let phase = |end_step, (start_lr, end_lr), (start_momentum, end_momentum)| Phase {
        end_step,
        start_lr,
        end_lr,
        start_momentum,
        end_momentum,
    };
    let up = phase(pct_start * total_steps - 1.0, (InitialLr, MaxLr), (MaxMomentum, BaseMomentum));
    let last = total_steps - 1.0;
    Ok(if arguments.flag("three_phase", false) {
        let down = 2.0 * pct_start * total_steps - 2.0;
        vec![
            up,
            phase(down, (MaxLr, InitialLr), (BaseMomentum, MaxMomentum)),
            phase(last, (InitialLr, MinLr), (MaxMomentum, MaxMomentum)),
        ]
    } else {
        vec![up, phase(last, (MaxLr, MinLr), (BaseMomentum, MaxMomentum))]
    })
}

impl OneCycleLR {
    fn between(&self, start: f64, end: f64, share: f64) -> f64 {
        match self.anneal {
            Anneal::Cos => end + (start - end) / 2.0 * ((PI * share).cos() + 1.0),
            Anneal::Linear => (end - start) * share + start,
        }
    }

    /// The phase that step `epoch` is in, and how much of it is over.
    fn phase_at(&self, epoch: f64) -> Result<(Phase, f64), TorchError> {
        let mut begin = 0.0;
        for (i, phase) in self.schedule_phases.iter().enumerate() {
            if epoch <= phase.end_step || i + 1 == self.schedule_phases.len() {
                return Ok((*phase, python::divide(epoch - begin, phase.end_step - begin)?));
            }
            begin = phase.end_step;
        }
        Err(TorchError::Value("OneCycleLR: _schedule_phases is empty".to_owned()))
    }
}

impl TorchScheduler for OneCycleLR {
    fn name(&self) -> &'static str {
        "OneCycleLR"
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    fn get_lr(&mut self, groups: &mut [ParamGroup]) -> Result<Vec<f64>, TorchError> {
        let epoch = self.state.last_epoch;
        if epoch > self.total_steps {
            return Err(TorchError::Value(format!(
                "Tried to step {} times. The specified number of total steps is {}",
                python_text::whole_or_float(epoch),
                python_text::whole_or_float(self.total_steps)
            )));
        }
        let mut rates = Vec::with_capacity(groups.len());
        for group in groups {
            let (phase, share) = self.phase_at(epoch)?;
            let keys = group.torch;
            rates.push(self.between(phase.start_lr.of(&keys)?, phase.end_lr.of(&keys)?, share));
            if self.cycle_momentum {
                let (start, end) = (phase.start_momentum.of(&keys)?, phase.end_momentum.of(&keys)?);
                let field = momentum_field(self.use_beta1 == Some(true));
                group.set(field, self.between(start, end, share));
            }
        }
        Ok(rates)
    }

    fn writes(&self, field: Field) -> bool {
        let momentum = self.cycle_momentum && field == momentum_field(self.use_beta1 == Some(true));
        momentum || field == Field::Lr
    }

    fn attributes(&mut self) -> Attributes<'_> {
        let mut all = self.state.attributes();
        all.push(("total_steps", &mut self.total_steps));
        all.push(("_schedule_phases", &mut self.schedule_phases));
        all.push(("_anneal_func_type", &mut self.anneal));
        all.push(("cycle_momentum", &mut self.cycle_momentum));
        all.push(("use_beta1", &mut self.use_beta1));
        all
    }

    fn clone_box(&self) -> Box<dyn TorchScheduler> {
        Box::new(self.clone())
    }
}
