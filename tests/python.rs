//! Python reads a large reply as plain memory, through ctypes.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Flavour, Server, library_directory};

#[test]
fn a_large_reply_is_walked_without_a_call_per_element() {
    let server = Server::start(Flavour::Redis, &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/walk.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(library_directory().join("libredisclient.so"))
        .args([&server.url_unix(), "100000"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    assert_eq!(said.trim(), "walked 100000 elements");
}
