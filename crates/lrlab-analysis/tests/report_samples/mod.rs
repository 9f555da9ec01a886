//! Studies made up for the tests of reports: one small enough to read, and three as large and as
//! badly behaved as real ones.
#![allow(dead_code, reason = "each test file uses some of these")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod noise;

use std::collections::BTreeMap;

use lrlab_analysis::{
    ArmRuns, Comparison, Run, StudyRuns, Verdict, Word,
    compare::{Recommendation, Row, Summary, TimeToTarget},
    diagnose::Evidence,
    report::{Report, StudyReport},
};
use lrlab_core::{
    Arm, Duration, Horizon, Outcome, Protocol, StudySpec, TaskSpec, TrialSpec,
    event::{Bowl, Metric, Probe, Probed, Started, Step, Validated},
    registry::RawArgument,
};
use noise::Noise;

/// Two strategies, two seeds, three steps; one run diverges, one label is hostile.
pub(crate) fn small() -> Report {
    let arms =
        [("cosine, \"warm\"", "sgd lr=0.1 | cosine"), ("<script>alert(1)</script>", "sgd lr=9 | constant")];
    let spec = spec("Small & simple", "line", &arms, 2, 3);
    let mut study = StudyRuns { spec: spec.clone(), arms: Vec::new() };
    for (index, arm) in spec.arms.iter().enumerate() {
        let runs = spec.seeds.iter().map(|&seed| {
            let mut run = empty(&spec, arm, seed, false, 64);
            let losses = if index == 0 { [1.0, 0.5, 0.25] } else { [1.0, 40.0, f64::INFINITY] };
            for (t, loss) in losses.into_iter().enumerate() {
                let loss = loss + seed as f64 / 64.0;
                run.steps.push(step(t as u64, loss, if index == 0 { 0.1 / (t + 1) as f64 } else { 9.0 }));
            }
            run.outcome = Some(if index == 0 {
                Outcome::Completed
            } else {
                Outcome::Diverged { t: 2, loss: f64::INFINITY }
            });
            let value = if index == 0 { 0.2 + seed as f64 / 64.0 } else { f64::INFINITY };
            run.validated.push(validated(3, value, 0.9 + seed as f64 / 100.0));
            run
        });
        study.arms.push(ArmRuns { label: arm.label.clone(), runs: runs.collect(), ..ArmRuns::default() });
    }
    let words = [Word::Settled, Word::Diverged];
    let comparison = compared(&study, "validation loss", 0.25, &words);
    Report {
        title: "A small report".into(),
        introduction: "First paragraph.\n\nSecond <b>paragraph</b>.".into(),
        studies: vec![StudyReport {
            heading: spec.title,
            text: vec!["What the caller says.".into()],
            runs: study,
            comparison,
            torch_code: Some("optimizer = torch.optim.SGD(model.parameters(), lr=0.1)  # a < b".into()),
            command: Some("lrlab compare --task line".into()),
        }],
    }
}

/// A bowl, the same from fresh noise, and a digits-like study: what a page must show well.
pub(crate) fn large() -> Report {
    Report {
        title: "Learning rates on a line and on digits".into(),
        introduction: "A rate too high makes training jump around; too low makes it crawl; a schedule trades \
                       speed for stability. All studies below show it, each in its own way.\n\nEvery number on \
                       this page comes from the runs' own logs."
            .into(),
        studies: vec![bowl(), noise::study(), digits()],
    }
}

/// Gradient descent on the line y = 2x: rates around the edge of stability, 2 / 16.70 = 0.1198.
pub(crate) fn bowl() -> StudyReport {
    let arms = [
        ("lr 0.5, far too high", "sgd lr=0.5 | constant"),
        ("lr 0.125, too high", "sgd lr=0.125 | constant"),
        ("lr 0.115, at the edge", "sgd lr=0.115 | constant"),
        ("lr 0.05", "sgd lr=0.05 | constant"),
        ("lr 0.002, too low", "sgd lr=0.002 | constant"),
    ];
    let spec = spec("A line without noise: the edge of stability", "line", &arms, 5, 60);
    let mut study = StudyRuns { spec: spec.clone(), arms: Vec::new() };
    for (arm, lr) in spec.arms.iter().zip([0.5, 0.125, 0.115, 0.05, 0.002]) {
        let runs = spec.seeds.iter().map(|&seed| descend(empty(&spec, arm, seed, true, 2), lr, seed));
        study.arms.push(ArmRuns { label: arm.label.clone(), runs: runs.collect(), ..ArmRuns::default() });
    }
    let words = [Word::Diverged, Word::Diverged, Word::Jumping, Word::Settled, Word::Crawling];
    let comparison = compared(&study, "loss", 0.01, &words);
    StudyReport {
        heading: spec.title,
        text: vec![
            "In the steep direction the error is multiplied by 1 − lr × 16.70 in each step. Beyond −1 it grows; \
             a minus sign leaps across the valley."
                .into(),
        ],
        runs: study,
        comparison,
        torch_code: None,
        command: Some("lrlab compare --task line --steps 60 --seeds 5".into()),
    }
}

