//! Initial weights against PyTorch's own, bit for bit.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{collections::BTreeMap, fs::File, path::Path};

use lrlab_train::torch_init::TorchGenerator;
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    seed: u64,
    module: String,
    parameters: BTreeMap<String, Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    sha256: String,
    #[serde(default)]
    values: Vec<f32>,
    #[serde(default)]
    first: Vec<f32>,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden/pytorch/init.json");
    serde_json::from_reader(File::open(path).unwrap()).unwrap()
}

/// Bytes in lower-case hexadecimal.
struct HexOf<'a>(&'a [u8]);

impl std::fmt::LowerHex for HexOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[test]
fn every_layer_starts_from_pytorchs_bits() {
    let golden = golden();
    assert_eq!(golden.cases.len(), 21);
    for case in &golden.cases {
        let mut generator = TorchGenerator::new(case.seed);
        let weights: Vec<(&String, &Tensor)> =
            case.parameters.iter().filter(|(name, _)| name.ends_with("weight")).collect();
        for (name, weight) in weights {
            let bias = &case.parameters[&name.replace("weight", "bias")];
            let size = |shape: &[usize]| shape.iter().product::<usize>();
            let (w, b) = generator.layer(size(&weight.shape), size(&bias.shape), size(&weight.shape[1..]));
            for (what, ours, theirs) in [("weight", w, weight), ("bias", b, bias)] {
                let place = format!("{} {what}, seed {}", case.module, case.seed);
                let listed = if theirs.values.is_empty() { &theirs.first } else { &theirs.values };
                for (index, (ours, theirs)) in ours.iter().zip(listed).enumerate() {
                    assert_eq!(ours.to_bits(), theirs.to_bits(), "{place}[{index}]: {ours} against {theirs}");
                }
                let bytes: Vec<u8> = ours.iter().flat_map(|x| x.to_le_bytes()).collect();
                let digest = format!("{:x}", HexOf(&Sha256::digest(&bytes)));
                assert_eq!(digest, theirs.sha256, "{place}: all values");
            }
        }
    }
}
