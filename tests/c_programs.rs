//! The C tests: each program of tests/c, and the interface written out in tests/abi, with servers
//! of its own; plainly, under valgrind and with gcc's sanitizers.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![allow(clippy::expect_used, reason = "a test ends at a failure")]

#[path = "c/runner.rs"]
mod runner;
#[path = "c/servers.rs"]
mod servers;
mod support;

macro_rules! programs {
    ($($name:ident: $source:literal with $servers:ident;)*) => {
        $(mod $name {
            use crate::{runner, servers};

            fn run(way: runner::Way) {
                servers::$servers(|arguments| runner::run($source, way, arguments));
            }

            #[test]
            fn plain() {
                run(runner::Way::Plain);
            }

            #[test]
            fn under_valgrind() {
                run(runner::Way::Valgrind);
            }

            #[test]
            fn with_sanitizers() {
                run(runner::Way::Sanitizers);
            }
        })*
    };
}

programs! {
    abi: "abi/abi.c" with none;
    call: "c/call.c" with real;
    close: "c/close.c" with real;
    command: "c/command.c" with real;
    connection: "c/connection.c" with by_hand;
    descriptors: "c/descriptors.c" with real;
    encode: "c/encode.c" with none;
    errors: "c/errors.c" with real;
    estate: "c/estate.c" with newest;
    fork: "c/fork.c" with real;
    hostile: "c/hostile.c" with none;
    null: "c/null.c" with real;
    open: "c/open.c" with odd;
    options: "c/options.c" with newest;
    partial: "c/partial.c" with cutting;
    pipeline: "c/pipeline.c" with real;
    pool: "c/pool.c" with real;
    reader: "c/reader.c" with none;
    reply: "c/reply.c" with none;
    sigpipe: "c/sigpipe.c" with doomed;
}
