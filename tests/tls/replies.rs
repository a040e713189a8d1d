//! Replies that stop, trickle, are cut or damaged, and servers that hang up: no wrong reply, no
//! wait without end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::common::{LAZY, LIMIT, ONCE, SLACK, fails_at, through, within};
use crate::support::client::{open_trusting, ping, run};
use crate::support::{Fault, Identity, Proxy, Scripted, Server, acceptor_of, wait_until};
use openssl::ssl::SslVersion;
use redisclient::client::{CallOptions, Client};
use redisclient::error::{Code, Error, Outcome, Phase};
use redisclient::net::Cancel;

#[test]
fn a_stopped_server_ends_at_the_deadline() {
    let server = Server::start_tls(Identity::Server, &[]);
    let client = open_trusting(&server.url_tls(), &[ONCE]);
    let fresh = open_trusting(&server.url_tls(), &[ONCE, LAZY]);
    server.pause();
    let incr = |client: &Client| client.execute(&[b"INCR", b"n"], &within(LIMIT));
    let error = fails_at(LIMIT, || incr(&client));
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert_eq!(error.phase(), Some(Phase::Receive));
    assert_eq!(error.outcome(), Outcome::Unknown);
    let error = fails_at(LIMIT, || incr(&fresh));
    assert_eq!(error.phase(), Some(Phase::Tls), "{error}");
    assert_eq!(error.outcome(), Outcome::NotSent);
    server.resume();
    ping(&client);
}

/// A server whose every reply is long, behind a proxy.
fn long_replies(version: SslVersion) -> Scripted {
    Scripted::tls_with(acceptor_of(Identity::Server, version), |mut conn, _| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            let mut reply = format!("${}\r\n", 100_000 + command[1].len()).into_bytes();
            reply.extend(&command[1]);
            reply.resize(reply.len() + 100_000, b'x');
            reply.extend(b"\r\n");
            conn.write(&reply);
        }
    })
}

fn own(client: &Client, mark: &str) -> bool {
    let reply = client.execute(&[b"GET", mark.as_bytes()], &CallOptions::default());
    reply.is_ok_and(|reply| reply.text().starts_with(mark.as_bytes()))
}

#[test]
fn a_reply_that_stops_half_way_or_trickles_ends_at_the_deadline() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let server = long_replies(version);
        for more in [1, 20, 90_000] {
            for trickles in [false, true] {
                let proxy = Proxy::start(server.port(), Fault::None);
                let client = open_trusting(&through(&proxy), &[ONCE]);
                assert!(own(&client, "before"));
                proxy.set(match trickles {
                    false => Fault::Stall(proxy.passed() + more),
                    true => Fault::Drip(Duration::from_millis(20)),
                });
                let error = fails_at(LIMIT, || {
                    client.execute(&[b"INCR", b"late"], &within(LIMIT))
                });
                assert_eq!(error.code(), Code::Timeout, "{error}");
                assert_eq!(error.phase(), Some(Phase::Receive), "{error}");
                proxy.set(Fault::None);
                assert!(own(&client, "after"));
                assert_eq!(proxy.connections(), 2);
                if trickles {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_reply_that_is_cut_is_no_reply() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let server = long_replies(version);
        for fault in [Fault::Fin as fn(usize) -> Fault, Fault::Reset] {
            for more in [1, 300, 17_000, 99_000] {
                let proxy = Proxy::start(server.port(), Fault::None);
                let client = open_trusting(&through(&proxy), &[ONCE]);
                assert!(own(&client, "before"));
                proxy.set(fault(proxy.passed() + more));
                let error = client
                    .execute(&[b"INCR", b"cut"], &within(Duration::from_secs(10)))
                    .unwrap_err();
                assert_eq!(error.code(), Code::Disconnected, "{error}");
                assert_eq!(error.outcome(), Outcome::Unknown);
                proxy.set(Fault::None);
                assert!(own(&client, "after"));
            }
        }
    }
}

#[test]
fn a_damaged_reply_is_no_reply() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let server = long_replies(version);
        for more in [0, 3, 5, 40, 20_000] {
            let proxy = Proxy::start(server.port(), Fault::None);
            let client = open_trusting(&through(&proxy), &[ONCE]);
            assert!(own(&client, "before"));
            proxy.set(Fault::Flip(proxy.passed() + more));
            let error = client
                .execute(&[b"INCR", b"damaged"], &within(LIMIT))
                .unwrap_err();
            assert!(
                matches!(error.code(), Code::Tls | Code::Timeout | Code::Disconnected),
                "{error}"
            );
            assert_eq!(error.outcome(), Outcome::Unknown);
            eprintln!("damaged {more} bytes on: {error}");
            proxy.set(Fault::None);
            assert!(own(&client, "after"));
        }
    }
}

