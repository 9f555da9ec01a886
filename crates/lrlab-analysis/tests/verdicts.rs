//! Verdicts held against what theory says of gradient descent on quadratics.

#![allow(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

mod quadratic;

use lrlab_analysis::{
    Run, Word,
    diagnose::{diagnose, diagnose_arm},
};
use lrlab_core::event::Probe;
use proptest::prelude::*;
use quadratic::{Optimizer, Quadratic};

#[test]
fn the_line_at_every_rate() {
    // Unstable above 2/16.70 = 0.1198.
    for (lr, word) in [
        (0.5, Word::Diverged),
        (0.13, Word::Diverged),
        (0.12, Word::Diverged),
        (0.1195, Word::Jumping),
        (0.115, Word::Jumping),
        (0.11, Word::Jumping),
        // Leaps across the valley too, but what is left of that is next to nothing.
        (0.1, Word::Settled),
        (0.05, Word::Settled),
        (0.01, Word::Settled),
        (0.005, Word::Crawling),
        (0.001, Word::Crawling),
        (1e-4, Word::Crawling),
        (1e-6, Word::Crawling),
        (1e-9, Word::Crawling),
        (1e-14, Word::Crawling),
    ] {
        let verdict = diagnose(&Quadratic::line().constant(lr));
        assert_eq!(verdict.word, word, "at {lr}: {verdict:#?}");
    }
}

#[test]
fn jumping_is_seen_though_the_loss_falls_at_every_step() {
    let run = Quadratic::line().constant(0.115);
    assert!(run.steps.losses().windows(2).all(|pair| pair[1] < pair[0]));
    assert_eq!(run.flip_share(0..15), Some(1.0));
    assert_eq!(diagnose(&run).word, Word::Jumping);
}

#[test]
fn a_rate_that_decays_too_early_crawls() {
    let line = Quadratic::line();
    let verdict = diagnose(&line.run(|t| if t < 2 { 0.02 } else { 1e-6 }));
    assert_eq!(verdict.word, Word::Crawling, "{verdict:#?}");
    let halved = diagnose(&line.run(|t| 0.1 * 0.5_f64.powi((t / 5) as i32)));
    assert_eq!(halved.word, Word::Settled, "{halved:#?}");
}

#[test]
fn heavy_ball_has_its_own_limit() {
    // 2 (1 + 0.9) / 10 = 0.38
    for (lr, steps, word) in [
        (0.39, 60, Word::Diverged),
        (0.37, 60, Word::Jumping),
        (0.03, 300, Word::Settled),
        (1e-5, 60, Word::Crawling),
    ] {
        let optimizer = Optimizer::Sgd { momentum: 0.9 };
        let ball = Quadratic { optimizer, ..Quadratic::new(&[10.0], &[1.0], steps) };
        let verdict = diagnose(&ball.constant(lr));
        assert_eq!(verdict.word, word, "at {lr}: {verdict:#?}");
    }
}

#[test]
fn adam_is_judged_by_its_branches_too() {
    let spectrum: Vec<f64> = (1..=20).map(f64::from).collect();
    let adam =
        Quadratic { optimizer: Optimizer::Adam, noise: 0.3, ..Quadratic::new(&spectrum, &[1.0; 20], 600) };
    for (lr, word) in [
        (0.5, Word::Jumping),
        (0.01, Word::Settled),
        (1e-4, Word::Crawling),
        (1e-5, Word::Crawling),
        (1e-7, Word::Crawling),
    ] {
        let verdict = diagnose_arm(&arm(&adam, 10, |_| lr));
        assert_eq!(verdict.word, word, "at {lr}: {verdict:#?}");
    }
}

/// Loss 50 at first, noise of variance 1: constant rates settle at lr / (4 - 2 lr).
fn noisy() -> Quadratic {
    Quadratic { noise: 1.0, ..Quadratic::new(&[1.0], &[10.0], 300) }
}

fn arm(task: &Quadratic, seeds: u64, lr: impl Fn(u64) -> f64 + Copy) -> Vec<Run> {
    (0..seeds).map(|seed| Quadratic { seed, ..task.clone() }.run(lr)).collect()
}

