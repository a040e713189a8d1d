//! Trying again: after which failures, how often, after which pauses, and within which time.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client};
use redisclient::error::{Code, Error, Outcome};
use redisclient::options;
use redisclient::resp::Reply;
use support::{Scripted, refusing_port};

/// A client that connects when it must, and so meets failures in a command.
fn lazy(url: &str, query: &str) -> Client {
    let url = format!("{url}?lazy=yes&{query}");
    Client::open(options::url::parse(url.as_bytes(), None).unwrap()).unwrap()
}

fn run(client: &Client, line: &str) -> redisclient::error::Result<Reply> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default())
}

fn failure(client: &Client, line: &str) -> Error {
    match run(client, line) {
        Ok(reply) => panic!("{line} succeeded: {:?}", reply.kind()),
        Err(error) => error,
    }
}

/// Answers every command with a line.
fn says(line: &'static str) -> Scripted {
    Scripted::tcp(move |mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(format!("-{line}\r\n").as_bytes());
        }
    })
}

/// Reads a command and goes.
fn cuts() -> Scripted {
    Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        conn.read_command();
        conn.close();
    })
}

#[test]
fn a_set_of_ones_own_replaces_the_default() {
    let quick = "retry.backoff=none&retry.count=2";
    for (line, on, tries) in [
        ("LOADING Redis is loading the dataset in memory", "", 3),
        (
            "LOADING Redis is loading the dataset in memory",
            "&retry.on=connect",
            1,
        ),
        (
            "LOADING Redis is loading the dataset in memory",
            "&retry.on=loading",
            3,
        ),
        ("NOREPLICAS Not enough good replicas to write.", "", 1),
        (
            "NOREPLICAS Not enough good replicas to write.",
            "&retry.on=NOREPLICAS,OOM",
            3,
        ),
        ("OOM command not allowed", "&retry.on=NOREPLICAS,OOM", 3),
        (
            "NOPERM this user has no permissions",
            "&retry.on=ERR,OOM",
            1,
        ),
    ] {
        let server = says(line);
        let error = failure(&lazy(&server.url(), &format!("{quick}{on}")), "SET k v");
        assert_eq!(error.outcome(), Outcome::Refused);
        assert_eq!(server.count("SET"), tries, "{line} {on}");
        assert_eq!(error.attempts() as usize, tries);
        let plural = if tries == 1 { "" } else { "s" };
        let said = format!("after {tries} attempt{plural} in");
        assert!(error.to_string().contains(&said), "{error}");
    }
}

#[test]
fn a_failure_outside_the_set_ends_the_command() {
    let server = cuts();
    let query = "retry.backoff=none&retry.count=2&retry.on=connect,resolve";
    let error = failure(&lazy(&server.url(), query), "GET k");
    assert_eq!((error.code(), error.attempts()), (Code::Disconnected, 1));
    assert_eq!(server.count("GET"), 1);
    let nobody = format!("redis://127.0.0.1:{}", refusing_port());
    assert_eq!(failure(&lazy(&nobody, query), "GET k").attempts(), 3);
}

#[test]
fn a_write_that_may_have_run_is_not_sent_again_whatever_the_set_says() {
    let server = cuts();
    let query = "retry.backoff=none&retry.count=2&retry.on=disconnected,timeout";
    let error = failure(&lazy(&server.url(), query), "INCR n");
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1));
    let at_least_once = format!("{query}&retry.unsafe=yes");
    assert_eq!(
        failure(&lazy(&server.url(), &at_least_once), "INCR n").attempts(),
        3
    );
    assert_eq!(server.count("INCR"), 4);
}

#[test]
fn an_atomic_pipeline_whose_multi_was_refused_is_not_sent_again() {
    // Without MULTI its commands ran one by one, if they ran.
    let server = says("LOADING Redis is loading the dataset in memory");
    let client = lazy(&server.url(), "retry.backoff=none&retry.count=2");
    let mut pipeline = redisclient::client::Pipeline::new(std::sync::Arc::new(client));
    pipeline.set_atomic(true);
    pipeline.add(Ok(&[b"INCR", b"n"]));
    let failure = pipeline.run(&CallOptions::default()).unwrap_err();
    assert_eq!(failure.error.outcome(), Outcome::Unknown);
    assert_eq!(server.count("INCR"), 1);
}

