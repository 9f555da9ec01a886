use tempfile::tempdir;

use crate::succeed;

#[test]
fn registries_are_listed() {
    let home = tempdir().unwrap();
    let lists: Vec<String> =
        ["tasks", "optimizers", "schedules", "signals", "lints", "finders", "findings", "problems"]
            .iter()
            .map(|registry| succeed(home.path(), &["list", registry]))
            .collect();
    insta::assert_snapshot!("list", lists.join("\n"));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "listing writes nothing");
}

#[test]
fn help_is_complete() {
    let home = tempdir().unwrap();
    let pages: Vec<String> = [
        &["--help"][..],
        &["train", "--help"],
        &["find", "--help"],
        &["compare", "--help"],
        &["demo", "--help"],
        &["report", "--help"],
        &["plot", "--help"],
        &["check", "--help"],
        &["convert", "--help"],
        &["list", "--help"],
    ]
    .iter()
    .map(|args| succeed(home.path(), args))
    .collect();
    insta::assert_snapshot!("help", pages.join("\n----\n"));
}
