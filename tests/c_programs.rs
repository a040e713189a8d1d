//! The C tests: each program of tests/c, and the interface written out in tests/abi, with servers
//! of its own; plainly, under valgrind and with gcc's sanitizers.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![allow(clippy::expect_used, reason = "a test ends at a failure")]

#[path = "c/controlled_servers.rs"]
mod controlled_servers;
#[path = "c/fault_servers.rs"]
mod fault_servers;
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
    adopt: "c/adopt.c" with adoptable;
    built: "c/built.c" with real;
    call: "c/call.c" with real;
    cancel: "c/cancel.c" with keeping;
    close: "c/close.c" with real;
    command: "c/command.c" with real;
    connection: "c/connection.c" with by_hand;
    crosstalk: "c/crosstalk.c" with crumbling;
    daemon_fork: "c/daemon_fork.c" with three_ways;
    descriptors: "c/descriptors.c" with real;
    eintr: "c/eintr.c" with interrupted;
    encode: "c/encode.c" with none;
    errors: "c/errors.c" with real;
    estate: "c/estate.c" with newest;
    fork: "c/fork.c" with real;
    hostile: "c/hostile.c" with none;
    memory: "c/memory.c" with obeying;
    null: "c/null.c" with real;
    open: "c/open.c" with odd;
    option_table: "c/option_table.c" with none;
    options: "c/options.c" with newest;
    partial: "c/partial.c" with cutting;
    pipeline: "c/pipeline.c" with real;
    pool: "c/pool.c" with real;
    prefork: "c/prefork.c" with three_ways;
    queue: "c/queue.c" with real;
    queue_callbacks: "c/queue_callbacks.c" with real;
    queue_close: "c/queue_close.c" with controlled;
    queue_deadline: "c/queue_deadline.c" with controlled;
    queue_estate: "c/queue_estate.c" with newest;
    queue_events: "c/queue_events.c" with real;
    queue_faults: "c/queue_faults.c" with controlled;
    queue_fd: "c/queue_fd.c" with real;
    queue_fork: "c/queue_fork.c" with three_ways;
    queue_full: "c/queue_full.c" with controlled;
    queue_null: "c/queue_null.c" with real;
    queue_threads: "c/queue_threads.c" with real;
    queue_traffic: "c/queue_traffic.c" with three_ways;
    reader: "c/reader.c" with none;
    reply: "c/reply.c" with none;
    reset: "c/reset.c" with resetting;
    retry: "c/retry.c" with passing;
    settings: "c/settings.c" with real;
    shared: "c/shared.c" with three_ways;
    shared_deadline: "c/shared_deadline.c" with controlled;
    shared_fair: "c/shared_fair.c" with real;
    shared_faults: "c/shared_faults.c" with breaking;
    shared_fork: "c/shared_fork.c" with three_ways;
    sigpipe: "c/sigpipe.c" with doomed;
    spawn: "c/spawn.c" with three_ways;
    stats: "c/stats.c" with real;
    tls: "c/tls.c" with secure;
    tls_fork: "c/tls_fork.c" with secure;
}
