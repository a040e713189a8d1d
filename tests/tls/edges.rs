//! TLS at its edges: refusals that come after the handshake, floods, names that are none.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::common::{LIMIT, SHORT, SLACK};
use crate::support::client::{
    config, open_trusting, path, pings, refused_trusting, run, try_open, welcomed_trusting,
};
use crate::support::{Identity, Scripted, Server, acceptor_of, wait_until};
use openssl::ssl::{SslVerifyMode, SslVersion};
use redisclient::connection::Manual;
use redisclient::deadline::{Deadline, Moment};
use redisclient::error::Code;

/// A server that wants a certificate refuses in TLS 1.3 after the client's handshake is done, says
/// so and closes; with words of the client unread, by RST.
fn wants_a_certificate() -> (Scripted, Arc<AtomicUsize>) {
    let mut builder = acceptor_of(Identity::Server, SslVersion::TLS1_3);
    builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    let gone = Arc::new(AtomicUsize::new(0));
    let going = Arc::clone(&gone);
    let server = Scripted::tls_with(builder, move |mut conn, _| {
        assert!(conn.tls().shake_hands().is_err());
        conn.reset();
        going.fetch_add(1, Ordering::SeqCst);
    });
    (server, gone)
}

#[test]
fn a_refusal_is_heard_though_the_connection_is_gone_when_a_command_is_written() {
    let (server, gone) = wants_a_certificate();
    let set = [
        ("handshake", "no"),
        ("pool.check_after_ms", "60000"),
        ("retry.base_ms", "1"),
    ];
    let client = open_trusting(&server.url(), &set);
    wait_until("the server is gone", || gone.load(Ordering::SeqCst) == 1);
    let error = run(&client, "GET k").unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Code::Tls, 1), "{error}");
    assert!(error.to_string().contains("client certificate"), "{error}");
}

#[test]
fn a_refusal_is_heard_by_hand_too() {
    let (server, gone) = wants_a_certificate();
    let set = [("tls.ca_file", &*path("ca.pem")), ("handshake", "no")];
    let manual =
        Manual::open(config(&server.url(), &set).unwrap()).unwrap_or_else(|it| panic!("{it}"));
    wait_until("the server is gone", || gone.load(Ordering::SeqCst) == 1);
    manual.send(&[b"PING"]).unwrap();
    let soon = Deadline::from_millis(Moment::now(), 5000);
    let error = manual
        .flush(soon)
        .and_then(|()| manual.receive(soon).map(drop))
        .unwrap_err();
    assert_eq!(error.code(), Code::Tls, "{error}");
}

/// Which of the two comes first is chance: now and then the write meets the RST.
#[test]
fn a_server_that_wants_a_certificate_is_understood_in_tls_1_3_too() {
    let server = Server::start_tls(
        Identity::Server,
        &["--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.3"],
    );
    for round in 0..200 {
        let error = try_open(&server.url_tls(), &[]).err().unwrap();
        assert_eq!(error.code(), Code::Tls, "round {round}: {error}");
        assert!(
            !error.retryable() && error.to_string().contains("client certificate"),
            "{error}"
        );
    }
}

/// HelloRequest, a handshake message that a client passes over, again and again.
#[test]
fn a_handshake_that_never_comes_to_an_end_is_left_at_the_connect_timeout() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.read_bytes();
        let flood = [22, 3, 3, 0, 4, 0, 0, 0, 0].repeat(1000);
        let started = Instant::now();
        while started.elapsed() < LIMIT + 2 * SLACK {
            conn.write(&flood);
        }
    });
    let url = server.url().replace("redis://", "rediss://");
    path("ca.pem"); // made now, so that the time is the client's alone
    let started = Instant::now();
    let error = refused_trusting(&url, &[SHORT]);
    assert!(started.elapsed() < LIMIT + SLACK, "{error}");
    assert_eq!(error.code(), Code::Timeout, "{error}");
}

/// OpenSSL takes a name that begins with a dot for every name below it.
#[test]
fn a_name_that_begins_with_a_dot_verifies_nothing() {
    let server = pings(Identity::WrongHost);
    for name in [".test", ".", ".."] {
        let error = refused_trusting(&server.url(), &[("tls.server_name", name)]);
        let code = error.code();
        assert!(
            matches!(code, Code::Certificate | Code::Option),
            "{name}: {error}"
        );
    }
    welcomed_trusting(&server.url(), &[("tls.server_name", "elsewhere.test.")]);
}
