//! Hooks and completion callbacks that are left by an exception or a longjmp, as the header says not to.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![cfg(unix)]

mod support;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use support::{Flavour, Server, TempDir, library_directory, refusing_port};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs the program of a C++ source of tests/c.
fn run(source: &str, arguments: &[&str]) -> Output {
    let directory = TempDir::new();
    let program = directory.path().join("program");
    let mut compiler = Command::new("g++");
    compiler.args([
        "-std=c++11",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "-o",
    ]);
    compiler.arg(&program).arg(format!("-I{ROOT}/include"));
    compiler.arg(Path::new(ROOT).join("tests/c").join(source));
    compiler.arg(library_directory().join("libredisclient.so"));
    let compiled = compiler.output().unwrap();
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let mut run = Command::new(&program);
    run.env("LD_LIBRARY_PATH", library_directory());
    run.args(arguments).output().unwrap()
}

fn leave_by(way: &str) -> Output {
    let nobody = format!("redis://127.0.0.1:{}", refusing_port());
    run("hook_leaves.cc", &[way, &nobody])
}

fn ended_with_a_word(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{said}");
    assert!(said.contains("foreign exception"), "{said}");
}

#[test]
fn an_exception_out_of_a_hook_ends_the_process_with_a_word() {
    ended_with_a_word(&leave_by("throw"));
}

#[test]
fn an_exception_out_of_a_callback_ends_the_process_with_a_word() {
    let server = Server::start(Flavour::Redis, &[]);
    ended_with_a_word(&run("callback_throws.cc", &[&server.url_unix()]));
}

#[test]
fn a_longjmp_out_of_a_hook_leaves_a_client_that_works() {
    let output = leave_by("longjmp");
    assert!(output.status.success(), "{output:?}");
}
