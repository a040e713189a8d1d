//! One TLS connection driven by hand: what counts as readable, flush and receive past a timeout, a
//! sender beside a receiver, keys that change.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};

use crate::common::{VERSIONS, noise, server_of, soon};
use crate::support::client::{answer_pings, config, open_trusting, path, ping};
use crate::support::{
    Fault, Identity, PATIENCE, Proxy, Scripted, Server, acceptor_of, free_port, spawn_for_life,
    wait_until,
};
use openssl::ssl::SslVersion;
use redisclient::connection::Manual;
use redisclient::deadline::Deadline;
use redisclient::error::Code;

fn by_hand(url: &str, set: &[(&str, &str)]) -> Manual {
    let ca = path("ca.pem");
    let whole = [&[("tls.ca_file", &*ca)][..], set].concat();
    Manual::open(config(url, &whole).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

/// TLS 1.3 sends tickets after the handshake: bytes, but none of the server's words.
#[test]
fn tickets_are_no_reply_and_no_end() {
    let server = Scripted::tls_with(
        acceptor_of(Identity::Server, SslVersion::TLS1_3),
        |conn, _| {
            conn.tls().shake_hands().unwrap();
            answer_pings(conn);
        },
    );
    let bare = [("handshake", "no"), ("pool.check_after_ms", "0")];
    let client = open_trusting(&server.url(), &bare);
    for _ in 0..5 {
        ping(&client);
    }
    assert_eq!(server.connections(), 1);
    let manual = by_hand(&server.url(), &bare);
    assert_eq!(manual.readable(soon(50)), Some(false));
    let error = manual.receive(soon(20)).unwrap_err();
    assert_eq!(error.code(), Code::Timeout);
    manual.send(&[b"PING"]).unwrap();
    manual.flush(soon(5000)).unwrap();
    assert_eq!(manual.receive(soon(5000)).unwrap().text(), b"PONG");
}

#[test]
fn what_is_decrypted_already_counts_as_readable() {
    const COUNT: usize = 20_000;
    for (_, version) in VERSIONS {
        let server = Scripted::tls_with(acceptor_of(Identity::Server, version), |mut conn, _| {
            conn.answer_hello();
            conn.read_command();
            conn.write(&b"+PONG\r\n".repeat(COUNT));
            conn.wait_closed();
        });
        let manual = by_hand(&server.url(), &[]);
        assert_eq!(manual.readable(soon(0)), Some(false));
        manual.send(&[b"GO"]).unwrap();
        manual.flush(soon(5000)).unwrap();
        // All of it lies in the socket before the first look.
        assert_eq!(manual.readable(soon(5000)), Some(true));
        for number in 0..COUNT {
            assert_eq!(manual.readable(soon(5000)), Some(true), "{number}");
            assert_eq!(manual.receive(soon(5000)).unwrap().text(), b"PONG");
        }
        assert_eq!(manual.readable(soon(20)), Some(false));
    }
}

#[test]
fn half_a_record_is_kept_past_a_timeout() {
    let server = Scripted::tls(Identity::Server, |mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b"$10\r\n0123456789\r\n");
        }
    });
    let proxy = Proxy::start(server.port(), Fault::None);
    let manual = by_hand(&format!("rediss://localhost:{}", proxy.port()), &[]);
    for more in [1, 4, 5, 6, 20, 30] {
        proxy.set(Fault::Stall(proxy.passed() + more));
        let target = proxy.passed() + more;
        manual.send(&[b"GET", b"k"]).unwrap();
        manual.flush(soon(5000)).unwrap();
        proxy.wait_passed(target);
        assert_eq!(manual.readable(soon(20)), Some(false));
        let error = manual.receive(soon(20)).unwrap_err();
        assert_eq!(error.code(), Code::Timeout, "{error}");
        proxy.set(Fault::None);
        assert_eq!(manual.receive(soon(5000)).unwrap().text(), b"0123456789");
    }
}

