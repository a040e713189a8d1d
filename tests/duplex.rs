//! Both ends write at once: a peer that does not read while its own writes are stuck must find us
//! reading, or both wait for ever.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::client::{CallOptions, Client, Pipeline};
use redisclient::connection::Manual;
use redisclient::deadline::{Deadline, Moment};
use redisclient::options;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Conn, Flavour, Identity, Proxy, Scripted, Server, tls};

/// What goes each way, in commands of `SIZE`. Through small buffers a quarter of it, unless
/// REDISCLIENT_TEST_LONG is set.
const TOTAL: usize = 64 << 20;
const SIZE: usize = 64 << 10;
/// Far more than it takes; less than a hang.
const LIMIT: &str = "timeout_ms=600000";

fn open(url: &str) -> Arc<Client> {
    let mark = if url.contains('?') { '&' } else { '?' };
    let config = options::url::parse(format!("{url}{mark}{LIMIT}").as_bytes(), None).unwrap();
    Arc::new(Client::open(config).unwrap_or_else(|error| panic!("{url}: {error}")))
}

fn trusted(url: &str) -> String {
    match url.starts_with("rediss") {
        true => format!("{url}?tls.ca_file={}", tls::file("ca.pem").display()),
        false => url.to_owned(),
    }
}

fn value(nth: usize) -> Vec<u8> {
    let mut value = vec![b'a' + (nth % 26) as u8; SIZE];
    value[..8].copy_from_slice(format!("{nth:8}").as_bytes());
    value
}

fn part() -> usize {
    match std::env::var_os("REDISCLIENT_TEST_LONG") {
        Some(set) if !set.is_empty() => TOTAL,
        _ => TOTAL / 4,
    }
}

/// Echoes so many bytes in one pipeline and checks each reply.
fn echo_all(what: &str, client: &Arc<Client>, total: usize) {
    let started = Instant::now();
    let count = total / SIZE;
    let mut pipeline = Pipeline::new(Arc::clone(client));
    for nth in 0..count {
        pipeline.add(Ok(&[b"ECHO", &value(nth)]));
    }
    let reply = pipeline.run(&CallOptions::default());
    let reply = reply.unwrap_or_else(|failure| panic!("{what}: {}", failure.error));
    assert_eq!(reply.items().len(), count);
    for (nth, item) in reply.items().iter().enumerate() {
        assert!(item.text() == value(nth), "{what}: reply {nth}");
    }
    eprintln!("{what}: {:?}", started.elapsed());
}

/// A single-minded server: it answers each command to the last byte before it reads the next.
fn single_minded(mut conn: Conn, _: usize) {
    conn.answer_hello();
    while let Some(command) = conn.read_command() {
        let head = format!("${}\r\n", command[1].len());
        if !conn.tell(&[head.as_bytes(), &command[1], b"\r\n"].concat()) {
            return;
        }
    }
}

#[test]
fn a_peer_that_reads_nothing_while_it_writes() {
    for server in [
        Scripted::tcp(single_minded),
        Scripted::unix(single_minded),
        Scripted::tls(Identity::Server, single_minded),
    ] {
        let url = trusted(&server.url());
        echo_all(&url, &open(&url), TOTAL);
        assert_eq!(server.connections(), 1);
        if server.port() > 0 {
            let proxy = Proxy::narrow(server.port(), 4 << 10);
            let url = url.replace(&server.port().to_string(), &proxy.port().to_string());
            let what = format!("{url}, narrow");
            echo_all(&what, &open(&url), part());
        }
    }
}

#[test]
fn a_real_server_behind_small_buffers() {
    let server = Server::start_tls(Identity::Server, &[]);
    let proxy = Proxy::narrow(server.port(), 4 << 10);
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    echo_all("TCP through a narrow proxy", &open(&url), part());
    let proxy = Proxy::narrow(server.tls_port(), 4 << 10);
    let url = trusted(&format!("rediss://localhost:{}", proxy.port()));
    echo_all("TLS through a narrow proxy", &open(&url), part());
    echo_all("Unix", &open(&server.url_unix()), TOTAL);
}

/// One thread sends by hand while another receives.
#[test]
fn a_connection_driven_by_hand_from_two_threads() {
    let server = Server::start_tls(Identity::Server, &[]);
    for url in [server.url_tcp(), server.url_unix(), server.url_tls()] {
        let config = options::url::parse(url.as_bytes(), None).unwrap();
        let manual = Manual::open(config).unwrap_or_else(|error| panic!("{error}"));
        let soon = || Deadline::after(Moment::now(), Some(Duration::from_secs(60)));
        let count = TOTAL / SIZE / 4;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for nth in 0..count {
                    manual.send(&[b"ECHO", &value(nth)]).unwrap();
                }
                manual.flush(soon()).unwrap();
            });
            for nth in 0..count {
                let reply = manual.receive(soon()).unwrap();
                assert!(reply.text() == value(nth), "{url}: reply {nth}");
            }
        });
    }
}

/// Also when single values are larger than all buffers between the ends.
#[test]
fn values_larger_than_every_buffer() {
    let server = Server::start(Flavour::Redis, &[]);
    let proxy = Proxy::narrow(server.port(), 4 << 10);
    let client = open(&format!("redis://127.0.0.1:{}", proxy.port()));
    let large = vec![b'x'; 16 << 20];
    let reply = client.execute(&[b"ECHO", &large], &CallOptions::default());
    assert!(reply.unwrap().text() == large);
}