fn descend(mut run: Run, lr: f64, seed: u64) -> Run {
    let bowl = Bowl {
        axes: ["weight".into(), "bias".into()],
        minimum: [2.0, 0.0],
        hessian: [[15.0, 5.0], [5.0, 2.0]],
        floor: 0.0,
    };
    let mut noise = Noise(seed + 7);
    let [mut w, mut b] = [0.3 * noise.normal(), 0.6 + 0.3 * noise.normal()];
    run.started.bowl = Some(bowl);
    run.outcome = Some(Outcome::Completed);
    for t in 0..60 {
        let (u, v) = (w - 2.0, b);
        let loss = (15.0 * u * u + 10.0 * u * v + 2.0 * v * v) / 2.0;
        run.steps.push(Step { at: vec![w as f32, b as f32], ..step(t, loss, lr) });
        if t % 10 == 0 {
            run.probes.push(sharpness(t, 16.7, 0.0, 2.0 / lr));
        }
        if loss > 1e6 {
            run.outcome = Some(Outcome::Diverged { t, loss });
            break;
        }
        w -= lr * (15.0 * u + 5.0 * v);
        b -= lr * (5.0 * u + 2.0 * v);
    }
    let last = run.steps.last().map_or(f64::NAN, |step| step.loss);
    run.validated.push(Validated { t: 60, metrics: BTreeMap::from([("loss".into(), Metric(last))]) });
    run
}

/// Six strategies, ten seeds, nine hundred noisy steps; one strategy loses some of its runs.
pub(crate) fn digits() -> StudyReport {
    let arms = [
        ("constant, too low", "sgd lr=0.003 momentum=0.9 | constant"),
        ("constant, too high", "sgd lr=1.5 momentum=0.9 | constant"),
        ("constant", "sgd lr=0.1 momentum=0.9 | constant"),
        ("step", "sgd lr=0.2 momentum=0.9 | step every 5 epochs x0.5"),
        ("exponential", "sgd lr=0.2 momentum=0.9 | exponential x0.9 every 1 epoch"),
        ("cosine with warmup", "sgd lr=0.2 momentum=0.9 | warmup 10% then cosine"),
    ];
    let mut spec = spec("Handwritten digits: which schedule?", "digits", &arms, 10, 900);
    spec.task.args.insert("model".into(), RawArgument::Text("mlp".into()));
    spec.batch_size = Some(32);
    let mut study = StudyRuns { spec: spec.clone(), arms: Vec::new() };
    for (index, arm) in spec.arms.iter().enumerate() {
        let runs = spec.seeds.iter().map(|&seed| train(empty(&spec, arm, seed, false, 9098), index, seed));
        study.arms.push(ArmRuns { label: arm.label.clone(), runs: runs.collect(), ..ArmRuns::default() });
    }
    let words = [Word::Crawling, Word::Jumping, Word::Jumping, Word::Settled, Word::Undecided, Word::Settled];
    let comparison = compared(&study, "validation loss", 0.11, &words);
    StudyReport {
        heading: spec.title,
        text: vec![
            "1,797 images of handwritten digits, a network with one hidden layer of 128 units. All strategies meet \
             the same weights and batches, seed by seed."
                .into(),
        ],
        runs: study,
        comparison,
        torch_code: Some(TORCH.into()),
        command: Some("lrlab compare --task digits --epochs 20 --seeds 10".into()),
    }
}

