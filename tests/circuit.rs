//! The circuit breaker: what opens it, what callers see, and how it closes again.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::error::{Code, Outcome};
use support::client::{open, run};
use support::{Flavour, Server, refusing_port, wait_until};

#[test]
fn a_server_out_of_reach_is_left_alone_and_found_again() {
    let server = Server::start(Flavour::Redis, &[]);
    let set = [
        ("retry.count", "0"),
        ("circuit.failures", "3"),
        ("circuit.open_ms", "3000"),
    ];
    let client = open(&server.url_tcp(), &set);
    run(&client, "SET k v").unwrap();
    server.kill();
    let mut codes = Vec::new();
    wait_until("the breaker is open", || {
        codes.push(run(&client, "GET k").unwrap_err().code());
        codes.last() == Some(&Code::Circuit)
    });
    assert_eq!(codes.len(), 4, "{codes:?}");
    let stats = client.stats();
    assert_eq!((stats.circuit_state, stats.circuit_opened), (1, 1));
    assert_eq!(stats.circuit_refused, 1);
    server.restart();
    wait_until("a call is let through", || run(&client, "GET k").is_ok());
    assert_eq!(client.stats().circuit_state, 0);
}

#[test]
fn an_open_breaker_says_what_it_knows() {
    let url = format!("redis://127.0.0.1:{}", refusing_port());
    let set = [
        ("lazy", "yes"),
        ("retry.count", "1"),
        ("retry.backoff", "none"),
        ("circuit.failures", "2"),
    ];
    let client = open(&url, &set);
    let error = run(&client, "GET k").unwrap_err();
    assert_eq!(error.code(), Code::Connect, "each attempt counts: {error}");
    let error = run(&client, "GET k").unwrap_err();
    assert_eq!(error.code(), Code::Circuit, "{error}");
    assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 1));
    assert!(error.retryable());
    let text = error.to_string();
    for part in [
        "circuit breaker is open",
        "2 failures in a row",
        "127.0.0.1",
        "refused",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn answers_of_every_kind_keep_it_closed() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), &[("circuit.failures", "1")]);
    run(&client, "SET k v").unwrap();
    for _ in 0..3 {
        assert_eq!(
            run(&client, "LPUSH k x").unwrap_err().server_code(),
            "WRONGTYPE"
        );
    }
    assert_eq!(client.stats().circuit_state, 0);
}
