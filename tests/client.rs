//! A client against real servers and against scripted ones that fail at a chosen moment.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client, Limit, Pipeline};
use redisclient::error::{Code, Outcome, Phase};
use redisclient::net::Cancel;
use redisclient::options;
use redisclient::resp::{Kind, Reply};
use support::{Conn, Flavour, Scripted, Server};

fn open(url: &str) -> Client {
    match Client::open(options::url::parse(url.as_bytes(), None).unwrap()) {
        Ok(client) => client,
        Err(error) => panic!("{error}"),
    }
}

fn run(client: &Client, line: &str) -> redisclient::error::Result<Reply> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default())
}

fn with_query(url: String, query: &str) -> String {
    format!("{url}?{query}")
}

#[test]
fn commands_over_tcp_and_unix_with_both_protocols() {
    for flavour in Flavour::all_available() {
        let server = Server::start(flavour, &[]);
        for url in [server.url_tcp(), server.url_unix()] {
            for protocol in ["auto", "2", "3"] {
                let client = open(&with_query(
                    url.clone(),
                    &format!("protocol={protocol}&db=3"),
                ));
                assert_eq!(run(&client, "SET k v").unwrap().text(), b"OK");
                assert_eq!(run(&client, "GET k").unwrap().text(), b"v");
                assert_eq!(run(&client, "GET none").unwrap().kind(), Kind::Nil);
                run(&client, "DEL h").unwrap();
                run(&client, "HSET h a 1 b 2").unwrap();
                let map = run(&client, "HGETALL h").unwrap();
                let kind = if protocol == "2" {
                    Kind::Array
                } else {
                    Kind::Map
                };
                assert_eq!((map.kind(), map.items().len()), (kind, 4));
                let error = run(&client, "LPUSH k x").unwrap_err();
                assert_eq!(error.server_code(), "WRONGTYPE");
                assert_eq!(error.outcome(), Outcome::Refused);
                assert_eq!(client.counts().idle, 1);
            }
        }
    }
}

#[test]
fn many_threads_share_few_connections_without_cross_talk() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&with_query(server.url_unix(), "pool.max=8"));
    std::thread::scope(|scope| {
        for thread in 0..32 {
            let client = &client;
            scope.spawn(move || {
                for round in 0..1000 {
                    let text = format!("{thread}:{round}");
                    assert_eq!(
                        run(client, &format!("ECHO {text}")).unwrap().text(),
                        text.as_bytes()
                    );
                }
            });
        }
    });
    let counts = client.counts();
    assert!(
        counts.idle <= 8 && counts.in_use == 0 && counts.waiters == 0,
        "{counts:?}"
    );
    let before = server.info("stats", "total_connections_received");
    run(&client, "PING").unwrap();
    let after = server.info("stats", "total_connections_received");
    // The harness's own look adds one connection.
    assert_eq!(
        after.parse::<u64>().unwrap() - before.parse::<u64>().unwrap(),
        1
    );
}

#[test]
fn an_exhausted_pool_says_why() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = Arc::new(open(&with_query(
        server.url_unix(),
        "pool.max=1&pool.wait_ms=0",
    )));
    let cancel = Arc::new(Cancel::default());
    let options = CallOptions {
        cancel: Some(Arc::clone(&cancel)),
        ..CallOptions::default()
    };
    let blocked = {
        let client = Arc::clone(&client);
        std::thread::spawn(move || client.execute(&[b"BLPOP", b"k", b"0"], &options))
    };
    while client.counts().in_use == 0 || server.info("clients", "blocked_clients") != "1" {
        std::thread::yield_now();
    }
    let error = run(&client, "PING").unwrap_err();
    assert_eq!(error.code(), Code::Pool);
    assert!(error.detail().contains("1 of 1 in use"), "{error}");
    let started = Instant::now();
    cancel.fire();
    let error = blocked.join().unwrap().unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!(run(&client, "PING").unwrap().text(), b"PONG");
}

#[test]
fn close_ends_a_blocked_call() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = Arc::new(open(&server.url_tcp()));
    let blocked = {
        let client = Arc::clone(&client);
        std::thread::spawn(move || run(&client, "BLPOP k 0"))
    };
    while server.info("clients", "blocked_clients") != "1" {
        std::thread::yield_now();
    }
    client.close();
    assert_eq!(blocked.join().unwrap().unwrap_err().code(), Code::Closed);
    assert_eq!(run(&client, "PING").unwrap_err().code(), Code::Closed);
}

