//! A study of many strategies, as a sweep leaves it: ten schedules at ever higher rates. Shared by the
//! tests of reports and the benchmark `reporting`.

use std::{collections::BTreeMap, error::Error};

use lrlab_core::{
    Arm, Duration, Event, Horizon, Outcome, Protocol, ScheduleSpec, StudySpec, TaskSpec, TrialSpec,
    event::{Metric, Probe, Probed, Started, Step, Validated},
};

const SCHEDULES: [&str; 10] = [
    "constant",
    "cosine to 0",
    "linear from 100% to 1%",
    "step every 5 epochs x0.5",
    "exponential x0.8 every epoch",
    "warmup 10% then cosine to 0",
    "warmup 10% then constant",
    "polynomial to 0 power 2",
    "warmup-stable-decay warmup 5% decay 20% shape 1-sqrt to 0",
    "one-cycle rising 25%",
];

/// The study: `arms` strategies (ten schedules, then the same at a higher rate) x `seeds` x `steps`.
pub(crate) fn spec(arms: usize, seeds: u64, steps: u64) -> Result<StudySpec, Box<dyn Error>> {
    let arm = |index: usize| -> Result<Arm, Box<dyn Error>> {
        let schedule = SCHEDULES[index % SCHEDULES.len()];
        let rate = RATES[index / SCHEDULES.len() % RATES.len()];
        let text = format!("sgd lr={rate} momentum=0.9 | {schedule}");
        let strategy = text.parse().map_err(|why| format!("{text}: {why}"))?;
        Ok(Arm { label: format!("{schedule}, lr {rate}"), strategy })
    };
    Ok(StudySpec {
        title: format!("A sweep of {arms} strategies"),
        task: TaskSpec { name: "digits".into(), args: BTreeMap::new() },
        arms: (0..arms).map(arm).collect::<Result<_, _>>()?,
        seeds: (0..seeds).collect(),
        budget: Duration::Steps(steps),
        batch_size: Some(32),
        protocol: Protocol::default(),
    })
}

const RATES: [f64; 10] = [0.001, 0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 3.0];

/// The events of one trial: noisy losses that fall with the summed rates to a floor that the present rate
/// keeps up, a validation every hundredth part, sharpness every tenth. The highest rate diverges.
pub(crate) fn events(trial: &TrialSpec, steps: u64) -> Result<Vec<Event>, Box<dyn Error>> {
    let horizon = Horizon::new(steps, (steps / 20).max(1));
    let text = trial.strategy.to_string();
    let (optimizer, schedule) = text.split_once(" | ").ok_or("a strategy without a schedule")?;
    let base: f64 = optimizer
        .split_whitespace()
        .find_map(|word| word.strip_prefix("lr="))
        .ok_or("a strategy without a rate")?
        .parse()?;
    let schedule = schedule.parse::<ScheduleSpec>()?.build(horizon)?;
    let mut noise = Noise(trial.seed.wrapping_mul(7919) ^ text.bytes().map(u64::from).sum::<u64>());
    let mut events = vec![Event::Started(Box::new(Started {
        trial: trial.clone(),
        label: None,
        lrlab: "0.1.0".into(),
        horizon,
        parameters: 9098,
        groups: vec!["*".into()],
        full_batch: false,
        untrained: None,
        objective: "validation loss".into(),
        data: Vec::new(),
        bowl: None,
    }))];
    let mut probed = |t, probe| events.push(Event::Probed(Probed { t, probe }));
    probed(0, Probe::Gradient { loss: 2.4, norm: 1.3, rows: 256 });
    let (mut summed, mut clean, scale) = (0.0, 2.4, 2000.0 / steps as f64);
    let mut outcome = Outcome::Completed;
    for t in 0..steps {
        let lr = schedule.value_at(t, base);
        let floor = 0.02 + 0.5 * lr.min(1.0);
        summed += lr.min(0.5) * scale;
        clean = floor + 2.2 * (-0.6 * summed).exp() + 0.1 * (-0.02 * summed).exp();
        if base > 1.0 {
            clean *= 1.02_f64.powf(t as f64 * scale);
        }
        let loss = clean * (0.3 * noise.normal()).exp();
        if t > 0 && t % (steps / 10).max(1) == 0 {
            let value = 20.0 + 3.0 * noise.normal();
            let probe =
                Probe::Sharpness { value, residual: 0.04 * value, limit: 3.8 / lr.max(1e-9), products: 20 };
            events.push(Event::Probed(Probed { t, probe }));
        }
        let turn = (t > 0).then(|| (0.3 * noise.normal()).clamp(-1.0, 1.0));
        let grad_norm = Some(loss.sqrt() * (0.2 * noise.normal()).exp());
        events.push(Event::Step(Step { t, loss, lr: vec![lr], grad_norm, turn, ..Step::default() }));
        if loss > 1e6 {
            outcome = Outcome::Diverged { t, loss };
            break;
        }
        if (t + 1) % (steps / 100).max(1) == 0 {
            let value = 1.1 * clean * (0.05 * noise.normal()).exp();
            let accuracy = (1.0 - 0.3 * value).clamp(0.1, 1.0);
            let metrics = [("validation loss", value), ("validation accuracy", accuracy)];
            let metrics = metrics.map(|(name, value)| (name.into(), Metric(value))).into();
            events.push(Event::Validated(Validated { t: t + 1, metrics }));
        }
    }
    if outcome == Outcome::Completed {
        let [start, same] = [clean, 0.99 * clean];
        let half = same * if base > 0.05 { 0.8 } else { 1.004 };
        let raised = same * if base < 0.01 { 0.8 } else { 1.01 };
        let from = steps - (steps / 20).clamp(1, 50);
        events.push(Event::Probed(Probed {
            t: steps,
            probe: Probe::Branch { from, start, same, half, raised },
        }));
    }
    events.push(Event::Finished { outcome });
    Ok(events)
}

/// Pseudo-random numbers that are the same everywhere: splitmix64.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal: four uniforms, scaled to variance 1.
    fn normal(&mut self) -> f64 {
        let sum: f64 = (0..4).map(|_| self.uniform() - 0.5).sum();
        sum * 3.0_f64.sqrt()
    }
}
