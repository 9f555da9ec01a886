//! A schedule from a table of its points.
//!
//! ```text
//! epoch,factor
//! 0,0.1
//! 5,1
//! 90,0
//! ```
//! The first line names two columns: the time (`step`, `epoch`, or `percent` of the training) and the
//! value (`lr`, a rate, or `factor`, a share of the group's own). Every other line is a point, its
//! time later than that of the one before. Blank lines, lines that begin with `#`, quotes around a
//! field and either kind of line end are fine. The points are joined by straight lines.

use std::ops::Range;

use crate::{
    Duration, ScheduleSpec, SpecError,
    horizon::{parse_number, parse_percent},
    registry::{Argument, Arguments, Level, Point},
    spec::{Fault, Problem},
};

/// More are not told: a table that is wrong is often wrong on every line.
const MOST_PROBLEMS: usize = 8;

impl ScheduleSpec {
    /// A `piecewise` schedule from the text of a CSV file with the columns `step`, `epoch` or
    /// `percent`, and `lr` or `factor`.
    ///
    /// What is wrong is told with its line and column, up to eight problems at once.
    ///
    /// ```
    /// use lrlab_core::ScheduleSpec;
    /// let spec = ScheduleSpec::from_csv("epoch,factor\n0,0.1\n5,1\n90,0\n")?;
    /// assert_eq!(spec.to_string(), "piecewise 10% at 0 epochs, 100% at 5 epochs, 0 at 90 epochs by linear");
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn from_csv(text: &str) -> Result<Self, SpecError> {
        let mut table = Table { text, problems: Vec::new() };
        let points = table.points();
        if !table.problems.is_empty() {
            return Err(SpecError::in_text(text, table.problems));
        }
        let args = Arguments::from([
            ("points".to_owned(), Argument::Points(points)),
            ("by".to_owned(), Argument::Word("linear".to_owned())),
        ]);
        Ok(Self { name: "piecewise", args, inner: Vec::new() })
    }
}

#[derive(Clone, Copy)]
enum Time {
    Step,
    Epoch,
    Percent,
}

#[derive(Clone, Copy)]
enum Value {
    Rate,
    Factor,
}

/// The name and the unit of the columns, and what may stand in them.
const TIMES: [(&str, Time, &str); 3] = [
    ("step", Time::Step, "a whole number of steps, 0 or more"),
    ("epoch", Time::Epoch, "a number of epochs, 0 or more"),
    ("percent", Time::Percent, "a number from 0 to 100"),
];
const VALUES: [(&str, Value); 2] = [("lr", Value::Rate), ("factor", Value::Factor)];

struct Table<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

/// A line that is not blank and no comment: its number from 1, and the bytes of its fields.
struct Line {
    number: usize,
    whole: Range<usize>,
    fields: Vec<Range<usize>>,
}

impl Table<'_> {
    fn note<T>(&mut self, span: Range<usize>, place: String, allowed: &str) -> Option<T> {
        let got = if span.is_empty() { "nothing" } else { &self.text[span.clone()] };
        self.problems.push(Problem::at(span, Fault::value(place, got, allowed)));
        None
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        // A mark that some programs put before UTF-8 text is no part of the first name.
        let mut start = if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        for (index, line) in self.text[start..].split_inclusive('\n').enumerate() {
            let whole = trimmed(self.text, start..start + line.len());
            start += line.len();
            if whole.is_empty() || self.text[whole.clone()].starts_with('#') {
                continue;
            }
            let mut fields = Vec::new();
            let mut from = whole.start;
            for field in self.text[whole.clone()].split(',') {
                fields.push(unquoted(self.text, from..from + field.len()));
                from += field.len() + 1;
            }
            lines.push(Line { number: index + 1, whole, fields });
        }
        lines
    }

    /// The two fields of a line.
    fn pair(&mut self, line: &Line, allowed: &str) -> Option<[Range<usize>; 2]> {
        if let [time, value] = &line.fields[..] {
            return Some([time.clone(), value.clone()]);
        }
        self.note(line.whole.clone(), format!("line {}", line.number), allowed)
    }

    fn points(&mut self) -> Vec<Point> {
        let lines = self.lines();
        let header = "a header of two columns, such as `step,lr` or `epoch,factor`";
        let Some((first, rest)) = lines.split_first() else {
            self.note::<()>(0..0, "line 1".to_owned(), header);
            return Vec::new();
        };
        let Some((time, value)) = self.columns(first, header) else { return Vec::new() };
        if rest.is_empty() {
            let end = self.text.len();
            self.note::<()>(end..end, format!("line {}", first.number + 1), "a point below the header");
        }
        let mut points: Vec<Point> = Vec::new();
        let mut before = f64::NEG_INFINITY;
        for line in rest {
            if self.problems.len() >= MOST_PROBLEMS {
                break;
            }
            points.extend(self.point(line, time, value, &mut before));
        }
        points
    }

    fn columns(&mut self, line: &Line, header: &str) -> Option<((&'static str, Time, &'static str), Value)> {
        let [time, value] = self.pair(line, header)?;
        let known = |name: &str, span: &Range<usize>| self.text[span.clone()].eq_ignore_ascii_case(name);
        let column = TIMES.iter().find(|(name, ..)| known(name, &time)).copied();
        let level = VALUES.iter().find(|(name, _)| known(name, &value)).copied();
        if column.is_none() {
            let allowed = "the time's name: step, epoch or percent";
            self.note::<()>(time, format!("line {}, column 1", line.number), allowed);
        }
        if level.is_none() {
            let allowed = "the value's name: lr (a rate) or factor (a share of the group's own)";
            self.note::<()>(value, format!("line {}, column 2", line.number), allowed);
        }
        Some((column?, level?.1))
    }

    fn point(
        &mut self,
        line: &Line,
        (name, time, allowed): (&str, Time, &str),
        value: Value,
        before: &mut f64,
    ) -> Option<Point> {
        let [at, level] = self.pair(line, "two fields, a time and a value")?;
        let place = |name: &str, column: usize| format!("line {}, column {column} ({name})", line.number);
        let text = &self.text[at.clone()];
        let count = parse_number(text).filter(|count| *count >= 0.0);
        let duration = match time {
            Time::Step => text.parse().ok().map(Duration::Steps),
            Time::Epoch => count.map(Duration::Epochs),
            Time::Percent => {
                parse_percent(text).filter(|share| (0.0..=1.0).contains(share)).map(Duration::Fraction)
            }
        };
        let number =
            parse_number(&self.text[level.clone()]).filter(|number| (0.0..=Level::LARGEST).contains(number));
        if number.is_none() {
            let name = if matches!(value, Value::Rate) { "lr" } else { "factor" };
            self.note::<()>(level, place(name, 2), "a number of 0 or more");
        }
        match (duration, count) {
            (Some(_), Some(count)) if count <= *before => {
                self.note::<()>(at, place(name, 1), "a later time than on the line before");
            }
            (Some(_), Some(count)) => *before = count,
            _ => self.note(at, place(name, 1), allowed).unwrap_or_default(),
        }
        let level = match value {
            Value::Rate => Level::Absolute(number?),
            Value::Factor => Level::Fraction(number?),
        };
        Some(Point { level, at: duration? })
    }
}

