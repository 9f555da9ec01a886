//! Writes what the fuzzer starts from: the words of the grammar (`spec_text.dict`) and specs that are fine
//! (`corpus/spec_text/`), both taken from the registries of this moment; and files that the readers take.

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
    files(home)
}

/// One small file at least for each reader.
fn files(home: &Path) -> io::Result<()> {
    let start = |reader: &str, name: &str, bytes: &[u8]| {
        let corpus = home.join("corpus").join(format!("read_{reader}"));
        fs::create_dir_all(&corpus)?;
        fs::write(corpus.join(name), bytes)
    };
    for entry in fs::read_dir(home.join("../crates/lrlab-train/tests/numpy"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(reader @ ("npy" | "npz")) = path.extension().and_then(|ending| ending.to_str()) {
            start(reader, &name, &fs::read(&path)?)?;
        }
    }
    start("idx", "pictures", &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8, 7, 6])?;
    start("idx", "labels", &[0, 0, 8, 1, 0, 0, 0, 2, 1, 0])?;
    start("idx", "floats", &[0, 0, 13, 1, 0, 0, 0, 1, 63, 128, 0, 0])?;
    start("table", "header", "a,\"b, c\",d\n1,2.5,x\n,NaN,\"y \"\"z\"\"\"\n".as_bytes())?;
    start("table", "none.tsv", b"5.1\t3.5\tsetosa\r\n4.9\t3.0\tsetosa\r\n")?;
    start("text", "novel", "\u{feff}It is a truth universally acknowledged\u{2014}\r\n".as_bytes())
}
