//! What a client does over TLS as it does in clear: large values, pipelines, a pool.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{VERSIONS, noise, patient, server_of, within};
use crate::support::client::{open_trusting, ping, run};
use crate::support::{Fault, Identity, PATIENCE, Proxy, Scripted, Server};
use openssl::ssl::ShutdownState;
use redisclient::client::{CallOptions, Pipeline};
use redisclient::error::{Code, Outcome};
use redisclient::resp::Kind;

#[test]
fn large_values_go_both_ways() {
    let value = noise(8 << 20);
    for (version, _) in VERSIONS {
        let server = server_of(version);
        let straight = open_trusting(&server.url_tls(), &[]);
        let proxy = Proxy::start(server.tls_port(), Fault::Chop(777));
        let chopped = open_trusting(&format!("rediss://localhost:{}", proxy.port()), &[]);
        for client in [straight, chopped] {
            client.execute(&[b"SET", b"k", &value], &patient()).unwrap();
            let reply = client.execute(&[b"GET", b"k"], &patient()).unwrap();
            assert!(reply.text() == value, "{version}: {}", reply.text().len());
            assert_eq!(client.counts().idle, 1);
        }
    }
}

#[test]
fn sizes_about_a_record_come_through_whole() {
    let value = noise(50_000);
    for (version, _) in VERSIONS {
        let server = server_of(version);
        let client = open_trusting(&server.url_tls(), &[]);
        for size in (0..40)
            .chain(16_300..16_400)
            .chain(32_700..32_800)
            .chain([50_000])
        {
            let part = &value[..size];
            let reply = client.execute(&[b"ECHO", part], &CallOptions::default());
            assert!(reply.unwrap().text() == part, "{version}: {size}");
        }
        assert_eq!(client.counts().idle, 1);
    }
}

/// Wherever a buffer ends, some record does not fit into it: what is left of that waits in the TLS
/// layer, and nothing more comes that would wake a sleeper.
#[test]
fn a_record_that_does_not_fit_is_taken_in_parts() {
    const SIZE: usize = 80_000;
    let value = noise(SIZE);
    let reply = [format!("${SIZE}\r\n").as_bytes(), &value, b"\r\n"].concat();
    let server = Scripted::tls(Identity::Server, move |mut conn, _| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            let first: usize = std::str::from_utf8(&command[1]).unwrap().parse().unwrap();
            conn.write(&reply[..first]);
            conn.write(&reply[first..]);
        }
    });
    let client = open_trusting(&server.url(), &[("retry.count", "0")]);
    for first in (1000..SIZE).step_by(997) {
        let reply = run(&client, &format!("GET {first}"));
        let reply = reply.unwrap_or_else(|error| panic!("{first}: {error}"));
        assert!(reply.text() == value, "{first}");
    }
}

/// Far more both ways than any buffer holds: who only writes while the server waits for a reader
/// would wait for ever.
#[test]
fn a_huge_pipeline_flows_both_ways_through_narrow_sockets() {
    let value = noise(1 << 20);
    for (version, _) in VERSIONS {
        let server = server_of(version);
        let proxy = Proxy::narrow(server.tls_port(), 4096);
        let url = format!("rediss://localhost:{}", proxy.port());
        let mut pipeline = Pipeline::new(Arc::new(open_trusting(&url, &[])));
        for number in 0..64 {
            pipeline.add(Ok(&[b"ECHO", &value[number..]]));
        }
        let started = Instant::now();
        let reply = pipeline
            .run(&within(Duration::from_secs(600)))
            .unwrap_or_else(|failure| panic!("{version}: {}", failure.error));
        for (number, item) in reply.items().iter().enumerate() {
            assert!(item.text() == &value[number..], "{version}: {number}");
        }
        eprintln!("{version}: 64 MiB both ways in {:?}", started.elapsed());
    }
}

#[test]
fn pipelines_are_whole_atomic_or_told_in_parts() {
    let server = Server::start_tls(Identity::Server, &[]);
    let client = Arc::new(open_trusting(&server.url_tls(), &[]));
    let mut pipeline = Pipeline::new(Arc::clone(&client));
    for number in 0..5000 {
        pipeline.add(Ok(&[b"ECHO", number.to_string().as_bytes()]));
    }
    let reply = pipeline
        .run(&patient())
        .unwrap_or_else(|f| panic!("{}", f.error));
    let texts = reply.items().iter().map(|item| item.text().to_vec());
    assert!(texts.eq((0..5000).map(|number| number.to_string().into_bytes())));
    pipeline.set_atomic(true);
    pipeline.add(Ok(&[b"SET", b"n", b"1"]));
    pipeline.add(Ok(&[b"INCR", b"n"]));
    let reply = pipeline
        .run(&patient())
        .unwrap_or_else(|f| panic!("{}", f.error));
    assert_eq!(reply.items()[1].integer(), 2);
    let cut = Scripted::tls(Identity::Server, |mut conn, _| {
        conn.answer_hello();
        for _ in 0..3 {
            conn.read_command();
        }
        conn.write(b"+one\r\n$3\r\ntw");
        conn.cut();
    });
    let mut pipeline = Pipeline::new(Arc::new(open_trusting(&cut.url(), &[])));
    for _ in 0..3 {
        pipeline.add(Ok(&[b"INCR", b"k"]));
    }
    let failure = pipeline.run(&patient()).err().unwrap();
    assert_eq!(failure.error.code(), Code::Disconnected);
    assert_eq!(failure.error.outcome(), Outcome::Unknown);
    let partial = failure.partial.unwrap();
    assert_eq!(partial.items()[0].text(), b"one");
    for item in &partial.items()[1..] {
        assert!(item.kind() == Kind::Error && item.text().starts_with(b"UNKNOWN "));
    }
    assert_eq!(cut.connections(), 1);
}

#[test]
fn many_threads_share_few_connections_without_cross_talk() {
    let server = Server::start_tls(Identity::Server, &[]);
    let client = open_trusting(&server.url_tls(), &[("pool.max", "4")]);
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let client = &client;
            scope.spawn(move || {
                for round in 0..200 {
                    let text = format!("{thread}:{round}");
                    let reply = run(client, &format!("ECHO {text}")).unwrap();
                    assert_eq!(reply.text(), text.as_bytes());
                }
            });
        }
    });
    let counts = client.counts();
    assert!(counts.idle <= 4 && counts.in_use == 0, "{counts:?}");
    let opened = server.info("stats", "total_connections_received");
    ping(&client);
    // The harness's own look adds one connection.
    let now = server.info("stats", "total_connections_received");
    assert_eq!(now.parse(), opened.parse::<u64>().map(|count| count + 1));
}

#[test]
fn a_client_that_is_dropped_says_goodbye() {
    let (told, heard) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let server = Scripted::tls(Identity::Server, move |mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b"+PONG\r\n");
        }
        let said = conn
            .tls()
            .shutdown_state()
            .contains(ShutdownState::RECEIVED);
        told.lock().unwrap().send(said).unwrap();
    });
    let client = open_trusting(&server.url(), &[]);
    ping(&client);
    drop(client);
    assert!(heard.recv_timeout(PATIENCE).unwrap());
}
