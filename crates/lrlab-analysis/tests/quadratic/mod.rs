//! Gradient descent on a quadratic, in its eigenbasis and in f64: writes the event log that a trial
//! would, with exact probes and branches, so that verdicts can be held against theory.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;

use lrlab_analysis::Run;
use lrlab_core::{
    Event, Horizon, Outcome, Strategy, TaskSpec, TrialSpec,
    event::{Metric, Probe, Probed, Started, Step, Validated},
    horizon::Duration,
};

/// What is trained: `sum of value x^2 / 2` over the spectrum, from `start`.
#[derive(Clone, Debug)]
pub(crate) struct Quadratic {
    /// Eigenvalues of the Hessian.
    pub(crate) spectrum: Vec<f64>,
    /// Where each coordinate starts.
    pub(crate) start: Vec<f64>,
    /// Standard deviation of the noise on each coordinate of a step's gradient.
    pub(crate) noise: f64,
    /// Each step sees one of `line`'s four points, its label with noise of this deviation.
    pub(crate) labels: Option<f64>,
    pub(crate) optimizer: Optimizer,
    pub(crate) steps: u64,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Optimizer {
    Sgd { momentum: f64 },
    Adam,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;

#[derive(Clone)]
struct State {
    x: Vec<f64>,
    m: Vec<f64>,
    v: Vec<f64>,
    noise: Normal,
}

impl Quadratic {
    /// SGD without noise.
    pub(crate) fn new(spectrum: &[f64], start: &[f64], steps: u64) -> Self {
        Self {
            spectrum: spectrum.to_vec(),
            start: start.to_vec(),
            noise: 0.0,
            labels: None,
            optimizer: Optimizer::Sgd { momentum: 0.0 },
            steps,
            seed: 0,
        }
    }

    /// `line`: y = w x + b on (1,2) (2,4) (3,6) (4,8) by mean squared error, from torch's weights
    /// of seed 0, for 15 steps.
    pub(crate) fn line() -> Self {
        // The Hessian [[15, 5], [5, 2]]: 2/4 of the sums of x^2, x and 1.
        let root = 269_f64.sqrt();
        let spectrum = [f64::midpoint(17.0, root), f64::midpoint(17.0, -root)];
        Self::new(&spectrum, &turned([-0.007_486_8 - 2.0, 0.536_443_6]), 15)
    }

    /// `line` with noisy labels, a batch of one and weights of its own for each seed; its loss is
    /// the expectation less the labels' noise.
    pub(crate) fn noisy_line(seed: u64) -> Self {
        let mut weights = Normal::new(seed ^ 0xabcd);
        let mut weight = || 2.0 * weights.uniform() - 1.0;
        let start = turned([weight() - 2.0, weight()]).to_vec();
        Self { start, labels: Some(0.5), steps: 300, seed, ..Self::line() }
    }

    pub(crate) fn loss(&self, x: &[f64]) -> f64 {
        self.spectrum.iter().zip(x).map(|(value, x)| value * x * x / 2.0).sum()
    }

    pub(crate) fn constant(&self, lr: f64) -> Run {
        self.run(|_| lr)
    }

    /// The run with rate `lr(t)`.
    pub(crate) fn run(&self, lr: impl Fn(u64) -> f64) -> Run {
        let mut state = State {
            x: self.start.clone(),
            m: vec![0.0; self.start.len()],
            v: vec![0.0; self.start.len()],
            noise: Normal::new(self.seed),
        };
        let branch_steps = (self.steps / 60).clamp(5, 50).min((self.steps / 3).max(1));
        let from = self.steps - branch_steps;
        let mut events = vec![Event::Started(Box::new(self.started()))];
        let mut branch = None;
        let mut before: Option<Vec<f64>> = None;
        let start = self.loss(&state.x);
        let mut outcome = Outcome::Completed;
        for t in 0..self.steps {
            let loss = self.loss(&state.x);
            if !loss.is_finite() || loss > 1e9 * start {
                outcome = Outcome::Diverged { t, loss };
                break;
            }
            if t % 10 == 0 || t == from {
                events.push(self.probe_gradient(t, &state.x));
            }
            if t == from {
                let highest = (0..=t).map(&lr).fold(0.0, f64::max);
                branch = Some((
                    loss,
                    self.clone_on(&state, t, |t| lr(t) / 2.0),
                    self.clone_on(&state, t, |t| (2.0 * lr(t)).max(highest)),
                ));
            }
            let gradient = self.update(&mut state, t, lr(t));
            if t == from {
                events.push(self.probe_sharpness(t, &state, lr(t)));
            }
            let norm = dot(&gradient, &gradient).sqrt();
            let turn = before.map(|b| dot(&b, &gradient) / (norm * dot(&b, &b).sqrt()));
            events.push(Event::Step(Step {
                t,
                loss,
                lr: vec![lr(t)],
                grad_norm: Some(norm),
                turn,
                ..Step::default()
            }));
            before = Some(gradient);
        }
        if let (Some((at_from, half, raised)), Outcome::Completed) = (branch, &outcome) {
            let probe = Probe::Branch { from, start: at_from, same: self.loss(&state.x), half, raised };
            events.push(Event::Probed(Probed { t: self.steps, probe }));
            events.push(Event::Validated(Validated {
                t: self.steps,
                metrics: BTreeMap::from([("loss".to_owned(), Metric(self.loss(&state.x)))]),
            }));
        }
        events.push(Event::Finished { outcome });
        Run::fold(events).unwrap()
    }

    fn clone_on(&self, state: &State, from: u64, lr: impl Fn(u64) -> f64) -> f64 {
        let mut state = state.clone();
        for t in from..self.steps {
            self.update(&mut state, t, lr(t));
        }
        self.loss(&state.x)
    }

    fn update(&self, state: &mut State, t: u64, lr: f64) -> Vec<f64> {
        let gradient = self.gradient(state);
        for (i, g) in gradient.iter().enumerate() {
            match self.optimizer {
                Optimizer::Sgd { momentum } => {
                    state.m[i] = momentum * state.m[i] + *g;
                    state.x[i] -= lr * state.m[i];
                }
                Optimizer::Adam => {
                    state.m[i] = BETA1 * state.m[i] + (1.0 - BETA1) * *g;
                    state.v[i] = BETA2 * state.v[i] + (1.0 - BETA2) * *g * *g;
                    let corrected = state.m[i] / (1.0 - BETA1.powi(t as i32 + 1));
                    state.x[i] -= lr * corrected / self.preconditioner(state, t, i);
                }
            }
        }
        gradient
    }

    fn gradient(&self, state: &mut State) -> Vec<f64> {
        if let Some(deviation) = self.labels {
            let point = turned([1.0 + (4.0 * state.noise.uniform()).floor(), 1.0]);
            let error = dot(&point, &state.x) - deviation * state.noise.next();
            return point.iter().map(|a| 2.0 * error * a).collect();
        }
        let mut gradient: Vec<f64> = self.spectrum.iter().zip(&state.x).map(|(value, x)| value * x).collect();
        if self.noise > 0.0 {
            for g in &mut gradient {
                *g += self.noise * state.noise.next();
            }
        }
        gradient
    }

    fn preconditioner(&self, state: &State, t: u64, i: usize) -> f64 {
        match self.optimizer {
            Optimizer::Sgd { .. } => 1.0,
            Optimizer::Adam => (state.v[i] / (1.0 - BETA2.powi(t as i32 + 1))).sqrt() + 1e-8,
        }
    }

    fn probe_gradient(&self, t: u64, x: &[f64]) -> Event {
        let gradient: Vec<f64> = self.spectrum.iter().zip(x).map(|(value, x)| value * x).collect();
        let norm = dot(&gradient, &gradient).sqrt();
        Event::Probed(Probed { t, probe: Probe::Gradient { loss: self.loss(x), norm, rows: 0 } })
    }

    fn probe_sharpness(&self, t: u64, state: &State, lr: f64) -> Event {
        let values =
            self.spectrum.iter().enumerate().map(|(i, value)| value / self.preconditioner(state, t, i));
        let limit = match self.optimizer {
            Optimizer::Sgd { momentum } => 2.0 * (1.0 + momentum) / lr,
            Optimizer::Adam => (2.0 + 2.0 * BETA1) / ((1.0 - BETA1) * lr),
        };
        let value = values.fold(0.0, f64::max);
        Event::Probed(Probed { t, probe: Probe::Sharpness { value, residual: 0.0, limit, products: 0 } })
    }

    fn started(&self) -> Started {
        let text = match self.optimizer {
            Optimizer::Sgd { momentum } => format!("sgd lr=0.1 momentum={momentum}"),
            Optimizer::Adam => "adam lr=0.1".to_owned(),
        };
        Started {
            trial: trial(strategy(&text), self.seed, self.steps),
            label: None,
            lrlab: "test".to_owned(),
            horizon: Horizon::new(self.steps, 1),
            parameters: self.start.len(),
            groups: vec!["all".to_owned()],
            full_batch: self.noise == 0.0 && self.labels.is_none(),
            untrained: None,
            objective: "loss".to_owned(),
            data: Vec::new(),
            bowl: None,
        }
    }
}

pub(crate) fn strategy(text: &str) -> Strategy {
    text.parse().unwrap()
}

pub(crate) fn task() -> TaskSpec {
    TaskSpec { name: "quadratic".to_owned(), args: BTreeMap::new() }
}

pub(crate) fn trial(strategy: Strategy, seed: u64, steps: u64) -> TrialSpec {
    TrialSpec {
        task: task(),
        strategy: strategy.into(),
        seed,
        budget: Duration::Steps(steps),
        batch_size: None,
        measure: true,
        stop: None,
    }
}

/// Weight and bias of `line` in the eigenbasis of its Hessian.
fn turned([w, b]: [f64; 2]) -> [f64; 2] {
    let angle = 0.5 * f64::atan2(10.0, 13.0);
    [angle.cos() * w + angle.sin() * b, -angle.sin() * w + angle.cos() * b]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Standard normal numbers from splitmix64, by Box and Muller.
#[derive(Clone, Debug)]
pub(crate) struct Normal(u64);

impl Normal {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9)
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn next(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