/// The range without white space at both ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..(start + part.trim().len())
}

/// The range without white space and without the quotes around it.
fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let range = trimmed(text, range);
    let part = &text[range.clone()];
    let quoted = part.len() >= 2 && part.starts_with('"') && part.ends_with('"');
    if quoted { trimmed(text, range.start + 1..range.end - 1) } else { range }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Horizon;

    fn text(csv: &str) -> Result<String, String> {
        ScheduleSpec::from_csv(csv).map(|spec| spec.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_are_read_however_they_were_saved() {
        let expected = Ok("piecewise lr 0.1 at 0 steps, lr 0.01 at 30 steps by linear".to_owned());
        assert_eq!(text("step,lr\n0,0.1\n30,0.01"), expected);
        assert_eq!(
            text("\u{feff}# made by hand\r\n\r\n\"Step\" , \"LR\"\r\n0 , \"1e-1\"\r\n\r\n30,.01\r\n"),
            expected
        );
        assert_eq!(
            text("percent,factor\n0,1\n12.5,0.5\n100,0"),
            Ok("piecewise 100% at 0%, 50% at 12.5%, 0 at 100% by linear".to_owned())
        );
        assert_eq!(
            text("epoch,factor\n0,1\n1.5,0.5"),
            Ok("piecewise 100% at 0 epochs, 50% at 1.5 epochs by linear".to_owned())
        );
    }

    #[test]
    fn a_table_of_every_step_gives_its_rates_back() {
        let rates: Vec<f64> = (0..500_u32).map(|t| 0.1 / (1.0 + f64::from(t)).sqrt()).collect();
        let lines: Vec<String> = rates.iter().enumerate().map(|(t, rate)| format!("{t},{rate}")).collect();
        let spec = ScheduleSpec::from_csv(&format!("step,lr\n{}", lines.join("\n")));
        let Ok(Ok(schedule)) = spec.as_ref().map(|spec| spec.build(Horizon::new(500, 10))) else { panic!() };
        for (t, rate) in rates.iter().enumerate() {
            assert_eq!(schedule.value_at(t as u64, 0.3), *rate);
        }
        assert_eq!(spec.as_ref().map(|spec| spec.to_string().parse()), Ok(spec.clone()));
    }

    #[test]
    fn errors_name_the_line_the_column_and_what_was_expected() {
        for (csv, told) in [
            ("", "line 1: got `nothing`, expected a header of two columns"),
            (
                "0,0.1\n1,0.2",
                "line 1, column 1: got `0`, expected the time's name: step, epoch or percent; line 1, column 2: got `0.1`, expected the value's name",
            ),
            ("step,lr", "line 2: got `nothing`, expected a point below the header"),
            (
                "step,rate\n0,1",
                "line 1, column 2: got `rate`, expected the value's name: lr (a rate) or factor",
            ),
            (
                "step,lr\n0,0.1\n0.5,0.2",
                "line 3, column 1 (step): got `0.5`, expected a whole number of steps, 0 or more",
            ),
            ("step,lr\n\n0,x", "line 3, column 2 (lr): got `x`, expected a number of 0 or more"),
            ("epoch,factor\n1,-0.1", "line 2, column 2 (factor): got `-0.1`, expected a number of 0 or more"),
            (
                "percent,lr\n0,1\n101,1",
                "line 3, column 1 (percent): got `101`, expected a number from 0 to 100",
            ),
            (
                "step,lr\n5,1\n5,2",
                "line 3, column 1 (step): got `5`, expected a later time than on the line before",
            ),
            ("step,lr\n5,1,2", "line 2: got `5,1,2`, expected two fields, a time and a value"),
            ("step,lr\n5,", "line 2, column 2 (lr): got `nothing`, expected a number of 0 or more"),
        ] {
            let error = text(csv);
            assert!(matches!(&error, Err(error) if error.starts_with(told)), "{csv}: {error:?}");
        }
        let many = format!("step,lr\n{}", "x,y\n".repeat(100));
        assert!(
            matches!(ScheduleSpec::from_csv(&many), Err(error) if error.problems().len() == MOST_PROBLEMS)
        );
    }
}
