//! The text form: what it reads, what it prints, what it refuses and how.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use lrlab_core::{
    Duration, OptimizerSpec, ScheduleSpec, Strategy, TaskSpec, registry::RawArgument, spec::Spec,
};

fn canonical(text: &str) -> String {
    text.parse::<Strategy>().unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn reads_what_it_says_it_reads() {
    let same = [
        "sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5 | clip norm 1",
        "sgd lr=0.1 | constant | clip value 0.5",
        "sgd lr=0.1 | linear from 100% to 10% over 300 steps",
        "sgd lr=0.1 | multi-step at 30 epochs, 60 epochs x0.1",
        "sgd lr=0.1 | exponential x0.9 every epoch",
        "adamw lr=0.001 beta2=0.95 | cosine to lr 1e-5 over 80%",
        "adamw lr=0.001 | warmup 5% then cosine to 0",
        "adamw lr=0.001 | warmup 100 steps from 10% then step every 5 epochs x0.5",
        "sgd lr=0.1 | warmup 5% then hold 75% then linear to 0",
        "sgd lr=0.1 | warmup 5% then cosine to 0 stepped each epoch",
        "sgd lr=0.1 | warmup 5% then (cosine to 0 stepped each epoch)",
        "sgd lr=0.1 | torch StepLR(step_size=5, gamma=0.5)",
        "sgd lr=0.1 | torch StepLR(5) per step",
        "for *.weight: adamw lr=0.001 | cosine to 0 ; sgd lr=0.1 | constant ; clip norm 1",
    ];
    for text in same {
        assert_eq!(canonical(text), text);
    }
}

#[test]
fn is_tolerant_of_how_a_thing_is_written() {
    let pairs = [
        ("sgd lr=0.1", "sgd lr=0.1 | constant"),
        ("  SGD  LR = 1e-1|Step 5 epochs x0.5 ", "sgd lr=0.1 | step every 5 epochs x0.5"),
        ("sgd | multistep at 3 epochs and 6epochs", "sgd | multi-step at 3 epochs, 6 epochs"),
        ("sgd | multi_step 1_000 steps", "sgd | multi-step at 1000 steps"),
        ("sgd | exponential every 1 epoch x 0.9", "sgd | exponential x0.9 every epoch"),
        ("sgd | cosine to 0% over 10 %", "sgd | cosine to 0 over 10%"),
        ("sgd | warmup for 1 epoch then constant", "sgd | warmup 1 epoch then constant"),
        ("sgd | (cosine)", "sgd | cosine"),
        ("sgd | warmup 5% then (hold 5% then cosine)", "sgd | warmup 5% then hold 5% then cosine"),
        ("for *.weight: sgd", "for *.weight: sgd | constant"),
    ];
    for (text, expected) in pairs {
        assert_eq!(canonical(text), expected);
    }
}

/// The message, and the words it points at.
fn refused(text: &str) -> (String, &str) {
    let error = text.parse::<Strategy>().unwrap_err();
    assert_eq!(error.text(), Some(text));
    (error.to_string(), &text[error.span().unwrap()])
}

#[test]
fn what_is_left_out_says_why_and_what_to_use_instead() {
    for (text, class, instead) in [
        ("lbfgs lr=1 | cosine to 0", "LBFGS", "use `rprop` on full batches"),
        ("L-BFGS", "LBFGS", "use `rprop`"),
        ("LBFGS(lr=1, history_size=10)", "LBFGS", "use `rprop`"),
        ("torch.optim.SparseAdam(lr=0.1)", "SparseAdam", "use `adam`"),
        ("sparse_adam lr=0.1", "SparseAdam", "use `adam`"),
    ] {
        for error in [text.parse::<Strategy>().unwrap_err(), text.parse::<Spec>().unwrap_err()] {
            let message = error.to_string();
            assert!(message.contains(&format!("PyTorch's {class} is left out: ")), "{text}: {message}");
            assert!(message.contains(instead), "{text}: {message}");
        }
    }
    let tree = r#"{ "optimizer": { "name": "lbfgs", "lr": 1 } }"#;
    let message = serde_json::from_str::<Strategy>(tree).unwrap_err().to_string();
    assert!(message.contains("optimizer.name") && message.contains("LBFGS is left out"), "{message}");
}

#[test]
fn errors_name_the_place_the_fault_and_the_way_out() {
    let cases = [
        ("sgd | cosin to 0", "cosin", "unknown schedule `cosin`, did you mean `cosine`?"),
        ("sdg lr=0.1", "sdg", "unknown optimizer `sdg`, did you mean `sgd`?"),
        (
            "sgd | step every 5 x0.5",
            "5",
            "every: got `5`, expected a duration with its unit (a bare number has none): `500 steps`, `3 epochs` \
             or `10%`",
        ),
        (
            "sgd | cosine to 0.1",
            "0.1",
            "to: got `0.1`, expected what it is relative to: `10%` of the group's own value, or `lr 0.1`",
        ),
        ("sgd lr=0.1 lr=0.2", "lr=0.2", "`lr` is given twice"),
        ("sgd lr 0.1", "0.1", "expected `=` and a value after `lr`, got `0.1`"),
        ("sgd lr=-0.1", "-0.1", "lr: got `-0.1`, expected a number of 0 or more"),
        ("sgd lr=", "", "lr: got `nothing`, expected a number"),
        ("sgd lr=nan", "nan", "lr: got `nan`, expected a number"),
        (
            "sgd | exponential x0.9",
            "exponential",
            "exponential needs every: write `exponential x0.9 every epoch`",
        ),
        (
            "sgd | warmup 5%",
            "",
            "expected `then` and another schedule: `warmup 5% then cosine to 0`, got the end",
        ),
        (
            "sgd | stepped each epoch",
            "stepped",
            "expected a schedule before it: `cosine to 0 stepped each epoch`, got `stepped`",
        ),
        (
            "sgd | cosine until 0",
            "until",
            "expected `from ...`, `to ...`, `over ...` after cosine, as in `cosine to 1% over 80%`, got `until`",
        ),
        ("sgd | (cosine", "", "expected `)`, got the end"),
        (
            "sgd | cosine | linear",
            "linear",
            "expected one schedule of the learning rate; others are written `momentum: ...`, got `linear`",
        ),
        ("sgd | clip 1", "1", "expected `clip norm N` or `clip value N`, got `1`"),
        ("sgd | clip norm 0", "0", "clip: got `0`, expected a number above 0"),
        ("for *: sgd ; clip norm 1 ; clip norm 2", "clip norm 2", "`clip` is given twice"),
        ("", "", "expected an optimizer such as `sgd lr=0.1`, got the end"),
    ];
    for (text, place, message) in cases {
        assert_eq!(refused(text), (message.to_owned(), place), "{text}");
    }
}

#[test]
fn several_faults_are_told_at_once() {
    let error = "sgd momentm=0.9 lr=-1 | step every -1 epochs x-2".parse::<Strategy>().unwrap_err();
    let places: Vec<_> = error.problems().iter().map(|problem| problem.span.clone().unwrap()).collect();
    assert_eq!(places, [4..11, 19..21, 35..44, 45..48]);
}

#[test]
fn durations_say_their_unit() {
    for text in ["500 steps", "1 step", "3 epochs", "0.5 epochs", "10%", "0.1%", "18446744073709551615 steps"]
    {
        assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
    }
    assert_eq!("7%".parse(), Ok(Duration::Fraction(0.07)));
    assert_eq!("1e1 %".parse(), Ok(Duration::Fraction(0.1)));
    assert_eq!("epoch".parse(), Ok(Duration::Epochs(1.0)));
    for text in [
        "",
        "5",
        "-1 steps",
        "1.5 steps",
        "-1 epochs",
        "101%",
        "nan%",
        "inf epochs",
        "5 minutes",
        "%",
        "99999999999999999999 steps",
        "1e999 epochs",
        "steps 5",
    ] {
        assert!(text.parse::<Duration>().is_err(), "{text}");
    }
    assert_eq!(serde_json::from_str::<Duration>("\"3 epochs\"").unwrap(), Duration::Epochs(3.0));
    assert!(serde_json::from_str::<Duration>("3").unwrap_err().to_string().contains("with its unit"));
}

#[test]
fn tasks_are_read_without_their_registry() {
    let task: TaskSpec = "digits model=softmax hidden=32,16 shuffle=true rate=0.5".parse().unwrap();
    assert_eq!(task.args["model"], RawArgument::Text("softmax".to_owned()));
    assert_eq!(task.args["shuffle"], RawArgument::Flag(true));
    assert_eq!(task.to_string().parse(), Ok(task.clone()));
    let json = serde_json::to_string(&task).unwrap();
    assert_eq!(serde_json::from_str::<TaskSpec>(&json).unwrap(), task);
    assert_eq!(serde_json::from_str::<TaskSpec>("\"digits\"").unwrap(), "digits".parse().unwrap());
    for text in
        ["", "digits model", "digits model=", "digits a=1 a=2", "=", "digits a=,", "t a=\"b", "t a=\"b\"c"]
    {
        assert!(text.parse::<TaskSpec>().is_err(), "{text}");
    }
}

#[test]
fn texts_of_tasks_may_stand_in_quotation_marks() {
    let text =
        r#"table file="my data, 2.csv" leave_out=id,"date (UTC)" target="5" mark="" said="a \"b\" \\""#;
    let task: TaskSpec = text.parse().unwrap();
    let word = |text: &str| RawArgument::Text(text.to_owned());
    assert_eq!(task.args["file"], word("my data, 2.csv"));
    assert_eq!(task.args["leave_out"], RawArgument::List(vec![word("id"), word("date (UTC)")]));
    assert_eq!(task.args["target"], word("5"));
    assert_eq!(task.args["mark"], word(""));
    assert_eq!(task.args["said"], word("a \"b\" \\"));
    assert_eq!(task.to_string().parse(), Ok(task.clone()));
    let windows: TaskSpec = r#"table file="C:\data\a b.csv""#.parse().unwrap();
    assert_eq!(windows.args["file"], word(r"C:\data\a b.csv"));
    let open = "table file=\"my data.csv target=x".parse::<TaskSpec>().unwrap_err().to_string();
    assert!(open.contains("that ends with a quotation mark"), "{open}");
}

#[test]
fn data_errors_name_their_path() {
    let cases = [
        (
            r#"{"optimizer": "sgd", "schedule": {"name": "warmup", "for": "5%", "then": {"name": "cosine", "to": 0.1}}}"#,
            "schedule.then.to: got `0.1`, expected what it is relative to",
        ),
        (
            r#"{"optimizer": {"name": "sgd", "momentm": 0.9}}"#,
            "optimizer.momentm: unknown parameter of sgd `momentm`, did you mean `momentum`?",
        ),
        (r#"{"optimiser": "sgd"}"#, "optimiser: unknown key `optimiser`, did you mean `optimizer`?"),
        (r#"{"schedule": "cosine"}"#, "a strategy needs optimizer"),
        (
            r#"{"optimizer": "sgd", "clip": {"norm": -1}}"#,
            "clip.norm: clip: got `-1`, expected a number above 0",
        ),
        (r#"{"groups": [{"params": "a b", "optimizer": "sgd"}]}"#, "groups[0].params: got `a b`"),
        (r#"{"optimizer": {"name": "sgd", "lr": "0.1"}}"#, "optimizer.lr: got `0.1`, expected a number"),
        (r#"{"optimizer": "sgd", "schedule": {"name": "step"}}"#, "schedule: step needs every"),
        (r#""sgd | cosin""#, "unknown schedule `cosin`"),
        ("3", "expected a strategy, as a table or as text"),
    ];
    for (json, expected) in cases {
        let message = serde_json::from_str::<Strategy>(json).unwrap_err().to_string();
        assert!(message.contains(expected), "{json}: {message}");
    }
}

#[test]
fn tables_and_text_may_be_mixed() {
    let expected: Strategy = "sgd lr=0.1 | warmup 5% then cosine to 0 | clip norm 1".parse().unwrap();
    let toml = r#"
        optimizer = "sgd lr=0.1"
        schedule = { name = "warmup", for = "5%", then = "cosine to 0" }
        clip = "norm 1"
    "#;
    assert_eq!(toml::from_str::<Strategy>(toml).unwrap(), expected);
    let torch = r#"
        optimizer = { name = "SGD", lr = 1 }
        schedule = "StepLR(step_size=5)"
        compat = "torch"
    "#;
    let expected = "sgd lr=1 | torch StepLR(step_size=5)".parse().unwrap();
    assert_eq!(toml::from_str::<Strategy>(torch).unwrap(), expected);
}

#[test]
fn hashes_stay_what_they_are() {
    let strategy: Strategy =
        "sgd lr=0.1 momentum=0.9 | step every 5 epochs x0.5 | clip norm 1".parse().unwrap();
    assert_eq!(
        strategy.spec_hash(),
        canonical("SGD lr=1e-1 momentum=.9|step 5epochs x.5|clip norm 1.0")
            .parse::<Strategy>()
            .unwrap()
            .spec_hash()
    );
    let other: Strategy = "sgd lr=0.1 | constant".parse().unwrap();
    assert_ne!(strategy.spec_hash(), other.spec_hash());
    insta::assert_snapshot!(format!("{:016x}", strategy.spec_hash()), @"b5688d6437aaf451");
}

#[test]
fn labels_leave_out_what_is_shared() {
    let label = |text: &str| text.parse::<Strategy>().unwrap().short_label();
    assert_eq!(label("sgd lr=0.1 | cosine to 0 | clip norm 1"), "cosine to 0");
    assert_eq!(label("for a: sgd | cosine ; adam | cosine"), "cosine");
    assert_eq!(label("for a: sgd | cosine ; adam"), "cosine; constant");
}

#[test]
fn nesting_has_an_end() {
    let deep = format!("sgd | {}constant", "warmup 1 step then ".repeat(10_000));
    assert!(deep.parse::<Strategy>().is_err());
    assert!(format!("sgd | {}", "(".repeat(10_000)).parse::<Strategy>().is_err());
    assert!(format!("sgd | cosine{}", " stepped each epoch".repeat(10_000)).parse::<Strategy>().is_err());
    assert!(format!("sgd | torch A({}", "[".repeat(10_000)).parse::<Strategy>().is_err());
    assert!("warmup 1 step then ".repeat(20).parse::<ScheduleSpec>().is_err());
}

#[test]
fn every_example_strategy_is_read_and_built() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");
    let mut seen = 0;
    let paths = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    // The recipes, in their own folder, have tests of their own.
    for path in paths.filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let strategy: Strategy = toml::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        for group in &strategy.groups {
            let OptimizerSpec { name, .. } = &group.optimizer;
            assert!(group.optimizer.build().is_ok(), "{path:?}: {name}");
        }
        assert!(strategy.to_torch_code(lrlab_core::Horizon::new(1000, 50)).is_ok(), "{path:?}");
        assert!(text.starts_with("# "), "{path:?} says what it is for");
        seen += 1;
    }
    assert!(seen >= 3);
}
