//! What moves a group's fields, on one line.
//!
//! ```text
//! plan   = part { "|" part }
//! part   = schedule | constructor      the learning rate's; `lr:` may stand before it
//!        | FIELD ":" schedule          momentum: linear from 90% to 100%
//!        | SIGNAL arguments            plateau patience 5 epochs x0.1
//! ```
//! A schedule may be PyTorch's constructor text, or Hugging Face's; `torch` before PyTorch's keeps its
//! own meaning, and `per step` or `per epoch` after it tells what it counts.

use std::{ops::Range as Span, str::FromStr};

use super::{
    Fault, OptimizerSpec, PlanSpec, Problem, ScheduleChoice, ScheduleSpec, SignalSpec, SpecError, Unit,
    hugging_face,
    import::{self, Imported},
    schedule_text::{DEEPEST, Owner, TOO_DEEP},
    strategy_text::{after_word, constructor, read, split, stop, trim, whole},
    text::{Reader, Stop},
    torch_read::looks_like_call,
};
use crate::{
    Field,
    signal::{self, SIGNALS, SignalEntry},
};

impl FromStr for PlanSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        Self::read_beside(text, None)
    }
}

impl PlanSpec {
    /// Reads a plan that stands beside an optimizer, which tells what PyTorch's momentum is.
    pub(super) fn read_beside(text: &str, optimizer: Option<&OptimizerSpec>) -> Result<Self, SpecError> {
        whole(text, |text, span, problems| {
            let mut plan = PlanReader::beside(optimizer);
            for part in split(text, span, '|') {
                plan.part(text, part, problems);
            }
            plan.finish()
        })
    }
}

impl FromStr for ScheduleSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, own_schedule)
    }
}

impl FromStr for ScheduleChoice {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, |text, span, problems| match choice(text, span.clone(), problems)? {
            Choice::Torch(choice) => Ok(choice),
            Choice::Own(imported) => only_schedule(imported, span, problems).map(ScheduleChoice::Own),
        })
    }
}

impl FromStr for SignalSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        whole(text, |text, span, problems| {
            if let Some(entry) = signal_of(&text[span.clone()]) {
                return read(text, span, problems, |reader| reader.signal(entry));
            }
            let name = text[span.clone()].split_whitespace().next().unwrap_or_default();
            stop(problems, span.clone(), unknown_signal(name))
        })
    }
}

pub(super) fn unknown_signal(name: &str) -> Fault {
    Fault::unknown("signal", name, SIGNALS.iter().map(|entry| entry.name))
}

/// The signal whose name `part` begins with.
fn signal_of(part: &str) -> Option<&'static SignalEntry> {
    part.split_whitespace().next().and_then(signal::find)
}

impl Reader<'_> {
    fn signal(&mut self, entry: &'static SignalEntry) -> Result<SignalSpec, Stop> {
        let (_, span) = self.next().ok_or(Stop)?;
        let SignalEntry { name, params, example, .. } = *entry;
        let args = self.arguments(Owner { name, params, example, takes_next: false }, span)?;
        self.end("the signal")?;
        Ok(SignalSpec { name, args })
    }
}

/// A schedule as it was read: lrlab's own, or PyTorch's recursion.
enum Choice {
    Own(Imported),
    Torch(ScheduleChoice),
}

/// The parts of a plan that were read so far.
#[derive(Default)]
pub(super) struct PlanReader<'a> {
    optimizer: Option<&'a OptimizerSpec>,
    schedule: Option<ScheduleChoice>,
    imported: Imported,
    failed: bool,
}

impl<'a> PlanReader<'a> {
    /// Nothing read so far, beside an optimizer if it is known.
    pub(super) fn beside(optimizer: Option<&'a OptimizerSpec>) -> Self {
        Self { optimizer, ..Self::default() }
    }

    /// Whether the learning rate has its schedule.
    fn take(&mut self, schedule: ScheduleChoice, part: Span<usize>, text: &str, problems: &mut Vec<Problem>) {
        if self.schedule.is_some() {
            let fault = Fault::syntax(
                "one schedule of the learning rate; others are written `momentum: ...`",
                format!("`{}`", &text[part.clone()]),
            );
            problems.push(Problem::at(part, fault));
        }
        self.schedule = Some(schedule);
    }

    pub(super) fn part(&mut self, text: &str, part: Span<usize>, problems: &mut Vec<Problem>) {
        if self.read(text, part, problems).is_err() {
            self.failed = true;
        }
    }