const TORCH: &str = "\
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
scheduler = torch.optim.lr_scheduler.SequentialLR(
    optimizer,
    [
        torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=90),
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=810),
    ],
    milestones=[90],
)
for batch, labels in loader:
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(batch), labels)
    loss.backward()
    optimizer.step()
    scheduler.step()  # after every step, not every epoch";

fn train(mut run: Run, arm: usize, seed: u64) -> Run {
    let mut noise = Noise(1000 * (arm as u64 + 1) + seed);
    let mut between = Noise(9000 + seed);
    let mut progress = 0.0;
    run.outcome = Some(Outcome::Completed);
    for t in 0..900_u64 {
        let lr = rate(arm, t);
        progress += lr.min(0.4);
        let floor = 0.002 + 0.35 * lr.min(0.5) * lr.min(0.5) + if lr > 1.0 { 0.6 } else { 0.0 };
        let mut loss = (floor + 2.3 * (-0.35 * progress).exp() + 0.3 * (-0.02 * progress).exp())
            * (0.35 * noise.normal()).exp();
        if arm == 1 && seed >= 7 && t > 200 + 13 * seed {
            loss *= 1.35_f64.powf((t - 200 - 13 * seed) as f64);
        }
        if loss > 1e12 {
            loss = f64::NAN;
        }
        run.steps.push(step(t, loss, lr));
        if t % 90 == 0 {
            let value = 8.0 + 12.0 * (1.0 - (-progress / 4.0).exp()) + noise.normal();
            run.probes.push(sharpness(t, value, 0.04 * value, 3.8 / lr));
        }
        if t % 45 == 44 && t < 899 {
            let value = 0.03 + 1.2 * floor + 2.2 * (-0.3 * progress).exp();
            run.validated.push(validated(t + 1, value * (0.06 * between.normal()).exp(), 0.9));
        }
        if loss.is_nan() {
            run.outcome = Some(Outcome::Diverged { t, loss });
            break;
        }
    }
    let end = [0.42, 1.1, 0.095, 0.078, 0.081, 0.074][arm] * (0.06 * noise.normal()).exp();
    run.validated.push(validated(900, end, 1.0 - 0.35 * end));
    run
}

fn rate(arm: usize, t: u64) -> f64 {
    let at = t as f64;
    match arm {
        0 => 0.003,
        1 => 1.5,
        2 => 0.1,
        3 => 0.2 * 0.5_f64.powi((t / 225) as i32),
        4 => 0.2 * 0.9_f64.powi((t / 45) as i32),
        _ if t < 90 => 0.2 * (at + 1.0) / 90.0,
        _ => 0.1 * (1.0 + (std::f64::consts::PI * (at - 90.0) / 810.0).cos()),
    }
}

fn spec(title: &str, task: &str, arms: &[(&str, &str)], seeds: u64, steps: u64) -> StudySpec {
    let arm = |(label, text): &(&str, &str)| Arm { label: (*label).into(), strategy: text.parse().unwrap() };
    StudySpec {
        title: title.into(),
        task: TaskSpec { name: task.into(), args: BTreeMap::new() },
        arms: arms.iter().map(arm).collect(),
        seeds: (0..seeds).collect(),
        budget: Duration::Steps(steps),
        batch_size: None,
        protocol: Protocol::default(),
    }
}

fn empty(spec: &StudySpec, arm: &Arm, seed: u64, full_batch: bool, parameters: usize) -> Run {
    let Duration::Steps(steps) = spec.budget else { panic!("budgets of these tests are steps") };
    let trial = TrialSpec {
        task: spec.task.clone(),
        strategy: arm.strategy.clone().into(),
        seed,
        budget: spec.budget,
        batch_size: spec.batch_size,
        measure: true,
        stop: None,
    };
    let started = Started {
        trial,
        label: None,
        lrlab: "0.1.0".into(),
        horizon: Horizon::new(steps, if full_batch { 1 } else { 45 }),
        parameters,
        groups: vec!["all".into()],
        full_batch,
        untrained: None,
        objective: if full_batch { "loss" } else { "validation loss" }.into(),
        data: Vec::new(),
        bowl: None,
    };
    let (steps, skipped, probes, validated) = Default::default();
    Run { started, steps, skipped, probes, validated, outcome: None }
}

fn step(t: u64, loss: f64, lr: f64) -> Step {
    Step { t, loss, lr: vec![lr], grad_norm: Some(1.0), ..Step::default() }
}

