//! A table's rows as numbers that a network takes.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{
    Missing, Told,
    roles::{Role, Roles},
};
use crate::{
    TaskError,
    data::{
        read::{Place, ReadError},
        rows::Table,
        survey::{Survey, number},
    },
    task::supervised::{Examples, Goals},
};

/// What a table gives to learn from.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) train: Examples,
    pub(super) validation: Examples,
    /// Classes; 1 for a number.
    pub(super) outputs: usize,
    /// What was inferred and done, in sentences.
    pub(super) facts: Vec<String>,
}

/// The columns that are used, each as numbers: a category's place in its list, its length where it is missing;
/// NaN for a missing number.
struct Columns {
    inputs: Vec<(usize, Vec<f64>)>,
    target: Vec<f64>,
}

impl Prepared {
    /// Reads `table` and makes its rows ready. The rows of `test`, a table of the same columns, validate; without it a
    /// share of the table's own.
    ///
    /// # Errors
    /// What cannot be learnt from, with its place.
    pub(super) fn of(table: &Table, test: Option<&Table>, told: &Told) -> Result<Self, TaskError> {
        let (surveys, rows) = Survey::of(table, &told.marks)?;
        let refuse = |problem: String| Err(ReadError::refused(table.file(), Place::Whole, problem).into());
        let form = table.form();
        let mut facts =
            vec![format!("{}: {rows} rows of {} columns; {form}", table.file(), table.names().len())];
        if rows == 0 {
            return refuse("the file holds no rows below its header".to_owned());
        }
        let roles = Roles::of(table, &surveys, told)?;
        facts.extend(roles.facts.iter().cloned());
        let inputs = width(&roles, &surveys, told);
        if (inputs as u64 + 1).saturating_mul(rows) > table.limits().values as u64 {
            return refuse(format!(
                "{rows} rows of {inputs} inputs are more than {} numbers, which is the limit; take a part of the rows, or \
                 leave columns out",
                table.limits().values
            ));
        }
        let columns = load(table, table, &roles, told)?;
        let kept = columns.target.len();
        if kept as u64 != rows {
            facts.push(format!("left out: {} rows in which a value is missing", rows - kept as u64));
        }
        if kept < 2 {
            return refuse(format!(
                "{kept} rows are left; at least one is needed to train and one to validate"
            ));
        }
        if let Some(test) = test {
            return Self::beside(table, test, &roles, &surveys, &columns, facts, told);
        }
        let validates = split(&columns.target, &roles, told);
        let of_kind = |kind: bool| (0..kept).filter(|row| validates[*row] == kind).collect::<Vec<usize>>();
        let (train, validation) = (of_kind(false), of_kind(true));
        if train.is_empty() || validation.is_empty() {
            return refuse(format!(
                "of {kept} rows a share of {} leaves {} to train and {} to validate; both need one",
                told.validation,
                train.len(),
                validation.len()
            ));
        }
        let classes = matches!(roles.columns[roles.target], Role::Classes(_));
        let of_each = if classes { " of each class" } else { "" };
        facts.push(format!(
            "rows: {} to train on, {} to validate (a share of {}{of_each}, split_seed={})",
            train.len(),
            validation.len(),
            told.validation,
            told.split_seed
        ));
        let (encoders, more) = encoders(table, &roles, &surveys, &columns, &train, told)?;
        facts.extend(more);
        let goal = goal(table, &roles, &columns, &train, &mut facts)?;
        let examples = |rows: &[usize]| encode(&encoders, goal, &columns, rows);
        Ok(Self {
            train: examples(&train),
            validation: examples(&validation),
            outputs: outputs(&roles),
            facts,
        })
    }

    /// All rows of `table`, which are in `columns`, to train on, and those of `test` to validate.
    fn beside(
        table: &Table,
        test: &Table,
        roles: &Roles,
        surveys: &[Survey],
        columns: &Columns,
        mut facts: Vec<String>,
        told: &Told,
    ) -> Result<Self, TaskError> {
        let names = |table: &Table| table.names().join(", ");
        if test.names() != table.names() {
            let problem = format!(
                "has the columns {}; expected those of {}: {}",
                names(test),
                table.file(),
                names(table)
            );
            return Err(ReadError::refused(test.file(), Place::Whole, problem).into());
        }
        let tested = load(test, table, roles, told)?;
        let rows = |columns: &Columns| (0..columns.target.len()).collect::<Vec<usize>>();
        let (train, validation) = (rows(columns), rows(&tested));
        if validation.is_empty() {
            let problem = "no rows are left to validate".to_owned();
            return Err(ReadError::refused(test.file(), Place::Whole, problem).into());
        }
        let (trained, tests, file) = (train.len(), validation.len(), test.file());
        facts.push(format!("rows: {trained} to train on, {tests} to validate, those of {file}"));
        let (encoders, more) = encoders(table, roles, surveys, columns, &train, told)?;
        facts.extend(more);
        let goal = goal(table, roles, columns, &train, &mut facts)?;
        Ok(Self {
            train: encode(&encoders, goal, columns, &train),
            validation: encode(&encoders, goal, &tested, &validation),
            outputs: outputs(roles),
            facts,
        })
    }
}

