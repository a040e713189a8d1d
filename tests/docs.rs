//! The prose keeps step with the code: the README's program, the dependencies, the layers, the links.

use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    let path = root().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between the first fence that opens with `opening` and its end.
fn fenced<'a>(page: &'a str, opening: &str) -> &'a str {
    let (_, after) = page
        .split_once(&format!("\n```{opening}\n"))
        .unwrap_or_else(|| panic!("no block ```{opening}"));
    after.split_once("\n```").map_or(after, |(block, _)| block)
}

#[test]
fn the_readme_shows_the_first_example() {
    let page = read("README.md");
    assert_eq!(fenced(&page, "c").trim(), read("c-examples/basic.c").trim());
}

/// Names in the first column of a page's tables, head rows left out.
fn first_column(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    rows.skip(1)
        .filter_map(|line| line.split('|').nth(1)?.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// Every crate under a dependency heading of the manifest.
fn dependencies() -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in read("Cargo.toml").lines() {
        if line.starts_with('[') {
            inside = line.trim_end().ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once('=')
            && inside
        {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

#[test]
fn every_dependency_has_its_reason_and_no_other_is_named() {
    let declared = dependencies();
    assert!(declared.contains("libc"), "dependencies: {declared:?}");
    assert_eq!(first_column(&read("docs/dependencies.md")), declared);
}

/// Names of what a folder of the repository holds.
fn entries(folder: &str) -> Vec<String> {
    let found =
        std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    found
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The modules at the top of src.
fn modules() -> BTreeSet<String> {
    let names = entries("src").into_iter();
    names
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .filter(|name| !["lib", "build"].contains(&name.as_str()))
        .collect()
}

#[test]
fn every_layer_is_in_the_picture() {
    let page = read("docs/architecture.md");
    let drawn: BTreeSet<&str> = fenced(&page, "text")
        .split(|letter: char| !letter.is_alphanumeric())
        .collect();
    let modules = modules();
    assert!(modules.contains("client"), "modules: {modules:?}");
    for module in modules {
        assert!(drawn.contains(module.as_str()), "{module} is not drawn");
    }
}

#[test]
fn every_source_file_named_in_the_architecture_exists() {
    let page = read("docs/architecture.md");
    let named: Vec<&str> = page
        .split('`')
        .filter(|word| word.starts_with("src/"))
        .collect();
    assert!(!named.is_empty(), "no source file is named");
    for name in named {
        assert!(root().join(name).exists(), "{name} does not exist");
    }
}

/// Targets of a page's links to other files.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')')?.0.split('#').next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn every_link_leads_to_a_file() {
    let mut pages = vec!["README.md".to_owned(), "c-examples/README.md".to_owned()];
    pages.extend(entries("docs").iter().map(|name| format!("docs/{name}")));
    let mut followed = 0;
    for page in pages {
        for link in links(&read(&page)) {
            let target = root().join(&page).with_file_name(link);
            assert!(target.exists(), "{page}: {link} leads nowhere");
            followed += 1;
        }
    }
    assert!(followed > 0, "no link found");
}
