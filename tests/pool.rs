//! The pool's own rules: order, expiry, warm-up, and a size that changes under load.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client, Stats};
use redisclient::error::{Code, Result};
use redisclient::options;
use redisclient::resp::Reply;
use support::{Flavour, Scripted, Server, wait_until};

fn try_open(url: &str, query: &str) -> Result<Client> {
    let url = format!("{url}?{query}");
    Client::open(options::url::parse(url.as_bytes(), None)?)
}

fn open(server: &Server, query: &str) -> Client {
    try_open(&server.url_unix(), query).unwrap_or_else(|error| panic!("{error}"))
}

fn run(client: &Client, line: &str) -> Reply {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    let reply = client.execute(&args, &CallOptions::default());
    reply.unwrap_or_else(|error| panic!("{error}"))
}

fn id(client: &Client) -> i64 {
    run(client, "CLIENT ID").integer()
}

fn set(client: &Client, name: &str, value: &str) {
    let result = client.set(name.as_bytes(), value.as_bytes());
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// How many connections the server has from the client: the look itself is one more.
fn seen_by(server: &Server) -> usize {
    let seen: usize = server.info("clients", "connected_clients").parse().unwrap();
    seen - 1
}

fn closed(stats: &Stats) -> [u64; 3] {
    [stats.closed_idle, stats.closed_aged, stats.closed_trimmed]
}

#[test]
fn fifo_uses_all_connections_in_turn_and_lifo_one() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.min=3&pool.order=fifo");
    let turn: Vec<i64> = (0..3).map(|_| id(&client)).collect();
    assert!(turn[0] != turn[1] && turn[1] != turn[2] && turn[2] != turn[0]);
    assert!((0..9).all(|round| id(&client) == turn[round % 3]));
    set(&client, "pool.order", "lifo");
    assert!((0..9).all(|_| id(&client) == turn[2]));
}

#[test]
fn open_makes_the_least_number_of_connections() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.min=5");
    assert_eq!(client.counts().idle, 5);
    wait_until("the server has five", || seen_by(&server) == 5);
    let lazy = open(&server, "pool.min=5&lazy=yes");
    assert_eq!(lazy.stats().connections_opened, 0);
}

#[test]
fn open_fails_when_one_of_them_cannot_be_made_and_leaves_none() {
    let server = Scripted::tcp(|mut conn, nth| {
        match nth {
            0 | 1 => conn.answer_hello(),
            _ => conn.write(b"-ERR max number of clients reached\r\n"),
        }
        conn.wait_closed();
    });
    let error = try_open(&server.url(), "pool.min=3").err().unwrap();
    assert_eq!(error.code(), Code::MaxClients, "{error}");
    assert_eq!(server.connections(), 3);
    let silent = Scripted::tcp(|mut conn, nth| {
        if nth == 0 {
            conn.answer_hello();
        }
        conn.wait_closed();
    });
    let query = "pool.min=3&connect_timeout_ms=60&timeout_ms=60";
    let error = try_open(&silent.url(), query).err().unwrap();
    assert_eq!(error.code(), Code::Timeout, "{error}");
}

#[test]
fn a_least_number_above_the_most_is_refused_naming_both() {
    let error = try_open("redis://localhost", "pool.max=3&pool.min=4").err();
    let error = error.unwrap();
    assert_eq!(error.code(), Code::Option);
    assert!(error.detail().contains("pool.min is 4"), "{error}");
    assert!(error.detail().contains("pool.max is 3"), "{error}");
}

#[test]
fn unused_connections_are_closed_but_for_the_least_number() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.min=6");
    set(&client, "pool.min", "2");
    set(&client, "pool.max_idle_ms", "15");
    wait_until("four have gone", || {
        run(&client, "PING");
        closed(&client.stats()) == [4, 0, 0]
    });
    assert_eq!(client.counts().idle, 2);
    wait_until("the server has two", || seen_by(&server) == 2);
    std::thread::sleep(Duration::from_millis(20));
    run(&client, "PING");
    assert_eq!(client.counts().idle, 2);
    set(&client, "pool.min", "0");
    std::thread::sleep(Duration::from_millis(20));
    run(&client, "PING");
    let stats = client.stats();
    assert_eq!((closed(&stats), stats.connections_opened), ([6, 0, 0], 7));
}

#[test]
fn a_connection_over_age_is_not_handed_out_and_not_taken_back() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.min=3&pool.max_age_ms=1500");
    std::thread::sleep(Duration::from_millis(1600));
    run(&client, "PING");
    let stats = client.stats();
    assert_eq!((closed(&stats), stats.idle), ([0, 3, 0], 1));
    let before = id(&client);
    std::thread::sleep(Duration::from_millis(1600));
    assert_ne!(id(&client), before);
    set(&client, "pool.max_age_ms", "20");
    // Made now, and old when it is given back.
    run(&client, "BLPOP nothing 0.05");
    assert_eq!(client.counts().idle, 0);
    wait_until("the server has none", || seen_by(&server) == 0);
    assert_eq!(client.stats().connect_failures, 0);
}

