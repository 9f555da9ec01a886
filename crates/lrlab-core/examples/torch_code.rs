//! Prints the PyTorch code of strategies: those of the command line, or one a line from the standard
//! input as JSON, with each schedule's example of the registry before them.
//!
//! ```sh
//! cargo run -p lrlab-core --example torch_code -- "sgd lr=0.1 | warmup 10% then cosine"
//! cargo run -p lrlab-core --example torch_code -- --json < texts.txt
//! cargo run -p lrlab-core --example torch_code -- --of 150 2 "sgd lr=0.1 | accumulate 2 batches"
//! ```
//!
//! `--of` tells the steps in all and in an epoch, in place of 60 and 10.

use std::{
    error::Error,
    io::{self, Write},
};

use lrlab_core::{Horizon, Strategy, schedule::SCHEDULES};

const HORIZON: Horizon = Horizon { total_steps: 60, steps_per_epoch: 10 };

fn main() -> Result<(), Box<dyn Error>> {
    let texts: Vec<String> = std::env::args().skip(1).collect();
    if let [of, total, per_epoch, strategy] = &texts[..]
        && of == "--of"
    {
        let strategy: Strategy = strategy.parse()?;
        let code = strategy.to_torch_code(Horizon::new(total.parse()?, per_epoch.parse()?))?;
        write!(io::stdout(), "{code}")?;
        return Ok(());
    }
    if texts.first().is_none_or(|first| first != "--json") {
        for text in texts {
            let strategy: Strategy = text.parse()?;
            writeln!(io::stdout(), "{}", strategy.to_torch_code(HORIZON)?)?;
        }
        return Ok(());
    }
    let mut cases = Vec::new();
    let examples = SCHEDULES.iter().map(|entry| format!("sgd lr=0.1 | {}", entry.example));
    // An example that names steps may be of a longer training.
    let fits = |text: &String| text.parse::<Strategy>().is_ok_and(|strategy| strategy.build(HORIZON).is_ok());
    for text in examples.filter(fits).map(Ok).chain(io::stdin().lines()) {
        let text = text?;
        let code = text.parse::<Strategy>().and_then(|strategy| strategy.to_torch_code(HORIZON));
        let code = code.map_err(|error| format!("{text}: {error}"))?;
        cases.push(serde_json::json!({ "text": text, "code": code }));
    }
    writeln!(io::stdout(), "{}", serde_json::to_string(&cases)?)?;
    Ok(())
}
