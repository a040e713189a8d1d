//! Python reads replies as plain memory, through ctypes.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::tool::printed;
use support::{Flavour, Server, library_directory};

fn of_the_tree(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A script of tests/python on its way to be run: the library is its first argument.
fn script(name: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(of_the_tree("tests/python").join(name));
    python.arg(library_directory().join("libredisclient.so"));
    python
}

#[test]
fn a_large_reply_is_walked_without_a_call_per_element() {
    let server = Server::start(Flavour::Redis, &[]);
    let said = printed(script("walk.py").args([&server.url_unix(), "100000"]));
    assert_eq!(said, "walked 100000 elements");
}

#[test]
fn replies_and_completions_are_where_the_page_says() {
    let server = Server::start(Flavour::Redis, &[]);
    let mut offsets = script("offsets.py");
    offsets.arg(of_the_tree("docs/abi.md"));
    let said = printed(offsets.arg(server.url_unix()));
    assert_eq!(said, "read by offsets");
}