#[test]
fn the_age_of_the_warmest_connection_counts_too() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.max=2");
    let old = id(&client);
    std::thread::sleep(Duration::from_secs(3));
    let between = Instant::now();
    let young = std::thread::scope(|scope| {
        let pop = scope.spawn(|| run(&client, "BLPOP gate 20"));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        let young = id(&client);
        server.cli(&["RPUSH", "gate", "open"]);
        pop.join().unwrap();
        young
    });
    // The old one was given back last and would be next.
    let limit = between.elapsed() + Duration::from_millis(1500);
    set(&client, "pool.max_age_ms", &limit.as_millis().to_string());
    assert_eq!(client.counts().idle, 2);
    assert_eq!(id(&client), young);
    assert_ne!(young, old);
    assert_eq!(closed(&client.stats()), [0, 1, 0]);
}

#[test]
fn a_caller_who_waits_gets_no_connection_over_age() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.max=1");
    let old = id(&client);
    std::thread::scope(|scope| {
        let pop = scope.spawn(|| run(&client, "BLPOP gate 20"));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        let waiting = scope.spawn(|| id(&client));
        wait_until("one waits", || client.counts().waiters == 1);
        set(&client, "pool.max_age_ms", "1");
        std::thread::sleep(Duration::from_millis(2));
        server.cli(&["RPUSH", "gate", "open"]);
        pop.join().unwrap();
        assert_ne!(waiting.join().unwrap(), old);
    });
}

#[test]
fn a_lowered_most_closes_idle_connections_at_once_and_others_when_they_return() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.min=5");
    set(&client, "pool.min", "0");
    std::thread::scope(|scope| {
        let pops = [0, 1, 2].map(|_| scope.spawn(|| run(&client, "BLPOP gate 20")));
        wait_until("three pops block", || {
            server.info("clients", "blocked_clients") == "3"
        });
        set(&client, "pool.max", "1");
        let stats = client.stats();
        assert_eq!((stats.idle, stats.in_use), (0, 3));
        assert_eq!(closed(&stats), [0, 0, 2]);
        server.cli(&["RPUSH", "gate", "a", "b", "c"]);
        for pop in pops {
            pop.join().unwrap();
        }
    });
    let stats = client.stats();
    assert_eq!((stats.idle, stats.in_use), (1, 0));
    assert_eq!(closed(&stats), [0, 0, 4]);
    wait_until("the server has one", || seen_by(&server) == 1);
}

#[test]
fn a_failure_to_connect_is_no_reason_once_connecting_works_again() {
    let server = Scripted::tcp(|mut conn, number| {
        if number == 0 {
            return conn.close();
        }
        conn.answer_hello();
        conn.read_command();
        conn.wait_closed();
    });
    let query = "lazy=yes&pool.max=1&pool.wait_ms=0&retry.count=0";
    let client = try_open(&server.url(), query).unwrap();
    let call = || client.execute(&[b"PING"], &CallOptions::default());
    assert_eq!(call().unwrap_err().code(), Code::Disconnected);
    std::thread::scope(|scope| {
        scope.spawn(call);
        server.wait_for("PING", 1);
        let error = call().unwrap_err();
        client.close();
        assert_eq!(error.code(), Code::Pool);
        assert!(error.cause().is_none(), "{error}");
    });
}

#[test]
fn a_raised_most_serves_those_who_wait() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.max=1");
    std::thread::scope(|scope| {
        let pop = scope.spawn(|| run(&client, "BLPOP gate 20"));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        let others = [0, 1, 2].map(|_| scope.spawn(|| run(&client, "PING")));
        wait_until("three wait", || client.counts().waiters == 3);
        set(&client, "pool.max", "2");
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(client.counts().in_use, 1);
        server.cli(&["RPUSH", "gate", "open"]);
        pop.join().unwrap();
    });
    assert_eq!(client.stats().waits, 3);
}

/// A caller whose wake-up is lost would run into its deadline.
#[test]
fn no_caller_is_forgotten_while_the_most_goes_up_and_down() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.max=8&timeout_ms=10000");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let turning = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for most in ["1", "5", "2", "8"] {
                    set(&client, "pool.max", most);
                    std::thread::yield_now();
                }
            }
        });
        let callers: Vec<_> = (0..12)
            .map(|thread| {
                let client = &client;
                scope.spawn(move || {
                    for round in 0..200 {
                        let text = format!("{thread}:{round}");
                        assert_eq!(run(client, &format!("ECHO {text}")).text(), text.as_bytes());
                    }
                })
            })
            .collect();
        callers.into_iter().for_each(|it| it.join().unwrap());
        done.store(true, Ordering::Relaxed);
        turning.join().unwrap();
    });
    set(&client, "pool.max", "2");
    let stats = client.stats();
    assert!(stats.idle <= 2 && stats.in_use == 0 && stats.waiters == 0);
    assert_eq!(stats.failures, 0);
    assert_eq!(
        stats.connections_opened - stats.connections_closed,
        stats.idle
    );
}

#[test]
fn no_more_connections_than_the_most_serve_many_threads_in_turn() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server, "pool.max=4&pool.order=fifo");
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let client = &client;
            scope.spawn(move || {
                for round in 0..100 {
                    let text = format!("{thread}:{round}");
                    assert_eq!(run(client, &format!("ECHO {text}")).text(), text.as_bytes());
                }
            });
        }
    });
    let stats = client.stats();
    assert!(stats.connections_opened <= 4 && stats.connections_closed == 0);
    assert_eq!(stats.checkouts, 1601);
}