/// Reads the first connection's command and goes; then does as `later` says.
fn cuts_once(later: impl Fn(support::Conn) + Send + Sync + 'static) -> Scripted {
    Scripted::tcp(move |mut conn, number| {
        if number > 0 {
            return later(conn);
        }
        conn.answer_hello();
        conn.read_command();
        conn.close();
    })
}

fn refuses(mut conn: support::Conn) {
    conn.answer_hello();
    conn.read_command();
    conn.write(b"-LOADING Redis is loading the dataset in memory\r\n");
    conn.wait_closed();
}

#[test]
fn what_an_earlier_attempt_may_have_done_stays_in_the_outcome() {
    let at_least_once = "retry.backoff=none&retry.count=1&retry.unsafe=yes";
    let goes = |mut conn: support::Conn| conn.close();
    for (server, code) in [
        (cuts_once(goes), Code::Disconnected),
        (cuts_once(refuses), Code::Loading),
    ] {
        let error = failure(&lazy(&server.url(), at_least_once), "INCR n");
        assert_eq!((error.code(), error.attempts()), (code, 2));
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    }
}

#[test]
fn what_an_earlier_attempt_of_a_pipeline_sent_is_told() {
    let at_least_once = "retry.backoff=none&retry.count=1&retry.unsafe=yes";
    for atomic in [false, true] {
        let server = cuts_once(|mut conn| conn.close());
        let client = lazy(&server.url(), at_least_once);
        let mut pipeline = redisclient::client::Pipeline::new(std::sync::Arc::new(client));
        pipeline.set_atomic(atomic);
        pipeline.add(Ok(&[b"INCR", b"n"]));
        let failure = pipeline.run(&CallOptions::default()).unwrap_err();
        assert_eq!(failure.error.attempts(), 2);
        assert_eq!(failure.error.outcome(), Outcome::Unknown);
        let partial = failure.partial.unwrap();
        assert!(partial.items()[0].text().starts_with(b"UNKNOWN"));
    }
}

#[test]
fn pauses_are_made_as_the_formula_says() {
    let nobody = format!("redis://127.0.0.1:{}", refusing_port());
    for (query, least) in [
        ("retry.backoff=constant&retry.base_ms=40", 120),
        ("retry.backoff=exponential&retry.base_ms=10", 140),
        (
            "retry.backoff=exponential&retry.base_ms=5000&retry.cap_ms=30",
            90,
        ),
        ("retry.backoff=equal_jitter&retry.base_ms=10", 70),
        ("retry.backoff=decorrelated_jitter&retry.base_ms=30", 90),
        ("retry.backoff=none&retry.base_ms=5000", 0),
    ] {
        let client = lazy(&nobody, &format!("retry.count=3&timeout_ms=300000&{query}"));
        let start = Instant::now();
        assert_eq!(failure(&client, "PING").attempts(), 4);
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(least), "{query}: {took:?}");
        // Less than three pauses without the cap, or three that there must not be.
        assert!(took < Duration::from_secs(10), "{query}: {took:?}");
    }
}

#[test]
fn connect_timeouts_within_a_command_share_its_time() {
    let mute = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let query = "connect_timeout_ms=500&timeout_ms=1750&retry.backoff=none";
    let start = Instant::now();
    let error = failure(&lazy(&mute.url(), query), "GET k");
    let took = start.elapsed();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::Timeout, Outcome::NotSent)
    );
    assert!((2..=4).contains(&error.attempts()), "{error}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    // A connect that would outlast the command ends with it.
    let query = "connect_timeout_ms=60000&timeout_ms=200";
    let start = Instant::now();
    assert_eq!(failure(&lazy(&mute.url(), query), "GET k").attempts(), 1);
    assert!(start.elapsed() < Duration::from_secs(20));
}
