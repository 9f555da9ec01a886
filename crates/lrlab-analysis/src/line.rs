//! One line of a log. Nearly all of them are steps, so those are read by a scanner that knows the one
//! form in which lrlab writes them; whatever else stands there is left to serde, with its errors.

use lrlab_core::{Event, event::Step};

/// The event that `line` holds.
pub(crate) fn event(line: &[u8]) -> serde_json::Result<Event> {
    match step(line) {
        Some(step) => Ok(Event::Step(step)),
        None => serde_json::from_slice(line),
    }
}

/// The step of a line as lrlab writes it: fields in order, no blanks, finite numbers. `None` for any
/// other line, a step or not.
fn step(line: &[u8]) -> Option<Step> {
    let mut rest = Scanner(line);
    rest.word(b"{\"step\":{\"t\":")?;
    let t = rest.whole()?;
    rest.word(b",\"loss\":")?;
    let loss = rest.number()?;
    rest.word(b",\"lr\":[")?;
    let lr = rest.list(Scanner::number)?;
    let grad_norm = rest.number_after(b",\"grad_norm\":")?;
    let turn = rest.number_after(b",\"turn\":")?;
    let clipped = rest.word(b",\"clipped\":true").is_some();
    let at = if rest.word(b",\"at\":[").is_some() { rest.list(Scanner::single)? } else { Vec::new() };
    let momentum =
        if rest.word(b",\"momentum\":[").is_some() { rest.list(Scanner::number)? } else { Vec::new() };
    let update_ratio = rest.number_after(b",\"update_ratio\":")?;
    let effective_lr =
        if rest.word(b",\"effective_lr\":[").is_some() { rest.list(Scanner::number)? } else { Vec::new() };
    rest.word(b"}}\n")?;
    rest.0.is_empty().then_some(Step {
        t,
        loss,
        lr,
        grad_norm,
        turn,
        clipped,
        at,
        momentum,
        update_ratio,
        effective_lr,
    })
}

/// What is left of a line.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    /// The number that follows `word`, if that stands here; `None` where it is no number.
    #[allow(clippy::option_option, reason = "absent, or there and no number: the second is another line")]
    fn number_after(&mut self, word: &[u8]) -> Option<Option<f64>> {
        if self.word(word).is_some() { self.number().map(Some) } else { Some(None) }
    }

    /// The numbers up to a closing bracket, which is taken as well.
    fn list<T>(&mut self, number: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut list = Vec::with_capacity(1);
        if self.word(b"]").is_some() {
            return Some(list);
        }
        loop {
            list.push(number(self)?);
            if self.word(b"]").is_some() {
                return Some(list);
            }
            self.word(b",")?;
        }
    }

    fn whole(&mut self) -> Option<u64> {
        let text = self.text()?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    }

    fn number(&mut self) -> Option<f64> {
        self.text()?.parse().ok().filter(|value: &f64| value.is_finite())
    }

    fn single(&mut self) -> Option<f32> {
        self.text()?.parse().ok().filter(|value: &f32| value.is_finite())
    }

    /// The text of a JSON number; that grammar is narrower than the one of `str::parse`.
    fn text(&mut self) -> Option<&str> {
        let digits = |from: usize| self.0[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let at = |place: usize| self.0.get(place).copied();
        let mut end = usize::from(at(0) == Some(b'-'));
        let (first, count) = (at(end), digits(end));
        if count == 0 || (count > 1 && first == Some(b'0')) {
            return None;
        }
        end += count;
        if at(end) == Some(b'.') {
            let count = digits(end + 1);
            end += 1 + count;
            if count == 0 {
                return None;
            }
        }
        if matches!(at(end), Some(b'e' | b'E')) {
            end += 1 + usize::from(matches!(at(end + 1), Some(b'+' | b'-')));
            let count = digits(end);
            end += count;
            if count == 0 {
                return None;
            }
        }
        let (text, rest) = self.0.split_at(end);
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps() -> impl Strategy<Value = Step> {
        let number = || any::<f64>();
        (
            any::<u64>(),
            number(),
            prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 0..4),
            prop::option::of(number()),
            prop::option::of(-1.0..=1.0),
            any::<bool>(),
            prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL, 0..3),
            prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 0..3),
            prop::option::of(number()),
            prop::collection::vec(number(), 0..3),
        )
            .prop_map(
                |(t, loss, lr, grad_norm, turn, clipped, at, momentum, update_ratio, effective_lr)| Step {
                    t,
                    loss,
                    lr,
                    grad_norm,
                    turn,
                    clipped,
                    at,
                    momentum,
                    update_ratio,
                    effective_lr,
                },
            )
    }

    fn written(step: &Step) -> String {
        serde_json::to_string(&Event::Step(step.clone())).unwrap() + "\n"
    }

    /// Debug texts, since a loss may be NaN.
    fn text<T: std::fmt::Debug>(value: T) -> String {
        format!("{value:?}")
    }

    proptest! {
        #[test]
        fn a_step_is_read_as_serde_reads_it(step in steps()) {
            let line = written(&step);
            let slow: Event = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(text(event(line.as_bytes()).unwrap()), text(slow));
            let measured = [Some(step.loss), step.grad_norm, step.update_ratio];
            let finite = measured.into_iter().flatten().chain(step.effective_lr.clone()).all(f64::is_finite);
            prop_assert_eq!(super::step(line.as_bytes()).is_some(), finite);
        }

        #[test]
        fn a_spoilt_step_is_judged_as_serde_judges_it(
            step in steps(),
            place in any::<prop::sample::Index>(),
            byte in prop::sample::select(b"019-+.eE,:]}\" \n".as_slice()),
            added in any::<bool>(),
        ) {
            let mut line = written(&step).into_bytes();
            let place = place.index(line.len());
            if added { line.insert(place, byte) } else { line[place] = byte }
            let slow = serde_json::from_slice::<Event>(&line);
            let told = |read: serde_json::Result<Event>| text(read.map_err(|why| why.to_string()));
            prop_assert_eq!(told(event(&line)), told(slow));
        }
    }

    #[test]
    fn numbers_outside_the_grammar_of_json_are_left_to_serde() {
        for number in ["01", "1.", ".5", "+1", "-", "1e", "1e+", "inf", "NaN", "1e999", ""] {
            let line = format!("{{\"step\":{{\"t\":0,\"loss\":{number},\"lr\":[1.0],\"grad_norm\":1.0}}}}\n");
            assert_eq!(step(line.as_bytes()), None, "{number}");
            assert!(event(line.as_bytes()).is_err(), "{number}");
        }
    }
}
