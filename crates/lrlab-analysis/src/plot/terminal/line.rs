//! A line of characters, some of which belong to a curve.

use super::Screen;
use crate::report::palette;

const SYMBOLS: &[u8] = b"123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The character that stands for the curve at `index` of the legend: 1 to 9, then letters.
pub(crate) fn symbol(index: usize) -> char {
    SYMBOLS.get(index).map_or('*', |symbol| char::from(*symbol))
}

/// Characters, each with the curve it belongs to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Vec<(char, Option<usize>)>);

impl Line {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().map(|c| (c, None)).collect())
    }

    pub(crate) fn push(&mut self, c: char, owner: Option<usize>) {
        self.0.push((c, owner));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Cells that it takes.
    pub(crate) fn width(&self, screen: &Screen) -> usize {
        self.0.iter().map(|(c, _)| cells(*c, screen)).sum()
    }

    /// The line in pieces that fit on the screen, broken at spaces where there are any, all but the first
    /// indented.
    pub(crate) fn wrapped(self, screen: &Screen, indent: usize) -> Vec<Self> {
        let mut lines = vec![Self::default()];
        let mut rest = &self.0[..];
        while !rest.is_empty() {
            let end = rest.iter().skip(1).position(|(c, _)| *c == ' ').map_or(rest.len(), |place| place + 1);
            let (word, after) = rest.split_at(end);
            rest = after;
            let room = word.iter().map(|(c, _)| cells(*c, screen)).sum::<usize>();
            let place = lines.len() - 1;
            if lines[place].width(screen) + room <= screen.width {
                lines[place].0.extend(word);
            } else {
                Self::begin(&mut lines, indent, screen);
                for &(c, owner) in word.iter().skip_while(|(c, _)| *c == ' ') {
                    let place = lines.len() - 1;
                    if lines[place].width(screen) + cells(c, screen) > screen.width {
                        Self::begin(&mut lines, indent, screen);
                    }
                    let place = lines.len() - 1;
                    lines[place].push(c, owner);
                }
            }
        }
        lines
    }

    /// One more line after `lines`.
    fn begin(lines: &mut Vec<Self>, indent: usize, screen: &Screen) {
        if lines.last().is_some_and(|line| line.0.is_empty()) {
            lines.pop();
        }
        // Where there is hardly room for text, there is none for an indent.
        let indent = if screen.width > 4 * indent { indent } else { 0 };
        lines.push(Self(vec![(' ', None); indent]));
    }

    /// The line as text for `screen`, cut to its width, without trailing spaces, with a line break.
    pub(crate) fn text(mut self, screen: &Screen) -> String {
        let mut width = 0;
        let fitting = self.0.iter().take_while(|(c, _)| {
            width += cells(*c, screen);
            width <= screen.width
        });
        let fitting = fitting.count();
        self.0.truncate(fitting);
        // A Braille cell without dots is as empty as a space.
        while self.0.pop_if(|(c, _)| *c == ' ').is_some() {}
        let mut text = String::new();
        let mut colour = None;
        for (c, owner) in self.0 {
            if screen.colour && owner != colour && c != ' ' {
                text.push_str(
                    &owner
                        .map_or_else(|| "\x1b[0m".to_owned(), |index| format!("\x1b[38;5;{}m", code(index))),
                );
                colour = owner;
            }
            text.push(if screen.unicode || c.is_ascii() { c } else { '?' });
        }
        if colour.is_some() {
            text.push_str("\x1b[0m");
        }
        text.push('\n');
        text
    }
}

/// The colour of the 216 of xterm's cube that is next to the curve's in pictures.
fn code(index: usize) -> u8 {
    let color = palette::style(index).color;
    [36, 6, 1].into_iter().zip([1, 3, 5]).fold(16, |code, (weight, place)| {
        let value = color.get(place..place + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let level = [0_u8, 95, 135, 175, 215, 255]
            .into_iter()
            .zip(0_u8..)
            .min_by_key(|(level, _)| level.abs_diff(value));
        code + weight * level.map_or(0, |(_, step)| step)
    })
}

/// Cells that a character takes, after the ranges of Unicode's East Asian Width (UAX 11) and of combining
/// marks; a little more rather than less.
fn cells(c: char, screen: &Screen) -> usize {
    if !screen.unicode {
        // It is shown as a question mark.
        return 1;
    }
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xa960..=0xa97f
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f000..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen { width: 10, height: 5, colour: false, unicode: true };

    #[test]
    fn long_text_goes_on_below() {
        let lines = Line::of("1 one two threeandahalf four").wrapped(&SCREEN, 2);
        let lines: Vec<String> = lines.into_iter().map(|line| line.text(&SCREEN)).collect();
        assert_eq!(lines, ["1 one two\n", "  threeand\n", "  ahalf\n", "  four\n"]);
    }

    #[test]
    fn wide_characters_take_two_cells() {
        assert_eq!(Line::of("学習率の減衰").text(&SCREEN), "学習率の減\n");
        assert_eq!(Line::of("e\u{301}te\u{301}").width(&SCREEN), 3);
        assert_eq!(Line::of("学習率").text(&Screen { unicode: false, ..SCREEN }), "???\n");
    }

    #[test]
    fn colours_are_those_of_the_pictures() {
        // #0072b2 next to #005faf, #d55e00 next to #d75f00.
        assert_eq!((code(0), code(1)), (25, 166));
        let mut line = Line::of("a");
        line.push('b', Some(1));
        assert_eq!(line.text(&Screen { colour: true, ..SCREEN }), "a\x1b[38;5;166mb\x1b[0m\n");
    }
}
