//! The searchable reference: made without a warning, complete, and an item without a comment fails.
//! Without doxygen there is nothing to test.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::TempDir;
use support::tool::run;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn has_doxygen() -> bool {
    let there = Command::new("doxygen").arg("--version").output();
    if there.is_err() {
        eprintln!("NOT RUN: doxygen is missing");
    }
    there.is_ok()
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All that one can look for, as the search of the pages knows it.
fn index(html: &Path) -> String {
    let files = std::fs::read_dir(html.join("search")).unwrap().flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|it| it == "js"));
    files.map(|file| read(file.path())).collect()
}

#[test]
fn every_function_is_found_by_the_search() {
    if !has_doxygen() {
        return;
    }
    let directory = TempDir::new();
    run(Command::new(Path::new(ROOT).join(".ci/docs")).arg(directory.path()));
    let html = directory.path().join("html");
    let index = index(&html);
    let symbols = read(Path::new(ROOT).join("tests/abi/symbols.txt"));
    for name in symbols
        .lines()
        .chain(["REDISCLIENT_ETIMEOUT", "deadline_ms"])
    {
        assert!(index.contains(&format!("['{name}'")), "{name}");
    }
    let start = read(html.join("index.html"));
    assert!(start.contains(env!("CARGO_PKG_VERSION")), "no version");
    assert!(start.contains("searchBox"), "no search on the first page");
}

/// The header without the comment that stands above `item`.
fn without(item: &str) -> String {
    let header = read(Path::new(ROOT).join("include/redisclient.h"));
    let at = header.find(item).unwrap_or_else(|| panic!("no {item}"));
    let start = header[..at].rfind("/**").unwrap();
    let end = start + header[start..at].find("*/").unwrap() + 2;
    assert!(header[end..at].trim().len() < 20, "no comment above {item}");
    format!("{}{}", &header[..start], &header[end..])
}

/// Runs doxygen on a header with the settings of the reference.
fn reference_of(header: &str) -> Output {
    let directory = TempDir::new();
    let copy = directory.path().join("redisclient.h");
    std::fs::write(&copy, header).unwrap();
    let mut settings = read(Path::new(ROOT).join("docs/Doxyfile"));
    settings += &format!("\nINPUT = {}\nUSE_MDFILE_AS_MAINPAGE =\n", copy.display());
    settings += &format!("OUTPUT_DIRECTORY = {}\n", directory.path().display());
    let mut doxygen = Command::new("doxygen");
    doxygen.arg("-").stdin(Stdio::piped());
    doxygen.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = doxygen.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(settings.as_bytes()).unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

#[test]
fn an_item_without_a_comment_fails() {
    if !has_doxygen() {
        return;
    }
    for item in [
        "void redisclient_close(",
        "uint32_t kind;",
        "#define REDISCLIENT_ETIMEOUT",
        "typedef struct redisclient_cancel ",
    ] {
        let output = reference_of(&without(item));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{item}: {said}");
        assert!(said.contains("not documented"), "{item}: {said}");
    }
}
