//! What is told of a pool's connections: each event once, in both kinds of pool, no lock held.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redisclient::client::{CallOptions, Client};
use redisclient::events::{
    CloseReason, ConnectionClosed, ConnectionOpened, ConnectionReleased, Listener,
};
use redisclient::options;
use support::{Flavour, Scripted, Server, wait_until};

/// The plain pool and the one that waits.
const KINDS: [&str; 2] = ["pool.wait_ms=0", "pool.wait_ms=-1"];

fn open(url: &str, query: &str) -> Arc<Client> {
    let url = format!("{url}?{query}");
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    Arc::new(Client::open(config).unwrap_or_else(|error| panic!("{error}")))
}

fn run(client: &Client, line: &str) -> bool {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default()).is_ok()
}

/// All that was told, as one line each.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn of(client: &Client) -> Self {
        let heard = Self::default();
        let note = |line: String, to: &Self| to.0.lock().unwrap().push(line);
        let to = heard.clone();
        let opened: Listener<ConnectionOpened> =
            Arc::new(move |event| note(format!("opened {}", event.id), &to));
        let to = heard.clone();
        let released: Listener<ConnectionReleased> =
            Arc::new(move |event| note(format!("released {}", event.id), &to));
        let to = heard.clone();
        let closed: Listener<ConnectionClosed> =
            Arc::new(move |event| note(format!("closed {} {:?}", event.id, event.reason), &to));
        assert!(client.events().register(&opened));
        assert!(client.events().register(&released));
        assert!(client.events().register(&closed));
        heard
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn a_release_is_told_once_in_both_kinds_of_pool() {
    let server = Server::start(Flavour::Redis, &[]);
    for kind in KINDS {
        let client = open(&server.url_unix(), kind);
        let heard = Heard::of(&client);
        for _ in 0..3 {
            assert!(run(&client, "PING"));
            assert_eq!(heard.take(), ["released 1"], "{kind}");
        }
        // An error reply leaves the connection good.
        assert!(!run(&client, "NOSUCHCOMMAND"));
        assert_eq!(heard.take(), ["released 1"], "{kind}");
    }
}

#[test]
fn a_connection_that_goes_to_a_caller_who_waits_is_released_too() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), "pool.max=1");
    let heard = Heard::of(&client);
    std::thread::scope(|scope| {
        scope.spawn(|| run(&client, "BLPOP gate 20"));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        scope.spawn(|| run(&client, "PING"));
        wait_until("one waits", || client.counts().waiters == 1);
        assert!(heard.take().is_empty());
        server.cli(&["RPUSH", "gate", "open"]);
    });
    assert_eq!(heard.take(), ["released 1", "released 1"]);
}

#[test]
fn many_threads_release_as_often_as_they_call() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), "pool.max=4");
    let released = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&released);
    let listener: Listener<ConnectionReleased> = Arc::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    client.events().register(&listener);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..100).for_each(|_| assert!(run(&client, "PING"))));
        }
    });
    assert_eq!(released.load(Ordering::Relaxed), 800);
    assert!(client.events().unregister(&listener));
    run(&client, "PING");
    assert_eq!(released.load(Ordering::Relaxed), 800);
}

#[test]
fn a_close_is_told_once_with_its_reason() {
    let server = Server::start(Flavour::Redis, &[]);
    for kind in KINDS {
        let query = format!("{kind}&pool.check_after_ms=0&retry.count=0");
        let client = open(&server.url_unix(), &query);
        let heard = Heard::of(&client);
        let kill = || {
            server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        };
        kill();
        assert!(run(&client, "PING"));
        assert_eq!(heard.take(), ["closed 1 Dead", "opened 2", "released 2"]);
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!run(&client, "BLPOP k 20")));
            wait_until("the pop blocks", || {
                server.info("clients", "blocked_clients") == "1"
            });
            kill();
        });
        assert_eq!(heard.take(), ["closed 2 Broken"]);
        assert!(run(&client, "PING"));
        client.set(b"pool.max_idle_ms", b"1").unwrap();
        std::thread::sleep(Duration::from_millis(2));
        assert!(run(&client, "PING"));
        let told = [
            "opened 3",
            "released 3",
            "closed 3 Idle",
            "opened 4",
            "released 4",
        ];
        assert_eq!(heard.take(), told);
        client.set(b"pool.max_idle_ms", b"0").unwrap();
        client.set(b"pool.max_age_ms", b"1").unwrap();
        std::thread::sleep(Duration::from_millis(2));
        client.set(b"pool.max", b"100").unwrap();
        assert_eq!(heard.take(), ["closed 4 Aged"]);
        client.set(b"pool.max_age_ms", b"0").unwrap();
        assert!(run(&client, "PING"));
        client.close();
        client.close();
        assert_eq!(
            heard.take(),
            ["opened 5", "released 5", "closed 5 ClientClosed"]
        );
        let stats = client.stats();
        assert_eq!((stats.connections_opened, stats.connections_closed), (5, 5));
    }
}

