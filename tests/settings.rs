//! Options changed on an open client: what follows, what is refused, and what a child starts with.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client};
use redisclient::error::{Code, Error};
use redisclient::options;
use redisclient::resp::Reply;
use support::{Flavour, Scripted, Server, refusing_port, wait_until};

fn open(url: &str, query: &str) -> Client {
    let url = format!("{url}?{query}");
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    Client::open(config).unwrap_or_else(|error| panic!("{error}"))
}

fn run(client: &Client, line: &str) -> Result<Reply, Error> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default())
}

fn set(client: &Client, name: &str, value: &str) {
    let result = client.set(name.as_bytes(), value.as_bytes());
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn retries_follow_what_is_set() {
    let url = format!("redis://127.0.0.1:{}", refusing_port());
    let client = open(&url, "lazy=yes&retry.count=0&retry.base_ms=1");
    let attempts = || run(&client, "PING").unwrap_err().attempts();
    assert_eq!(attempts(), 1);
    set(&client, "retry.count", "3");
    assert_eq!(attempts(), 4);
    let stats = client.stats();
    assert_eq!((stats.retries, stats.connect_failures), (3, 5));
    assert_eq!((stats.calls, stats.errors_connection), (2, 2));
    set(&client, "retry.base_ms", "60000");
    set(&client, "retry.cap_ms", "60000");
    // A pause longer than the deadline is not begun.
    assert!(attempts() <= 2);
}

#[test]
fn times_follow_what_is_set_on_connections_old_and_new() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_tcp(), "retry.count=0");
    run(&client, "PING").unwrap();
    set(&client, "timeout_ms", "80");
    server.pause();
    for _ in ["the connection there was", "a new one"] {
        let started = Instant::now();
        let error = run(&client, "GET k").unwrap_err();
        assert_eq!(error.code(), Code::Timeout, "{error}");
        assert!(started.elapsed() < Duration::from_secs(4), "{error}");
    }
    server.resume();
    assert_eq!(client.stats().timeouts, 2);
    set(&client, "timeout_ms", "5000");
    run(&client, "PING").unwrap();
}

#[test]
fn the_connect_timeout_follows_what_is_set() {
    let server = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let client = open(
        &server.url(),
        "lazy=yes&retry.count=0&timeout_ms=60000&connect_timeout_ms=60000",
    );
    set(&client, "connect_timeout_ms", "50");
    let started = Instant::now();
    let error = run(&client, "PING").unwrap_err();
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "{error}");
}

#[test]
fn how_long_callers_wait_follows_what_is_set() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), "pool.max=1");
    std::thread::scope(|scope| {
        scope.spawn(|| run(&client, "BLPOP gate 20"));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        for (wait, waits) in [("0", 0), ("20", 1)] {
            set(&client, "pool.wait_ms", wait);
            let error = run(&client, "PING").unwrap_err();
            assert_eq!(error.code(), Code::Pool, "{error}");
            assert!(error.detail().contains("1 of 1 in use"), "{error}");
            assert_eq!(client.stats().waits, waits);
        }
        let stats = client.stats();
        assert!(stats.wait_ms >= 20 && stats.wait_timeouts == 2 && stats.errors_capacity == 2);
        assert!(stats.longest_use_ms >= 20);
        server.cli(&["RPUSH", "gate", "open"]);
    });
}

#[test]
fn a_refused_change_says_why_and_a_closed_client_takes_none() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), "pool.max=4");
    for (name, value, part) in [
        (
            "pool.max",
            "0",
            "option pool.max: \"0\" is refused, it takes",
        ),
        ("pool.maxx", "1", "\"pool.maxx\" is unknown"),
        ("max_connections", "1", "use pool.max"),
        ("db", "1", "option db is fixed when the client is opened"),
        ("tls.verify", "none", "is fixed when the client is opened"),
        ("pool.min", "5", "pool.min is 5 and pool.max is 4"),
    ] {
        let error = client.set(name.as_bytes(), value.as_bytes()).unwrap_err();
        assert_eq!(error.code(), Code::Option, "{error}");
        assert!(error.detail().contains(part), "{error}");
    }
    assert_eq!(client.stats().pool_max, 4);
    client.close();
    let error = client.set(b"pool.max", b"5").unwrap_err();
    assert_eq!(error.code(), Code::Closed);
    let stats = client.stats();
    assert_eq!((stats.pool_max, stats.idle, stats.closed_client), (4, 0, 1));
}
