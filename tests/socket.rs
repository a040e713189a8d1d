//! Sockets: the options for TCP, and a Unix socket whose queue is full.
#![cfg(unix)]
#![allow(unsafe_code, reason = "getsockopt has no safe form in std")]
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client};
use redisclient::connection::Manual;
use redisclient::deadline::{Deadline, Moment};
use redisclient::error::{Code, Error, Phase};
use redisclient::options;
use support::{BlackHole, Flavour, Scripted, Server, same_port};

fn open(url: &str) -> Result<Client, Error> {
    Client::open(options::url::parse(url.as_bytes(), None)?)
}

/// Answers every command with the address that the client connects from.
fn mirror(listener: TcpListener) -> Scripted {
    Scripted::tcp_on(listener, |mut conn, _| {
        let peer = format!("+{}\r\n", conn.peer());
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(peer.as_bytes());
        }
    })
}

fn seen_from(url: &str) -> String {
    let client = open(url).unwrap_or_else(|error| panic!("{error}"));
    let reply = client.execute(&[b"PING"], &CallOptions::default()).unwrap();
    String::from_utf8_lossy(reply.text()).into_owned()
}

#[test]
fn a_connection_comes_from_the_address_asked_for() {
    let server = mirror(TcpListener::bind("127.0.0.1:0").unwrap());
    assert_eq!(seen_from(&server.url()), "127.0.0.1");
    let bound = format!("{}?tcp.bind=127.3.0.7", server.url());
    assert_eq!(seen_from(&bound), "127.3.0.7");
}

#[test]
fn an_address_to_connect_from_leaves_out_the_other_family() {
    let Some(mut listeners) = same_port(&["::1".parse().unwrap(), [127, 0, 0, 1].into()]) else {
        eprintln!("NOT RUN: this machine has no IPv6");
        return;
    };
    let six = mirror(listeners.remove(0));
    let four = mirror(listeners.remove(0));
    let localhost = format!("redis://localhost:{}", four.port());
    assert_eq!(
        seen_from(&format!("{localhost}?tcp.bind=127.3.0.8")),
        "127.3.0.8"
    );
    let six_url = format!("redis://[::1]:{}", six.port());
    assert_eq!(seen_from(&format!("{six_url}?tcp.bind=::1")), "::1");
    let error = open(&format!("{six_url}?tcp.bind=127.3.0.8"))
        .err()
        .unwrap();
    assert!(error.to_string().contains("tcp.bind"), "{error}");
}