    fn read(&mut self, text: &str, part: Span<usize>, problems: &mut Vec<Problem>) -> Result<(), Stop> {
        if let Some(entry) = signal_of(&text[part.clone()]) {
            self.imported.signals.push(read(text, part, problems, |reader| reader.signal(entry))?);
            return Ok(());
        }
        let (field, part) = match field_of(text, &part) {
            None => (Field::Lr, part),
            Some((name, rest)) => {
                let Some(field) = Field::find(&text[name.clone()]) else {
                    let known = Field::ALL.map(Field::name);
                    return stop(problems, name.clone(), Fault::unknown("field", &text[name], known));
                };
                (field, rest)
            }
        };
        if field != Field::Lr {
            let spec = own_schedule(text, part.clone(), problems)?;
            if self.imported.fields.insert(field, spec).is_some() {
                problems.push(Problem::at(part, Fault::Twice { what: format!("`{}:`", field.name()) }));
            }
            return Ok(());
        }
        match choice(text, part.clone(), problems)? {
            Choice::Torch(choice) => self.take(choice, part, text, problems),
            Choice::Own(mut imported) => {
                if let Some(Err(fault)) = self.optimizer.map(|optimizer| imported.fit(optimizer)) {
                    return stop(problems, part, fault);
                }
                let Imported { schedule, fields, signals } = imported;
                for field in fields.keys().filter(|field| self.imported.fields.contains_key(field)) {
                    let what = format!("`{}:`", field.name());
                    problems.push(Problem::at(part.clone(), Fault::Twice { what }));
                }
                if let Some(schedule) = schedule {
                    self.take(ScheduleChoice::Own(schedule), part, text, problems);
                }
                self.imported.fields.extend(fields);
                self.imported.signals.extend(signals);
            }
        }
        Ok(())
    }

    /// The plan; a learning rate without a schedule stays as it is.
    pub(super) fn finish(self) -> Result<PlanSpec, Stop> {
        if self.failed {
            return Err(Stop);
        }
        let schedule = self.schedule.unwrap_or_else(|| ScheduleSpec::constant().into());
        let Imported { fields, signals, .. } = self.imported;
        Ok(PlanSpec { schedule, fields, signals })
    }
}

/// The name before a colon, and what follows it.
fn field_of(text: &str, part: &Span<usize>) -> Option<(Span<usize>, Span<usize>)> {
    let colon = part.start + text[part.clone()].find(':')?;
    let name = trim(text, part.start..colon);
    let plain = text[name.clone()].chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    (plain && !name.is_empty()).then(|| (name, trim(text, colon + 1..part.end)))
}

/// A schedule alone, in lrlab's own meaning.
fn own_schedule(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<ScheduleSpec, Stop> {
    match choice(text, span.clone(), problems)? {
        Choice::Own(imported) => only_schedule(imported, span, problems),
        Choice::Torch(_) => {
            let fault = Fault::refused("a schedule of lrlab's own is wanted here: leave out `torch`");
            stop(problems, span, fault)
        }
    }
}

fn only_schedule(
    imported: Imported,
    span: Span<usize>,
    problems: &mut Vec<Problem>,
) -> Result<ScheduleSpec, Stop> {
    match imported {
        Imported { schedule: Some(schedule), fields, signals } if fields.is_empty() && signals.is_empty() => {
            Ok(schedule)
        }
        Imported { fields, .. } if !fields.is_empty() => {
            let names: Vec<&str> = fields.keys().map(|field| field.name()).collect();
            let why = format!(
                "this also moves {}; a schedule alone is wanted here (cycle_momentum=False leaves it alone)",
                names.join(" and ")
            );
            stop(problems, span, Fault::refused(why))
        }
        _ => stop(
            problems,
            span,
            Fault::refused("this reacts to a metric; a schedule, a function of time, is wanted here"),
        ),
    }
}

fn choice(text: &str, span: Span<usize>, problems: &mut Vec<Problem>) -> Result<Choice, Stop> {
    let torch = after_word(text, &span, "torch");
    if torch.is_none() && !looks_like_call(&text[span.clone()]) {
        return read(text, span, problems, |reader| {
            let spec = reader.schedule(0)?;
            reader.end("the schedule")?;
            // Each part was held to the limit by itself; together they may be deeper than TOML and JSON take.
            if spec.levels() > DEEPEST {
                return reader.wrong(TOO_DEEP);
            }
            Ok(Choice::Own(spec.into()))
        });
    }
    let span = torch.clone().unwrap_or(span);
    let (call, rest) = constructor(text, &span, problems)?;
    let mut told = None;
    read(text, rest, problems, |reader| {
        if reader.eat("per") {
            told = Some(if reader.eat("step") {
                Unit::Step
            } else if reader.eat("epoch") {
                Unit::Epoch
            } else {
                return reader.wrong("`per step` or `per epoch`");
            });
        }
        reader.end("the scheduler (`per step` may follow)")
    })?;
    if torch.is_some() {
        if hugging_face::is_name(&call.name) {
            let why = format!(
                "{} is Hugging Face's, and `torch` stands before PyTorch's classes: leave out `torch`",
                call.name
            );
            return stop(problems, span, Fault::refused(why));
        }
        let unit = told.unwrap_or_else(|| call.usual_unit());
        return Ok(Choice::Torch(ScheduleChoice::Torch { call, unit }));
    }
    import::plan(&call, told).map(Choice::Own).map_err(|faults| {
        problems.extend(faults.into_iter().map(|fault| Problem::at(span.clone(), fault)));
        Stop
    })
}
