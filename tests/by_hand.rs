//! A connection driven by hand where its ends are odd: half-closed, reset, of high number, closed twice.
#![allow(unsafe_code, reason = "std cannot choose a descriptor's number")]
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]
#![cfg(unix)]

mod support;

use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::Duration;

use redisclient::connection::Manual;
use redisclient::deadline::{Deadline, Moment};
use redisclient::error::{Code, Outcome, Phase};
use support::client::{config, open, ping, run};
use support::{Conn, Flavour, Scripted, Server, wait_until};

const BARE: &[(&str, &str)] = &[("handshake", "no")];

fn by_hand(url: &str) -> Manual {
    Manual::open(config(url, BARE).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

fn soon() -> Deadline {
    Deadline::after(Moment::now(), Some(Duration::from_secs(10)))
}

/// The server has said its last word and still listens: the word is read first, then the end is seen.
#[test]
fn what_a_half_closed_peer_said_is_read_before_its_end_is_seen() {
    let last_words = |mut conn: Conn, _| {
        conn.write(b"+last\r\n");
        conn.finish();
        conn.wait_closed();
    };
    for server in [Scripted::tcp(last_words), Scripted::unix(last_words)] {
        let manual = by_hand(&server.url());
        assert_eq!(manual.readable(soon()), Some(true));
        assert_eq!(manual.receive(soon()).unwrap().text(), b"last");
        assert_eq!(manual.readable(soon()), None);
        let error = manual.receive(soon()).unwrap_err();
        assert_eq!(error.code(), Code::Disconnected, "{error}");
        manual.send(&[b"STILL", b"HEARD"]).unwrap();
        manual.flush(soon()).unwrap();
    }
}

/// Descriptors above what select() could count.
#[test]
fn a_descriptor_of_a_high_number_works() {
    let server = Server::start(Flavour::Redis, &[]);
    let low = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    // SAFETY: the descriptor is open, and the new one becomes the connection's.
    let high = unsafe { libc::fcntl(low.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 1100) };
    if high < 0 {
        eprintln!("NOT RUN: this process may have no more than 1,100 descriptors");
        return;
    }
    drop(low);
    let bare = config(&server.url_tcp(), BARE).unwrap();
    let manual = Manual::adopt(high as isize, bare).unwrap_or_else(|error| panic!("{error}"));
    assert!(manual.descriptor().unwrap() >= 1100);
    let now = Deadline::from_millis(Moment::now(), 0);
    assert_eq!(manual.readable(now), Some(false));
    manual.send(&[b"PING"]).unwrap();
    manual.flush(soon()).unwrap();
    assert_eq!(manual.readable(soon()), Some(true));
    assert_eq!(manual.receive(soon()).unwrap().text(), b"PONG");
}

#[test]
fn a_write_to_a_peer_that_reset_says_what_where_and_why() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.read_command();
        conn.reset();
    });
    let manual = by_hand(&server.url());
    let mut failure = None;
    wait_until("the write fails", || {
        manual.send(&[b"PING"]).unwrap();
        failure = manual.flush(soon()).err();
        failure.is_some()
    });
    let error = failure.unwrap();
    assert_eq!(error.code(), Code::Disconnected, "{error}");
    assert_eq!(error.phase(), Some(Phase::Send), "{error}");
    assert!(
        [libc::EPIPE, libc::ECONNRESET].contains(&error.os_error()),
        "{error}"
    );
    let text = error.to_string();
    let node = server.url().replace("redis://", "");
    for part in ["cannot write", "os error", &node, "while sending"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn closing_twice_or_after_the_server_is_closing_once() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_tcp(), &[]);
    ping(&client);
    client.close();
    client.close();
    let error = run(&client, "PING").unwrap_err();
    assert_eq!(
        (error.code(), error.outcome()),
        (Code::Closed, Outcome::NotSent)
    );
    assert_eq!(
        (
            client.stats().connections_closed,
            client.stats().closed_client
        ),
        (1, 1)
    );
    let other = open(&server.url_tcp(), &[]);
    let manual = by_hand(&server.url_tcp());
    server.kill();
    manual.shutdown();
    manual.shutdown();
    other.close();
    assert_eq!(other.stats().closed_client, 1);
}
