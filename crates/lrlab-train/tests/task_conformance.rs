//! What every task of the registry must hold to; a new entry is tested by being listed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use lrlab_core::Event;
use lrlab_train::{
    Batch, Task,
    data::find,
    task::{self, Supply, TASKS, TaskEntry},
};
use shared::{idx, run, spec};
use tempfile::TempDir;

/// The task as it is tested: what has to be given, is.
fn text(entry: &TaskEntry) -> String {
    let folder = files();
    let needs = match entry.name {
        "table" => {
            concat!(" file=\"", env!("CARGO_MANIFEST_DIR"), "/../../docs/own-data/wine.csv\" target=grower")
                .to_owned()
        }
        "images" => format!(
            " images=\"{0}/train-images-idx3-ubyte.gz\" labels=\"{0}/train-labels-idx1-ubyte.gz\"",
            folder.display()
        ),
        "text" => format!(" file=\"{}/text\"", folder.display()),
        _ => String::new(),
    };
    format!("{}{needs}", entry.name)
}

/// A folder of small files in the place of Fashion-MNIST's, which need not be on this machine, and a text; they
/// are made, and looked for, by the first test that asks.
fn files() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    static SET: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let set = folder.path().join("fashion-mnist");
        fs::create_dir(&set).unwrap();
        for (part, count) in [("train", 100), ("t10k", 20)] {
            let labels: Vec<u8> = (0..count).map(|row| row % 10).collect();
            let pixels: Vec<u8> = labels
                .iter()
                .enumerate()
                .flat_map(|(row, label)| {
                    let (row, label) = (row as u32, u32::from(*label));
                    (0..196).map(move |at| ((at * (label + 2) * 7 + row * 31 + at * at) % 256) as u8)
                })
                .collect();
            let write =
                |what: &str, bytes: &[u8]| fs::write(set.join(format!("{part}-{what}")), bytes).unwrap();
            write("images-idx3-ubyte.gz", &idx(&[count, 14, 14], &pixels));
            write("labels-idx1-ubyte.gz", &idx(&[count], &labels));
        }
        let words = "she was persuaded to think it a wrong thing; ";
        fs::write(set.join("text"), words.repeat(40)).unwrap();
        find::look_in(Some(folder.path().to_owned()));
        folder
    });
    SET.get_or_init(|| folder.path().join("fashion-mnist"))
}

fn each(check: impl Fn(&str, Box<dyn Task>)) {
    assert!(TASKS.len() >= 4);
    for entry in TASKS {
        check(entry.name, task::build(&text(entry).parse().unwrap(), 3).unwrap());
    }
}

fn values(task: &mut dyn Task) -> Vec<f32> {
    let mut values = Vec::new();
    task.visit(&mut |param| values.extend_from_slice(param.value));
    values
}

fn move_by(task: &mut dyn Task, direction: &[f32], h: f32) {
    let mut directions = direction.iter();
    task.visit(&mut |param| {
        for (value, d) in param.value.iter_mut().zip(&mut directions) {
            *value += h * d;
        }
    });
}

#[test]
fn says_what_it_is() {
    let names: BTreeSet<&str> = TASKS.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), TASKS.len(), "names are unique");
    for entry in TASKS {
        assert!(
            !entry.summary.is_empty() && !entry.summary.ends_with('.'),
            "{}: {}",
            entry.name,
            entry.summary
        );
        for param in entry.params {
            assert!(param.doc.ends_with('.'), "{}: {}", entry.name, param.name);
            // The default that help shows is one that the task takes.
            let Some(default) = param.default.filter(|default| !default.is_empty()) else { continue };
            let text = format!("{} {}={default}", text(entry), param.name);
            task::build(&text.parse().unwrap(), 0).unwrap();
        }
    }
}

#[test]
fn shows_parameters_with_unique_names_and_their_shapes() {
    each(|name, mut task| {
        let mut names = BTreeSet::new();
        task.visit(&mut |param| {
            assert!(names.insert(param.name.to_owned()), "{name}: {} is shown twice", param.name);
            assert_eq!(param.shape.iter().product::<usize>(), param.value.len(), "{name}: {}", param.name);
        });
        assert!(!names.is_empty(), "{name}");
        assert!(task.default_batch_size() > 0, "{name}");
        if let Supply::Rows(rows) = task.supply() {
            assert!(task.default_batch_size() <= rows && task.probe_rows() <= rows, "{name}");
        }
    });
}

#[test]
fn the_gradient_is_the_slope_of_the_loss() {
    each(|name, mut task| {
        task.gradients(Batch::Probe).unwrap();
        let (mut gradient, mut shown) = (Vec::new(), Vec::new());
        task.visit_gradients(&mut |g| gradient.extend_from_slice(g));
        task.visit(&mut |param| shown.extend_from_slice(param.grad));
        assert_eq!(gradient, shown, "{name}: both walks show one gradient");
        let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let direction: Vec<f32> = gradient.iter().map(|g| (f64::from(*g) / norm) as f32).collect();
        // Short, so that few of a network's kinks lie on the way.
        let h = 0.001;
        move_by(&mut *task, &direction, h);
        let up = task.gradients(Batch::Probe).unwrap();
        move_by(&mut *task, &direction, -2.0 * h);
        let down = task.gradients(Batch::Probe).unwrap();
        let slope = (up - down) / (2.0 * f64::from(h));
        assert!((slope / norm - 1.0).abs() < 1e-2, "{name}: slope {slope}, norm of the gradient {norm}");
    });
}

#[test]
fn a_seed_is_all_that_decides() {
    for entry in TASKS {
        let build = |seed| task::build(&text(entry).parse().unwrap(), seed).unwrap();
        assert_eq!(values(&mut *build(3)), values(&mut *build(3)), "{}", entry.name);
        assert_ne!(values(&mut *build(3)), values(&mut *build(4)), "{}", entry.name);
        let trial = spec(&text(entry), "sgd lr=0.01", 3, "5 steps");
        assert_eq!(run(&trial), run(&trial), "{}", entry.name);
    }
}

#[test]
fn a_clone_shares_nothing() {
    each(|name, mut task| {
        let before = values(&mut *task);
        let mut clone = task.clone();
        let ones = vec![1.0; before.len()];
        move_by(&mut *clone, &ones, 1.0);
        assert_eq!(values(&mut *task), before, "{name}");
        assert_ne!(values(&mut *clone), before, "{name}");
    });
}

#[test]
fn its_objective_is_finite_and_named_in_the_log() {
    for entry in TASKS {
        let events = run(&spec(&text(entry), "sgd lr=0.001", 0, "3 steps"));
        let Event::Started(started) = &events[0] else { panic!("{}: {:?}", entry.name, events[0]) };
        let Some(Event::Validated(last)) = events.iter().rev().find(|e| matches!(e, Event::Validated(_)))
        else {
            panic!("{}: never validated", entry.name)
        };
        assert!(last.metrics[&started.objective].0.is_finite(), "{}", entry.name);
    }
}