/// Numbers that a network has to give.
fn outputs(roles: &Roles) -> usize {
    if let Role::Classes(classes) = &roles.columns[roles.target] { classes.len() } else { 1 }
}

/// Inputs that a row becomes.
fn width(roles: &Roles, surveys: &[Survey], told: &Told) -> usize {
    let marked = |survey: &Survey| usize::from(told.missing == Missing::Mean && survey.missing > 0);
    let of_role = |(role, survey): (&Role, &Survey)| match role {
        Role::Number => 1 + marked(survey),
        Role::Category(texts) => texts.len() + marked(survey),
        Role::LeftOut | Role::Classes(_) | Role::Goal => 0,
    };
    roles.columns.iter().zip(surveys).map(of_role).sum()
}

/// The columns that are used of `table`, without the rows that are dropped. What a column may hold is known from
/// `trained`, which may be another table.
fn load(table: &Table, trained: &Table, roles: &Roles, told: &Told) -> Result<Columns, TaskError> {
    let used = |at: &usize| roles.columns[*at].is_used() && *at != roles.target;
    let inputs: Vec<usize> = (0..roles.columns.len()).filter(used).collect();
    let mut columns =
        Columns { inputs: inputs.iter().map(|at| (*at, Vec::new())).collect(), target: Vec::new() };
    let place = |texts: &[String], cell: &str| texts.iter().position(|text| text == cell).map(|at| at as f64);
    table.each_row(&mut |row| {
        let missing = |at: usize| told.marks.iter().any(|mark| mark == row.cells[at]);
        if told.missing == Missing::Drop && (missing(roles.target) || inputs.iter().any(|at| missing(*at))) {
            return Ok(());
        }
        let value = |at: usize| {
            let cell = row.cells[at];
            let kept = told.missing == Missing::Mean && at != roles.target;
            let found = match &roles.columns[at] {
                _ if missing(at) && !kept => None,
                Role::Category(texts) if missing(at) => Some(texts.len() as f64),
                Role::Category(texts) | Role::Classes(texts) => place(texts, cell),
                _ if missing(at) => Some(f64::NAN),
                _ => number(cell).filter(|number| number.is_finite()),
            };
            found.ok_or_else(|| {
                let place = Place::Line { line: row.line, column: Some(table.names()[at].clone()) };
                // The training table was looked through before: it can only have changed since.
                let problem = match &roles.columns[at] {
                    _ if std::ptr::eq(table, trained) => {
                        format!("{cell:?} was not there a moment ago: the file is changing")
                    }
                    _ if missing(at) => {
                        "the cell is missing; say missing=drop, or for inputs missing=mean".to_owned()
                    }
                    Role::Category(_) | Role::Classes(_) => {
                        format!("{cell:?} stands nowhere in this column of {}", trained.file())
                    }
                    _ => format!("expected a finite number, as in {}; got {cell:?}", trained.file()),
                };
                ReadError::refused(table.file(), place, problem)
            })
        };
        for (at, values) in &mut columns.inputs {
            values.push(value(*at)?);
        }
        columns.target.push(value(roles.target)?);
        Ok(())
    })?;
    Ok(columns)
}