#[test]
fn a_server_that_hangs_up_with_or_without_goodbye_is_noticed_at_checkout() {
    for goodbye in [true, false] {
        let gone = Arc::new(AtomicUsize::new(0));
        let going = Arc::clone(&gone);
        let server = Scripted::tls(Identity::Server, move |mut conn, _| {
            conn.answer_hello();
            while let Some(command) = conn.read_command() {
                conn.write(b"+OK\r\n");
                if command[0] == b"BYE" {
                    match goodbye {
                        true => conn.close(),
                        false => conn.cut(),
                    }
                    going.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let client = open_trusting(&server.url(), &[ONCE, ("pool.check_after_ms", "0")]);
        for round in 1..5 {
            run(&client, "INCR k").unwrap();
            run(&client, "BYE").unwrap();
            assert_eq!(server.connections(), round);
            wait_until("the server has hung up", || {
                gone.load(Ordering::SeqCst) == round
            });
        }
        run(&client, "INCR k").unwrap();
    }
}

#[test]
fn a_real_server_closes_idle_connections_unnoticed() {
    let server = Server::start_tls(Identity::Server, &[]);
    let client = open_trusting(&server.url_tls(), &[ONCE, ("pool.check_after_ms", "0")]);
    for _ in 0..5 {
        run(&client, "INCR k").unwrap();
        server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        wait_until("the server has let go", || {
            server.info("clients", "connected_clients") == "1"
        });
        run(&client, "INCR k").unwrap();
    }
    assert_eq!(run(&client, "GET k").unwrap().text(), b"10");
}

/// Ends `act` from another thread once `begun`; it fails with `code` at once.
fn ended(code: Code, begun: impl Fn() -> bool, end: impl Fn(), act: impl FnOnce() -> Error + Send) {
    std::thread::scope(|scope| {
        let acting = scope.spawn(move || (act(), Instant::now()));
        wait_until("the call has begun", &begun);
        let fired = Instant::now();
        end();
        let (error, ended) = acting.join().unwrap();
        assert_eq!(error.code(), code, "{error}");
        assert!(ended.saturating_duration_since(fired) < SLACK);
    });
}

#[test]
fn cancel_and_close_end_a_handshake_and_a_reply() {
    let server = Server::start_tls(Identity::Server, &[]);
    for code in [Code::Cancelled, Code::Closed] {
        for handshake in [true, false] {
            let proxy = Proxy::start(server.tls_port(), Fault::None);
            let client = open_trusting(&through(&proxy), &[LAZY, ("timeout_ms", "20000")]);
            let cancel = Arc::new(Cancel::default());
            if handshake {
                proxy.set(Fault::Stall(100));
            } else {
                ping(&client);
            }
            let options = CallOptions {
                cancel: Some(Arc::clone(&cancel)),
                ..CallOptions::default()
            };
            let begun = || match handshake {
                true => proxy.passed() == 100,
                false => server.info("clients", "blocked_clients") == "1",
            };
            let end = || match code {
                Code::Cancelled => cancel.fire(),
                _ => client.close(),
            };
            let act = || {
                let reply = client.execute(&[b"BLPOP", b"k", b"0"], &options);
                reply.unwrap_err()
            };
            ended(code, begun, end, act);
            drop(proxy);
            wait_until("nobody is blocked", || {
                server.info("clients", "blocked_clients") == "0"
            });
        }
    }
}
