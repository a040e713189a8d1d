//! Memory that is not to be had: of all allocations that grow with data each fails once, and the call
//! answers ENOMEM. For small objects Rust ends the process, and says so.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![cfg(target_os = "linux")]

mod support;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use support::{Flavour, PATIENCE, Server, TempDir, compile, library_directory, run_to_end};

/// What is no larger may end the process: handles, errors, texts.
const FROM: usize = 16 << 10;

struct Session {
    directory: TempDir,
    server: Server,
}

impl Session {
    fn new() -> Self {
        let directory = TempDir::new();
        let into = |name| directory.path().join(name);
        compile(
            &["-shared", "-fPIC", "c/preload/memory.c"],
            &into("memory.so"),
        );
        let library = library_directory().join("libredisclient.so");
        let session = ["c/preload/session.c", library.to_str().unwrap(), "-ldl"];
        compile(&session, &into("session"));
        let server = Server::start(Flavour::Redis, &[]);
        Self { directory, server }
    }

    /// Runs it with the `nth` allocation of at least `from` bytes failing.
    fn run(&self, nth: usize, from: usize) -> (ExitStatus, String) {
        let path = |name: &str| self.directory.path().join(name);
        let mut session = Command::new(path("session"));
        session.arg(self.server.url_unix());
        session.env("LD_LIBRARY_PATH", library_directory());
        session.env("LD_PRELOAD", path("memory.so"));
        session.env("REDISCLIENT_TEST_FAIL", nth.to_string());
        session.env("REDISCLIENT_TEST_FAIL_FROM", from.to_string());
        let log = path("log");
        let status = run_to_end(session, &log, 3 * PATIENCE).unwrap();
        (status, read(&log))
    }
}

fn read(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap()).into_owned()
}

#[test]
fn every_allocation_that_grows_with_data_may_fail() {
    let session = Session::new();
    for nth in 1.. {
        let (status, said) = session.run(nth, FROM);
        match status.code() {
            Some(0) => {}
            Some(3) => {
                assert!(nth > 20, "only {nth} allocations were seen");
                eprintln!("{} allocations failed one by one", nth - 1);
                return;
            }
            _ => panic!("allocation {nth}: {status}: {said}"),
        }
    }
}

/// Small ones are made without asking: then the process ends by Rust's own hand, in no other way.
#[test]
fn a_small_one_that_fails_is_survived_or_ends_the_process_with_a_word() {
    let session = Session::new();
    for nth in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let (status, said) = session.run(nth, 1);
        let ended = status.signal() == Some(libc::SIGABRT) && said.contains("memory allocation of");
        assert!(
            ended || status.code() == Some(0),
            "allocation {nth}: {status}: {said}"
        );
    }
}
