//! Commands that this library's table does not have: what the server says of them is asked once,
//! and only when it matters.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redisclient::client::{CallOptions, Client, Limit};
use redisclient::command::{RequestPolicy, ResponsePolicy};
use redisclient::error::{Code, Error, Outcome};
use redisclient::options;
use redisclient::resp::Reply;
use support::{Conn, Flavour, Scripted, Server};

const READ: &str = "*1\r\n*6\r\n$3\r\nfoo\r\n:-2\r\n*1\r\n+readonly\r\n:1\r\n:1\r\n:1\r\n";
const WRITE: &str = "*1\r\n*6\r\n$3\r\nfoo\r\n:-2\r\n*1\r\n+write\r\n:1\r\n:-1\r\n:2\r\n";
const MOVABLE: &str = "*1\r\n*6\r\n$3\r\nfoo\r\n:-2\r\n*1\r\n+movablekeys\r\n:0\r\n:0\r\n:0\r\n";
const TIPPED: &str = "*1\r\n*10\r\n$3\r\nfoo\r\n:-1\r\n*1\r\n+readonly\r\n:0\r\n:0\r\n:0\r\n*0\r\n*2\r\n\
    $25\r\nrequest_policy:all_shards\r\n$23\r\nresponse_policy:agg_sum\r\n*0\r\n*0\r\n";
const NOTHING: &str = "*1\r\n*-1\r\n";
const NOPERM: &str = "-NOPERM this user has no permissions to run the 'command' command\r\n";
const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";
/// Cuts the connection instead of answering.
const CUT: &str = "";

/// A server that answers the nth FOO and the nth COMMAND from a list each, or the last again.
fn scripted(calls: &'static [&'static str], command: &'static [&'static str]) -> Scripted {
    let asked = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    Scripted::tcp(move |mut conn, _| {
        conn.answer_hello();
        while let Some(told) = conn.read_command() {
            let (answers, which) = match &told[0][..] {
                b"COMMAND" => (command, 1),
                _ => (calls, 0),
            };
            let number = asked[which].fetch_add(1, Ordering::SeqCst);
            let answer = answers[number.min(answers.len() - 1)];
            if answer == CUT {
                return conn.close();
            }
            conn.write(answer.as_bytes());
        }
    })
}

fn open(url: &str, query: &str) -> Client {
    let url = format!("{url}?{query}");
    Client::open(options::url::parse(url.as_bytes(), None).unwrap()).unwrap()
}

fn args(line: &str) -> Vec<&[u8]> {
    line.split(' ').map(str::as_bytes).collect()
}

fn run(client: &Client, line: &str) -> Result<Reply, Error> {
    client.execute(&args(line), &CallOptions::default())
}

/// The keys of a call, or its error.
fn keys(client: &Client, line: &str) -> Result<Vec<usize>, Error> {
    let keys = client.keys(&args(line), &CallOptions::default())?;
    Ok(keys.iter().map(|key| key.position).collect())
}

const QUICK: &str = "retry.base_ms=1";

#[test]
fn what_succeeds_is_not_asked_about() {
    let server = scripted(&["+v\r\n"], &[READ]);
    let client = open(&server.url(), QUICK);
    assert_eq!(run(&client, "FOO k").unwrap().text(), b"v");
    assert_eq!(server.count("COMMAND"), 0);
}

#[test]
fn a_read_is_sent_again_after_asking_once() {
    let server = scripted(&[CUT, "+v\r\n", CUT, CUT, "+w\r\n"], &[READ]);
    let client = open(&server.url(), QUICK);
    assert_eq!(run(&client, "FOO k").unwrap().text(), b"v");
    assert_eq!(run(&client, "foo k").unwrap().text(), b"w");
    assert_eq!((server.count("FOO"), server.count("COMMAND")), (5, 1));
    let names = server.commands().into_iter().map(|mut told| told.remove(0));
    let names: Vec<Vec<u8>> = names
        .filter(|name| name != b"HELLO" && name != b"CLIENT")
        .collect();
    assert_eq!(names[..3], [&b"FOO"[..], b"COMMAND", b"FOO"]);
}

#[test]
fn what_is_no_read_is_sent_once_and_asked_about_once() {
    for answer in [
        &[WRITE][..],
        &[NOTHING],
        &[NOPERM],
        &["*0\r\n"],
        &["+odd\r\n"],
    ] {
        let server = scripted(&[CUT], answer);
        let client = open(&server.url(), QUICK);
        for number in 1..3 {
            let error = run(&client, "FOO k").unwrap_err();
            assert_eq!(error.code(), Code::Disconnected, "{error}");
            assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
            assert_eq!(server.count("FOO"), number, "{answer:?}");
            assert_eq!(server.count("COMMAND"), 1, "{answer:?}");
        }
    }
}

#[test]
fn a_call_that_may_be_repeated_is_not_asked_about() {
    let server = scripted(&[CUT, "+v\r\n"], &[WRITE]);
    let client = open(&server.url(), QUICK);
    let idempotent = CallOptions {
        idempotent: true,
        ..CallOptions::default()
    };
    assert_eq!(client.execute(&[b"FOO"], &idempotent).unwrap().text(), b"v");
    let server_of_any = scripted(&[CUT, "+v\r\n"], &[WRITE]);
    let client = open(&server_of_any.url(), "retry.base_ms=1&retry.unsafe=yes");
    assert_eq!(run(&client, "FOO").unwrap().text(), b"v");
    assert_eq!(server.count("COMMAND") + server_of_any.count("COMMAND"), 0);
}