#[test]
fn closing_tells_of_idle_and_busy_connections() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), "pool.min=2");
    let heard = Heard::of(&client);
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(!run(&client, "BLPOP k 20")));
        wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        client.close();
    });
    let mut told = heard.take();
    told.sort();
    assert_eq!(told, ["closed 1 ClientClosed", "closed 2 ClientClosed"]);
    for query in ["lazy=no", "lazy=yes&mode=shared"] {
        let client = open(&server.url_unix(), query);
        assert!(run(&client, "PING"));
        let heard = Heard::of(&client);
        drop(client);
        assert_eq!(heard.take(), ["closed 1 ClientClosed"], "{query}");
    }
}

#[test]
fn trimmed_unhealthy_and_stale_connections_are_told_as_such() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.answer_hello();
        while let Some(command) = conn.read_command() {
            match &command[0][..] {
                b"PING" => conn.write(b"+WRONG\r\n"),
                b"SET" => conn.write(b"-READONLY You can't write against a read only replica.\r\n"),
                _ => conn.write(b"+OK\r\n"),
            };
        }
    });
    let client = open(&server.url(), "pool.min=3&retry.base_ms=1");
    client.set(b"pool.min", b"0").unwrap();
    let heard = Heard::of(&client);
    client.set(b"pool.max", b"2").unwrap();
    assert_eq!(heard.take(), ["closed 1 Trimmed"]);
    assert!(!run(&client, "SET k v"));
    let stale = CloseReason::Stale;
    assert_eq!(
        heard.take(),
        [
            "released 3",
            &format!("closed 2 {stale:?}"),
            &format!("closed 3 {stale:?}"),
            "opened 4",
            "released 4"
        ]
    );
    client.set(b"health_check_ms", b"1").unwrap();
    std::thread::sleep(Duration::from_millis(3));
    assert!(run(&client, "GET k"));
    let told = ["closed 4 HealthCheck", "opened 5", "released 5"];
    assert_eq!(heard.take(), told);
}

#[test]
fn a_connection_that_comes_back_one_too_many_is_closed_and_not_released() {
    let server = Server::start(Flavour::Redis, &[]);
    for kind in KINDS {
        let client = open(&server.url_unix(), &format!("{kind}&pool.min=2"));
        client.set(b"pool.min", b"0").unwrap();
        let heard = Heard::of(&client);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| run(&client, "BLPOP gate 20"));
            }
            wait_until("two pops block", || {
                server.info("clients", "blocked_clients") == "2"
            });
            client.set(b"pool.max", b"1").unwrap();
            assert!(heard.take().is_empty());
            server.cli(&["RPUSH", "gate", "a", "b"]);
        });
        let mut told = heard.take();
        told.sort();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].ends_with("Trimmed") && told[1].starts_with("released"));
    }
}

#[test]
fn a_listener_may_use_the_client() {
    let server = Server::start(Flavour::Redis, &[]);
    for kind in KINDS {
        let client = open(&server.url_unix(), &format!("{kind}&pool.max=1"));
        let calls = Arc::new(AtomicUsize::new(0));
        let listener: Listener<ConnectionReleased> = {
            let (client, calls) = (Arc::downgrade(&client), Arc::clone(&calls));
            Arc::new(move |event| {
                assert!(event.node.ends_with("socket"));
                // Its own release comes back here.
                if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                    let client = client.upgrade().unwrap();
                    assert!(run(&client, "PING") && client.counts().idle == 1);
                    client.set(b"pool.max", b"2").unwrap();
                    calls.fetch_add(10, Ordering::SeqCst);
                }
            })
        };
        client.events().register(&listener);
        assert!(run(&client, "PING"));
        assert_eq!(calls.load(Ordering::SeqCst), 12);
    }
}
