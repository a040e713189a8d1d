//! A server's no: which is asked again, how often, and what the error then says. By scripts for
//! every line, by real servers for what they can be brought to say.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::client::{CallOptions, Client, Pipeline};
use redisclient::error::{Code, Error, Outcome};
use redisclient::options;
use redisclient::resp::Reply;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::raw::RawClient;
use support::{Flavour, Scripted, Server, field_of, wait_until};

fn open(url: &str) -> Arc<Client> {
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    Arc::new(Client::open(config).unwrap_or_else(|error| panic!("{url}: {error}")))
}

fn run(client: &Client, line: &str) -> Result<Reply, Error> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default())
}

/// Greets, refuses the first commands over all connections with `line`, then obliges.
fn refuses(line: &'static str, times: usize) -> Scripted {
    let refused = AtomicUsize::new(0);
    Scripted::tcp(move |mut conn, _| {
        conn.answer_hello();
        while conn.read_command().is_some() {
            match refused.fetch_add(1, Ordering::SeqCst) < times {
                true => conn.write(format!("-{line}\r\n").as_bytes()),
                false => conn.write(b":7\r\n"),
            }
        }
    })
}

/// Line, its code, and how many attempts are made of two retries allowed.
const LINES: &[(&str, Code, u32)] = &[
    (
        "READONLY You can't write against a read only replica.",
        Code::ReadOnly,
        2,
    ),
    (
        "ERR READONLY You can't write against a read only replica.",
        Code::ReadOnly,
        2,
    ),
    (
        "LOADING Redis is loading the dataset in memory",
        Code::Loading,
        3,
    ),
    (
        "TRYAGAIN Multiple keys request during rehashing of slot",
        Code::Cluster,
        3,
    ),
    (
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        Code::ClusterDown,
        3,
    ),
    ("CLUSTERDOWN The cluster is down", Code::ClusterDown, 3),
    ("ERR max number of clients reached", Code::MaxClients, 3),
    ("MOVED 1 127.0.0.1:1", Code::Cluster, 1),
    ("ASK 1 127.0.0.1:1", Code::Cluster, 1),
    (
        "OOM command not allowed when used memory > 'maxmemory'.",
        Code::ServerMemory,
        1,
    ),
    ("NOPERM no permission", Code::NoPermission, 1),
    ("NOAUTH Authentication required.", Code::Auth, 1),
    ("BUSY Redis is busy running a script.", Code::Server, 1),
    (
        "NOREPLICAS Not enough good replicas to write.",
        Code::Server,
        1,
    ),
    (
        "MISCONF Redis is configured to save RDB snapshots",
        Code::Server,
        1,
    ),
    ("WRONGTYPE Operation against a key", Code::Server, 1),
    ("ERR unknown command", Code::Server, 1),
];

const QUERY: &str = "retry.count=2&retry.backoff=none";

#[test]
fn each_line_is_asked_again_as_it_deserves() {
    for &(line, code, attempts) in LINES {
        for command in ["INCR n", "GET n"] {
            let server = refuses(line, usize::MAX);
            let client = open(&format!("{}?{QUERY}", server.url()));
            let error = run(&client, command).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert_eq!(error.outcome(), Outcome::Refused, "{error}");
            assert_eq!(error.attempts(), attempts, "{error}");
            let name = command.split(' ').next().unwrap();
            assert_eq!(server.count(name), attempts as usize, "{error}");
        }
    }
}

#[test]
fn a_write_that_was_refused_in_passing_runs_after_all() {
    for &(line, _, attempts) in LINES.iter().filter(|(_, _, attempts)| *attempts > 1) {
        let times = attempts as usize - 1;
        let server = refuses(line, times);
        let client = open(&format!("{}?{QUERY}", server.url()));
        let reply = run(&client, "INCR n").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reply.integer(), 7);
        assert_eq!(server.count("INCR"), times + 1, "{line}");
    }
}

#[test]
fn a_replica_costs_its_connections_and_no_other_refusal_does() {
    for &(line, code, _) in LINES {
        let server = refuses(line, 1);
        let client = open(&format!("{}?{QUERY}", server.url()));
        let _ = run(&client, "INCR n");
        let _ = run(&client, "INCR n");
        // The address may lead to the primary by now.
        let connections = if code == Code::ReadOnly { 2 } else { 1 };
        assert_eq!(server.connections(), connections, "{line}");
    }
}

#[test]
fn refusals_inside_a_pipeline_are_items_and_asked_once() {
    for &(line, _, _) in LINES {
        let server = refuses(line, 1);
        let client = open(&format!("{}?{QUERY}", server.url()));
        let mut pipeline = Pipeline::new(client);
        pipeline.add(Ok(&[b"INCR", b"n"]));
        pipeline.add(Ok(&[b"INCR", b"n"]));
        let reply = pipeline.run(&CallOptions::default());
        let reply = reply.unwrap_or_else(|failure| panic!("{}", failure.error));
        assert_eq!(reply.items()[0].text(), line.as_bytes());
        assert_eq!(reply.items()[1].integer(), 7);
        assert_eq!(server.count("INCR"), 2);
    }
}

/// How often a real server has said `word`.
fn said(server: &Server, word: &str) -> usize {
    let text = server.info("errorstats", &format!("errorstat_{word}"));
    let count = text.strip_prefix("count=");
    count.map_or(0, |count| count.parse().unwrap())
}

fn runs_of_debug(server: &Server) -> usize {
    let text = server.info("commandstats", "cmdstat_debug");
    let calls = text
        .split(',')
        .next()
        .and_then(|it| it.strip_prefix("calls="));
    calls.map_or(0, |calls| calls.parse().unwrap())
}

