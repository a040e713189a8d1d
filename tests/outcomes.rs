//! What an error says of a command agrees with what the server did, wherever the connection is cut:
//! after every byte of an exchange, in both directions, by FIN and by RST.
#![allow(clippy::unwrap_used, reason = "a test ends at a failure")]

mod support;

use redisclient::client::{CallOptions, Client, Failure, Limit, Pipeline};
use redisclient::error::{Code, Error, Outcome};
use redisclient::options;
use redisclient::resp::{Kind, Reply};
use std::sync::Arc;
use std::time::Duration;
use support::{Fault, Flavour, Identity, Proxy, Server, tls};

fn open(url: &str) -> Arc<Client> {
    let config = options::url::parse(url.as_bytes(), None).unwrap();
    Arc::new(Client::open(config).unwrap_or_else(|error| panic!("{url}: {error}")))
}

fn run(client: &Client, line: &str) -> Result<Reply, Error> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default())
}

/// Whose bytes are cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    Server,
    Client,
}

/// A server behind a proxy that cuts.
struct Scene {
    server: Server,
    proxy: Proxy,
    secure: bool,
    query: &'static str,
}

impl Scene {
    fn new(secure: bool, query: &'static str) -> Self {
        let (server, port) = match secure {
            true => {
                let server = Server::start_tls(Identity::Server, &[]);
                let port = server.tls_port();
                (server, port)
            }
            false => {
                let server = Server::start(Flavour::Redis, &[]);
                let port = server.port();
                (server, port)
            }
        };
        Self {
            proxy: Proxy::start(port, Fault::None),
            server,
            secure,
            query,
        }
    }

    /// A client that has not connected so far.
    fn client(&self) -> Arc<Client> {
        let (port, query) = (self.proxy.port(), self.query);
        open(&match self.secure {
            true => {
                let authority = tls::file("ca.pem");
                let authority = authority.display();
                format!("rediss://localhost:{port}?lazy=yes&{query}&tls.ca_file={authority}")
            }
            false => format!("redis://127.0.0.1:{port}?lazy=yes&{query}"),
        })
    }

    fn set(&self, whose: Whose, fault: Fault) {
        let (back, forth) = match whose {
            Whose::Server => (fault, Fault::None),
            Whose::Client => (Fault::None, fault),
        };
        self.proxy.set(back);
        self.proxy.set_forth(forth);
    }

    /// How many bytes each end says in a run that nothing disturbs.
    fn record(&self, exchange: &mut impl FnMut(&Cut)) -> [usize; 2] {
        self.set(Whose::Server, Fault::None);
        let before = (self.proxy.passed(), self.proxy.passed_forth());
        exchange(&Cut::none(self));
        // The proxy counts after it has written.
        std::thread::sleep(Duration::from_millis(50));
        [
            self.proxy.passed() - before.0,
            self.proxy.passed_forth() - before.1,
        ]
    }

    /// Runs `exchange` once for every `step`th byte of each end as the last that passes on the
    /// first `strikes` connections.
    fn cut_everywhere(&self, step: usize, strikes: usize, mut exchange: impl FnMut(&Cut)) {
        let totals = self.record(&mut exchange);
        for (whose, total) in [Whose::Server, Whose::Client].into_iter().zip(totals) {
            for after in (0..=total).step_by(step) {
                for fault in [Fault::Fin(after), Fault::Reset(after)] {
                    self.set(whose, fault);
                    self.proxy.strike(strikes);
                    exchange(&Cut {
                        scene: self,
                        whose,
                        fault,
                        missing: total.saturating_sub(after),
                    });
                }
            }
        }
    }
}

/// One run.
struct Cut<'a> {
    scene: &'a Scene,
    whose: Whose,
    fault: Fault,
    /// How many bytes of a run that nothing disturbs do not pass.
    missing: usize,
}

impl<'a> Cut<'a> {
    fn none(scene: &'a Scene) -> Self {
        Self {
            scene,
            whose: Whose::Server,
            fault: Fault::None,
            missing: 0,
        }
    }

    /// What the key holds after the run, 0 for nothing.
    fn counter(&self) -> i64 {
        let text = self.scene.server.cli(&["GET", "counter"]);
        text.parse().unwrap_or(0)
    }

    fn clear(&self) {
        self.scene.server.cli(&["DEL", "counter"]);
    }

    /// The client's words came whole, or not at all as a command.
    fn expect(&self, holds: bool, what: &dyn std::fmt::Display) {
        assert!(
            holds,
            "{:?} cut by {:?}: {what}; counter {}",
            self.whose,
            self.fault,
            self.counter()
        );
    }
}

