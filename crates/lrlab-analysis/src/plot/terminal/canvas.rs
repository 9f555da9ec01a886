//! A sheet of dots in character cells.

/// The bit of each dot of a Braille cell, by row and column (Unicode block 2800).
const BRAILLE: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// A curve: its place in the legend, and the character that stands for it.
type Owner = (usize, char);

/// Cells with dots, or without Braille with one character each.
pub(crate) struct Canvas {
    cells: Vec<Cell>,
    width: usize,
    braille: bool,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    /// The curve that was drawn last.
    owner: Option<Owner>,
    /// Whether the owner's character is shown in place of dots.
    number: bool,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize, braille: bool) -> Self {
        Self { cells: vec![Cell::default(); width * height], width, braille }
    }

    /// Dots across and down a cell.
    pub(crate) fn dots(&self) -> [usize; 2] {
        if self.braille { [2, 4] } else { [1, 1] }
    }

    /// Sets the dots of column `x` between the rows `from` and `to`, both included, in either order.
    pub(crate) fn fill(&mut self, x: usize, from: usize, to: usize, owner: Owner) {
        let [across, down] = self.dots();
        for y in from.min(to)..=from.max(to) {
            if let Some(cell) = self.cells.get_mut(y / down * self.width + x / across) {
                cell.dots |= BRAILLE[y % down][x % across];
                cell.owner = Some(owner);
            }
        }
    }

    /// Shows the owner's character at `column` of `row`, or at the next cell aside that has no other yet
    /// and that a curve runs through.
    pub(crate) fn number(&mut self, column: usize, row: usize, owner: Owner) {
        let aside = [0_isize, 1, -1, 2, -2].into_iter().filter_map(|by| column.checked_add_signed(by));
        let start = row * self.width;
        let free = aside
            .filter(|column| *column < self.width)
            .find(|column| self.cells.get(start + column).is_some_and(|cell| !cell.number && cell.dots != 0));
        if let Some(cell) = free.and_then(|column| self.cells.get_mut(start + column)) {
            *cell = Cell { number: true, owner: Some(owner), ..*cell };
        }
    }

    /// The characters of a row, each with the place of its curve in the legend.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (char, Option<usize>)> {
        self.cells[row * self.width..(row + 1) * self.width].iter().map(|cell| {
            let c = match cell.owner {
                Some((_, symbol)) if cell.number || !self.braille => symbol,
                Some(_) => char::from_u32(0x2800 + u32::from(cell.dots)).unwrap_or(' '),
                None => ' ',
            };
            (c, cell.owner.map(|(index, _)| index))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(canvas: &Canvas, row: usize) -> String {
        canvas.row(row).map(|(c, _)| c).collect()
    }

    #[test]
    fn dots_stand_where_they_are_set() {
        let mut canvas = Canvas::new(2, 2, true);
        canvas.fill(0, 0, 0, (0, '1'));
        canvas.fill(3, 2, 5, (0, '1'));
        assert_eq!([text(&canvas, 0), text(&canvas, 1)], ["⠁⢠", " ⠘"]);
    }

    #[test]
    fn a_number_moves_aside_for_another() {
        let mut canvas = Canvas::new(4, 1, true);
        (0..8).for_each(|x| canvas.fill(x, 0, 0, (0, '1')));
        canvas.number(1, 0, (0, '1'));
        canvas.number(1, 0, (1, '2'));
        assert_eq!(text(&canvas, 0), "⠉12⠉");
    }
}
