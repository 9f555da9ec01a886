//! The options by which a command is given data of one's own: short forms of the task `table`.

use std::{
    collections::BTreeMap,
    io::{Write, stderr},
    path::{Path, PathBuf},
};

use lrlab_core::{
    TaskSpec,
    registry::{Kind, RawArgument},
};
use lrlab_train::{TrainError, data::find, task};

use super::Failure;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Your own data")]
pub(crate) struct OwnData {
    /// A table of your own (CSV, TSV, .npy, .npz), in place of --task: short for --task "table file=..".
    #[arg(long, value_name = "FILE", conflicts_with = "task")]
    data: Option<PathBuf>,

    /// A second table of the same columns, whose rows validate in place of a fifth of the first.
    #[arg(long, value_name = "FILE", requires = "data")]
    test_data: Option<PathBuf>,

    /// The column of the table that is learnt, the task's target.
    #[arg(long, value_name = "COLUMN", requires = "data")]
    predict: Option<String>,

    /// The model: mlp (the default) or linear.
    #[arg(long, value_name = "NAME", requires = "data")]
    model: Option<String>,

    /// Widths of the hidden layers of the MLP: 64,64
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "data")]
    hidden: Option<Vec<f64>>,

    /// What a missing value does: refuse (the default), mean or drop.
    #[arg(long, value_name = "WORD", requires = "data")]
    missing: Option<String>,

    /// Columns that are not learnt from: id,name
    #[arg(long, value_name = "LIST", value_delimiter = ',', requires = "data")]
    leave_out: Option<Vec<String>>,

    /// Where data files are looked for that are not below this folder; by default in the folder that the variable
    /// LRLAB_DATA_DIR names. After it, in the system's /usr/share/datasets.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl OwnData {
    /// The task that is asked for: `text`, or the table. What --data-dir names is looked in from now on.
    pub(crate) fn task(&self, text: &str) -> Result<TaskSpec, Failure> {
        self.look()?;
        let Some(path) = &self.data else { return Ok(text.parse()?) };
        let file = |option: &str, path: &Path| match path.to_str() {
            Some(text) => Ok(RawArgument::Text(text.to_owned())),
            None => {
                Err(Failure::Input(format!("{option}: the name {} is no UTF-8; rename it", path.display())))
            }
        };
        let word = |text: &String| RawArgument::Text(text.clone());
        let mut args = BTreeMap::from([("file".to_owned(), file("--data", path)?)]);
        let test = self.test_data.as_ref().map(|path| file("--test-data", path)).transpose()?;
        let mut put = |name: &str, value: Option<RawArgument>| {
            args.extend(value.map(|value| (name.to_owned(), value)));
        };
        put("test_file", test);
        put("target", self.predict.as_ref().map(word));
        put("model", self.model.as_ref().map(word));
        put(
            "hidden",
            self.hidden.as_ref().map(|widths| list(widths.iter().copied().map(RawArgument::Number))),
        );
        put("missing", self.missing.as_ref().map(word));
        put("leave_out", self.leave_out.as_ref().map(|names| list(names.iter().map(word))));
        Ok(TaskSpec { name: "table".to_owned(), args })
    }

    /// Looks for files in the folder that --data-dir names, from now on.
    pub(crate) fn look(&self) -> Result<(), Failure> {
        if let Some(folder) = self.data_dir.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::Input(format!("--data-dir: there is no folder {}", folder.display())));
        }
        find::look_in(self.data_dir.clone());
        Ok(())
    }
}

/// One value by itself, several as a list, as the text form has them.
fn list(values: impl Iterator<Item = RawArgument>) -> RawArgument {
    let mut values: Vec<RawArgument> = values.collect();
    if values.len() == 1 { values.remove(0) } else { RawArgument::List(values) }
}

/// Tells on stderr what was inferred of a user's data and done to it.
pub(crate) fn tell(spec: &TaskSpec) -> Result<(), Failure> {
    let reads_files = |entry: &task::TaskEntry| entry.params.iter().any(|param| param.kind == Kind::File);
    if !task::find(&spec.name).is_some_and(reads_files) {
        return Ok(());
    }
    let mut err = stderr();
    for fact in task::build(spec, 0).map_err(TrainError::from)?.facts() {
        writeln!(err, "data: {fact}")?;
    }
    Ok(())
}