/// Which rows validate: of each class, or of all rows where the target is a number, the share that is told,
/// drawn by a seed of its own.
fn split(target: &[f64], roles: &Roles, told: &Told) -> Vec<bool> {
    let mut rng = ChaCha8Rng::seed_from_u64(told.split_seed);
    let mut validates = vec![false; target.len()];
    let classes = if let Role::Classes(classes) = &roles.columns[roles.target] { classes.len() } else { 1 };
    for class in 0..classes {
        let of_class = |row: &usize| classes == 1 || target[*row] == class as f64;
        let mut rows: Vec<usize> = (0..target.len()).filter(of_class).collect();
        // Written out, since a library may change the order that a seed gives.
        for last in (1..rows.len()).rev() {
            let pick = ((u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64) as usize;
            rows.swap(last, pick);
        }
        // A class of which there is one row trains.
        let share = (rows.len() as f64 * told.validation).round() as usize;
        let share = share.clamp(usize::from(rows.len() > 1), rows.len().saturating_sub(1));
        rows[..share].iter().for_each(|row| validates[*row] = true);
    }
    validates
}

/// How a column becomes inputs.
enum Encoder {
    /// `(x - mean) / deviation`, a missing one as 0; and whether it is missing, where that can be.
    Number { mean: f64, deviation: f64, marked: bool },
    /// One of so many is 1.
    OneOf(usize),
}

fn encoders(
    table: &Table,
    roles: &Roles,
    surveys: &[Survey],
    columns: &Columns,
    train: &[usize],
    told: &Told,
) -> Result<(Vec<Encoder>, Vec<String>), TaskError> {
    let (mut encoders, mut facts, mut still, mut filled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, values) in &columns.inputs {
        let (name, survey) = (&table.names()[*at], &surveys[*at]);
        let marked = told.missing == Missing::Mean && survey.missing > 0;
        if marked {
            filled.push(format!("{name} ({})", survey.missing));
        }
        if let Role::Category(texts) = &roles.columns[*at] {
            encoders.push(Encoder::OneOf(texts.len() + usize::from(marked)));
            continue;
        }
        let (mean, deviation) = moments(train.iter().map(|row| values[*row]).filter(|value| !value.is_nan()));
        if !deviation.is_finite() {
            let place = Place::Column(name.clone());
            let problem =
                "holds numbers so far apart that their deviation is no number; rescale or leave it out";
            return Err(ReadError::refused(table.file(), place, problem).into());
        }
        if deviation == 0.0 {
            still.push(name.as_str());
        }
        encoders.push(Encoder::Number { mean, deviation, marked });
    }
    let scaled = "numbers are standardised by the mean and deviation of the training rows";
    facts.push(scaled.to_owned());
    if !still.is_empty() {
        facts.push(format!("0 throughout, since they never vary in the training rows: {}", still.join(", ")));
    }
    if !filled.is_empty() {
        let how =
            "missing numbers are the mean, missing categories are one of their own, and an input marks them";
        facts.push(format!("{how}: {}", filled.join(", ")));
    }
    Ok((encoders, facts))
}

/// Mean and standard deviation (the root of the mean squared distance); 0 and 0 of nothing.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let rows = values.clone().count();
    if rows == 0 {
        return (0.0, 0.0);
    }
    let mean = values.clone().sum::<f64>() / rows as f64;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / rows as f64;
    (mean, variance.sqrt())
}

/// Mean and deviation of a numeric target; `None` for classes.
fn goal(
    table: &Table,
    roles: &Roles,
    columns: &Columns,
    train: &[usize],
    facts: &mut Vec<String>,
) -> Result<Option<(f64, f64)>, TaskError> {
    if let Role::Classes(_) = roles.columns[roles.target] {
        return Ok(None);
    }
    let (mean, deviation) = moments(train.iter().map(|row| columns.target[*row]));
    if !(deviation.is_finite() && deviation > 0.0) {
        let place = Place::Column(table.names()[roles.target].clone());
        let problem = format!("is the target, and its deviation over the training rows is {deviation}");
        return Err(ReadError::refused(table.file(), place, problem).into());
    }
    facts.push(format!(
        "the target is standardised too, by mean {mean} and deviation {deviation}: a loss of 1 is that of always \
         answering the mean"
    ));
    Ok(Some((mean, deviation)))
}

fn encode(encoders: &[Encoder], goal: Option<(f64, f64)>, columns: &Columns, rows: &[usize]) -> Examples {
    let width_of = |encoder: &Encoder| match encoder {
        Encoder::Number { marked, .. } => 1 + usize::from(*marked),
        Encoder::OneOf(texts) => *texts,
    };
    let mut inputs = Vec::new();
    for row in rows {
        for (encoder, (_, values)) in encoders.iter().zip(&columns.inputs) {
            let value = values[*row];
            match encoder {
                Encoder::Number { mean, deviation, marked } => {
                    let known = !value.is_nan() && *deviation > 0.0;
                    inputs.push(if known { ((value - mean) / deviation) as f32 } else { 0.0 });
                    inputs.extend(marked.then(|| f32::from(u8::from(value.is_nan()))));
                }
                Encoder::OneOf(texts) => {
                    inputs.extend((0..*texts).map(|at| f32::from(u8::from(at as f64 == value))));
                }
            }
        }
    }
    let targets = rows.iter().map(|row| columns.target[*row]);
    let goals = match goal {
        Some((mean, deviation)) => Goals::Numbers(targets.map(|y| ((y - mean) / deviation) as f32).collect()),
        None => Goals::Classes(targets.map(|class| class as u8).collect()),
    };
    Examples { width: encoders.iter().map(width_of).sum(), inputs, goals }
}
