//! Pictures of charts: where things stand in the SVG, and that the PNG is one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod plot_samples;

use lrlab_analysis::plot::{PlotError, Scale, Size, png, svg};
use plot_samples::{chart, cosine, curve, drop_at, panel, two_panels, warmup_from_zero};

/// The number after `name="` in `text`.
fn attribute(text: &str, name: &str) -> f64 {
    text.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap().parse().unwrap()
}

/// Corners of every curve with more than two, and of level lines in a curve's colour.
fn curves(svg: &str, color: &str) -> Vec<Vec<(f64, f64)>> {
    let after = svg.split_once("data-left").unwrap().1;
    after
        .split("<path d=\"")
        .skip(1)
        .filter(|path| path.contains(&format!("stroke=\"{color}\"")))
        .map(|path| {
            let numbers: Vec<f64> = path
                .split('"')
                .next()
                .unwrap()
                .split([' ', 'M', 'L'])
                .filter_map(|word| word.parse().ok())
                .collect();
            numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
        })
        .collect()
}

const FIRST: &str = "#0072b2";

#[test]
fn a_drop_is_vertical_and_at_its_step() {
    for (step, steps) in [(1, 2), (30, 100), (777, 1000), (123_457, 1_000_000), (999_999, 1_000_000)] {
        let text = svg(&drop_at(step, steps), Size::new(900, 400).unwrap());
        let [left, width] = ["data-left", "data-width"].map(|name| attribute(&text, name));
        let expected = left + width * step as f64 / steps as f64;
        let curve = curves(&text, FIRST).remove(0);
        let drops: Vec<_> = curve.windows(2).filter(|ends| (ends[0].1 - ends[1].1).abs() > 1.0).collect();
        assert_eq!(drops.len(), 1, "{curve:?}");
        assert_eq!(drops[0][0].0, drops[0][1].0, "it falls straight down");
        assert!((drops[0][0].0 - expected).abs() <= 0.01, "{} is not {expected}", drops[0][0].0);
    }
}

#[test]
fn a_spike_among_a_million_steps_keeps_its_height() {
    let spiky = curve("spike", 1_000_000, |t| if t == 654_321.0 { 4.0 } else { 1.0 });
    let text =
        svg(&chart(1_000_000, None, vec![panel(Scale::Linear, vec![spiky])]), Size::new(900, 400).unwrap());
    let [left, top, width, height] =
        ["left", "top", "width", "height"].map(|n| attribute(&text, &format!("data-{n}")));
    let curve = curves(&text, FIRST).remove(0);
    let peak = curve.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((peak.0 - (left + width * 0.654_321)).abs() < 0.02);
    let base = curve[0].1;
    // Zero stands at the bottom, so four times the rate is four times as high.
    assert!(((top + height - peak.1) / (top + height - base) - 4.0).abs() < 0.001);
}

#[test]
fn zero_leaves_a_log_axis_and_the_picture_says_so() {
    let text = svg(&warmup_from_zero(), Size::new(900, 400).unwrap());
    assert!(text.contains("learning rate (log; 0 is below the axis)") && text.contains(">0</text>"));
    let [top, height] = ["top", "height"].map(|n| attribute(&text, &format!("data-{n}")));
    let warmup = curves(&text, FIRST).remove(0);
    assert!(warmup[0].1 > top + height - 20.0 && warmup[0].1 < top + height, "it begins in the lane");
    assert!(warmup[2..].iter().all(|corner| corner.1 < top + height - 20.0), "and leaves it for good");
}

#[test]
fn nothing_is_drawn_outside_the_panel() {
    for chart in [cosine(), warmup_from_zero(), two_panels()] {
        let text = svg(&chart, Size::new(500, 300).unwrap());
        for part in text.split("data-left").skip(1) {
            let part = format!("data-left{part}");
            let [left, top, width, height] =
                ["left", "top", "width", "height"].map(|n| attribute(&part, &format!("data-{n}")));
            for (x, y) in curves(&format!("x{part}"), FIRST).concat() {
                assert!(x >= left - 0.01 && x <= left + width + 0.01, "{x}");
                assert!(y >= top - 0.01 && y <= top + height + 0.01, "{y}");
            }
        }
    }
}

#[test]
fn ten_curves_differ_in_colour_or_dash_and_have_numbers() {
    let ten =
        (0..10).map(|index| curve(&format!("curve {index}"), 50, |t| f64::from(index) + t / 50.0)).collect();
    let text = svg(&chart(50, None, vec![panel(Scale::Linear, ten)]), Size::new(900, 500).unwrap());
    let mut styles: Vec<&str> = text
        .split_once("data-left")
        .unwrap()
        .1
        .split("<path d=")
        .filter(|path| path.contains("stroke-width=\"2.49\""))
        .map(|path| path.split_once("stroke=").unwrap().1.split("/>").next().unwrap())
        .collect();
    assert_eq!(styles.len(), 10);
    styles.sort_unstable();
    styles.dedup();
    assert_eq!(styles.len(), 10);
    // The texts of ticks are larger.
    let numbers: Vec<&str> = text.split("<text ").filter(|text| !text.contains("font-size=\"13\"")).collect();
    for number in 1..=10 {
        let count = numbers.iter().filter(|text| text.contains(&format!(">{number}</text>"))).count();
        assert_eq!(count, 3, "{number} stands once in the legend, twice on the curve");
    }
}

#[test]
fn the_same_chart_gives_the_same_bytes() {
    let size = Size::new(600, 400).unwrap();
    assert_eq!(svg(&two_panels(), size), svg(&two_panels(), size));
    assert_eq!(png(&two_panels(), size).unwrap(), png(&two_panels(), size).unwrap());
}

#[test]
fn a_png_has_two_pixels_for_each_of_its_size() {
    let bytes = png(&cosine(), Size::new(640, 400).unwrap()).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (1280, 800));
}

#[test]
fn labels_are_escaped_and_loaded_from_nowhere() {
    let label = "a<b & \"c\" $x$ $y$\n'z'";
    let text = svg(
        &chart(9, None, vec![panel(Scale::Linear, vec![curve(label, 9, |t| t)])]),
        Size::new(900, 400).unwrap(),
    );
    assert!(text.contains("a&lt;b &amp; &quot;c&quot; $x$ $y$ &apos;z&apos;"));
    assert!(!text.contains("href") && !text.contains("url(") && !text.contains("<script"));
    assert!(text.starts_with("<svg viewBox=\"0 0 900 400\""));
}

#[test]
fn sizes_have_bounds() {
    for (width, height) in [(0, 400), (400, 199), (4001, 400)] {
        assert_eq!(Size::new(width, height), Err(PlotError::Size { width, height }));
    }
    let error = Size::new(10, 20).unwrap_err().to_string();
    assert_eq!(error, "a picture of 10 x 20 is not drawn; both sides lie between 200 and 4000");
}