#[test]
fn an_address_that_is_not_ours_cannot_be_connected_from() {
    let server = mirror(TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("{}?tcp.bind=192.0.2.1", server.url());
    let error = open(&url).err().unwrap();
    assert_eq!(error.code(), Code::Connect, "{error}");
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
}

#[test]
fn wrong_values_name_option_and_accepted_form() {
    for (option, value, accepted) in [
        ("tcp.order", "sideways", "staggered"),
        ("tcp.family", "ipv5", "ipv4"),
        ("tcp.bind", "localhost", "address"),
        ("tcp.bind", "127.0.0.1:80", "address"),
        ("tcp.keepalive", "maybe", "yes"),
        ("tcp.keepalive_idle_ms", "0", "1"),
        ("tcp.keepalive_interval_ms", "1s", "number"),
        ("tcp.keepalive_probes", "0", "1"),
    ] {
        let error = open(&format!("redis://127.0.0.1:1?{option}={value}"));
        let error = error.err().unwrap();
        assert_eq!(error.code(), Code::Option, "{error}");
        for part in [option, value, accepted] {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
}

fn option(descriptor: i32, level: i32, name: i32) -> i32 {
    let mut value: libc::c_int = -1;
    let mut size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: a place for an int, and its size.
    unsafe { libc::getsockopt(descriptor, level, name, (&raw mut value).cast(), &mut size) };
    value
}

/// Whether connections are kept alive, then idle seconds, interval seconds and probes.
#[cfg(target_os = "linux")]
fn keepalive(url: &str) -> [i32; 4] {
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    let manual = Manual::open(config).unwrap_or_else(|error| panic!("{error}"));
    let descriptor = manual.descriptor().unwrap();
    [
        option(descriptor, libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        option(descriptor, libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
        option(descriptor, libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
        option(descriptor, libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
    ]
}

#[cfg(target_os = "linux")]
#[test]
fn keepalive_is_as_the_options_say() {
    let server = mirror(TcpListener::bind("127.0.0.1:0").unwrap());
    assert_eq!(keepalive(&server.url()), [1, 30, 5, 3]);
    let query = "tcp.keepalive_idle_ms=60000&tcp.keepalive_interval_ms=7000&tcp.keepalive_probes=9";
    assert_eq!(
        keepalive(&format!("{}?{query}", server.url())),
        [1, 60, 7, 9]
    );
    let off = keepalive(&format!("{}?tcp.keepalive=no", server.url()));
    assert_eq!(off[0], 0);
    // The system counts in seconds: less than one is one, not none.
    let short = "tcp.keepalive_idle_ms=1&tcp.keepalive_interval_ms=1";
    assert_eq!(
        keepalive(&format!("{}?{short}", server.url())),
        [1, 1, 1, 3]
    );
}

/// What is set while the server answers a greeting is set without one too.
#[cfg(target_os = "linux")]
#[test]
fn calls_wait_and_keepalive_is_on_with_and_without_a_greeting() {
    let server = Server::start(Flavour::Redis, &[]);
    let tcp = server.url_tcp();
    let several = tcp.replace("127.0.0.1", "localhost");
    for url in [&tcp, &several, &server.url_unix()] {
        for handshake in ["yes", "no"] {
            let url = format!("{url}?handshake={handshake}");
            let config = options::url::parse(url.as_bytes(), None).unwrap();
            let manual = Manual::open(config).unwrap_or_else(|error| panic!("{error}"));
            let descriptor = manual.descriptor().unwrap();
            // SAFETY: asks for the flags of an open descriptor.
            let flags = unsafe { libc::fcntl(descriptor as i32, libc::F_GETFL) };
            assert_eq!(flags & libc::O_NONBLOCK, 0, "{url}");
            let kept = option(descriptor, libc::SOL_SOCKET, libc::SO_KEEPALIVE);
            assert_eq!(kept == 1, url.starts_with("redis"), "{url}");
        }
    }
}

#[test]
fn a_thousand_connections_at_once_get_through_a_short_queue() {
    let server = Server::start(
        Flavour::Redis,
        &["--tcp-backlog", "4", "--maxclients", "2000"],
    );
    let client = open(&format!(
        "{}?lazy=yes&pool.max=1000&timeout_ms=20000&connect_timeout_ms=20000",
        server.url_unix()
    ));
    let client = client.unwrap_or_else(|error| panic!("{error}"));
    // Nobody is done before all are connected.
    let arrive = std::sync::Barrier::new(1000);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let run = || {
            let reply = client.execute(&[b"PING"], &CallOptions::default());
            arrive.wait();
            reply.map(|_| ())
        };
        let threads: Vec<_> = (0..1000)
            .map(|_| {
                let small = std::thread::Builder::new().stack_size(128 << 10);
                small.spawn_scoped(scope, run).unwrap()
            })
            .collect();
        for thread in threads {
            thread
                .join()
                .unwrap()
                .unwrap_or_else(|error| panic!("{error}"));
        }
    });
    eprintln!("1,000 at once: {:?}", started.elapsed());
}

#[test]
fn a_queue_that_stays_full_ends_at_the_deadline() {
    let hole = BlackHole::unix();
    let started = Instant::now();
    let url = format!(
        "unix://{}?connect_timeout_ms=300&timeout_ms=60000",
        hole.path().display()
    );
    let error = open(&url).err().unwrap();
    let elapsed = started.elapsed();
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert_eq!(error.phase(), Some(Phase::Connect));
    assert!(elapsed >= Duration::from_millis(300) && elapsed < Duration::from_secs(20));
    assert!(
        error.to_string().contains(&*hole.path().to_string_lossy()),
        "{error}"
    );
}

#[test]
fn a_socket_that_is_missing_is_named() {
    let error = open("unix:///no/such/socket").err().unwrap();
    assert_eq!(error.code(), Code::Connect, "{error}");
    assert_eq!(error.os_error(), libc::ENOENT);
    assert!(error.to_string().contains("/no/such/socket"), "{error}");
}

#[test]
fn an_ipv6_address_is_reached() {
    let Some(mut listeners) = same_port(&["::1".parse().unwrap()]) else {
        eprintln!("NOT RUN: this machine has no IPv6");
        return;
    };
    let server = mirror(listeners.remove(0));
    assert_eq!(
        seen_from(&format!("redis://[::1]:{}", server.port())),
        "::1"
    );
}

#[test]
fn a_reply_that_goes_on_and_on_does_not_outlast_the_time() {
    const ITEMS: usize = 3 << 20;
    let reply = format!("*{ITEMS}\r\n{}", ":1\r\n".repeat(ITEMS));
    let server = Scripted::tcp(move |mut conn, _| {
        conn.write(reply.as_bytes());
        conn.wait_closed();
    });
    let url = format!("{}?handshake=no", server.url());
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    let manual = Manual::open(config).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(manual.readable(Deadline::never()), Some(true));
    let soon = Deadline::from_millis(Moment::now(), 1);
    let error = manual.receive(soon).unwrap_err();
    assert_eq!(error.code(), Code::Timeout);
    let reply = manual.receive(Deadline::never()).unwrap();
    assert_eq!(reply.items().len(), ITEMS);
}