#[test]
fn noise_tells_high_rates_from_decayed_ones() {
    let noisier = Quadratic { noise: 2.0, ..noisy() };
    let high = diagnose_arm(&arm(&noisier, 40, |_| 1.0));
    assert_eq!(high.word, Word::Jumping, "{high:#?}");
    let decayed = diagnose_arm(&arm(&noisier, 40, |t| 1.0 - t as f64 / 300.0));
    assert_eq!(decayed.word, Word::Settled, "{decayed:#?}");
    let low = diagnose_arm(&arm(&noisy(), 40, |_| 1e-3));
    assert_eq!(low.word, Word::Crawling, "{low:#?}");
    let lower = diagnose_arm(&arm(&noisy(), 40, |_| 1e-6));
    assert_eq!(lower.word, Word::Crawling, "{lower:#?}");
    let modest = diagnose_arm(&arm(&noisy(), 40, |_| 0.05));
    assert_eq!(modest.word, Word::Settled, "{modest:#?}");
}

#[test]
fn on_noise_half_of_the_steps_turn_back_at_any_rate_and_prove_nothing() {
    let verdict = diagnose_arm(&arm(&noisy(), 40, |_| 0.05));
    let flips = verdict.evidence.iter().find(|evidence| evidence.name.contains("turn back")).unwrap();
    assert!((0.4..0.6).contains(&flips.value), "{flips:?}");
    assert_eq!(verdict.word, Word::Settled);
}

#[test]
fn the_noise_floor_is_estimated_from_the_log() {
    // lr sigma^2 / (4 - 2 lr lambda) = 0.0256; the estimate leaves out the rate's own share.
    let verdict = diagnose_arm(&arm(&noisy(), 200, |_| 0.05));
    let value =
        |name: &str| verdict.evidence.iter().find(|evidence| evidence.name.contains(name)).unwrap().value;
    assert!((value("noise floor") - 0.0125).abs() < 0.001, "{}", value("noise floor"));
    assert!((value("own rate") - 0.0128).abs() < 0.004, "{}", value("own rate"));
}

#[test]
fn the_line_with_noisy_labels() {
    type Rate = fn(u64) -> f64;
    let rates: [(Rate, Word); 7] = [
        (|_| 0.05, Word::Jumping),
        (|_| 0.03, Word::Jumping),
        (|_| 0.01, Word::Settled),
        (|_| 0.001, Word::Settled),
        (|_| 0.0002, Word::Crawling),
        (|t| 0.03 * 0.5_f64.powi((t / 50) as i32), Word::Settled),
        (|t| 0.03 * (1.0 - t as f64 / 300.0), Word::Settled),
    ];
    for (index, (lr, expected)) in rates.into_iter().enumerate() {
        let runs: Vec<Run> = (0..40).map(|seed| Quadratic::noisy_line(seed).run(lr)).collect();
        let verdict = diagnose_arm(&runs);
        assert_eq!(verdict.word, expected, "rate {index}: {verdict:#?}");
    }
}

#[test]
fn one_noisy_run_says_that_it_is_one() {
    let verdict = diagnose(&arm(&noisy(), 1, |_| 1e-3)[0]);
    assert!(verdict.rule.contains("One run on mini-batches"), "{verdict:#?}");
}

#[test]
fn few_noisy_seeds_stay_undecided_rather_than_wrong() {
    // Chance never turns the decayed arm, which is settled, into a fault of its rate.
    for first in 0..30 {
        let runs: Vec<Run> = (0..5)
            .map(|seed| {
                Quadratic { seed: 1000 + 5 * first + seed, ..noisy() }.run(|t| 1.0 - t as f64 / 300.0)
            })
            .collect();
        let word = diagnose_arm(&runs).word;
        assert!(matches!(word, Word::Settled | Word::Undecided), "{word}");
    }
}

/// Ten noisy runs whose loss goes as `course` says, in shares of the starting loss over shares of the
/// training, and whose clones answer to no rate.
fn runs_that_go(course: impl Fn(f64) -> f64) -> Vec<Run> {
    let mut runs = arm(&noisy(), 10, |_| 0.05);
    for run in &mut runs {
        let (unit, total) = (run.start_loss().unwrap(), run.steps.len() as f64);
        for (t, loss) in run.steps.losses_mut().iter_mut().enumerate() {
            *loss = unit * course(t as f64 / total);
        }
        for probed in &mut run.probes {
            let now = unit * course(probed.t as f64 / total);
            match &mut probed.probe {
                Probe::Gradient { loss, .. } => *loss = now,
                Probe::Branch { start, same, half, raised, .. } => {
                    (*start, *same, *half, *raised) = (now, now, now, now);
                }
                _ => {}
            }
        }
    }
    runs
}