fn sharpness(t: u64, value: f64, residual: f64, limit: f64) -> Probed {
    Probed { t, probe: Probe::Sharpness { value, residual, limit, products: 20 } }
}

fn validated(t: u64, loss: f64, accuracy: f64) -> Validated {
    let metrics = BTreeMap::from([
        ("validation loss".into(), Metric(loss)),
        ("validation accuracy".into(), Metric(accuracy)),
    ]);
    Validated { t, metrics }
}

/// A comparison as it might be, so that reports are tested without the code that judges.
fn compared(study: &StudyRuns, objective: &str, target: f64, words: &[Word]) -> Comparison {
    let last =
        |run: &Run, name: &str| run.validated.last().and_then(|v| v.metrics.get(name)).map(|metric| metric.0);
    let diverged = |run: &&Run| matches!(run.outcome, Some(Outcome::Diverged { .. }));
    let rows: Vec<Row> = study
        .arms
        .iter()
        .zip(words)
        .map(|(arm, &word)| {
            let whole = || arm.runs.iter().filter(|run| !diverged(run));
            let reached = whole().filter(|run| last(run, objective).is_some_and(|v| v <= target)).count();
            let accuracies: Vec<f64> = whole().filter_map(|run| last(run, "validation accuracy")).collect();
            let tail = |run: &Run| run.steps.losses()[run.steps.len().saturating_sub(45)..].to_vec();
            let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
            Row {
                label: arm.label.clone(),
                objective: summary(whole().filter_map(|run| last(run, objective))),
                final_loss: summary(whole().map(|run| mean(&tail(run)))),
                best_loss: summary(whole().map(|run| 0.97 * mean(&tail(run)))),
                accuracy: (!accuracies.is_empty()).then(|| summary(accuracies.into_iter())),
                beside: Vec::new(),
                steps_to_target: summary((0..reached).map(|index| 300.0 + 17.0 * index as f64)),
                reached_target: reached,
                diverged: arm.runs.iter().filter(diverged).count(),
                failed: 0,
                runs: arm.runs.len(),
                verdict: verdict(word),
                tied_with_best: false,
                p_value: None,
                against_best: None,
                gradients: 0,
                time_to_target: TimeToTarget::default(),
            }
        })
        .collect();
    let best = (0..rows.len())
        .filter(|&index| rows[index].diverged == 0)
        .min_by(|&a, &b| rows[a].objective.mean.total_cmp(&rows[b].objective.mean));
    let mut comparison = Comparison {
        objective: objective.into(),
        target,
        target_words: "The target is chosen for this test.".into(),
        rows,
        best,
        margin: f64::NAN,
        recommendation: Recommendation::NoneFinished,
        cheapest: None,
        notes: vec!["A note on these runs.".into()],
    };
    let close = best.map_or(0.0, |best| 1.06 * comparison.rows[best].objective.mean);
    for (index, row) in comparison.rows.iter_mut().enumerate() {
        row.tied_with_best = row.objective.mean <= close;
        row.p_value = (best != Some(index) && row.diverged == 0).then_some(if row.tied_with_best {
            0.21
        } else {
            0.0004
        });
    }
    comparison
}

fn verdict(word: Word) -> Verdict {
    let evidence = |name: &str, value, bound| Evidence { name: name.into(), value, bound, interval: None };
    Verdict {
        word,
        rule: "jumping: on a branch at half the rate the loss is at once at most 0.8 of the loss at the same rate, \
               or the sharpness is above its limit."
            .into(),
        evidence: vec![
            evidence("loss at half the rate, as a share of the loss at the same rate", 0.5123, Some(0.8)),
            evidence("share of updates that flip direction", 0.93, Some(0.5)),
            evidence("sharpness as a share of its limit", 0.98, Some(1.0)),
            Evidence { interval: Some([0.018, 0.024]), ..evidence("net progress", 0.021, None) },
        ],
    }
}

fn summary(values: impl Iterator<Item = f64>) -> Summary {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let mean = values.iter().sum::<f64>() / count as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let at = |share: f64| values.get((share * count as f64) as usize).copied().unwrap_or(f64::NAN);
    Summary {
        count,
        mean,
        standard_deviation: if count > 1 { (squares / (count - 1) as f64).sqrt() } else { f64::NAN },
        median: at(0.5),
        median_interval: [at(0.1), at(0.9)],
    }
}