/// What an error says about a write may hold.
fn agrees(cut: &Cut, result: &Result<Reply, Error>) {
    let counter = cut.counter();
    match result {
        Ok(reply) => cut.expect(reply.integer() == 1 && counter == 1, &"answered"),
        Err(error) => {
            let may = match error.outcome() {
                Outcome::NotSent | Outcome::Refused => counter == 0,
                Outcome::Unknown => counter <= 1,
            };
            cut.expect(may, error);
            cut.expect(error.code() == Code::Disconnected, error);
        }
    }
}

#[test]
fn a_write_runs_once_or_not_at_all_and_is_never_repeated() {
    let scene = Scene::new(false, "handshake=no&retry.count=3&retry.backoff=none");
    scene.cut_everywhere(1, usize::MAX, |cut| {
        cut.clear();
        let result = run(&cut.scene.client(), "INCR counter");
        agrees(cut, &result);
        cut.expect(result.is_ok() == (cut.missing == 0), &"answered");
        if let Err(error) = result {
            // Every byte went into the proxy, which may have kept some.
            cut.expect(error.outcome() == Outcome::Unknown, &error);
            cut.expect(error.attempts() == 1, &error);
            cut.expect(
                cut.counter() == i64::from(cut.whose == Whose::Server),
                &error,
            );
        }
    });
}

#[test]
fn a_write_is_sent_again_only_when_the_greeting_was_cut() {
    let scene = Scene::new(false, "retry.count=1&retry.backoff=none");
    let mut repeated = 0;
    scene.cut_everywhere(1, 1, |cut| {
        cut.clear();
        let before = cut.scene.proxy.connections();
        let result = run(&cut.scene.client(), "INCR counter");
        agrees(cut, &result);
        let connections = cut.scene.proxy.connections() - before;
        repeated += usize::from(result.is_ok() && connections == 2);
        if let Err(error) = result {
            cut.expect(error.outcome() == Outcome::Unknown, &error);
            cut.expect(connections == 1, &error);
        }
    });
    assert!(repeated > 100, "{repeated}");
}

#[test]
fn a_read_is_sent_again_until_its_attempts_are_used_up() {
    let scene = Scene::new(false, "handshake=no&retry.count=2&retry.backoff=none");
    scene.server.cli(&["SET", "counter", "41"]);
    scene.cut_everywhere(1, 2, |cut| {
        let result = run(&cut.scene.client(), "GET counter");
        cut.expect(result.is_ok_and(|it| it.text() == b"41"), &"a read");
    });
    scene.cut_everywhere(1, 3, |cut| {
        let result = run(&cut.scene.client(), "GET counter");
        cut.expect(result.is_ok() == (cut.missing == 0), &"a read");
        if let Err(error) = result {
            cut.expect(error.attempts() == 3, &error);
            cut.expect(error.outcome() == Outcome::Unknown, &error);
        }
    });
}

#[test]
fn what_is_marked_as_harmless_is_sent_again() {
    let scene = Scene::new(false, "handshake=no&retry.count=1&retry.backoff=none");
    let options = CallOptions {
        idempotent: true,
        ..CallOptions::default()
    };
    scene.cut_everywhere(1, 1, |cut| {
        cut.clear();
        let args: [&[u8]; 3] = [b"SET", b"counter", b"1"];
        let result = cut.scene.client().execute(&args, &options);
        cut.expect(result.is_ok() && cut.counter() == 1, &"marked");
    });
    let query = "handshake=no&retry.count=1&retry.backoff=none&retry.unsafe=yes";
    let scene = Scene::new(false, query);
    scene.set(Whose::Server, Fault::Fin(0));
    scene.proxy.strike(1);
    let result = run(&scene.client(), "INCR counter");
    assert_eq!(result.unwrap().integer(), 2, "at least once, here twice");
}

fn pipeline(client: Arc<Client>, atomic: bool) -> Result<Reply, Failure> {
    let mut pipeline = Pipeline::new(client);
    pipeline.set_atomic(atomic);
    for line in ["INCR counter", "GET counter", "INCR counter"] {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        pipeline.add(Ok(&args));
    }
    pipeline.run(&CallOptions::default())
}

/// What the items say: answered ones, how many may have run, how many did not.
fn count(items: &[redisclient::resp::Node]) -> (usize, usize, usize) {
    let local = |word: &[u8]| {
        let named = items
            .iter()
            .filter(|it| it.is_local() && it.text().starts_with(word));
        named.count()
    };
    let (unknown, not_sent) = (local(b"UNKNOWN "), local(b"NOT_SENT "));
    (items.len() - unknown - not_sent, unknown, not_sent)
}

