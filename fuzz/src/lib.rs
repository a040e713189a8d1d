//! What the fuzz targets do with their input, free of the fuzzer.
//!
//! Each module has one `run`, which panics when the library breaks a promise. The targets call it
//! under libFuzzer; `tests/fuzz_regressions.rs` includes this file and calls it with every seed
//! and every input that ever failed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken promise ends the run"
)]

pub mod abi;
mod input;
pub mod options;
pub mod pieces;
pub mod reader;
pub mod server;
mod show;
pub mod url;