#[test]
fn a_flush_that_ran_out_of_time_goes_on_where_it_was() {
    let value = noise(16 << 20);
    let size = value.len();
    let expected = value.clone();
    let begin = Arc::new(Barrier::new(2));
    let told = Arc::clone(&begin);
    let server = Scripted::tls(Identity::Server, move |mut conn, _| {
        conn.answer_hello();
        told.wait();
        let command = conn.read_command().unwrap();
        assert!(command[1] == expected);
        conn.write(format!(":{}\r\n", command[1].len()).as_bytes());
        conn.wait_closed();
    });
    let manual = by_hand(&server.url(), &[]);
    manual.send(&[b"BIG", &value]).unwrap();
    for limit in [0, 20, 50] {
        let error = manual.flush(soon(limit)).unwrap_err();
        assert_eq!(error.code(), Code::Timeout, "{error}");
    }
    begin.wait();
    manual.flush(soon(20_000)).unwrap();
    assert_eq!(manual.receive(soon(20_000)).unwrap().integer(), size as i64);
}

#[test]
fn one_thread_sends_while_another_receives() {
    for (version, _) in VERSIONS {
        let server = server_of(version);
        let manual = by_hand(&server.url_tls(), &[]);
        let value = noise(300_000);
        std::thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                for number in 0..5000 {
                    let reply = manual.receive(soon(20_000)).unwrap();
                    match number % 100 {
                        0 => assert!(reply.text() == value, "{number}"),
                        _ => assert_eq!(reply.text(), number.to_string().as_bytes()),
                    }
                }
            });
            for number in 0..5000 {
                match number % 100 {
                    0 => manual.send(&[b"ECHO", &value]).unwrap(),
                    _ => manual
                        .send(&[b"ECHO", number.to_string().as_bytes()])
                        .unwrap(),
                }
                if number % 7 == 0 {
                    manual.flush(soon(20_000)).unwrap();
                }
            }
            manual.flush(soon(20_000)).unwrap();
            receiver.join().unwrap();
        });
    }
}

#[test]
fn a_shutdown_ends_a_blocked_receive() {
    let server = Server::start_tls(Identity::Server, &[]);
    let manual = by_hand(&server.url_tls(), &[]);
    manual.send(&[b"BLPOP", b"k", b"0"]).unwrap();
    manual.flush(soon(5000)).unwrap();
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| manual.receive(Deadline::never()));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        manual.shutdown();
        let error = blocked.join().unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Disconnected, "{error}");
    });
}

/// OpenSSL's own server, which changes keys on command.
struct KeyChanger {
    child: Child,
    lines: Receiver<String>,
    port: u16,
}

impl KeyChanger {
    fn start() -> Self {
        let port = free_port();
        // Without stdbuf what it says waits in a buffer.
        let mut command = Command::new("stdbuf");
        command.args(["-o0", "openssl", "s_server", "-tls1_3"]);
        command.args(["-accept", &format!("127.0.0.1:{port}")]);
        command.arg("-cert").arg(Identity::Server.certificate());
        command.arg("-key").arg(Identity::Server.key());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = spawn_for_life(command).expect("stdbuf and openssl");
        let said = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut said = said.lines().map_while(Result::ok);
            said.all(|line| sender.send(line).is_ok())
        });
        let server = Self { child, lines, port };
        server.wait_for("ACCEPT");
        server
    }

    fn say(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for a line that begins so.
    fn wait_for(&self, begin: &str) {
        let next = || self.lines.recv_timeout(PATIENCE);
        while !next().expect(begin).starts_with(begin) {}
    }
}

impl Drop for KeyChanger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn keys_may_change_on_the_way() {
    let mut server = KeyChanger::start();
    let url = format!("rediss://127.0.0.1:{}", server.port);
    let manual = by_hand(&url, &[("handshake", "no")]);
    for round in 0..5 {
        // K asks for the client's new keys too, k only changes the server's.
        server.say(if round % 2 == 0 { "K\n" } else { "k\n" });
        server.wait_for("SSL_do_handshake");
        assert_eq!(manual.readable(soon(20)), Some(false));
        server.say(&format!("+round {round}\r\n"));
        let reply = manual.receive(soon(5000)).unwrap();
        assert_eq!(reply.text(), format!("round {round}").as_bytes());
        let line = format!("PING{round}");
        manual.send_raw(format!("{line}\n").as_bytes()).unwrap();
        manual.flush(soon(5000)).unwrap();
        server.wait_for(&line);
    }
}