/// The counter after so many of the three commands.
const AFTER: [i64; 4] = [0, 1, 1, 2];

#[test]
fn the_items_of_a_cut_pipeline_say_what_ran() {
    let scene = Scene::new(false, "handshake=no&retry.count=3&retry.backoff=none");
    let mut partly = [0; 4];
    scene.cut_everywhere(1, usize::MAX, |cut| {
        cut.clear();
        let failure = match pipeline(cut.scene.client(), false) {
            Ok(reply) => {
                let good = cut.missing == 0 && count(reply.items()) == (3, 0, 0);
                return cut.expect(good && cut.counter() == 2, &"answered");
            }
            Err(failure) => failure,
        };
        let error = &failure.error;
        let partial = failure.partial.unwrap();
        let items = partial.items();
        let (answered, unknown, not_sent) = count(items);
        cut.expect(items.len() == 3, error);
        cut.expect(error.attempts() == 1, error);
        let most = AFTER[answered + unknown];
        cut.expect((AFTER[answered]..=most).contains(&cut.counter()), error);
        cut.expect(not_sent == 0, error);
        let right = [
            answered < 1 || items[0].integer() == 1,
            answered < 2 || items[1].text() == b"1",
        ];
        cut.expect(right == [true; 2], error);
        partly[answered] += 1;
    });
    assert!(partly[..3].iter().all(|count| *count > 5), "{partly:?}");
}

#[test]
fn a_cut_transaction_ran_as_a_whole_or_not() {
    let scene = Scene::new(false, "handshake=no&retry.count=3&retry.backoff=none");
    scene.cut_everywhere(1, usize::MAX, |cut| {
        cut.clear();
        let failure = match pipeline(cut.scene.client(), true) {
            Ok(reply) => {
                let good = cut.missing == 0 && reply.items().len() == 3;
                return cut.expect(good && cut.counter() == 2, &"answered");
            }
            Err(failure) => failure,
        };
        let error = &failure.error;
        let partial = failure.partial.unwrap();
        let (answered, unknown, not_sent) = count(partial.items());
        cut.expect([0, 2].contains(&cut.counter()), error);
        cut.expect(answered == 0, error);
        cut.expect(unknown == 3 || not_sent == 3, error);
        cut.expect(not_sent == 0 || cut.counter() == 0, error);
        cut.expect(error.attempts() == 1, error);
    });
}

#[test]
fn a_cut_of_tls_is_no_end_of_a_reply() {
    let scene = Scene::new(true, "retry.count=0&protocol=2");
    // The bytes of two sessions differ in number, and by more than one record's padding never.
    scene.cut_everywhere(29, 1, |cut| {
        cut.clear();
        agrees_over_tls(cut, &run(&cut.scene.client(), "INCR counter"));
    });
}

fn agrees_over_tls(cut: &Cut, result: &Result<Reply, Error>) {
    let counter = cut.counter();
    match result {
        Ok(reply) => cut.expect(reply.integer() == 1 && counter == 1, &"answered"),
        Err(error) => {
            let may = error.outcome() == Outcome::Unknown && counter <= 1 || counter == 0;
            cut.expect(may, error);
            let lost = matches!(error.code(), Code::Disconnected | Code::Tls);
            cut.expect(lost, error);
        }
    }
}

#[test]
fn a_reply_that_is_swallowed_leaves_the_outcome_unknown() {
    for secure in [false, true] {
        let scene = Scene::new(secure, "retry.count=10&retry.backoff=none");
        let client = scene.client();
        run(&client, "PING").unwrap();
        scene.proxy.set(Fault::Stall(0));
        let options = CallOptions {
            limit: Limit::For(Duration::from_millis(200)),
            ..CallOptions::default()
        };
        let error = client.execute(&[b"INCR", b"counter"], &options);
        let error = error.unwrap_err();
        assert_eq!(
            (error.code(), error.outcome(), error.attempts()),
            (Code::Timeout, Outcome::Unknown, 1)
        );
        scene.proxy.set(Fault::None);
        support::wait_until("it ran", || scene.server.cli(&["GET", "counter"]) == "1");
        let seen = run(&client, "GET counter").unwrap();
        assert_eq!(seen.text(), b"1", "{error}");
        assert_eq!(seen.kind(), Kind::String);
    }
}
