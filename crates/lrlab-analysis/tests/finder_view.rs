//! Range tests as pictures and in characters.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod sweep_samples;

use lrlab_analysis::{
    finder::{Sweep, View, hint, png, svg, terminal},
    plot::{Screen, Size},
};
use proptest::prelude::*;
use sweep_samples::{falls_and_rises, rates};

fn three() -> Vec<Sweep> {
    (1..4).map(|seed| falls_and_rises(2e-3, 0.3, 0.12, seed).stable_to(0.21)).collect()
}

/// Every text of the picture: place, anchor and what it says.
fn texts(svg: &str) -> Vec<(f64, f64, String)> {
    let number = |tag: &str, name: &str| -> f64 {
        tag.split_once(&format!(" {name}=\"")).unwrap().1.split('"').next().unwrap().parse().unwrap()
    };
    svg.split("<text")
        .skip(1)
        .map(|text| {
            let (tag, rest) = text.split_once('>').unwrap();
            (number(tag, "x"), number(tag, "y"), rest.split('<').next().unwrap().to_owned())
        })
        .collect()
}

fn screen(width: usize, unicode: bool) -> Screen {
    Screen { width, height: 24, colour: false, unicode }
}

#[test]
fn marks_stand_at_their_rates() {
    let sweeps = three();
    let text = svg(&View::of(None, &sweeps), Size::new(1000, 600).unwrap());
    let texts = texts(&text);
    let x = |label: &str| texts.iter().find(|(_, _, text)| text.starts_with(label)).unwrap().0;
    // Between two ticks of the axis, by the logarithm.
    let (low, high) = (x("1e-5"), x("1e-1"));
    let expected = |rate: f64| low + (rate.log10() + 5.0) / 4.0 * (high - low);
    let hint = hint(&sweeps).unwrap();
    assert!((x("hint") - expected(hint.rate)).abs() < 0.1);
    assert!((x("stability limit") - expected(0.21)).abs() < 0.1);
    assert!((x("edge") - expected(hint.edge.unwrap())).abs() < 0.1);
}

#[test]
fn labels_never_overlap() {
    for width in [300, 480, 1000] {
        let text = svg(&View::of(None, &three()), Size::new(width, 500).unwrap());
        // Above the plot: fastai, lightning, torch, valley, hint, edge, stability.
        let names = ["fastai", "lightning", "torch", "valley", "hint", "edge", "stability"];
        let labels: Vec<_> = texts(&text)
            .into_iter()
            .filter(|(_, _, text)| names.iter().any(|n| text.starts_with(n)))
            .collect();
        assert!(labels.len() >= 8, "{labels:?}");
        for (index, (x, y, label)) in labels.iter().enumerate() {
            for (x2, y2, other) in &labels[index + 1..] {
                // Seven pixels a character are a little less than the font's mean.
                let reach = 7.0 * (label.len() + other.len()) as f64 / 2.0;
                assert!(y != y2 || (x - x2).abs() > reach, "{label} touches {other} at {width}");
            }
        }
    }
}

#[test]
fn what_is_not_drawn_is_told() {
    let sweep = &three()[0];
    let losses =
        sweep.losses().iter().enumerate().map(|(t, loss)| if t > 95 { f64::NAN } else { *loss }).collect();
    let view = View::of(None, &[Sweep::new(rates(), losses).unwrap()]);
    let told = "are not finite";
    assert!(svg(&view, Size::new(800, 500).unwrap()).contains("4 are not finite"));
    assert!(terminal(&view, &screen(100, true)).contains(&format!("4 {told}")));
    let calm = Sweep::new(rates(), (0..100).map(|t| 2.0 - f64::from(t) / 100.0).collect()).unwrap();
    assert!(!svg(&View::of(None, &[calm]), Size::new(800, 500).unwrap()).contains("lie outside"));
}

#[test]
fn the_same_sweeps_give_the_same_picture_and_a_png() {
    let size = Size::new(600, 400).unwrap();
    let view = View::of(Some("a < b".to_owned()), &three());
    assert_eq!(svg(&view, size), svg(&View::of(Some("a < b".to_owned()), &three()), size));
    assert_eq!(&png(&view, size).unwrap()[..8], b"\x89PNG\r\n\x1a\n");
}

#[test]
fn the_terminal_shows_curve_marks_and_limits() {
    insta::assert_snapshot!(
        "unicode",
        terminal(&View::of(Some("digits".to_owned()), &three()), &screen(90, true))
    );
    insta::assert_snapshot!("ascii", terminal(&View::of(None, &three()), &screen(60, false)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_swept_is_drawn(
        losses in prop::collection::vec(
            prop_oneof![8 => -3.0..3.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => -1e100..1e100_f64],
            1..100,
        ),
        width in 20_usize..150,
        unicode in prop::bool::ANY,
    ) {
        let rates = rates()[..losses.len()].to_vec();
        let view = View::of(Some("any".to_owned()), &[Sweep::new(rates, losses).unwrap()]);
        let text = svg(&view, Size::new(width as u32 * 10, 400).unwrap());
        prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        for line in terminal(&view, &screen(width, unicode)).lines() {
            prop_assert!(line.chars().count() <= width, "{line}");
        }
    }
}