#[test]
fn what_was_learnt_and_lost_again_is_jumping() {
    let lost = diagnose_arm(&runs_that_go(|x| if x < 0.5 { 1.0 - 1.6 * x } else { x - 0.3 }));
    assert_eq!(lost.word, Word::Jumping, "{lost:#?}");
    let kept = diagnose_arm(&runs_that_go(|x| if x < 0.5 { 1.0 - 1.6 * x } else { 0.2 }));
    assert_eq!(kept.word, Word::Settled, "{kept:#?}");
}

#[test]
fn what_hardly_fell_has_not_settled() {
    let verdict = diagnose_arm(&runs_that_go(|x| 1.0 - 0.05 * x));
    assert_eq!(verdict.word, Word::Undecided, "{verdict:#?}");
}

#[test]
fn without_branches_only_divergence_is_claimed() {
    let mut run = Quadratic::line().constant(0.05);
    run.probes.clear();
    assert_eq!(diagnose(&run).word, Word::Undecided);
    run.outcome = None;
    assert_eq!(diagnose(&run).word, Word::Undecided);
    let mut run = Quadratic::line().constant(0.13);
    run.probes.clear();
    assert_eq!(diagnose(&run).word, Word::Diverged);
}

#[test]
fn a_loss_that_is_no_number_has_diverged_whatever_the_outcome_says() {
    let whole = Quadratic::line().constant(0.05);
    let mut run = whole.clone();
    run.steps.losses_mut()[7] = f64::NAN;
    assert_eq!(diagnose(&run).word, Word::Diverged);
    let mut run = whole;
    for probed in &mut run.probes {
        if let Probe::Branch { same, .. } = &mut probed.probe {
            *same = f64::INFINITY;
        }
    }
    assert_eq!(diagnose(&run).word, Word::Diverged);
}

#[test]
fn one_diverged_run_names_the_arm() {
    let line = Quadratic::line();
    let long = Quadratic { steps: 200, ..line.clone() };
    assert!(long.constant(0.2).is_diverged());
    let verdict = diagnose_arm(&[line.constant(0.05), long.constant(0.2)]);
    assert_eq!(verdict.word, Word::Diverged);
    assert_eq!((verdict.evidence[0].value, verdict.evidence[0].bound), (1.0, Some(0.0)));
}

#[test]
fn a_run_that_starts_at_the_minimum_is_not_blamed() {
    let verdict = diagnose(&Quadratic::new(&[3.0, 1.0], &[1e-9, 1e-9], 100).constant(0.1));
    assert_eq!(verdict.word, Word::Settled, "{verdict:#?}");
    let verdict = diagnose(&Quadratic::new(&[3.0, 1.0], &[0.0, 0.0], 100).constant(0.1));
    assert_eq!(verdict.word, Word::Undecided, "{verdict:#?}");
}

/// Coordinates that give the steep direction this share of the starting loss of 1, and the flat
/// ones the rest in equal parts.
fn start(spectrum: &[f64], steep_share: f64) -> Vec<f64> {
    let rest = (1.0 - steep_share) / (spectrum.len() - 1) as f64;
    let share = |i| if i == 0 { steep_share } else { rest };
    spectrum.iter().enumerate().map(|(i, value)| (2.0 * share(i) / value).sqrt()).collect()
}

/// A steep direction and flat ones, at most `ratio` of it.
fn spectra(least: f64, most: f64) -> impl proptest::strategy::Strategy<Value = Vec<f64>> {
    (-3.0..3.0_f64, prop::collection::vec(least..most, 1..6)).prop_map(|(scale, ratios)| {
        let steep = 10_f64.powf(scale);
        std::iter::once(steep).chain(ratios.into_iter().map(|ratio| ratio * steep)).collect()
    })
}