#[test]
fn a_failure_to_ask_is_no_answer() {
    let server = scripted(&[CUT, "+v\r\n"], &[CUT, LOADING, READ]);
    let client = open(&server.url(), QUICK);
    assert_eq!(run(&client, "FOO k").unwrap().text(), b"v");
    assert_eq!((server.count("FOO"), server.count("COMMAND")), (2, 3));
}

#[test]
fn asking_in_vain_ends_with_the_first_failure() {
    let server = scripted(&[CUT], &[CUT]);
    let client = open(&server.url(), "retry.base_ms=1&retry.count=3");
    let error = run(&client, "FOO k").unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert_eq!((server.count("FOO"), server.count("COMMAND")), (1, 3));
}

#[test]
fn asking_takes_no_more_time_than_the_call_has() {
    let server = Scripted::tcp(|mut conn: Conn, _| {
        conn.answer_hello();
        match conn.read_command().as_deref() {
            Some([name, ..]) if name == b"FOO" => conn.close(),
            _ => conn.wait_closed(),
        }
    });
    let others = format!("{QUICK}&timeout_ms=60000&connect_timeout_ms=60000");
    let client = open(&server.url(), &others);
    let call = CallOptions {
        limit: Limit::For(Duration::from_secs(3)),
        ..CallOptions::default()
    };
    let began = Instant::now();
    let error = client.execute(&[b"FOO"], &call).unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!((server.count("FOO"), server.count("COMMAND")), (1, 1));
}

#[test]
fn keys_at_fixed_places_are_asked_once() {
    let server = scripted(&["+OK\r\n"], &[WRITE]);
    let client = open(&server.url(), QUICK);
    assert_eq!(keys(&client, "FOO a 1 b 2").unwrap(), [1, 3]);
    assert_eq!(keys(&client, "foo a").unwrap(), [1]);
    let refused = keys(&client, "Foo").unwrap_err();
    assert_eq!(refused.code(), Code::Invalid, "{refused}");
    assert_eq!((server.count("FOO"), server.count("COMMAND")), (0, 1));
    let asked = client
        .keys(&[b"FOO", b"a"], &CallOptions::default())
        .unwrap();
    assert!(asked.iter().all(|key| key.access.writes()));
}

#[test]
fn movable_keys_are_asked_each_time() {
    let server = scripted(
        &["+OK\r\n"],
        &[
            MOVABLE,
            "*2\r\n$1\r\nb\r\n$1\r\na\r\n",
            "*0\r\n",
            "-ERR The command has no key arguments\r\n",
            "-ERR Invalid arguments specified for command\r\n",
            "*1\r\n$1\r\nz\r\n",
        ],
    );
    let client = open(&server.url(), QUICK);
    assert_eq!(keys(&client, "FOO a x b x").unwrap(), [3, 1]);
    assert_eq!(keys(&client, "FOO a").unwrap(), []);
    assert_eq!(keys(&client, "FOO a").unwrap(), []);
    assert_eq!(keys(&client, "FOO a").unwrap_err().code(), Code::Invalid);
    assert_eq!(keys(&client, "FOO a").unwrap_err().code(), Code::Protocol);
    assert_eq!(server.count("COMMAND"), 6);
}

#[test]
fn policies_come_from_the_tips() {
    let server = scripted(&["+OK\r\n"], &[TIPPED]);
    let client = open(&server.url(), QUICK);
    let policies = |line| {
        client
            .policies(&args(line), &CallOptions::default())
            .unwrap()
    };
    let expected = (RequestPolicy::AllShards, ResponsePolicy::Sum);
    assert_eq!(policies("FOO"), expected);
    assert_eq!(policies("DBSIZE"), expected);
    assert_eq!(server.count("COMMAND"), 1);
}

#[test]
fn known_commands_are_not_asked_about() {
    let server = scripted(&["+OK\r\n"], &[READ]);
    let client = open(&server.url(), QUICK);
    assert_eq!(keys(&client, "MSET a 1 b 2").unwrap(), [1, 3]);
    assert_eq!(keys(&client, "EVAL s 1 a").unwrap(), [3]);
    assert_eq!(
        keys(&client, "EVAL s 9 a").unwrap_err().code(),
        Code::Invalid
    );
    assert_eq!(server.count("COMMAND"), 0);
}

#[test]
fn real_servers_say_what_they_know_and_permit() {
    for flavour in Flavour::all_available() {
        let server = Server::start(flavour, &[]);
        let client = open(&server.url_tcp(), QUICK);
        // Redis had it up to 6.2.
        let expected = match server.cli(&["COMMAND", "INFO", "STRALGO"]) {
            none if none == "(nil)" => Err(Code::Invalid),
            _ => Ok(vec![3, 4]),
        };
        let found = keys(&client, "STRALGO LCS KEYS a b").map_err(|error| error.code());
        assert_eq!(found, expected, "{} {}", flavour.name(), flavour.version());
        let error = keys(&client, "NOSUCH a").unwrap_err();
        assert!(error.to_string().contains("NOSUCH"), "{error}");
        server.cli(&[
            "ACL", "SETUSER", "u", "on", "nopass", "~*", "+@all", "-command",
        ]);
        let client = open(&server.url_tcp(), "username=u&password=p");
        let error = keys(&client, "NOSUCH a").unwrap_err();
        assert_eq!(error.code(), Code::NoPermission, "{error}");
    }
}
