//! The line from noisy labels, one fresh sample a step, and the noise of all samples.

use std::collections::BTreeMap;

use lrlab_analysis::{ArmRuns, Run, StudyRuns, Word, report::StudyReport};
use lrlab_core::{
    Outcome,
    event::{Metric, Probe, Probed, Validated},
};

use super::{compared, empty, spec, step};

/// Three strategies, six seeds, 300 steps whose losses are nearly all noise; the excess loss is none.
pub(super) fn study() -> StudyReport {
    let arms = [
        ("lr 0.05", "sgd lr=0.05 | constant"),
        ("lr 0.01", "sgd lr=0.01 | constant"),
        ("0.05 halved every 50", "sgd lr=0.05 | step every 50 steps x0.5"),
    ];
    let mut spec = spec("A line from noisy labels", "noisy-line", &arms, 6, 300);
    spec.batch_size = Some(1);
    let mut study = StudyRuns { spec: spec.clone(), arms: Vec::new() };
    for (index, arm) in spec.arms.iter().enumerate() {
        let runs = spec.seeds.iter().map(|&seed| descend(empty(&spec, arm, seed, false, 2), index, seed));
        study.arms.push(ArmRuns { label: arm.label.clone(), runs: runs.collect(), ..ArmRuns::default() });
    }
    let comparison = compared(&study, "excess loss", 0.01, &[Word::Jumping, Word::Settled, Word::Settled]);
    StudyReport {
        heading: spec.title,
        text: vec![
            "Every step sees one fresh sample, so its loss tells of the label and little else.".into(),
        ],
        runs: study,
        comparison,
        torch_code: None,
        command: Some("lrlab compare --task noisy-line --steps 300 --seeds 6".into()),
    }
}

/// Descends a valley of curvature 15 whose gradient is known up to noise.
fn descend(mut run: Run, arm: usize, seed: u64) -> Run {
    run.started.objective = "excess loss".into();
    run.outcome = Some(Outcome::Completed);
    let mut noise = Noise(seed + 31);
    let mut x = 1.5;
    run.probes.push(Probed { t: 0, probe: Probe::Gradient { loss: 7.5 * x * x, norm: 15.0 * x, rows: 0 } });
    for t in 0..300_u64 {
        let lr = [0.05, 0.01, 0.05 * 0.5_f64.powi((t / 50) as i32)][arm];
        let label = noise.normal();
        run.steps.push(step(t, (3.9 * x + 0.5 * label).powi(2) / 2.0, lr));
        x -= lr * (15.0 * x + 2.0 * label);
        if t % 4 == 3 {
            let metrics = BTreeMap::from([("excess loss".into(), Metric(7.5 * x * x))]);
            run.validated.push(Validated { t: t + 1, metrics });
        }
    }
    run
}

/// A small generator, so that the samples are the same everywhere.
pub(super) struct Noise(pub(super) u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 32)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
