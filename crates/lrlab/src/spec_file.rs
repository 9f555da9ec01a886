//! Specs as files: TOML, JSON, and the points of a schedule as CSV.
//!
//! ```
//! use lrlab::spec_file;
//!
//! let spec = spec_file::from_json(r#"{"name": "cosine", "to": "10%"}"#)?;
//! assert_eq!(spec.to_string(), "cosine to 10%");
//! assert_eq!(spec_file::from_toml(&spec_file::to_toml(&spec)?)?, spec);
//! # Ok::<(), lrlab::spec_file::SpecFileError>(())
//! ```

use std::{fs, path::Path};

use lrlab_core::{ScheduleSpec, SpecError, spec::Spec};

/// Why a file is no spec.
#[derive(Debug, thiserror::Error)]
pub enum SpecFileError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// Its ending says nothing that is known.
    #[error("the ending says what it holds: .toml, .json or .csv")]
    Ending,
    /// It is not what its ending says.
    #[error("{0}")]
    Syntax(String),
    /// It can be read, and is no spec.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// What a file may hold.
#[derive(Clone, Copy)]
enum Form {
    Toml,
    Json,
    Csv,
}

fn form(path: &Path) -> Option<Form> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "toml" => Some(Form::Toml),
        "json" => Some(Form::Json),
        "csv" => Some(Form::Csv),
        _ => None,
    }
}

/// Whether the name ends as a file of a spec does: `.toml`, `.json` or `.csv`.
pub fn is_named(path: &Path) -> bool {
    form(path).is_some()
}

/// The spec in a file, by its ending: `.toml`, `.json`, or `.csv` with points `step,lr`.
///
/// # Errors
/// A file that cannot be read, has another ending, or holds no spec.
pub fn read(path: &Path) -> Result<Spec, SpecFileError> {
    let form = form(path).ok_or(SpecFileError::Ending)?;
    let text = fs::read_to_string(path)?;
    match form {
        Form::Toml => from_toml(&text),
        Form::Json => from_json(&text),
        Form::Csv => Ok(Spec::Plan(ScheduleSpec::from_csv(&text)?.into())),
    }
}

/// A spec in its TOML form.
///
/// # Errors
/// What is no TOML, or no spec.
pub fn from_toml(text: &str) -> Result<Spec, SpecFileError> {
    let broken = |error: toml::de::Error| SpecFileError::Syntax(error.to_string());
    let data = toml::Deserializer::parse(text).map_err(broken)?;
    Ok(Spec::from_data(data).map_err(broken)??)
}

/// A spec in its JSON form.
///
/// # Errors
/// What is no JSON, or no spec.
pub fn from_json(text: &str) -> Result<Spec, SpecFileError> {
    let broken = |error: serde_json::Error| SpecFileError::Syntax(error.to_string());
    let mut data = serde_json::Deserializer::from_str(text);
    let spec = Spec::from_data(&mut data).map_err(broken)?;
    data.end().map_err(broken)?;
    Ok(spec?)
}

/// The TOML form of a spec.
///
/// # Errors
/// What TOML has no words for; nothing of lrlab's is such.
pub fn to_toml(spec: &Spec) -> Result<String, SpecFileError> {
    toml::to_string(spec).map_err(|error| SpecFileError::Syntax(error.to_string()))
}

/// The JSON form of a spec.
///
/// # Errors
/// What JSON has no words for; nothing of lrlab's is such.
pub fn to_json(spec: &Spec) -> Result<String, SpecFileError> {
    serde_json::to_string_pretty(spec).map_err(|error| SpecFileError::Syntax(error.to_string()))
}
