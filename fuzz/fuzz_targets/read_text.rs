//! Any bytes, given to the reader of plain text: refused with their place, or read whole.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../readers.rs"]
#[allow(dead_code, reason = "a target uses a part of the readers")]
mod data;
#[path = "../../crates/lrlab-train/tests/reader_harness/mod.rs"]
#[allow(dead_code, reason = "a target uses a part of the harness")]
mod reader_harness;

fuzz_target!(|bytes: &[u8]| reader_harness::holds_of_text(bytes));
