//! One line of the benchmark's table.

use serde_json::{Value, json};

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// This or less.
    AtMost(f64),
}

/// A measured number beside what is wanted of it and what PyTorch takes.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// What it is.
    pub(super) name: String,
    unit: &'static str,
    ours: Option<f64>,
    bound: Option<Bound>,
    torch: Option<f64>,
}

impl Figure {
    pub(super) fn new(name: impl Into<String>, unit: &'static str, ours: Option<f64>) -> Self {
        Self { name: name.into(), unit, ours, bound: None, torch: None }
    }

    /// With what is wanted of it.
    pub(super) fn wanted(self, bound: Option<Bound>) -> Self {
        Self { bound, ..self }
    }

    /// With PyTorch's figure for the same work, if it was measured.
    pub(super) fn beside(self, torch: Option<f64>) -> Self {
        Self { torch, ..self }
    }

    /// How many times ours PyTorch's is.
    pub(super) fn ratio(&self) -> Option<f64> {
        Some(self.torch? / self.ours?)
    }

    /// Whether it is worse than wanted, or wanted and not there.
    pub(super) fn is_missed(&self) -> bool {
        self.bound.is_some_and(|Bound::AtMost(most)| self.ours.is_none_or(|ours| ours > most))
    }

    /// The figure as data.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit,
            "lrlab": self.ours,
            "at_most": self.bound.map(|Bound::AtMost(most)| most),
            "met": self.bound.is_some().then(|| !self.is_missed()),
            "pytorch": self.torch,
            "pytorch_over_lrlab": self.ratio(),
        })
    }

    fn cells(&self) -> [String; 5] {
        let with_unit = |value: Option<f64>| {
            value.map_or_else(
                || "-".to_owned(),
                |value| format!("{} {}", short(value), self.unit).trim_end().to_owned(),
            )
        };
        let wanted = match (self.bound, self.is_missed()) {
            (None, _) => String::new(),
            (Some(Bound::AtMost(most)), false) => format!("<= {}  ok", bound(most)),
            (Some(Bound::AtMost(most)), true) => format!("<= {}  MISSED", bound(most)),
        };
        let ratio = self.ratio().map_or_else(String::new, |ratio| format!("{}x", short(ratio)));
        let torch = if self.torch.is_some() { with_unit(self.torch) } else { String::new() };
        [self.name.clone(), with_unit(self.ours), wanted, torch, ratio]
    }
}

/// A number with three digits that count.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A bound as it was given where it is whole.
fn bound(most: f64) -> String {
    if most.fract() == 0.0 { most.to_string() } else { short(most) }
}

/// Prints the table.
pub(super) fn print(figures: &[Figure]) {
    println!("{}", render(figures));
}

fn render(figures: &[Figure]) -> String {
    let head = ["figure", "lrlab", "wanted", "PyTorch", "PyTorch / lrlab"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(figures.iter().map(Figure::cells)).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let lines = rows.iter().map(|row| {
        let line: String = row
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0 | 2 => format!("{cell:<width$}  "),
                _ => format!("{cell:>width$}  "),
            })
            .collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let figures = [
            Figure::new("a step", "us", Some(15.0)).wanted(Some(Bound::AtMost(20.0))).beside(Some(150.0)),
            Figure::new("a long name", "%", Some(12.5)).wanted(Some(Bound::AtMost(10.0))),
            Figure::new("unknown", "s", None),
        ];
        let table = "\
figure         lrlab  wanted         PyTorch  PyTorch / lrlab
a step       15.0 us  <= 20  ok       150 us            10.0x
a long name   12.5 %  <= 10  MISSED
unknown            -";
        assert_eq!(render(&figures), table);
    }

    #[test]
    fn a_figure_that_could_not_be_measured_misses_its_bound() {
        assert!(Figure::new("a", "s", None).wanted(Some(Bound::AtMost(1.0))).is_missed());
        assert!(Figure::new("a", "s", Some(1.1)).wanted(Some(Bound::AtMost(1.0))).is_missed());
        assert!(!Figure::new("a", "s", Some(1.0)).wanted(Some(Bound::AtMost(1.0))).is_missed());
        assert!(!Figure::new("a", "s", None).is_missed());
    }
}
