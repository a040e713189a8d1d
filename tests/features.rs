//! The feature table keeps step with the tests: every row has a state, every test named exists.
//! Run with `--nocapture` to see how many rows have which state.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Those of redis-py and, at the end, our own.
const ROWS: usize = 197 + 16;
const STATES: [&str; 4] = ["done", "partly", "not yet", "not in C"];

struct Row {
    name: String,
    state: String,
    /// What follows the state: a remark, what is missing, or a reason.
    note: String,
    proof: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(root().join("docs/features.md")).unwrap();
    let (_, table) = page.split_once("\n## Table\n").unwrap();
    table
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(row)
        .collect()
}

fn row(line: &str) -> Row {
    let inner = line.strip_prefix("| ").and_then(|it| it.strip_suffix(" |"));
    let cells: Vec<&str> = inner.unwrap_or_default().split(" | ").collect();
    let [component, feature, state, proof] = cells[..] else {
        panic!("four cells, not {}: {line}", cells.len());
    };
    let (state, note) = state.split_once(": ").unwrap_or((state, ""));
    Row {
        name: format!("{component}: {feature}"),
        state: state.to_owned(),
        note: note.to_owned(),
        proof: proof.to_owned(),
    }
}

/// The tests that a row names, without their backticks.
fn named(row: &Row) -> Vec<&str> {
    if row.proof == "-" {
        return Vec::new();
    }
    let unquoted = |item| unquote(item).unwrap_or_else(|| panic!("{}: {item}", row.name));
    row.proof.split(", ").map(unquoted).collect()
}

fn unquote(item: &str) -> Option<&str> {
    item.strip_prefix('`')?.strip_suffix('`')
}

/// Why there is no such test, if there is none.
fn missing(test: &str) -> Option<String> {
    match test.split_once("::") {
        None => missing_program(test),
        Some((file, path)) => missing_function(file, path),
    }
}

/// A C program exists and stands in the list of those that are run.
fn missing_program(file: &str) -> Option<String> {
    let listed = format!("\"{}\" with ", file.trim_start_matches("tests/"));
    let runs = std::fs::read_to_string(root().join("tests/c_programs.rs")).unwrap();
    if !file.ends_with(".c") || !root().join(file).is_file() {
        return Some(format!("{file} is no C program here"));
    }
    (!runs.contains(&listed)).then(|| format!("{file} is not run by tests/c_programs.rs"))
}

/// The function is there and marked as a test, in the module that its path names.
fn missing_function(file: &str, path: &str) -> Option<String> {
    let text = match std::fs::read_to_string(root().join(file)) {
        Ok(text) => text,
        Err(error) => return Some(format!("{file}: {error}")),
    };
    let (name, text) = match path.strip_prefix("tests::") {
        Some(name) => match text.split_once("\nmod tests {") {
            Some((_, inside)) => (name, inside.to_owned()),
            None => return Some(format!("{file} has no module tests")),
        },
        None => (path, text),
    };
    let Some(at) = text.find(&format!("fn {name}() ")) else {
        return Some(format!("{file} has no function {name}"));
    };
    let above = text[..at].lines().rev().map(str::trim);
    let mut attributes = above.take_while(|line| line.is_empty() || line.starts_with("#["));
    let is_test = attributes.any(|line| line == "#[test]");
    (!is_test).then(|| format!("{name} in {file} is no test"))
}

#[test]
fn every_feature_stands_once_with_a_state() {
    let rows = rows();
    assert_eq!(rows.len(), ROWS);
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), ROWS, "a feature stands twice");
    let mut counts = BTreeMap::new();
    for row in &rows {
        let (name, state) = (&row.name, row.state.as_str());
        assert!(STATES.contains(&state), "{name}: no state is {state:?}");
        let needs_note = matches!(state, "partly" | "not in C");
        assert!(!needs_note || !row.note.is_empty(), "{name}: say why");
        *counts.entry(state).or_insert(0) += 1;
    }
    println!("features: {counts:?}");
}

#[test]
fn every_feature_that_is_done_is_proved() {
    for row in rows() {
        let tests = named(&row);
        assert!(row.state != "done" || !tests.is_empty(), "{}", row.name);
        let proves = matches!(row.state.as_str(), "done" | "partly");
        assert!(proves || tests.is_empty(), "{} proves nothing", row.name);
    }
}

#[test]
fn every_test_named_exists() {
    let rows = rows();
    let wrong: Vec<String> = rows
        .iter()
        .flat_map(|row| named(row).into_iter().map(move |test| (row, test)))
        .filter_map(|(row, test)| Some(format!("{}: {}", row.name, missing(test)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_test_that_does_not_exist_is_noticed() {
    for absent in [
        "tests/features.rs::no_such_test",
        "tests/features.rs::rows",
        "tests/no_such_file.rs::a",
        "tests/features.rs::tests::every_test_named_exists",
        "tests/c/no_such_program.c",
        "tests/c/check.h",
        "c-examples/basic.c",
    ] {
        assert!(missing(absent).is_some(), "{absent}");
    }
    assert_eq!(missing("tests/features.rs::every_test_named_exists"), None);
}
