//! What docs/from-hiredis.md shows compiles and does what it is shown for.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use std::process::{Command, Stdio};

use support::tool::{printed, run};
use support::{Flavour, Server, TempDir, c, spawn_for_life, wait_until};

const PAGE: &str = include_str!("../docs/from-hiredis.md");

/// The blocks of C in our interface; those in hiredis' say so.
fn blocks() -> Vec<&'static str> {
    let opened = PAGE.split("\n```c\n").skip(1);
    opened
        .map(|rest| rest.split_once("\n```").unwrap().0)
        .collect()
}

fn program(mark: &str) -> &'static str {
    let whole = |block: &&str| block.contains("int main(") && block.contains(mark);
    blocks().into_iter().find(whole).unwrap()
}

/// What the pieces take for granted, and a program that runs one after another.
const AROUND: &str = r#"
#include <redisclient.h>
#include <stdio.h>
#include <string.h>
redisclient *client;
redisclient_reply *reply;
redisclient_error *error;
redisclient_status status;
const char *key = "key", *text = "text", *bytes = "b\0ytes";
size_t size = 6;
"#;

#[test]
fn every_piece_compiles_and_succeeds() {
    let server = Server::start(Flavour::Redis, &[]);
    let directory = TempDir::new();
    let pieces = blocks()
        .into_iter()
        .filter(|block| !block.contains("int main("));
    let mut source = AROUND.to_owned();
    let mut calls = String::new();
    for (number, piece) in pieces.enumerate() {
        source += &format!("static void piece_{number}(void)\n{{\n{piece}\n}}\n");
        calls += &format!("piece_{number}(); if (status) return {};\n", number + 1);
    }
    assert!(calls.lines().count() >= 5, "{calls}");
    let open = "status = redisclient_open(url[1], NULL, &client, &error); if (status) return 99;";
    source += &format!(
        "int main(int count, char **url)\n{{\n(void)count;\n{open}\n{calls}return 0;\n}}\n"
    );
    let made = c::compile(&source, directory.path(), "pieces");
    run(Command::new(made).arg(server.url_unix()));
    let value = server.query(&[b"GET", b"key"]);
    assert_eq!(value, support::raw::Value::Bulk(b"b\0ytes".to_vec()));
    assert!(!server.cli(&["TTL", "key"]).starts_with('-'));
}

#[test]
fn the_whole_program_says_what_the_old_one_said() {
    let server = Server::start(Flavour::Redis, &[]);
    let directory = TempDir::new();
    let made = c::compile(program("RPUSH"), directory.path(), "ported");
    let said = printed(Command::new(made).arg(server.url_tcp()));
    assert_eq!(said, "2 in the queue\n5 bytes\n7 bytes\n1 deleted");
}

#[test]
fn the_subscriber_gets_its_message() {
    let server = Server::start(Flavour::Redis, &[]);
    let directory = TempDir::new();
    for protocol in ["2", "3"] {
        let made = c::compile(program("SUBSCRIBE"), directory.path(), "subscriber");
        let mut command = Command::new(made);
        command.arg(format!("{}?protocol={protocol}", server.url_tcp()));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let subscriber = spawn_for_life(command).unwrap();
        wait_until("the program has subscribed", || {
            server.cli(&["PUBSUB", "NUMSUB", "news"]) == "news\n1"
        });
        server.cli(&["PUBLISH", "news", "rain"]);
        let output = subscriber.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "message: rain\n");
        assert!(output.status.success(), "{output:?}");
        wait_until("the server has noticed", || {
            server.cli(&["PUBSUB", "NUMSUB", "news"]) == "news\n0"
        });
    }
}
