//! The canonical text of a spec: what reads back to the same tree.

use std::fmt::{self, Display, Formatter};

use super::{
    Average, AverageKind, Clip, GroupStrategy, OptimizerSpec, Origin, PlanSpec, ScheduleChoice, ScheduleSpec,
    SignalSpec, Strategy, Unit, named_text::is_plain,
};
use crate::{
    AfterEnd, Duration, Pattern, TaskSpec,
    horizon::number_text,
    registry::{Argument, Arguments, Keyword, Parameter, RawArgument},
    schedule::{self, Form},
    signal,
};

impl Display for ScheduleSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let entry = schedule::find(self.name);
        let form = self.form();
        let bracketed = |f: &mut Formatter<'_>, inner: &ScheduleSpec, brackets: bool| {
            if !brackets {
                return Display::fmt(inner, f);
            }
            f.write_str("(")?;
            Display::fmt(inner, f)?;
            f.write_str(")")
        };
        match (form, &self.inner[..]) {
            (Form::Between { word, .. }, inner) => {
                for (index, part) in inner.iter().enumerate() {
                    if index > 0 {
                        write!(f, " {word} ")?;
                    }
                    let ends_here = index + 1 == inner.len();
                    bracketed(f, part, word == "then" && !part.is_stage(ends_here) || !part.is_chain())?;
                }
                return Ok(());
            }
            (Form::After(word), [inner]) => {
                Display::fmt(inner, f)?;
                write!(f, " {word}")?;
            }
            (Form::Directly(word), [inner]) => {
                bracketed(f, inner, !inner.is_stage(false))?;
                write!(f, " {word}")?;
            }
            _ => f.write_str(self.name)?,
        }
        write_arguments(f, entry.map_or(&[], |entry| entry.params), &self.args)?;
        if let (Form::Before, [inner]) = (form, &self.inner[..]) {
            f.write_str(" then ")?;
            bracketed(f, inner, !inner.is_chain())?;
        }
        Ok(())
    }
}

impl ScheduleSpec {
    fn form(&self) -> Form {
        schedule::find(self.name).map_or(Form::Plain, |entry| entry.form)
    }

    /// Whether it may stand between two `then` without brackets; one with a `then` of its own may
    /// at the end only.
    fn is_stage(&self, ends_here: bool) -> bool {
        match self.form() {
            Form::Plain | Form::Directly(_) => true,
            Form::Before => ends_here,
            Form::After(_) | Form::Between { .. } => false,
        }
    }

    /// Whether it may follow the `then` of a schedule that comes first, or stand between two `times`.
    fn is_chain(&self) -> bool {
        match self.form() {
            Form::After(_) => false,
            Form::Between { word, .. } => word == "then",
            _ => true,
        }
    }
}

fn write_arguments(f: &mut Formatter<'_>, params: &[Parameter], args: &Arguments) -> fmt::Result {
    for param in params {
        if let Some(argument) = args.get(param.name) {
            f.write_str(" ")?;
            write_argument(f, param, argument)?;
        }
    }
    Ok(())
}

fn write_argument(f: &mut Formatter<'_>, param: &Parameter, argument: &Argument) -> fmt::Result {
    let word = match param.keyword {
        Keyword::Named => return write!(f, "{}={}", param.name, compact(argument)),
        Keyword::Times => return write!(f, "x{argument}"),
        Keyword::Word(word) => word,
        Keyword::Bare(words) => match (words.first().copied().unwrap_or_default(), argument) {
            (word @ ("every" | "each"), Argument::Duration(Duration::Steps(1))) => {
                return write!(f, "{word} step");
            }
            (word @ ("every" | "each"), Argument::Duration(Duration::Epochs(1.0))) => {
                return write!(f, "{word} epoch");
            }
            (word, _) => word,
        },
    };
    if !word.is_empty() {
        write!(f, "{word} ")?;
    }
    Display::fmt(argument, f)
}

/// A list without spaces, as it stands behind `name=`.
fn compact(argument: &Argument) -> String {
    argument.to_string().replace(", ", ",")
}

impl Display for OptimizerSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        let Some(entry) = crate::optimizer::registry::find(self.name) else { return Ok(()) };
        for param in entry.params {
            if let Some(argument) = self.args.get(param.name) {
                write!(f, " {}={}", param.name, compact(argument))?;
            }
        }
        Ok(())
    }
}

