//! Names: a resolver that hangs, fails, answers nothing or changes its mind.
//!
//! The resolver is led by tests/c/preload.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::time::Duration;

use support::{Probe, Scripted, same_port};

/// How much later than promised something may happen on a busy machine.
const SLACK: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_millis(400);

const UNRESOLVED: i32 = 201;
const TIMED_OUT: i32 = 301;

#[test]
fn a_hung_resolver_ends_at_the_deadline_which_names_the_phase() {
    for query in [
        "connect_timeout_ms=400&timeout_ms=60000",
        "lazy=yes&timeout_ms=400&connect_timeout_ms=60000&retry.count=0",
    ] {
        let told = Probe::new()
            .name("slow.test", "sleep:60")
            .run(&format!("redis://slow.test:6379?{query}"), &["PING"]);
        let last = told.steps.last().unwrap();
        assert_eq!(last.status, TIMED_OUT, "{told:?}");
        assert!(last.text.contains("slow.test"), "{told:?}");
        assert!(last.text.contains("while resolving"), "{told:?}");
        assert!(last.took >= LIMIT && last.took < LIMIT + SLACK, "{told:?}");
        assert!(told.attempts.is_empty());
    }
}

#[test]
fn a_hung_resolver_is_left_by_cancel_and_by_close() {
    for (word, status) in [("CANCEL", 302), ("CLOSE", 103)] {
        let told = Probe::new().name("slow.test", "sleep:60").run(
            "redis://slow.test:6379?lazy=yes&timeout_ms=60000&connect_timeout_ms=60000",
            &[word],
        );
        let step = told.steps.last().unwrap();
        assert_eq!(step.status, status, "{told:?}");
        assert!(step.took < SLACK, "{told:?}");
    }
}

#[test]
fn more_callers_than_look_ups_at_a_time_all_end_in_time() {
    let query = "lazy=yes&connect_timeout_ms=400&timeout_ms=400&retry.count=0";
    let told = Probe::new()
        .name("slow.test", "sleep:60")
        .run(&format!("redis://slow.test:6379?{query}"), &["PINGS"]);
    assert_eq!(told.steps.len(), 13);
    for step in &told.steps[1..] {
        assert_eq!(step.status, TIMED_OUT, "{told:?}");
        assert!(step.text.contains("while resolving"), "{told:?}");
        assert!(step.took >= LIMIT && step.took < LIMIT + SLACK, "{told:?}");
    }
}

#[test]
fn a_name_without_an_address_says_so() {
    for rule in ["none", "empty", "again"] {
        let told = Probe::new().name("none.test", rule).run(
            "redis://none.test:6379?timeout_ms=60000&connect_timeout_ms=60000",
            &[],
        );
        let refusal = told.refusal();
        assert_eq!(refusal.status, UNRESOLVED, "{rule}: {told:?}");
        assert!(refusal.text.contains("none.test"), "{rule}: {told:?}");
        assert!(refusal.text.contains("resolv"), "{rule}: {told:?}");
        assert!(refusal.took < SLACK, "{rule}: {told:?}");
    }
}

#[test]
fn a_name_is_resolved_anew_for_each_connection() {
    let mut listeners = same_port(&[[127, 2, 0, 1].into(), [127, 2, 0, 2].into()])
        .unwrap()
        .into_iter();
    let first = Scripted::tcp_on(listeners.next().unwrap(), |mut conn, _| {
        conn.answer_hello();
        conn.read_command();
        conn.write(b"+first\r\n");
        conn.close();
    });
    let second = Scripted::tcp_on(listeners.next().unwrap(), |mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b"+second\r\n");
        }
    });
    let told = Probe::new().name("moves.test", "127.2.0.1/127.2.0.2").run(
        &format!("redis://moves.test:{}?pool.check_after_ms=0", first.port()),
        &["PING", "PING", "PING"],
    );
    told.answered("second");
    assert_eq!(told.steps[1].text, "first");
    assert_eq!(told.addresses(), ["127.2.0.1", "127.2.0.2"]);
    assert_eq!((first.connections(), second.connections()), (1, 1));
}

#[test]
fn a_name_that_comes_back_is_found_by_a_retry() {
    let listener = std::net::TcpListener::bind("127.2.1.1:0").unwrap();
    let server = Scripted::tcp_on(listener, |mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b"+here\r\n");
        }
    });
    let told = Probe::new().name("late.test", "none/again/127.2.1.1").run(
        &format!(
            "redis://late.test:{}?lazy=yes&retry.base_ms=1",
            server.port()
        ),
        &["PING"],
    );
    told.answered("here");
}
