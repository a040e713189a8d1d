//! The manual page: no tool complains of it, and its program runs.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::process::Command;

use support::tool::printed;
use support::{Flavour, Server, TempDir, c};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/libredisclient.3");

fn page() -> String {
    std::fs::read_to_string(PAGE).unwrap()
}

#[test]
fn it_is_of_this_version() {
    let page = page();
    let title = page.lines().find(|line| line.starts_with(".TH ")).unwrap();
    let version = concat!("\"libredisclient ", env!("CARGO_PKG_VERSION"), "\"");
    assert!(title.contains(version), "{title}");
}

/// Every opaque type of the header.
fn handles() -> Vec<&'static str> {
    const HEADER: &str = include_str!("../include/redisclient.h");
    let opaque = HEADER.lines().filter_map(|line| {
        let (tag, name) = line.strip_prefix("typedef struct ")?.split_once(' ')?;
        (name.strip_suffix(';') == Some(tag)).then_some(tag)
    });
    opaque.collect()
}

#[test]
fn every_handle_is_presented() {
    let page = page();
    assert!(handles().contains(&"redisclient_reader"));
    for handle in handles() {
        let entry = format!("\n.TP\n.B {handle}\n");
        assert!(page.contains(&entry), "{handle} is not presented");
    }
}

/// What `tool` says of the page; None, and a word about it, when there is no such tool.
fn complaints(tool: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).arg(PAGE).output() else {
        eprintln!("NOT RUN: {tool} is missing");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(said + &String::from_utf8_lossy(&output.stdout))
}

#[test]
fn groff_and_mandoc_have_no_complaint() {
    let groff = complaints("groff", &["-ww", "-man", "-Tutf8", "-z"]);
    assert!(groff.as_deref().is_none_or(str::is_empty), "{groff:?}");
    let mandoc = complaints("mandoc", &["-T", "lint", "-W", "warning"]);
    assert!(mandoc.as_deref().is_none_or(str::is_empty), "{mandoc:?}");
}

/// The text of the example, as a reader sees it.
fn example() -> String {
    let page = page();
    let (_, rest) = page.split_once("\n.EX\n").unwrap();
    let (program, _) = rest.split_once("\n.EE\n").unwrap();
    program.replace("\\e", "\\").replace("\\-", "-")
}

#[test]
fn its_program_runs() {
    let server = Server::start(Flavour::Redis, &[]);
    let directory = TempDir::new();
    let program = c::compile(&example(), directory.path(), "example");
    let said = printed(Command::new(program).arg(server.url_unix()));
    assert_eq!(said, "hello");
}
