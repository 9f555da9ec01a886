//! The search for a rate, on valleys whose lowest point is known.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_analysis::search::{BRACKET, Estimate, MARGIN, Observation, REACH, Search, Side, Step, Why};

/// Noise that belongs to a seed and a rate: uniform in -1..1 (splitmix64).
fn noise(seed: usize, x: f64) -> f64 {
    let mut z =
        (x.to_bits() ^ (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
}

/// Runs a search on `objective`, with so many trials at most.
fn run(hint: f64, trials: usize, objective: impl Fn(f64, usize) -> f64) -> (Estimate, Vec<Observation>) {
    let search = Search { hint, octaves: 1.0 };
    let mut seen: Vec<Observation> = Vec::new();
    loop {
        match search.next(&seen, trials - seen.len()) {
            Step::Done(estimate) => return (estimate, seen),
            Step::Evaluate(points) => {
                assert!(!points.is_empty() && seen.len() + points.len() <= trials, "the budget holds");
                for point in points {
                    let again = seen.iter().any(|s| (s.x, s.seed) == (point.x, point.seed));
                    assert!(!again, "nothing is run twice");
                    let objective = objective(point.x, point.seed);
                    seen.push(Observation { x: point.x, seed: point.seed, objective });
                }
            }
        }
    }
}

/// A valley that is lowest at `x`, twice as steep above it, with noise and an offset for each seed.
fn valley(lowest: f64, spread: f64) -> impl Fn(f64, usize) -> f64 {
    move |x, seed| {
        let d = x - lowest;
        let rise = if d > 0.0 { 0.08 * d * d } else { 0.04 * d * d };
        (rise + 0.1 * noise(seed, 0.0) + spread * noise(seed, x)).exp()
    }
}

#[test]
fn finds_the_lowest_point_from_a_hint_that_is_off() {
    for (lowest, hint) in [(-4.0, -4.0), (-3.3, -6.1), (-10.0, -3.0), (2.6, -1.0)] {
        let (estimate, seen) = run(hint, 24, valley(lowest, 0.01));
        assert!((estimate.x - lowest).abs() < 0.6, "{lowest} from {hint}: {estimate:?}");
        assert_eq!(estimate.sides, [Side::Worse; 2]);
        assert!(estimate.is_decided() && seen.len() < 24, "{estimate:?} after {}", seen.len());
    }
}

#[test]
fn the_interval_covers_the_lowest_point() {
    let (mut covered, mut decided) = (0, 0);
    for k in 0..200 {
        let lowest = -5.0 + 0.01 * f64::from(k);
        let objective = valley(lowest, 0.03);
        let (estimate, _) = run(-4.0, 20, move |x, seed| objective(x, seed + 100 * k as usize));
        covered += u32::from((estimate.interval[0]..=estimate.interval[1]).contains(&lowest));
        decided += u32::from(estimate.is_decided());
    }
    assert!(covered >= 180, "{covered} of 200 intervals cover");
    assert!(decided >= 150, "{decided} of 200 are decided");
}

#[test]
fn stands_off_the_edge_of_divergence() {
    let cliff = |x: f64, seed: usize| {
        if x > -2.2 { f64::INFINITY } else { (-0.5 * x + 0.01 * noise(seed, x)).exp() }
    };
    let (estimate, _) = run(-4.0, 20, cliff);
    let edge = estimate.edge.unwrap();
    assert!(edge > -2.2 && estimate.x <= edge - MARGIN, "{estimate:?}");
    assert_eq!(estimate.sides[1], Side::Diverged);
    assert!(estimate.interval[1] >= edge, "nothing is known just below the edge: {estimate:?}");
}

#[test]
fn an_answer_that_diverges_on_a_fresh_seed_is_not_given() {
    // None of the first seeds diverges, one in four of the others does above -3.5.
    let fragile = |x: f64, seed: usize| {
        if seed >= 100 && seed % 4 == 1 && x > -3.5 { f64::INFINITY } else { valley(-3.0, 0.01)(x, seed) }
    };
    let (estimate, seen) = run(-3.0, 24, fragile);
    assert!(seen.iter().any(|seen| seen.seed >= 100 && !seen.objective.is_finite()), "it was tried");
    assert!(estimate.x <= estimate.edge.unwrap() - MARGIN, "{estimate:?}");
    let confirmed = |seen: &&Observation| (seen.x - estimate.x).abs() < 1e-9 && seen.seed >= 100;
    assert!(seen.iter().filter(confirmed).all(|seen| seen.objective.is_finite()));
}

#[test]
fn says_so_where_there_is_no_answer() {
    let (all, _) = run(0.0, 30, |_, _| f64::INFINITY);
    assert_eq!((all.why, all.is_decided()), (Why::Diverged, false));
    assert!(all.x <= all.edge.unwrap() - MARGIN);
    let (open, seen) = run(0.0, 30, |x, _| (-0.3 * x).exp());
    assert_eq!((open.why, open.is_decided()), (Why::OutOfReach, false));
    assert!(seen.iter().all(|s| s.x.abs() <= REACH), "stays within reach");
    let (few, _) = run(0.0, 3, valley(0.0, 0.01));
    assert_eq!((few.why, few.is_decided()), (Why::Budget, false));
    let (none, _) = run(0.0, 0, valley(0.0, 0.01));
    assert_eq!((none.why, none.x), (Why::Budget, 0.0));
}

#[test]
fn a_flat_valley_is_as_good_everywhere() {
    let (estimate, _) = run(0.0, 40, |x, seed| (0.5 * noise(seed, 0.0) + 0.002 * x * x).exp());
    assert!(estimate.is_decided(), "{estimate:?}");
    let width = estimate.as_good[1] - estimate.as_good[0];
    assert!(width >= BRACKET, "{estimate:?}");
}

#[test]
fn objectives_that_are_not_positive_are_fitted_as_they_are() {
    let (estimate, _) = run(0.0, 24, |x, seed| (x - 1.0).powi(2) - 0.5 + 0.05 * noise(seed, x));
    assert!((estimate.x - 1.0).abs() < 0.4, "{estimate:?}");
}
