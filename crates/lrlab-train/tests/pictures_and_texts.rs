//! Pictures and texts of the user's own, from files: what is learnt from them, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod shared;

use std::{fs, path::Path};

use lrlab_core::Event;
use lrlab_train::task;
use shared::{idx, losses, run, spec};

/// Files of 60 pictures of `side` x `side` pixels, brighter the higher their class of three, as arguments.
fn pictures(folder: &Path, side: u8) -> String {
    let classes: Vec<u8> = (0..60).map(|row| row % 3).collect();
    let pixels: Vec<u8> = classes
        .iter()
        .flat_map(|class| (0..u16::from(side) * u16::from(side)).map(move |at| 70 * class + (at % 60) as u8))
        .collect();
    let (images, labels) = (folder.join("images"), folder.join("labels"));
    fs::write(&images, idx(&[60, side, side], &pixels)).unwrap();
    fs::write(&labels, idx(&[60], &classes)).unwrap();
    format!("images=\"{}\" labels=\"{}\"", images.display(), labels.display())
}

fn refusal(text: &str) -> String {
    task::build(&text.parse().unwrap(), 0).unwrap_err().to_string()
}

#[test]
fn every_model_learns_pictures_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = pictures(folder.path(), 14);
    for model in ["lenet", "residual width=4", "mlp hidden=16", "linear"] {
        let trial = spec(&format!("images {files} model={model}"), "adam lr=0.01", 0, "12 epochs");
        let events = run(&trial);
        let losses = losses(&events);
        // 48 pictures train, 12 validate.
        assert_eq!(losses.len(), 24, "{model}");
        assert!(losses[23] < 0.8 * losses[0], "{model}: {losses:?}");
        let Some(Event::Validated(last)) = events.iter().rev().find(|e| matches!(e, Event::Validated(_)))
        else {
            panic!("{model}: never validated")
        };
        assert!(last.metrics["validation accuracy"].0 > 0.6, "{model}: {:?}", last.metrics);
    }
}

#[test]
fn pictures_that_cannot_be_learnt_are_refused_with_what_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let small = pictures(folder.path(), 8);
    assert_eq!(
        refusal(&format!("images {small}")),
        "model: got `lenet`, expected pictures of at least 12 x 12 pixels for it, and these have 8 x 8; give \
         model=residual, mlp or linear"
    );
    assert_eq!(
        refusal(&format!("images {small} model=residual width=6")),
        "width: got `6`, expected a multiple of 4, the groups of channels that are normalised together"
    );
    assert!(refusal("images").starts_with("task images needs images: write `images images="));
    let images = folder.path().join("images");
    assert!(
        refusal(&format!("images images=\"{}\"", images.display())).starts_with("task images needs labels")
    );
    let labels = folder.path().join("labels");
    fs::write(&labels, idx(&[60], &[1; 60])).unwrap();
    let one = refusal(&format!("images {small} model=linear"));
    assert!(one.contains("all 48 pictures to train on are of class 1"), "{one}");
    fs::write(&labels, idx(&[59], &[1; 59])).unwrap();
    let fewer = refusal(&format!("images {small} model=linear"));
    assert!(fewer.contains("59 labels") && fewer.contains("60 pictures"), "{fewer}");
}

#[test]
fn a_text_of_a_file_is_learnt_and_a_short_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.txt");
    fs::write(&path, "la di da, ".repeat(200)).unwrap();
    let text = format!("text file=\"{}\" layers=1 width=16", path.display());
    let losses = losses(&run(&spec(&format!("{text} context=16"), "adam lr=0.01", 0, "10 epochs")));
    assert!(losses.last().unwrap() < &0.5 && losses[0] > 1.5, "{losses:?}");
    let long = refusal(&format!("{text} context=200"));
    assert!(long.starts_with("context: got `200`, expected at most 199"), "{long}");
    assert_eq!(
        refusal(&format!("{text} context=16 heads=3")),
        "width: got `16`, expected a multiple of heads=3, which share it"
    );
    fs::write(&path, "a".repeat(900)).unwrap();
    let one = refusal(&format!("{text} context=16"));
    assert!(one.ends_with("song.txt is one character over and over: there is nothing to learn"), "{one}");
    fs::write(&path, "abc").unwrap();
    let short = refusal(&format!("{text} context=16"));
    assert!(short.contains("holds 3 characters, and a context must fit into its last tenth"), "{short}");
    assert!(refusal("text").starts_with("task text needs file: write `text file=novel.txt`"));
}
