//! Replies as large as servers make them.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::resp::{Decoder, Kind, Limits};
use support::client::{open, run};
use support::{Flavour, Server};

#[test]
fn half_a_gibibyte_in_one_string() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), &[("timeout_ms", "60000")]);
    run(&client, "SETRANGE k 536870911 x").unwrap();
    let reply = run(&client, "GET k").unwrap();
    assert_eq!(
        (reply.kind(), reply.text().len()),
        (Kind::String, 512 << 20)
    );
    assert_eq!(reply.text().last(), Some(&b'x'));
}

#[test]
fn a_million_elements_in_one_array() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&server.url_unix(), &[("timeout_ms", "60000")]);
    let script = "local t = {} for i = 1, 1000000 do t[i] = i end return t";
    let args: [&[u8]; 3] = [b"EVAL", script.as_bytes(), b"0"];
    let reply = client.execute(&args, &Default::default()).unwrap();
    assert_eq!(reply.items().len(), 1_000_000);
    assert!(
        reply
            .items()
            .iter()
            .map(|item| item.integer())
            .eq(1..=1_000_000)
    );
}

#[test]
fn a_thousand_levels_where_they_are_allowed() {
    let limits = Limits {
        depth: 1000,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(limits);
    decoder.feed("*1\r\n".repeat(1000).as_bytes()).unwrap();
    decoder.feed(b":7\r\n").unwrap();
    let reply = decoder.next_reply().unwrap().unwrap();
    let mut node = &*reply;
    for _ in 0..1000 {
        assert_eq!(node.items().len(), 1);
        node = &node.items()[0];
    }
    assert_eq!(node.integer(), 7);
}
