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

/// Every crate under a dependency heading of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in read(manifest).lines() {
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
    let mut declared = dependencies("Cargo.toml");
    assert!(declared.contains("libc"), "dependencies: {declared:?}");
    declared.extend(dependencies("fuzz/Cargo.toml"));
    declared.extend(dependencies("benches/redis-rs/Cargo.toml"));
    declared.remove("redisclient");
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

/// Words of a page that only our header can explain.
fn names(page: &str) -> BTreeSet<&str> {
    let words = page.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words
        .filter(|word| word.starts_with("redisclient_") || word.starts_with("REDISCLIENT_"))
        .filter(|word| !word.ends_with('_'))
        .collect()
}

#[test]
fn every_name_in_the_pages_for_users_is_in_the_header() {
    let header = read("include/redisclient.h");
    let header = names(&header);
    for page in [
        "README.md",
        "docs/abi.md",
        "docs/errors.md",
        "docs/event-loops.md",
        "docs/from-hiredis.md",
        "docs/libredisclient.3",
        "docs/reference.md",
    ] {
        let text = read(page);
        let unknown: Vec<&str> = names(&text).difference(&header).copied().collect();
        assert!(unknown.is_empty(), "{page} names {unknown:?}");
    }
}

/// `tls.verify`, `pool.max=1`: what stands in backticks and begins like a group of options.
fn options(page: &str) -> BTreeSet<&str> {
    let groups = [
        "tls", "tcp", "pool", "retry", "limits", "sentinel", "cluster", "cache",
    ];
    let words = page.split('`').filter_map(|word| word.split('=').next());
    words
        .filter(|word| {
            let (group, name) = word.split_once('.').unwrap_or_default();
            groups.contains(&group) && !name.is_empty() && !name.contains(' ')
        })
        .collect()
}

#[test]
fn every_option_in_the_pages_for_users_is_in_the_table() {
    let known = read("OPTIONS.md");
    for page in ["README.md", "docs/errors.md", "docs/from-hiredis.md"] {
        let text = read(page);
        let unknown = |option: &&str| !known.contains(&format!("| `{option}` |"));
        let unknown: Vec<&str> = options(&text).into_iter().filter(unknown).collect();
        assert!(unknown.is_empty(), "{page} names {unknown:?}");
    }
    let seen = options(&read("docs/from-hiredis.md")).len();
    assert!(seen > 5, "{seen} options found");
}

/// Targets of a page's links to other files; code has none.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let prose = page.split("\n```").step_by(2);
    prose
        .flat_map(|text| text.split("](").skip(1))
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