impl Display for ScheduleChoice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(spec) => write!(f, "{spec}"),
            Self::Torch { call, unit: Unit::Step } => write!(f, "torch {call} per step"),
            Self::Torch { call, unit: Unit::Epoch } if call.usual_unit() == Unit::Epoch => {
                write!(f, "torch {call}")
            }
            Self::Torch { call, unit: Unit::Epoch } => write!(f, "torch {call} per epoch"),
        }
    }
}

impl Display for Clip {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Norm(norm) => write!(f, "clip norm {}", Argument::Number(*norm)),
            Self::Value(value) => write!(f, "clip value {}", Argument::Number(*value)),
        }
    }
}

impl Display for GroupStrategy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.params != Pattern::all() {
            write!(f, "for {}: ", self.params.0)?;
        }
        write!(f, "{} | {}", self.optimizer, self.plan)
    }
}

impl Display for PlanSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.schedule)?;
        for (field, schedule) in &self.fields {
            write!(f, " | {}: {schedule:#}", field.name())?;
        }
        self.signals.iter().try_for_each(|signal| write!(f, " | {signal}"))
    }
}

impl Display for SignalSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        write_arguments(f, signal::find(self.name).map_or(&[], |entry| entry.params), &self.args)
    }
}

impl Display for Strategy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Origin::Recorded(description) = &self.origin {
            return write!(f, "as recorded: {description}");
        }
        if let Origin::Code(code) = &self.origin {
            let plan = &self.groups[0].plan;
            write!(f, "the code {} at lr={}", code.name, number_text(self.lr()))?;
            let constant = PlanSpec::from(ScheduleSpec::constant());
            return if *plan == constant { Ok(()) } else { write!(f, " | {plan}") };
        }
        for (index, group) in self.groups.iter().enumerate() {
            write!(f, "{}{group}", if index > 0 { " ; " } else { "" })?;
        }
        let border = if self.groups.len() == 1 { '|' } else { ';' };
        if let Some(clip) = &self.clip {
            write!(f, " {border} {clip}")?;
        }
        if self.accumulate != 1 {
            write!(f, " {border} accumulate {} batches", self.accumulate)?;
        }
        if self.skip_non_finite {
            write!(f, " {border} skip non-finite")?;
        }
        if !self.no_decay.is_empty() {
            write!(f, " {border} no decay for")?;
            self.no_decay.iter().try_for_each(|pattern| write!(f, " {}", pattern.0))?;
        }
        for average in &self.averages {
            write!(f, " {border} {average}")?;
        }
        match self.after_end {
            AfterEnd::Hold => Ok(()),
            policy => write!(f, " {border} after end {}", policy.word()),
        }
    }
}

impl Display for Average {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.kind {
            AverageKind::Ema { decay } => write!(f, "ema {}", Argument::Number(decay))?,
            AverageKind::Swa { from, every } => {
                write!(f, "swa from {from}")?;
                if every != Duration::Epochs(1.0) {
                    write!(f, " every {every}")?;
                }
            }
        }
        f.write_str(if self.judged { " judged" } else { "" })
    }
}

impl Strategy {
    /// What tells this strategy from others with the same optimizer: its schedule; with several
    /// groups, theirs.
    ///
    /// ```
    /// use lrlab_core::Strategy;
    /// let strategy: Strategy = "sgd lr=0.1 | step every 5 epochs x0.5 | clip norm 1".parse()?;
    /// assert_eq!(strategy.short_label(), "step every 5 epochs x0.5");
    /// # Ok::<(), lrlab_core::SpecError>(())
    /// ```
    pub fn short_label(&self) -> String {
        if let Origin::Recorded(description) = &self.origin {
            return description.clone();
        }
        if let Origin::Code(code) = &self.origin {
            return format!("the code {}", code.name);
        }
        let schedules: Vec<String> = self.groups.iter().map(|group| group.plan.to_string()).collect();
        let alike = schedules.iter().all(|schedule| *schedule == schedules[0]);
        if alike { schedules.into_iter().next().unwrap_or_default() } else { schedules.join("; ") }
    }
}

impl Display for TaskSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in &self.args {
            write!(f, " {name}=")?;
            raw(f, value)?;
        }
        Ok(())
    }
}

/// An argument so that it reads back as what it is: a text that could be taken for something else, or that
/// would end too early, stands in quotation marks.
fn raw(f: &mut Formatter<'_>, value: &RawArgument) -> fmt::Result {
    match value {
        RawArgument::Text(text) if is_plain(text) => f.write_str(text),
        RawArgument::Text(text) => write!(f, "\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")),
        RawArgument::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            if index > 0 {
                f.write_str(",")?;
            }
            raw(f, item)
        }),
        RawArgument::Flag(_) | RawArgument::Number(_) => value.fmt(f),
    }
}
