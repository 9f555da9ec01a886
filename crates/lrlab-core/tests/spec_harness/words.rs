//! The words of the grammar and whole specs, taken from the registries, so that what is added there joins by itself.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may panic, and each uses a part of it")]

use std::{fs, path::Path};

use lrlab_core::{
    AfterEnd, Field,
    optimizer::registry::OPTIMIZERS,
    registry::{Keyword, Kind, Parameter},
    schedule::{Form, SCHEDULES},
    signal::SIGNALS,
};

/// What is in no registry: punctuation, units, numbers at the edges, and what belongs to a strategy's parts.
const OTHERS: &str = "| ; : ( ) [ ] { } , = . - + * / ^ ' \" # % _ é × ≤ \u{a0} x x0.5 ×2 x1e30 \
    0 1 2 5 0.1 0.5 1/3 1e-9 1e9 1e30 1e300 1e999 1e e5 -1 NaN inf 18446744073709551615 18446744073709551616 \
    0% 5% 10% 100% 101% 1e-9% 100000% \
    step steps epoch epochs each every per and lr value true false null None True name optimizer \
    schedule fields signals compat own groups params after end after_end clip norm accumulate batches skip non-finite no decay ema swa from every judged averages for torch loss accuracy \
    t T pi e if min max exp log sqrt cos sin floor abs < <= == ** %t \
    SGD( Adam( AdamW( StepLR( MultiStepLR( CosineAnnealingLR( OneCycleLR( SequentialLR( ReduceLROnPlateau( \
    step_size=5 gamma=0.5 optimizer, *: *.weight: momentum: step,lr epoch,factor percent,factor 0,1 10,0.1";

fn words_of(params: &[Parameter], words: &mut Vec<String>) {
    for param in params {
        words.push(param.name.to_owned());
        words.push(format!("{}=", param.name));
        words.extend(param.default.map(str::to_owned));
        match param.keyword {
            Keyword::Word(word) => words.push(word.to_owned()),
            Keyword::Bare(known) => words.extend(known.iter().map(|word| (*word).to_owned())),
            Keyword::Named | Keyword::Times => {}
        }
        if let Kind::Choice(known) = param.kind {
            words.extend(known.iter().map(|word| (*word).to_owned()));
        }
    }
}

/// Every word of the grammar, once.
pub(crate) fn words() -> Vec<String> {
    let mut words: Vec<String> = OTHERS.split_whitespace().map(str::to_owned).collect();
    for entry in SCHEDULES {
        words.push(entry.name.to_owned());
        words.extend(entry.pytorch.map(|class| format!("{class}(")));
        match entry.form {
            Form::After(word) | Form::Directly(word) => words.push(word.to_owned()),
            Form::Between { word, key } => words.extend([word.to_owned(), key.to_owned()]),
            Form::Plain | Form::Before => {}
        }
        words_of(entry.params, &mut words);
    }
    for entry in OPTIMIZERS {
        words.push(entry.name.to_owned());
        words_of(entry.params, &mut words);
    }
    for entry in SIGNALS {
        words.push(entry.name.to_owned());
        words_of(entry.params, &mut words);
    }
    words.extend(Field::ALL.map(|field| field.name().to_owned()));
    words.extend(AfterEnd::WORDS.map(|(word, _)| word.to_owned()));
    words.sort();
    words.dedup();
    words.retain(|word| !word.is_empty());
    words
}

/// Specs that are fine: every example of the registries, alone and in a strategy, and the files of `specs/`.
pub(crate) fn examples() -> Vec<String> {
    let mut specs = Vec::new();
    for entry in SCHEDULES {
        specs.push(entry.example.to_owned());
        specs.push(format!("sgd lr=0.1 momentum=0.9 | {} | clip norm 1", entry.example));
        specs.push(format!("adamw lr=0.001 | constant | beta1: {}", entry.example));
    }
    for entry in SIGNALS {
        specs.push(format!("sgd lr=0.1 | warmup 5% then constant | {} | after end warn", entry.example));
    }
    specs.extend(
        [
            "for *.bias: sgd lr=0.1; for *: adamw lr=0.001 | cosine to 0; clip value 0.5; after end error",
            "SGD(lr=0.1, momentum=0.9) | torch StepLR(step_size=5, gamma=0.5) per epoch",
            "sgd lr=1 | SequentialLR(schedulers=[LinearLR(total_iters=5), StepLR(step_size=3)], milestones=[5])",
            "epoch,factor\n0,0.1\n5,1\n90,0\n",
            "step,lr\r\n0,\"0.1\"\r\n# a comment\r\n100,0.01\r\n",
            "if(t < 5, (t + 1) / 5, 0.5 * (1 + cos(pi * t / T)))",
        ]
        .map(str::to_owned),
    );
    specs.extend(files().into_iter().map(|(_, text)| text));
    specs
}

/// The TOML files of `specs/` and of the folders in it, by name.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find_map(|up| {
        let specs = up.join("specs");
        specs.is_dir().then_some(specs)
    })]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
