//! dlopen and dlclose: the library stays where it is, and opening it again works.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::process::Command;
use support::{Identity, PATIENCE, Probe, Server, TempDir, compile, library_directory, run_to_end};

#[test]
fn a_library_that_was_let_go_is_still_there_and_opens_again() {
    let server = Server::start_tls(Identity::Server, &[]);
    let directory = TempDir::new();
    let [program, log, trace] = ["program", "log", "trace"].map(|it| directory.path().join(it));
    compile(&["c/reload.c", "-ldl", "-pthread"], &program);
    let mut command = Command::new(&program);
    command.arg(library_directory().join("libredisclient.so.0"));
    command.arg("redis://slow.test:1?lazy=yes&timeout_ms=20");
    command.args([server.url_tcp(), server.url_unix(), server.url_tls()]);
    let probe = Probe::new().name("slow.test", "sleep:1");
    probe.watch(&mut command, &trace);
    let status = run_to_end(command, &log, 3 * PATIENCE);
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(status.is_some_and(|it| it.success()), "{status:?}: {said}");
}
