//! What each column of a table is for: told, or taken from what stands in it.

use lrlab_core::{registry::nearest, spec::Fault};

use super::{Missing, Told};
use crate::{
    TaskError,
    data::{
        read::{Place, ReadError},
        rows::Table,
        survey::{MOST_DIFFERENT, Survey, number},
    },
};

/// Different texts of a category at most; each becomes an input of its own.
pub(super) const MOST_CATEGORIES: usize = 50;
/// Whole numbers that are taken for classes where nothing is said: so many different ones at most.
const CLASSES_OF_NUMBERS: usize = 20;

/// What a column is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    /// Nothing.
    LeftOut,
    /// An input.
    Number,
    /// As many inputs as it has texts, which are these.
    Category(Vec<String>),
    /// What is learnt, as a class out of these.
    Classes(Vec<String>),
    /// What is learnt, as a number.
    Goal,
}

/// The role of each column, and what there is to say of it.
#[derive(Debug)]
pub(super) struct Roles {
    pub(super) columns: Vec<Role>,
    pub(super) target: usize,
    pub(super) facts: Vec<String>,
}

impl Role {
    /// Whether it is read.
    pub(super) fn is_used(&self) -> bool {
        *self != Self::LeftOut
    }
}

impl Roles {
    /// The roles of the columns of `table`, in which `surveys` stands.
    ///
    /// # Errors
    /// A name that no column has, or a column that cannot be what it has to be.
    pub(super) fn of(table: &Table, surveys: &[Survey], told: &Told) -> Result<Self, TaskError> {
        let target = column(table, "target", &told.target)?;
        let named = |field: &str, names: &[String]| -> Result<Vec<usize>, TaskError> {
            names.iter().map(|name| column(table, field, name)).collect()
        };
        let (left_out, categories) =
            (named("leave_out", &told.leave_out)?, named("categories", &told.categories)?);
        if left_out.contains(&target) {
            let why = format!("leave_out names the target {:?}", told.target);
            return Err(TaskError::Spec(vec![Fault::refused(why)]));
        }
        let mut roles = Self { columns: Vec::new(), target, facts: Vec::new() };
        let (mut empty, mut constant, mut categorical) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (name, survey)) in table.names().iter().zip(surveys).enumerate() {
            let of_column = Column { table, name, survey };
            let role = if at == target {
                of_column.target(told)?
            } else if left_out.contains(&at) {
                Role::LeftOut
            } else if survey.filled == 0 {
                empty.push(name.as_str());
                Role::LeftOut
            } else if survey.is_constant() {
                constant.push(name.as_str());
                Role::LeftOut
            } else {
                of_column.input(categories.contains(&at), told)?
            };
            if let Role::Category(texts) = &role {
                categorical.push(format!("{name} ({})", texts.len()));
            }
            roles.columns.push(role);
        }
        let numbers = roles.columns.iter().filter(|role| **role == Role::Number).count();
        if numbers + categorical.len() == 0 {
            let problem = "no column is left to learn from: each is the target, left out, empty or constant";
            return Err(ReadError::refused(table.file(), Place::Whole, problem).into());
        }
        roles.facts.push(roles.tell_target(table, surveys, told));
        roles.facts.push(match categorical.len() {
            0 => format!("inputs: {numbers} columns of numbers"),
            some => format!(
                "inputs: {numbers} columns of numbers, {some} of categories: {}",
                categorical.join(", ")
            ),
        });
        let asked: Vec<&str> = left_out.iter().map(|at| table.names()[*at].as_str()).collect();
        for (names, why) in
            [(asked, "as asked"), (empty, "nothing stands in them"), (constant, "they never vary")]
        {
            if !names.is_empty() {
                roles.facts.push(format!("left out, {why}: {}", names.join(", ")));
            }
        }
        Ok(roles)
    }

    fn tell_target(&self, table: &Table, surveys: &[Survey], told: &Told) -> String {
        let name = &table.names()[self.target];
        let inferred = |other: &str| match told.classes {
            Some(_) => String::new(),
            None => format!(" (inferred; goal={other} makes it otherwise)"),
        };
        match &self.columns[self.target] {
            Role::Classes(classes) => {
                let count = |class: &String| surveys[self.target].texts.get(class).copied().unwrap_or(0);
                let shown: Vec<String> =
                    classes.iter().take(10).map(|class| format!("{class} ({})", count(class))).collect();
                let more = if classes.len() > shown.len() { ", .." } else { "" };
                let (classes, shown) = (classes.len(), shown.join(", "));
                format!("target: {name}, {classes} classes: {shown}{more}{}", inferred("number"))
            }
            _ => format!("target: {name}, a number{}", inferred("classes")),
        }
    }
}