#[test]
fn a_deadline_ends_a_call_on_a_stopped_server() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&with_query(server.url_tcp(), "timeout_ms=60000"));
    server.pause();
    let started = Instant::now();
    let options = CallOptions {
        limit: Limit::For(Duration::from_millis(150)),
        ..CallOptions::default()
    };
    let error = client.execute(&[b"INCR", b"n"], &options).unwrap_err();
    let elapsed = started.elapsed();
    server.resume();
    assert_eq!(error.code(), Code::Timeout, "{error}");
    assert_eq!(error.phase(), Some(Phase::Receive));
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(elapsed >= Duration::from_millis(150) && elapsed < Duration::from_secs(20));
}

#[test]
fn a_restarted_server_is_not_noticed() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&with_query(server.url_tcp(), "pool.check_after_ms=0"));
    run(&client, "PING").unwrap();
    server.restart();
    assert_eq!(run(&client, "SET k v").unwrap().text(), b"OK");
}

#[test]
fn a_wrong_password_is_tried_once() {
    let server = Server::start(Flavour::Redis, &["--requirepass", "right"]);
    let url = server.url_tcp().replace("redis://", "redis://:wr0ng@");
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    let error = Client::open(config).err().unwrap();
    assert_eq!(error.code(), Code::Auth);
    assert_eq!(error.phase(), Some(Phase::Handshake));
    assert!(!error.to_string().contains("wr0ng"));
}

/// Answers the greeting, then does `then` to the first command of each connection.
fn scripted(then: impl Fn(&mut Conn, usize) + Send + Sync + 'static) -> Scripted {
    Scripted::tcp(move |mut conn, nth| {
        conn.answer_hello();
        then(&mut conn, nth);
    })
}

#[test]
fn a_read_is_replayed_after_a_cut_and_a_write_is_not() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let server = scripted(move |conn, _| {
        let Some(command) = conn.read_command() else {
            return;
        };
        match (&command[0][..], counted.fetch_add(1, Ordering::SeqCst)) {
            (b"GET", 0..=2) | (b"INCR", _) => conn.close(),
            _ => conn.write(b"$1\r\nv\r\n"),
        };
        conn.wait_closed();
    });
    let client = open(&with_query(server.url(), "lazy=yes&retry.base_ms=1"));
    assert_eq!(run(&client, "GET k").unwrap().text(), b"v");
    assert_eq!(tries.load(Ordering::SeqCst), 4);
    let client = open(&with_query(server.url(), "lazy=yes&retry.base_ms=1"));
    let error = run(&client, "INCR k").unwrap_err();
    assert_eq!(error.code(), Code::Disconnected, "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(tries.load(Ordering::SeqCst), 5);
    assert_eq!(error.attempts(), 1);
}

/// A server that reads the first command or pipeline and hangs up, then does `next` to what comes.
fn hangs_up_once(commands: usize, next: impl Fn(Conn) + Send + Sync + 'static) -> Scripted {
    Scripted::tcp(move |mut conn, nth| {
        if nth > 0 {
            return next(conn);
        }
        conn.answer_hello();
        for _ in 0..commands {
            conn.read_command();
        }
        conn.close();
    })
}

fn idempotent() -> CallOptions {
    CallOptions {
        idempotent: true,
        ..CallOptions::default()
    }
}

#[test]
fn what_may_have_run_at_the_first_try_stays_unknown() {
    let options = "lazy=yes&retry.count=1&retry.base_ms=1";
    let server = hangs_up_once(1, |mut conn| conn.close());
    let client = open(&with_query(server.url(), options));
    let error = client.execute(&[b"SET", b"k", b"v"], &idempotent());
    let error = error.unwrap_err();
    assert_eq!(error.attempts(), 2, "{error}");
    assert_eq!(error.phase(), Some(Phase::Handshake));
    assert_eq!(error.outcome(), Outcome::Unknown);
    for (command, outcome) in [("SET", Outcome::Unknown), ("GET", Outcome::Refused)] {
        let server = hangs_up_once(1, |mut conn| {
            conn.answer_hello();
            conn.read_command();
            conn.write(b"-LOADING Redis is loading the dataset in memory\r\n");
            conn.wait_closed();
        });
        let client = open(&with_query(server.url(), options));
        let error = client.execute(&[command.as_bytes(), b"k"], &idempotent());
        let error = error.unwrap_err();
        assert_eq!((error.code(), error.attempts()), (Code::Loading, 2));
        assert_eq!(error.outcome(), outcome, "{command}");
    }
}

