//! The fuzz targets without the fuzzer: every seed, and every input that ever failed, through the
//! same code. Further inputs are run with `make fuzz`.

#![allow(clippy::expect_used, reason = "a test ends at a failure")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::{Path, PathBuf};

/// Runs the inputs of a target, those that once failed first. Of seeds there are always some.
fn replay(target: &str, run: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let failed = inputs(&fuzz.join("regressions").join(target));
    let seeds = inputs(&fuzz.join("seeds").join(target));
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for path in failed.into_iter().chain(seeds) {
        // Shown when it fails.
        println!("{}", path.display());
        run(&std::fs::read(&path).expect("an input"));
    }
}

/// The files of a directory, none when it is not there.
fn inputs(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), targets::$target::run);
        })*
    };
}

targets! { abi options pieces reader server url }