#[test]
fn real_refusals_are_counted_by_the_server() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&format!("{}?{QUERY}", server.url_tcp()));
    let mut runs = 0;
    for (word, code, attempts) in [
        ("LOADING", Code::Loading, 3),
        ("TRYAGAIN", Code::Cluster, 3),
        ("MASTERDOWN", Code::ClusterDown, 3),
        ("READONLY", Code::ReadOnly, 2),
        ("OOM", Code::ServerMemory, 1),
    ] {
        let line = format!("{word} as told");
        let error = client
            .execute(
                &[b"DEBUG", b"ERROR", line.as_bytes()],
                &CallOptions::default(),
            )
            .unwrap_err();
        assert_eq!(
            (error.code(), error.attempts()),
            (code, attempts),
            "{error}"
        );
        runs += attempts as usize;
        assert_eq!(runs_of_debug(&server), runs, "{error}");
    }
}

#[test]
fn a_real_replica_is_asked_twice() {
    for flavour in Flavour::all_available() {
        let primary = Server::start(flavour, &[]);
        let port = primary.port().to_string();
        let replica = Server::start(flavour, &["--replicaof", "127.0.0.1", &port]);
        let client = open(&format!("{}?{QUERY}", replica.url_tcp()));
        let error = run(&client, "INCR n").unwrap_err();
        assert_eq!((error.code(), error.attempts()), (Code::ReadOnly, 2));
        assert_eq!(error.outcome(), Outcome::Refused);
        replica.cli(&["REPLICAOF", "NO", "ONE"]);
        assert_eq!(run(&client, "INCR n").unwrap().integer(), 1);
    }
}

/// A client that asks on until the trouble is over.
fn patient(url: &str) -> Arc<Client> {
    let query = "retry.count=-1&retry.base_ms=5&retry.cap_ms=20&timeout_ms=20000&lazy=yes";
    open(&format!("{url}?{query}"))
}

#[test]
fn a_replica_that_lost_its_primary_is_asked_until_it_serves() {
    let nobody = support::refusing_port().to_string();
    let server = Server::start(Flavour::Redis, &["--replica-serve-stale-data", "no"]);
    server.cli(&["REPLICAOF", "127.0.0.1", &nobody]);
    let client = patient(&server.url_tcp());
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| run(&client, "GET n"));
        wait_until("it refused", || said(&server, "MASTERDOWN") >= 2);
        server.cli(&["REPLICAOF", "NO", "ONE"]);
        asking.join().unwrap().unwrap();
    });
}

#[test]
fn a_server_that_loads_its_data_is_asked_until_it_serves() {
    let server = Server::start(Flavour::Redis, &[]);
    if !server.flavour().at_least(7, 0) {
        eprintln!("NOT RUN: a server before 7.0 answers nobody while it loads so little");
        return;
    }
    server.cli(&["DEBUG", "POPULATE", "2000"]);
    // Five milliseconds for each key, with a look at its clients every kilobyte.
    server.cli(&["CONFIG", "SET", "key-load-delay", "5000"]);
    server.cli(&[
        "CONFIG",
        "SET",
        "loading-process-events-interval-bytes",
        "1024",
    ]);
    let client = patient(&server.url_tcp());
    std::thread::scope(|scope| {
        let reloading = scope.spawn(|| server.cli(&["DEBUG", "RELOAD"]));
        wait_until("it loads", || server.info("persistence", "loading") == "1");
        let asking = scope.spawn(|| run(&client, "INCR n"));
        wait_until("it refused", || said(&server, "LOADING") >= 2);
        server.cli(&["CONFIG", "SET", "key-load-delay", "0"]);
        assert_eq!(asking.join().unwrap().unwrap().integer(), 1);
        assert_eq!(reloading.join().unwrap(), "OK");
    });
}

#[test]
fn a_full_server_is_asked_until_it_has_room() {
    let server = Server::start(Flavour::Redis, &[]);
    // A full server would refuse a connection made for each question.
    let mut control = RawClient::connect(&server.socket()).unwrap();
    let hold = |_| std::os::unix::net::UnixStream::connect(server.socket()).unwrap();
    let holding: Vec<_> = (0..2).map(hold).collect();
    allow_clients(&mut control, "4");
    wait_until("it is full but for one", || {
        info(&mut control, "clients", "connected_clients") == "3"
    });
    let client = patient(&server.url_tcp());
    let taken = patient(&server.url_tcp());
    run(&taken, "PING").unwrap();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| run(&client, "INCR n"));
        wait_until("it refused", || {
            info(&mut control, "stats", "rejected_connections") != "0"
        });
        drop(holding);
        assert_eq!(asking.join().unwrap().unwrap().integer(), 1);
    });
    let hasty = open(&format!(
        "{}?lazy=yes&retry.count=1&retry.backoff=none",
        server.url_tcp()
    ));
    allow_clients(&mut control, "2");
    let error = run(&hasty, "INCR n").unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Code::MaxClients, 2),
        "{error}"
    );
    assert_eq!(error.outcome(), Outcome::NotSent);
}

fn allow_clients(control: &mut RawClient, most: &str) {
    let reply = control.call(&[b"CONFIG", b"SET", b"maxclients", most.as_bytes()]);
    assert_eq!(reply.unwrap().text(), "OK");
}

fn info(control: &mut RawClient, section: &str, field: &str) -> String {
    let text = control.call(&[b"INFO", section.as_bytes()]).unwrap().text();
    field_of(&text, field)
}