#[test]
fn a_pipeline_that_may_have_run_at_the_first_try_stays_unknown() {
    for atomic in [false, true] {
        let commands = if atomic { 4 } else { 2 };
        let server = hangs_up_once(commands, |mut conn| conn.close());
        let options = "lazy=yes&retry.count=1&retry.base_ms=1";
        let client = Arc::new(open(&with_query(server.url(), options)));
        let mut pipeline = Pipeline::new(client);
        pipeline.set_atomic(atomic);
        pipeline.add(Ok(&[b"SET", b"k", b"v"]));
        pipeline.add(Ok(&[b"SET", b"l", b"v"]));
        let failure = pipeline.run(&idempotent()).err().unwrap();
        assert_eq!(failure.error.attempts(), 2);
        assert_eq!(failure.error.outcome(), Outcome::Unknown);
        for item in failure.partial.unwrap().items() {
            assert!(item.is_local() && item.text().starts_with(b"UNKNOWN "));
        }
    }
}

#[test]
fn a_passing_refusal_is_tried_again() {
    let server = scripted(|conn, _| {
        for number in 0.. {
            if conn.read_command().is_none() {
                return;
            }
            match number {
                0 | 1 => conn.write(b"-LOADING Redis is loading the dataset in memory\r\n"),
                _ => conn.write(b":1\r\n"),
            };
        }
    });
    let client = open(&with_query(server.url(), "retry.base_ms=1"));
    assert_eq!(run(&client, "INCR n").unwrap().integer(), 1);
}

#[test]
fn more_replies_than_asked_are_an_error_and_end_the_connection() {
    let server = scripted(|conn, _| {
        while conn.read_command().is_some() {
            conn.write(b"+one\r\n+two\r\n");
        }
    });
    let client = open(&server.url());
    let error = run(&client, "PING").unwrap_err();
    assert_eq!(error.code(), Code::Protocol);
    assert!(error.detail().contains("more replies"), "{error}");
    assert_eq!(client.counts().idle, 0);
}

#[test]
fn strangers_are_named() {
    for (greeting, code, part) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", Code::Protocol, "HTTP"),
        (
            "-DENIED Redis is running in protected mode\r\n",
            Code::Server,
            "DENIED",
        ),
        (
            "-ERR max number of clients reached\r\n",
            Code::MaxClients,
            "max number",
        ),
        (
            "-NOAUTH HELLO must be called with the client already authenticated\r\n",
            Code::Auth,
            "NOAUTH",
        ),
        ("220 mail.example.org ESMTP\r\n", Code::Protocol, "220 mail"),
    ] {
        let server = Scripted::tcp(move |mut conn, _| {
            conn.write(greeting.as_bytes());
            conn.wait_closed();
        });
        let config = options::url::parse(server.url().as_bytes(), None).unwrap();
        let error = Client::open(config).err().unwrap();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn old_servers_are_greeted_in_resp2() {
    let server = Scripted::tcp(|mut conn, _| {
        while let Some(command) = conn.read_command() {
            match &command[0][..] {
                b"HELLO" => {
                    conn.write(b"-ERR unknown command 'HELLO', with args beginning with: '3' \r\n")
                }
                b"AUTH" if command.len() == 3 => {
                    conn.write(b"-ERR wrong number of arguments for 'auth' command\r\n")
                }
                b"CLIENT" if command[1] == b"SETINFO" => conn.write(b"-ERR unknown subcommand\r\n"),
                _ => conn.write(b"+OK\r\n"),
            };
        }
    });
    let url = server.url().replace("redis://", "redis://user:pw@");
    let client = open(&with_query(url, "client_name=me&db=2"));
    run(&client, "PING").unwrap();
    let seen: Vec<String> = server
        .commands()
        .iter()
        .map(|command| String::from_utf8_lossy(&command.join(&b' ')).into_owned())
        .collect();
    assert!(seen.contains(&"AUTH user pw".to_owned()), "{seen:?}");
    assert!(seen.contains(&"AUTH pw".to_owned()), "{seen:?}");
    assert!(seen.contains(&"CLIENT SETNAME me".to_owned()), "{seen:?}");
    let told = seen.iter().filter(|line| line.contains("SETINFO")).count();
    assert_eq!(told, 2, "{seen:?}");
}

#[test]
fn a_pipeline_answers_in_order_and_keeps_errors_as_items() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = Arc::new(open(&server.url_unix()));
    let mut pipeline = Pipeline::new(Arc::clone(&client));
    for number in 0..10_000 {
        let text = number.to_string();
        pipeline.add(Ok(&[b"ECHO", text.as_bytes()]));
    }
    pipeline.add(Ok(&[b"INCR"]));
    let reply = pipeline
        .run(&CallOptions::default())
        .unwrap_or_else(|f| panic!("{}", f.error));
    assert_eq!(reply.items().len(), 10_001);
    for (number, item) in reply.items().iter().take(10_000).enumerate() {
        assert_eq!(item.text(), number.to_string().as_bytes());
    }
    assert_eq!(reply.items()[10_000].kind(), Kind::Error);
}

