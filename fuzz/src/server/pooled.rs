//! A connection as the pool uses it. A call gets the replies to what it sent or an error, and
//! after an error the connection is not used again.

use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use redisclient::connection::{Connection, Connector};
use redisclient::deadline::Deadline;
use redisclient::error::{Code, Result};
use redisclient::net::{Adopted, Wait};
use redisclient::options::Config;
use redisclient::resp::Reply;
use redisclient::resp::encode::Outgoing;

use super::super::show::{show, show_item};
use super::twin::Twin;
use super::{expect_secret, over, pair, say};

/// See the module.
pub fn run<'a>(config: Config, greeting: &[u8], records: impl Iterator<Item = &'a [u8]>) {
    let (ours, mut server) = pair();
    let adopted = Adopted::borrow(ours.as_raw_fd() as isize).unwrap();
    let mut twin = Twin::new(config.limits);
    let (greets, has_password) = (config.handshake, config.password.is_some());
    let connector = Connector::new(Arc::new(config), None, None);
    say(&mut server, greeting);
    twin.hear(greeting);
    let mut connection = match connector.adopt(adopted.stream(), &wait()) {
        Ok(connection) => connection,
        Err(error) => return expect_secret(&error, has_password),
    };
    if greets {
        twin.take_replies();
        assert!(twin.is_silent(), "a greeting left something behind");
    }
    for record in records {
        let (action, bytes) = record.split_first().unwrap_or((&b'c', &[]));
        say(&mut server, bytes);
        twin.hear(bytes);
        if *action == b'c' {
            server.shutdown(Shutdown::Both).unwrap();
        }
        if !act(*action, &mut connection, &mut twin) {
            return;
        }
    }
}

/// Whether the connection can go on.
fn act(action: u8, connection: &mut Connection, twin: &mut Twin) -> bool {
    let replies = twin.take_replies();
    let silent = twin.is_silent();
    match action {
        b'q' => {
            let quiet = connection.is_quiet(Deadline::never());
            assert_eq!(quiet, replies.is_empty() && silent, "is it quiet?");
            quiet
        }
        b'p' => {
            let answered = connection.ping(&wait());
            let is_pong = |it: &String| it.ends_with("'PONG'") && !it.ends_with("Error='PONG'");
            let pong = replies.len() == 1 && replies.iter().all(is_pong);
            assert_eq!(
                answered.is_ok(),
                pong && silent,
                "{answered:?} for {replies:?}"
            );
            answered.is_ok()
        }
        b'2'..=b'9' => batch(usize::from(action - b'0'), connection, &replies, silent),
        b'c' => {
            let refused = connection.exchange(&[b"GET", b"key"], &wait());
            assert!(refused.is_err(), "the server is gone: {refused:?}");
            false
        }
        _ => exchange(connection, &replies, silent),
    }
}

fn exchange(connection: &mut Connection, replies: &[String], silent: bool) -> bool {
    let result = connection.exchange(&[b"GET", b"key"], &wait());
    judge(result, connection, replies, silent, 1, |reply| {
        vec![show(reply)]
    })
}

fn batch(count: usize, connection: &mut Connection, replies: &[String], silent: bool) -> bool {
    let mut out = Outgoing::default();
    for _ in 0..count {
        out.command(&[b"GET", b"key"]).unwrap();
    }
    let result = connection.batch(&out, count, &wait());
    let items = |reply: &Reply| {
        reply
            .items()
            .iter()
            .map(|item| show_item(reply, item))
            .collect()
    };
    if judge(result, connection, replies, silent, count, items) {
        return true;
    }
    if replies.len() < count {
        let partial = connection
            .end_batch(count - 1, "UNKNOWN cut", "NOT_SENT cut")
            .unwrap();
        expect_partial(&partial, count, replies);
    }
    false
}

/// What was answered is there, and a local error for what was not.
fn expect_partial(partial: &Reply, count: usize, replies: &[String]) {
    assert_eq!(partial.items().len(), count);
    for (index, item) in partial.items().iter().enumerate() {
        match replies.get(index) {
            Some(reply) => assert_eq!(show_item(partial, item), *reply),
            None => {
                let word: &[u8] = if index < count - 1 {
                    b"UNKNOWN cut"
                } else {
                    b"NOT_SENT cut"
                };
                assert!(item.is_local() && item.text() == word, "item {index}");
            }
        }
    }
}

/// Compares a call's result with the replies that came; whether it was a success.
fn judge(
    result: Result<Reply>,
    connection: &Connection,
    replies: &[String],
    silent: bool,
    count: usize,
    shown: impl Fn(&Reply) -> Vec<String>,
) -> bool {
    match result {
        Ok(reply) => {
            assert_eq!(shown(&reply), replies, "not what the server said");
            assert!(silent, "it took a reply while more came");
            assert!(connection.is_reusable());
            true
        }
        Err(error) => {
            assert!(replies.len() != count || !silent, "{error} for {replies:?}");
            assert!(!connection.is_reusable(), "it owes a reply: {error}");
            assert_ne!(error.code(), Code::Panic);
            false
        }
    }
}

fn wait() -> Wait {
    Wait {
        began: redisclient::deadline::Moment::now(),
        deadline: over(),
        closing: Arc::default(),
        cancel: None,
    }
}
