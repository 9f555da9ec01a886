//! Any text, given to every reader of specs: never a panic, and what is accepted reads back and trains.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/lrlab-core/tests/spec_harness/mod.rs"]
mod spec_harness;

fuzz_target!(|text: &str| spec_harness::holds_of_text(text));
