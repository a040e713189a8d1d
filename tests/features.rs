//! The feature table: every row has a state, and what is called done names a test that exists.

use std::collections::BTreeMap;
use std::path::Path;

fn read(name: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).ok()
}

/// Whether `proof`, "file::test" or a C program's file, is there.
fn exists(proof: &str) -> bool {
    match proof.split_once("::") {
        Some((file, test)) => read(file).is_some_and(|text| text.contains(&format!("fn {test}("))),
        None => proof.ends_with(".c") && read(proof).is_some(),
    }
}

#[test]
fn every_row_has_its_state_and_every_done_its_proof() {
    let table = read("docs/features.md").unwrap_or_default();
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [_, feature, state, reason] = cells[..] else {
            panic!("not four cells: {line}");
        };
        match state {
            "done" => assert!(
                exists(reason.trim_matches('`')),
                "{feature}: {reason} is missing"
            ),
            "partly" | "not in C" => assert!(!reason.is_empty(), "{feature}: no reason"),
            "not yet" => {}
            other => panic!("{feature}: '{other}' is no state"),
        }
        *states.entry(state.to_owned()).or_default() += 1;
    }
    println!("{states:?}");
    assert_eq!(states.values().sum::<usize>(), 197);
}