#[test]
fn an_atomic_pipeline_commits_or_says_why_not() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = Arc::new(open(&server.url_unix()));
    let mut pipeline = Pipeline::new(Arc::clone(&client));
    pipeline.set_atomic(true);
    pipeline.add(Ok(&[b"SET", b"k", b"1"]));
    pipeline.add(Ok(&[b"INCR", b"k"]));
    let reply = pipeline
        .run(&CallOptions::default())
        .unwrap_or_else(|f| panic!("{}", f.error));
    assert_eq!(reply.items()[1].integer(), 2);
    pipeline.add(Ok(&[b"INCR", b"k"]));
    pipeline.add(Ok(&[b"NOSUCHCOMMAND"]));
    let failure = pipeline.run(&CallOptions::default()).err().unwrap();
    assert_eq!(failure.error.code(), Code::ExecAbort);
    assert!(
        failure.error.detail().contains("command 2"),
        "{}",
        failure.error
    );
    assert_eq!(run(&client, "GET k").unwrap().text(), b"2");
}

#[test]
fn a_cut_pipeline_tells_what_was_answered() {
    let server = scripted(|conn, _| {
        for _ in 0..3 {
            conn.read_command();
        }
        conn.write(b"+one\r\n$3\r\ntw");
        conn.close();
    });
    let client = Arc::new(open(&server.url()));
    let mut pipeline = Pipeline::new(client);
    for _ in 0..3 {
        pipeline.add(Ok(&[b"INCR", b"k"]));
    }
    let failure = pipeline.run(&CallOptions::default()).err().unwrap();
    assert_eq!(failure.error.outcome(), Outcome::Unknown);
    let partial = failure.partial.unwrap();
    assert_eq!(partial.items().len(), 3);
    assert_eq!(partial.items()[0].text(), b"one");
    for item in &partial.items()[1..] {
        assert!(item.is_local() && item.text().starts_with(b"UNKNOWN "));
    }
}

#[test]
fn commands_that_change_a_connection_are_refused_unsent() {
    let server = scripted(|conn, _| {
        while conn.read_command().is_some() {
            conn.write(b"+own\r\n");
        }
    });
    let client = open(&server.url());
    let before = server.commands().len();
    for line in [
        "select 1",
        "MuLtI",
        "WATCH k",
        "client REPLY off",
        "Script Debug yes",
        "hello 3",
    ] {
        let error = run(&client, line).unwrap_err();
        assert_eq!(error.code(), Code::State, "{line}");
    }
    assert_eq!(server.commands().len(), before);
    assert_eq!(run(&client, "PING").unwrap().text(), b"own");
}

#[test]
fn a_closed_port_is_tried_as_often_as_allowed() {
    let url = format!("redis://127.0.0.1:{}", support::refusing_port());
    let client = open(&with_query(url, "lazy=yes&retry.count=3&retry.base_ms=1"));
    let error = run(&client, "PING").unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Code::Connect, 4),
        "{error}"
    );
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.os_error() != 0);
}

#[test]
fn a_name_is_resolved() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&format!("redis://localhost:{}", server.port()));
    run(&client, "PING").unwrap();
}

#[test]
fn an_idle_connection_is_asked_for_a_sign_of_life_but_not_before_the_greeting() {
    let server = scripted(|conn, _| {
        while let Some(command) = conn.read_command() {
            match &command[0][..] {
                b"PING" => conn.write(b"+PONG\r\n"),
                _ => conn.write(b"+done\r\n"),
            };
        }
    });
    let client = open(&with_query(server.url(), "health_check_ms=60000"));
    run(&client, "INCR a").unwrap();
    run(&client, "INCR b").unwrap();
    assert_eq!(server.count("PING"), 0);
    client.set(b"health_check_ms", b"20").unwrap();
    std::thread::sleep(Duration::from_millis(25));
    run(&client, "INCR c").unwrap();
    let commands = server.commands();
    let names: Vec<String> = commands
        .iter()
        .map(|command| String::from_utf8_lossy(&command[0]).into_owned())
        .collect();
    assert_eq!(names[0], "HELLO");
    assert_eq!(&names[names.len() - 2..], ["PING", "INCR"]);
    assert_eq!(server.count("PING"), 1);
}

