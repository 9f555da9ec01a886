//! The recipes in `specs/recipes/` are what their sources say.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{fs, path::PathBuf};

use lrlab_core::{Field, Horizon, Strategy};

/// Rates by name and step, worked out by hand from the formula in each source.
const RATES: &[(&str, &[(u64, f64)])] = &[
    (
        "bert",
        &[(0, 0.0), (5000, 5e-5), (9999, 9.999e-5), (10_000, 9.9e-5), (505_000, 4.95e-5), (1_000_000, 0.0)],
    ),
    ("bert-fine-tuning", &[(0, 0.0), (17, 1e-5), (34, 1.8e-5), (343, 0.0)]),
    ("chinchilla", &[(0, 1e-7), (750, 5.005e-5), (1500, 1e-4), (350_750, 5.5e-5), (700_000, 1e-5)]),
    (
        "deepseek-multi-step",
        &[
            (0, 4.2e-4 / 2001.0),
            (999, 4.2e-4 * 1000.0 / 2001.0),
            (2000, 4.2e-4),
            (169_541, 4.2e-4),
            (169_542, 1.3272e-4),
            (190_734, 1.3272e-4),
            (190_735, 4.2e-5),
            (211_928, 4.2e-5),
        ],
    ),
    ("fast-ai-one-cycle", &[(0, 4e-5), (125, 5.2e-4), (250, 1e-3), (625, 5.00005e-4), (1000, 1e-8)]),
    ("fine-tuning-linear", &[(0, 5e-5), (1500, 2.5e-5), (3000, 0.0)]),
    (
        "gpt-3",
        &[
            (0, 6e-5 / 118.0),
            (58, 3e-5),
            (117, 6e-5),
            (40_683, 3.300_052_274_044_865_4e-5),
            (81_250, 6e-6),
            (93_749, 6e-6),
        ],
    ),
    (
        "hagele-1-sqrt",
        &[
            (0, 1e-5),
            (150, 5.05e-4),
            (300, 1e-3),
            (11_999, 1e-3),
            (12_000, 1e-3),
            (12_750, 5e-4),
            (15_000, 0.0),
        ],
    ),
    ("llama-1-7b", &[(0, 3e-4 / 2001.0), (2000, 3e-4), (126_000, 1.65e-4), (250_000, 3e-5)]),
    ("llama-2-7b", &[(0, 3e-4 / 2001.0), (2000, 3e-4), (251_000, 1.65e-4), (500_000, 3e-5)]),
    ("llama-3-405b", &[(0, 8e-5 / 8001.0), (8000, 8e-5), (604_000, 4.04e-5), (1_200_000, 8e-7)]),
    ("minicpm-wsd", &[(0, 0.01), (254_452, 0.01), (259_453, 0.005), (264_453, 0.0025), (279_453, 3.125e-4)]),
    (
        "nanogpt",
        &[
            (0, 6e-4 / 2001.0),
            (1000, 6e-4 * 1001.0 / 2001.0),
            (2000, 6e-4),
            (301_000, 3.3e-4),
            (600_000, 6e-5),
        ],
    ),
    (
        "resnet-50-90-epochs",
        &[
            (0, 0.1),
            (150_149, 0.1),
            (150_150, 0.01),
            (300_299, 0.01),
            (300_300, 1e-3),
            (400_399, 1e-3),
            (400_400, 1e-4),
            (450_449, 1e-4),
        ],
    ),
    (
        "resnet-50-large-batch",
        &[
            (0, 0.1),
            (390, 1.65),
            (780, 3.2),
            (4679, 3.2),
            (4680, 0.32),
            (9360, 0.032),
            (12_480, 0.0032),
            (14_039, 0.0032),
        ],
    ),
    (
        "sgdr",
        &[
            (0, 0.05),
            (3905, 0.025),
            (7810, 0.05),
            (15_620, 0.025),
            (23_430, 0.05),
            (54_670, 0.05),
            (117_150, 0.05),
            (156_199, 0.038_889_778_416_096_13),
        ],
    ),
    ("super-convergence", &[(0, 0.1), (2500, 1.55), (5000, 3.0), (7500, 1.55), (10_000, 0.1)]),
    ("swin", &[(0, 1e-6), (12_510, 5.005e-4), (25_020, 1e-3), (200_160, 5.05e-4), (375_300, 1e-5)]),
    (
        "t5-inverse-sqrt",
        &[
            (0, 0.01),
            (9999, 0.01),
            (10_000, 0.01),
            (40_000, 0.005),
            (90_000, 1.0 / 300.0),
            (524_288, 1.381_067_932_004_975_5e-3),
        ],
    ),
    (
        "transformer-noam",
        &[
            (0, 1.746_928_107_421_711e-7),
            (3999, 6.987_712_429_686_843e-4),
            (15_999, 3.493_856_214_843_421_4e-4),
            (99_999, 1.397_542_485_937_368_7e-4),
        ],
    ),
    ("vit-b16", &[(0, 0.0), (5000, 5e-4), (10_000, 1e-3), (158_810, 5.05e-4), (307_620, 1e-5)]),
];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs/recipes"))
}

