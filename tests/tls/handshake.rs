//! Handshakes that stop, trickle, are cut or damaged, and the wrong kind of port: every wait ends
//! in time and every error says what was seen.

use std::time::{Duration, Instant};

use crate::common::{LAZY, LIMIT, SHORT, SLACK, fails_at, through};
use crate::support::client::{
    answer_pings, open_trusting, ping, pings, refused_trusting, run, try_open,
};
use crate::support::{Fault, Identity, Proxy, Scripted, Server, acceptor_of};
use openssl::ssl::SslVersion;
use redisclient::client::Client;
use redisclient::error::{Code, Error, Outcome, Phase};

fn open_fails_at_its_limit(url: &str) -> Error {
    let error = fails_at(LIMIT, || -> Result<Client, Error> {
        Err(refused_trusting(url, &[SHORT]))
    });
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert_eq!(error.phase(), Some(Phase::Tls), "{error}");
    assert_eq!(error.outcome(), Outcome::NotSent);
    error
}

#[test]
fn a_server_that_never_speaks_ends_at_the_connect_timeout() {
    let server = Scripted::tcp(|mut conn, _| conn.wait_closed());
    let url = server.url().replace("redis://", "rediss://");
    let error = open_fails_at_its_limit(&url);
    assert!(error.to_string().contains("redis://"), "{error}");
}

#[test]
fn a_handshake_that_stops_anywhere_ends_at_the_connect_timeout() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let server = Scripted::tls_with(acceptor_of(Identity::Server, version), |conn, _| {
            let _ = conn.tls().shake_hands();
        });
        std::thread::scope(|scope| {
            for after in [1, 4, 5, 6, 60, 300, 600] {
                let server = &server;
                scope.spawn(move || {
                    let proxy = Proxy::start(server.port(), Fault::Stall(after));
                    open_fails_at_its_limit(&through(&proxy));
                    assert_eq!(proxy.passed(), after);
                });
            }
        });
    }
}

#[test]
fn a_handshake_in_crumbs_ends_at_the_connect_timeout() {
    let server = pings(Identity::Server);
    let proxy = Proxy::start(server.port(), Fault::Drip(Duration::from_millis(100)));
    open_fails_at_its_limit(&through(&proxy));
    assert!(proxy.passed() > 1);
}

#[test]
fn a_handshake_in_pieces_succeeds() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let server = Scripted::tls_with(acceptor_of(Identity::Server, version), |conn, _| {
            answer_pings(conn);
        });
        let proxy = Proxy::start(server.port(), Fault::Chop(1));
        ping(&open_trusting(&through(&proxy), &[]));
    }
}

#[test]
fn a_handshake_that_is_cut_is_tried_again() {
    let server = pings(Identity::Server);
    for fault in [
        Fault::Fin(0),
        Fault::Fin(3),
        Fault::Fin(200),
        Fault::Reset(0),
        Fault::Reset(200),
    ] {
        let proxy = Proxy::start(server.port(), fault);
        let set = [LAZY, ("retry.count", "2"), ("retry.base_ms", "1")];
        let client = open_trusting(&through(&proxy), &set);
        let error = run(&client, "INCR k").unwrap_err();
        assert_eq!(error.code(), Code::Disconnected, "{fault:?}: {error}");
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert_eq!((error.attempts(), proxy.connections()), (3, 3), "{error}");
        proxy.set(Fault::None);
        ping(&client);
    }
}

#[test]
fn a_damaged_handshake_is_refused() {
    for at in [0, 5, 50, 400] {
        let server = Scripted::tls(Identity::Server, |conn, _| {
            let _ = conn.tls().shake_hands();
        });
        let proxy = Proxy::start(server.port(), Fault::Flip(at));
        let error = refused_trusting(&through(&proxy), &[("connect_timeout_ms", "2000")]);
        let codes = [
            Code::Tls,
            Code::Certificate,
            Code::Timeout,
            Code::Disconnected,
        ];
        assert!(codes.contains(&error.code()), "{at}: {error}");
        eprintln!("damaged at {at}: {error}");
    }
}

#[test]
fn a_plain_port_is_guessed() {
    let real = Server::start_tls(Identity::Server, &[]);
    let speaks = Scripted::tcp(|mut conn, _| {
        conn.read_bytes();
        conn.write(b"-ERR unknown command\r\n");
        conn.wait_closed();
    });
    for port in [real.port(), speaks.port()] {
        let started = Instant::now();
        let error = refused_trusting(&format!("rediss://127.0.0.1:{port}"), &[SHORT]);
        assert!(started.elapsed() < LIMIT + SLACK);
        let codes = [Code::Tls, Code::Timeout, Code::Disconnected];
        assert!(codes.contains(&error.code()), "{error}");
        assert!(error.to_string().contains("redis://"), "{error}");
        assert!(!error.to_string().contains("rediss://"), "{error}");
    }
}

#[test]
fn a_tls_port_is_guessed() {
    let real = Server::start_tls(Identity::Server, &[]);
    let fake = pings(Identity::Server);
    for port in [real.tls_port(), fake.port()] {
        for query in ["", "?protocol=2", "?protocol=3"] {
            let url = format!("redis://127.0.0.1:{port}{query}");
            let error = try_open(&url, &[("connect_timeout_ms", "20000")])
                .err()
                .unwrap();
            assert!(error.to_string().contains("rediss://"), "{error}");
        }
    }
}