#[test]
fn a_connection_that_fails_its_health_check_is_replaced() {
    let server = scripted(|conn, nth| {
        while let Some(command) = conn.read_command() {
            match (&command[0][..], nth) {
                (b"PING", 0) => conn.write(b"+WRONG\r\n"),
                (b"PING", _) => conn.write(b"+PONG\r\n"),
                _ => conn.write(b"+done\r\n"),
            };
        }
    });
    let client = open(&with_query(server.url(), "health_check_ms=1"));
    std::thread::sleep(Duration::from_millis(3));
    assert_eq!(run(&client, "INCR a").unwrap().text(), b"done");
    assert_eq!(server.connections(), 2);
}

#[test]
fn pushes_do_not_disturb_replies() {
    let server = Scripted::tcp(|mut conn, _| {
        conn.write(b">2\r\n+hello\r\n+early\r\n");
        conn.answer_hello();
        while conn.read_command().is_some() {
            conn.write(b">1\r\n+before\r\n+own\r\n>1\r\n+after\r\n");
        }
    });
    let client = open(&server.url());
    for _ in 0..3 {
        assert_eq!(run(&client, "GET k").unwrap().text(), b"own");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_push_that_has_come_in_part_spoils_no_reply() {
    let push: &[u8] = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n";
    for cut in 1..push.len() {
        let server = scripted(move |conn, _| {
            conn.read_command();
            conn.write(&[b"+first\r\n", &push[..cut]].concat());
            conn.read_command();
            conn.write(&[&push[cut..], b"+second\r\n"].concat());
            conn.wait_closed();
        });
        let client = open(&server.url());
        for text in ["first", "second"] {
            let reply = run(&client, "GET k").unwrap_or_else(|error| panic!("{cut}: {error}"));
            assert_eq!(reply.text(), text.as_bytes());
        }
        assert_eq!(server.connections(), 1, "cut after {cut}");
    }
}

#[test]
fn failing_connects_leave_every_slot_free() {
    let server = Scripted::tcp(|mut conn, nth| {
        if nth >= 20 {
            while conn.read_command().is_some() {
                conn.write(b"+OK\r\n");
            }
        }
    });
    let query = "lazy=yes&pool.max=2&pool.wait_ms=0&retry.count=0&protocol=2";
    let client = open(&with_query(server.url(), query));
    for _ in 0..20 {
        assert!(run(&client, "PING").is_err());
    }
    let counts = client.counts();
    assert_eq!((counts.idle, counts.in_use), (0, 0));
    assert_eq!(run(&client, "PING").unwrap().text(), b"OK");
}

#[test]
fn waiting_callers_are_served_in_the_order_they_came() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&with_query(server.url_unix(), "pool.max=1"));
    let order = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| run(&client, "BLPOP gate 0"));
        support::wait_until("the pop blocks", || {
            server.info("clients", "blocked_clients") == "1"
        });
        for number in 0..5 {
            let (client, order) = (&client, &order);
            scope.spawn(move || {
                run(client, &format!("RPUSH order {number}")).unwrap();
                order.lock().unwrap().push(number);
            });
            support::wait_until("the caller waits", || client.counts().waiters == number + 1);
        }
        server.cli(&["RPUSH", "gate", "open"]);
    });
    let pushed = run(&client, "LRANGE order 0 -1").unwrap();
    let pushed: Vec<&[u8]> = pushed.items().iter().map(|item| item.text()).collect();
    assert_eq!(pushed, [b"0", b"1", b"2", b"3", b"4"]);
}

#[test]
fn a_large_pipeline_flows_both_ways() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = Arc::new(open(&server.url_tcp()));
    let value = vec![b'v'; 1 << 20];
    let mut pipeline = Pipeline::new(client);
    for _ in 0..32 {
        pipeline.add(Ok(&[b"ECHO", &value]));
    }
    let reply = pipeline
        .run(&CallOptions::default())
        .unwrap_or_else(|f| panic!("{}", f.error));
    assert_eq!(reply.items().len(), 32);
    assert!(reply.items().iter().all(|item| item.text() == value));
}
