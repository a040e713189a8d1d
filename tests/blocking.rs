//! A blocking command that ran out of time is over for the server too: its connection is closed, so
//! that what comes later is not handed to nobody.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::client::{CallOptions, Client, Limit, Pipeline};
use redisclient::error::{Code, Error, Outcome, Phase};
use redisclient::net::Cancel;
use redisclient::options;
use redisclient::resp::{Kind, Reply};
use std::sync::Arc;
use std::time::Duration;
use support::{Flavour, Identity, Server, wait_until};

fn open(url: &str) -> Arc<Client> {
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    Arc::new(Client::open(config).unwrap_or_else(|error| panic!("{url}: {error}")))
}

fn words(line: &str) -> Vec<&[u8]> {
    line.split(' ').map(str::as_bytes).collect()
}

fn run(client: &Client, line: &str, options: &CallOptions) -> Result<Reply, Error> {
    client.execute(&words(line), options)
}

/// What blocks; what would wake it; what asks afterwards, and the answer when nothing was lost.
struct Case {
    blocks: &'static str,
    wakes: &'static str,
    asks: &'static str,
    answer: &'static str,
}

const CASES: &[Case] = &[
    Case {
        blocks: "BLPOP list 0",
        wakes: "RPUSH list element",
        asks: "LRANGE list 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BRPOP list 0",
        wakes: "RPUSH list element",
        asks: "LRANGE list 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BLMOVE list other LEFT LEFT 0",
        wakes: "RPUSH list element",
        asks: "LRANGE list 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BRPOPLPUSH list other 0",
        wakes: "RPUSH list element",
        asks: "LRANGE list 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BLMPOP 0 1 list LEFT",
        wakes: "RPUSH list element",
        asks: "LRANGE list 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BZPOPMIN set 0",
        wakes: "ZADD set 1 element",
        asks: "ZRANGE set 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BZPOPMAX set 0",
        wakes: "ZADD set 1 element",
        asks: "ZRANGE set 0 -1",
        answer: "element",
    },
    Case {
        blocks: "BZMPOP 0 1 set MIN",
        wakes: "ZADD set 1 element",
        asks: "ZRANGE set 0 -1",
        answer: "element",
    },
    Case {
        blocks: "XREAD BLOCK 0 STREAMS stream $",
        wakes: "XADD stream 1-1 field element",
        asks: "XLEN stream",
        answer: "1",
    },
    Case {
        blocks: "XREADGROUP GROUP group me BLOCK 0 STREAMS stream >",
        wakes: "XADD stream 1-1 field element",
        // An entry that was handed out would be pending.
        asks: "XPENDING stream group",
        answer: "0\n(nil)\n(nil)\n(nil)",
    },
    Case {
        blocks: "WAIT 5 0",
        wakes: "SET key value",
        asks: "GET key",
        answer: "value",
    },
];

fn urls(server: &Server) -> [String; 3] {
    [server.url_tcp(), server.url_unix(), server.url_tls()]
}

fn prepare(server: &Server) {
    server.cli(&["FLUSHALL"]);
    server.cli(&["XGROUP", "CREATE", "stream", "group", "$", "MKSTREAM"]);
}

fn blocked(server: &Server) -> bool {
    // WAIT counts as blocked as well.
    server.info("clients", "blocked_clients") == "1"
}

fn nothing_was_lost(server: &Server, client: &Client, case: &Case) {
    // On another connection, which the server took up after it had closed the first.
    let woken = run(client, case.wakes, &CallOptions::default());
    woken.unwrap_or_else(|error| panic!("{}: {error}", case.wakes));
    let args: Vec<&str> = case.asks.split(' ').collect();
    assert_eq!(server.cli(&args), case.answer, "after {}", case.blocks);
    assert_eq!(server.cli(&["EXISTS", "other"]), "0");
    assert!(!blocked(server));
}

#[test]
fn a_pop_past_its_deadline_takes_nothing_later() {
    let server = Server::start_tls(Identity::Server, &[]);
    let options = CallOptions {
        limit: Limit::For(Duration::from_millis(40)),
        ..CallOptions::default()
    };
    for url in urls(&server) {
        let client = open(&url);
        for case in CASES {
            prepare(&server);
            let error = run(&client, case.blocks, &options).unwrap_err();
            assert_eq!(error.code(), Code::Timeout, "{error}");
            assert_eq!(error.phase(), Some(Phase::Receive), "{error}");
            assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
            assert_eq!(error.attempts(), 1, "{error}");
            nothing_was_lost(&server, &client, case);
        }
    }
}

#[test]
fn a_pop_that_was_cancelled_takes_nothing_later() {
    let server = Server::start_tls(Identity::Server, &[]);
    for url in urls(&server) {
        let client = open(&url);
        for case in CASES {
            prepare(&server);
            let cancel = Arc::new(Cancel::default());
            let options = CallOptions {
                cancel: Some(Arc::clone(&cancel)),
                ..CallOptions::default()
            };
            std::thread::scope(|scope| {
                let pop = scope.spawn(|| run(&client, case.blocks, &options));
                wait_until("it blocks", || blocked(&server));
                cancel.fire();
                let error = pop.join().unwrap().unwrap_err();
                assert_eq!(error.code(), Code::Cancelled, "{error}");
            });
            nothing_was_lost(&server, &client, case);
        }
    }
}

/// A pipeline with a command that blocks for longer than `limit`: what came of it.
fn times_out(client: &Arc<Client>, blocks: &str, limit: Duration) -> Reply {
    let mut pipeline = Pipeline::new(Arc::clone(client));
    pipeline.add(Ok(&[b"INCR", b"before"]));
    pipeline.add(Ok(&words(blocks)));
    pipeline.add(Ok(&[b"INCR", b"behind"]));
    let options = CallOptions {
        limit: Limit::For(limit),
        ..CallOptions::default()
    };
    let failure = pipeline.run(&options).err().unwrap();
    assert_eq!(failure.error.code(), Code::Timeout, "{}", failure.error);
    failure.partial.unwrap()
}

#[test]
fn a_pop_in_a_pipeline_takes_nothing_later() {
    let server = Server::start_tls(Identity::Server, &[]);
    let client = open(&server.url_tcp());
    for case in CASES {
        // Long enough that the first reply comes, also on a busy machine.
        let mut limits = [40, 400, 4000].map(Duration::from_millis).into_iter();
        let partial = loop {
            prepare(&server);
            let partial = times_out(&client, case.blocks, limits.next().unwrap());
            if partial.items()[0].kind() == Kind::Integer {
                break partial;
            }
        };
        assert_eq!(partial.items()[0].integer(), 1);
        assert!(partial.items()[1].text().starts_with(b"UNKNOWN"));
        assert!(partial.items()[2].text().starts_with(b"UNKNOWN"));
        nothing_was_lost(&server, &client, case);
    }
}

/// The server's own answer at the end of the block time comes in time.
#[test]
fn a_block_time_counts_beside_the_timeout() {
    let server = Server::start(Flavour::Redis, &[]);
    let client = open(&format!("{}?timeout_ms=2000", server.url_tcp()));
    prepare(&server);
    let lines = [
        "BLPOP list 2.5",
        "BZPOPMIN set 2.5",
        "XREAD BLOCK 2500 STREAMS stream $",
        "WAIT 5 2500",
    ];
    std::thread::scope(|scope| {
        for line in lines {
            let client = &client;
            scope.spawn(move || {
                let reply = run(client, line, &CallOptions::default());
                reply.unwrap_or_else(|error| panic!("{error}"));
            });
        }
    });
    assert_eq!(client.counts().idle, lines.len());
}
