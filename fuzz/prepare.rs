//! Writes what the fuzzer starts from: the words of the grammar (`spec_text.dict`) and specs that are fine
//! (`corpus/spec_text/`), both taken from the registries of this moment.

use std::{fs, io, path::Path};

#[path = "../crates/lrlab-core/tests/spec_harness/words.rs"]
mod words;

fn main() -> io::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let quoted = |word: &String| {
        let bytes = word.bytes().map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", byte as char),
            0x20..0x7f => (byte as char).to_string(),
            _ => format!("\\x{byte:02X}"),
        });
        format!("\"{}\"\n", bytes.collect::<String>())
    };
    fs::write(home.join("spec_text.dict"), words::words().iter().map(quoted).collect::<String>())?;
    let corpus = home.join("corpus/spec_text");
    fs::create_dir_all(&corpus)?;
    for (index, spec) in words::examples().iter().enumerate() {
        fs::write(corpus.join(format!("example-{index:03}")), spec)?;
        let Ok(strategy) = spec.parse::<lrlab_core::Strategy>() else { continue };
        fs::write(corpus.join(format!("example-{index:03}.json")), serde_json::to_string(&strategy)?)?;
        let toml = toml::to_string(&strategy).map_err(io::Error::other)?;
        fs::write(corpus.join(format!("example-{index:03}.toml")), toml)?;
    }
    Ok(())
}
