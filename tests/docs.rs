//! The prose keeps step with the code: the README's program, the dependencies, the layers.

use std::path::Path;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_readme_shows_the_first_example() {
    let example = read("c-examples/basic.c");
    assert!(
        read("README.md").contains(example.trim()),
        "README.md does not show c-examples/basic.c as it is"
    );
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read("Cargo.toml");
    let reasons = read("docs/dependencies.md");
    let mut inside = false;
    let mut seen = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if let Some((name, _)) = line.split_once(" = ")
            && inside
        {
            seen += 1;
            assert!(
                reasons.contains(&format!("| {name} ")),
                "{name} has no line"
            );
        }
    }
    assert!(seen > 5, "only {seen} dependencies found");
}

#[test]
fn every_layer_is_in_the_picture() {
    let picture = read("docs/architecture.md");
    for line in read("src/lib.rs").lines() {
        if let Some(module) = line.strip_prefix("pub mod ") {
            let module = module.trim_end_matches(';');
            assert!(picture.contains(module), "{module} is missing");
        }
    }
}