proptest! {
    #[test]
    fn above_the_limit_it_diverges(spectrum in spectra(0.0001, 0.9), share in 0.1..0.9_f64, x in 2.02..6.0_f64) {
        // Enough steps for the steep direction alone to outgrow the whole start.
        let growth = (x - 1.0) * (x - 1.0);
        let steps = ((1.2 / share).ln() / growth.ln()).ceil().max(6.0) as u64;
        let task = Quadratic::new(&spectrum, &start(&spectrum, share), steps);
        prop_assert_eq!(diagnose(&task.constant(x / spectrum[0])).word, Word::Diverged);
    }

    #[test]
    fn just_below_the_limit_it_jumps(spectrum in spectra(0.0001, 0.01), x in 1.8..1.98_f64, left in 0.03..0.3_f64) {
        // As many steps as leave that share of the loss swinging.
        let shrink = (x - 1.0) * (x - 1.0);
        let steps = ((left / 0.9_f64).ln() / shrink.ln()).max(6.0);
        let task = Quadratic::new(&spectrum, &start(&spectrum, 0.9), steps as u64);
        let verdict = diagnose(&task.constant(x / spectrum[0]));
        prop_assert_eq!(verdict.word, Word::Jumping, "{:#?}", verdict);
    }

    #[test]
    fn far_too_low_it_crawls(
        spectrum in spectra(0.0001, 0.9),
        share in 0.3..0.9_f64,
        exponent in 3.0..12.0_f64,
        steps in 12..100_u64,
    ) {
        let task = Quadratic::new(&spectrum, &start(&spectrum, share), steps);
        let verdict = diagnose(&task.constant(10_f64.powf(-exponent) / spectrum[0]));
        prop_assert_eq!(verdict.word, Word::Crawling, "{:#?}", verdict);
    }

    #[test]
    fn with_time_to_get_there_it_settles(spectrum in spectra(0.1, 0.9), share in 0.1..0.9_f64, x in 0.3..1.6_f64) {
        let task = Quadratic::new(&spectrum, &start(&spectrum, share), 200);
        let verdict = diagnose(&task.constant(x / spectrum[0]));
        prop_assert_eq!(verdict.word, Word::Settled, "{:#?}", verdict);
    }

    #[test]
    fn the_unit_of_the_loss_does_not_matter(x in 0.001..3.0_f64, power in -20..20_i32) {
        let spectrum = [4.0, 1.0, 0.25];
        let task = Quadratic::new(&spectrum, &start(&spectrum, 0.5), 30);
        let unit = 4_f64.powi(power);
        let scaled = Quadratic { start: task.start.iter().map(|x| x * unit.sqrt()).collect(), ..task.clone() };
        prop_assert_eq!(diagnose(&task.constant(x / 4.0)).word, diagnose(&scaled.constant(x / 4.0)).word);
    }

    // Noise leaves the words to chance, seldom: what must not happen is a wrong word.

    #[test]
    fn noise_and_a_rate_near_the_limit_are_never_taken_for_less(
        spectrum in spectra(0.5, 0.9),
        seed in 0..u64::from(u32::MAX),
        x in 0.8..1.4_f64,
    ) {
        let word = diagnose_arm(&near_the_limit(&spectrum, seed, x)).word;
        prop_assert!(matches!(word, Word::Jumping | Word::Undecided), "{word}");
    }

    #[test]
    fn noise_and_a_rate_that_falls_to_nothing_are_never_blamed(
        spectrum in spectra(0.5, 0.9),
        seed in 0..u64::from(u32::MAX),
        x in 0.2..1.0_f64,
    ) {
        let word = diagnose_arm(&falling_to_nothing(&spectrum, seed, x)).word;
        prop_assert!(matches!(word, Word::Settled | Word::Undecided), "{word}");
    }
}

/// A constant rate of `x` over the largest eigenvalue, with a floor of 3 % to 30 % of the start.
fn near_the_limit(spectrum: &[f64], seed: u64, x: f64) -> Vec<Run> {
    let noise = 0.5 * (spectrum[0] / spectrum.len() as f64).sqrt();
    let task = Quadratic { noise, seed, ..Quadratic::new(spectrum, &start(spectrum, 0.5), 300) };
    (0..40).map(|i| Quadratic { seed: seed + i, ..task.clone() }.constant(x / spectrum[0])).collect()
}

fn falling_to_nothing(spectrum: &[f64], seed: u64, x: f64) -> Vec<Run> {
    let noise = 0.2 * spectrum[0].sqrt();
    let task = Quadratic { noise, seed, ..Quadratic::new(spectrum, &start(spectrum, 0.5), 300) };
    let lr = |t: u64| x / spectrum[0] * (1.0 - t as f64 / 300.0);
    (0..20).map(|i| Quadratic { seed: seed + i, ..task.clone() }.run(lr)).collect()
}

#[test]
fn noise_seldom_leaves_the_word_open() {
    let spectrum = [2.0, 1.5, 1.0];
    let count = |word: Word, runs: fn(&[f64], u64, f64) -> Vec<Run>, x: f64| {
        (0..100).filter(|arm| diagnose_arm(&runs(&spectrum, 1000 * arm, x)).word == word).count()
    };
    assert!(count(Word::Jumping, near_the_limit, 1.0) >= 95);
    assert!(count(Word::Settled, falling_to_nothing, 0.5) >= 95);
}
