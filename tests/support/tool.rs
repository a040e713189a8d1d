//! Other people's programs, run to their end: a failure shows all they said.

use std::path::Path;
use std::process::{Command, Output};

/// Runs it; panics with its output when it fails.
pub fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// What it printed, trimmed.
pub fn printed(command: &mut Command) -> String {
    String::from_utf8(run(command).stdout)
        .unwrap()
        .trim()
        .to_owned()
}

/// The shared libraries that a program or library names.
pub fn needed(file: &Path) -> Vec<String> {
    let dynamic = printed(Command::new("readelf").arg("-d").arg(file));
    let lines = dynamic.lines().filter(|line| line.contains("(NEEDED)"));
    lines
        .filter_map(|line| Some(line.split_once('[')?.1.trim_end_matches(']').to_owned()))
        .collect()
}

/// Whether a program needs the shared library.
pub fn needs_library(program: &Path) -> bool {
    let names = needed(program);
    names.iter().any(|name| name.starts_with("libredisclient"))
}
