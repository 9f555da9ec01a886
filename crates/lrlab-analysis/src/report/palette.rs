//! One colour for each arm, the same in every figure, table and text.
//!
//! The hues are those of Okabe and Ito (2008), which keep apart under the common colour vision
//! deficiencies; their yellow and black are left out, since one is lost on white paper and the
//! other on a dark page. From the eighth arm on colours come again with another dash pattern.

/// How an arm is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// `#rrggbb`.
    pub(crate) color: &'static str,
    /// Dash pattern by the name that both SVG libraries know.
    pub(crate) dash: &'static str,
}

const COLORS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9", "#7a7a7a"];
const DASHES: [&str; 3] = ["solid", "dash", "dot"];

/// The style of the arm at `index` of its study.
pub(crate) fn style(index: usize) -> Style {
    Style { color: COLORS[index % COLORS.len()], dash: DASHES[index / COLORS.len() % DASHES.len()] }
}

/// `color` over white at `opacity`, as `#rrggbb`: pictures drop the alpha of a colour.
pub(super) fn faint(color: &str, opacity: f64) -> String {
    let channel = |at: usize| {
        let value = color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        (255.0 - (255.0 - f64::from(value)) * opacity).round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", channel(1), channel(3), channel(5))
}

#[cfg(test)]
mod tests {
    use super::{faint, style};

    #[test]
    fn colours_repeat_with_another_dash() {
        assert_eq!(style(0).color, style(7).color);
        assert_ne!(style(0).dash, style(7).dash);
    }

    #[test]
    fn faint_colours_lie_between_the_colour_and_white() {
        assert_eq!(faint("#000000", 0.5), "#808080");
        assert_eq!(faint("#d55e00", 1.0), "#d55e00");
        assert_eq!(faint("#d55e00", 0.0), "#ffffff");
    }
}