/// The index of the column of that name.
fn column(table: &Table, field: &str, name: &str) -> Result<usize, TaskError> {
    let known = || table.names().iter().map(String::as_str);
    known().position(|known| known == name).ok_or_else(|| {
        let meant = nearest(name, known()).map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
        let names: Vec<&str> = known().take(30).collect();
        let more = if table.names().len() > names.len() { ", .." } else { "" };
        let problem = format!(
            "{field}: there is no column {name:?}; {meant}The columns are {}{more}",
            names.join(", ")
        );
        ReadError::refused(table.file(), Place::Whole, problem).into()
    })
}

/// One column, and what stands in it.
struct Column<'a> {
    table: &'a Table,
    name: &'a str,
    survey: &'a Survey,
}

impl Column<'_> {
    fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, TaskError> {
        Err(ReadError::refused(self.table.file(), Place::Column(self.name.to_owned()), problem).into())
    }

    fn refuse_at<T>(&self, line: u64, problem: impl Into<String>) -> Result<T, TaskError> {
        let place = Place::Line { line, column: Some(self.name.to_owned()) };
        Err(ReadError::refused(self.table.file(), place, problem).into())
    }

    fn input(&self, categorical: bool, told: &Told) -> Result<Role, TaskError> {
        self.check_missing(told)?;
        if self.survey.is_numeric() && !categorical {
            self.check_finite()?;
            return Ok(Role::Number);
        }
        let texts = self.texts();
        if self.survey.more || texts.len() > MOST_CATEGORIES {
            let many = if self.survey.more {
                format!("more than {MOST_DIFFERENT}")
            } else {
                texts.len().to_string()
            };
            let word = self.survey.first_word.as_ref().map(|(line, word)| {
                format!(
                    "; {word:?} on line {line} is no number: correct it if the column is meant to be numbers"
                )
            });
            return self.refuse(format!(
                "holds {many} different texts, and a category has {MOST_CATEGORIES} at most, since each becomes an input; \
                 leave the column out with leave_out{}",
                word.unwrap_or_default()
            ));
        }
        Ok(Role::Category(texts))
    }

    fn target(&self, told: &Told) -> Result<Role, TaskError> {
        let survey = self.survey;
        if survey.filled == 0 {
            return self.refuse("is the target, and nothing stands in it");
        }
        if let Some((line, _)) = survey.first_missing.as_ref().filter(|_| told.missing != Missing::Drop) {
            return self.refuse_at(
                *line,
                format!(
                    "the target is missing (in {} rows); missing=drop leaves such rows out",
                    survey.missing
                ),
            );
        }
        let few = survey.whole && !survey.more && survey.texts.len() <= CLASSES_OF_NUMBERS;
        if told.classes.unwrap_or(!survey.is_numeric() || few) {
            if survey.more {
                return self.refuse(format!(
                    "is the target, and holds more than {MOST_DIFFERENT} classes, which is the limit"
                ));
            }
            let classes = self.texts();
            if let [class] = classes.as_slice() {
                return self.refuse(format!("is the target, and every row is of the one class {class:?}"));
            }
            return Ok(Role::Classes(classes));
        }
        if let Some((line, word)) = &survey.first_word {
            return self
                .refuse_at(*line, format!("expected a number to learn, got {word:?}; or say goal=classes"));
        }
        self.check_finite()?;
        if survey.is_constant() {
            return self.refuse("is the target, and never varies");
        }
        Ok(Role::Goal)
    }

    fn check_finite(&self) -> Result<(), TaskError> {
        match &self.survey.first_infinite {
            Some((line, cell)) => {
                self.refuse_at(*line, format!("{cell} is no finite number; correct the row or take it out"))
            }
            None => Ok(()),
        }
    }

    fn check_missing(&self, told: &Told) -> Result<(), TaskError> {
        match &self.survey.first_missing {
            Some((line, cell)) if told.missing == Missing::Refuse => {
                let shown = if cell.is_empty() { String::new() } else { format!(" ({cell})") };
                self.refuse_at(
                    *line,
                    format!(
                        "the cell is missing{shown}, as in {} of the rows; say missing=mean to put the mean in its place and mark \
                         it, missing=drop to leave such rows out, or leave_out to leave the column out",
                        self.survey.missing
                    ),
                )
            }
            _ => Ok(()),
        }
    }

    /// The texts there are: by their number where all are numbers, else by their letters.
    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.survey.texts.keys().cloned().collect();
        if self.survey.is_numeric() {
            texts.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
        }
        texts
    }
}