/// Name and text of each recipe, in order.
fn recipes() -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// What a line of the opening comment says.
fn header<'a>(name: &str, text: &'a str, key: &str) -> &'a str {
    let found = text.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(key)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("{name} has no line `# {key}: ...`"))
}

/// `250000 steps` or `90 epochs of 5005 steps`.
fn horizon(name: &str, text: &str) -> Horizon {
    let words: Vec<&str> = header(name, text, "Horizon").split(' ').collect();
    let number = |word: &str| word.parse::<u64>().unwrap_or_else(|_| panic!("{name}: {words:?}"));
    match words[..] {
        [steps, "steps"] => Horizon::new(number(steps), number(steps)),
        [epochs, "epochs", "of", steps, "steps"] => {
            Horizon::new(number(epochs) * number(steps), number(steps))
        }
        _ => panic!("{name}: {words:?}"),
    }
}

/// The rate of the only group at each of `times`.
fn rates(strategy: &Strategy, horizon: Horizon, times: &[u64]) -> Vec<f64> {
    let mut built = strategy.build(horizon).unwrap_or_else(|error| panic!("{strategy}: {error}"));
    let mut groups = [built.groups[0].group.clone()];
    let mut rate = |t: &u64| {
        built.scheduler.before_step(*t, &mut groups).unwrap();
        groups[0].lr()
    };
    times.iter().map(&mut rate).collect()
}

#[test]
fn every_recipe_has_the_rates_of_its_source() {
    let recipes = recipes();
    let named: Vec<&str> = recipes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(RATES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), named);
    for ((name, text), (_, expected)) in recipes.iter().zip(RATES) {
        let strategy: Strategy = toml::from_str(text).unwrap();
        let horizon = horizon(name, text);
        let times: Vec<u64> = expected.iter().map(|(t, _)| *t).collect();
        for (rate, (t, expected)) in rates(&strategy, horizon, &times).into_iter().zip(*expected) {
            let off = (rate - expected).abs();
            assert!(off <= 1e-12 * expected.max(1e-6), "{name} at step {t}: {rate}, expected {expected}");
        }
    }
}

#[test]
fn every_recipe_names_its_source_and_has_one_rate_in_every_form() {
    for (name, text) in recipes() {
        assert!(header(&name, &text, "Source").len() > 20, "{name}");
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("# ") && !first.contains("Source"), "{name} opens with what it is");
        let horizon = horizon(&name, &text);
        let strategy: Strategy = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let json = serde_json::to_string(&strategy).unwrap();
        let forms: [Strategy; 3] = [
            strategy.to_string().parse().unwrap(),
            serde_json::from_str(&json).unwrap(),
            toml::from_str(&toml::to_string(&strategy).unwrap()).unwrap(),
        ];
        let times: Vec<u64> = (0..=1000).map(|part| horizon.total_steps / 1000 * part).collect();
        let own = rates(&strategy, horizon, &times);
        assert!(
            strategy.to_torch_code(horizon).is_ok_and(|code| code.contains("optimizer.step()")),
            "{name}"
        );
        for form in forms {
            assert_eq!(form, strategy, "{name}");
            assert_eq!(rates(&form, horizon, &times), own, "{name}");
        }
    }
}

#[test]
fn beta1_moves_against_the_rate_in_one_cycle() {
    let (name, text) = recipes().into_iter().find(|(name, _)| name == "fast-ai-one-cycle").unwrap();
    let strategy: Strategy = toml::from_str(&text).unwrap();
    let mut built = strategy.build(horizon(&name, &text)).unwrap();
    let mut groups = [built.groups[0].group.clone()];
    for (t, expected) in [(0, 0.95), (125, 0.9), (250, 0.85), (625, 0.9), (1000, 0.95)] {
        built.scheduler.before_step(t, &mut groups).unwrap();
        assert!((groups[0].get(Field::Beta1) - expected).abs() < 1e-15, "{t}");
    }
}

#[test]
fn the_table_of_recipes_is_complete() {
    let table = fs::read_to_string(folder().join("README.md")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| [")).collect();
    let wanted: Vec<String> = recipes()
        .iter()
        .map(|(name, text)| {
            let about = text.lines().next().unwrap().trim_start_matches("# ");
            format!("| [{name}]({name}.toml) | {about} | {} |", header(name, text, "Source"))
        })
        .collect();
    assert_eq!(rows, wanted);
}
