//! A hostile server against a connection: greeting, single commands, batches, by hand.
//!
//! The server is one end of a socket pair that never waits: what it will say is written before
//! each call, and each call's time is over when it begins, so it takes what is there. What the
//! caller gets is compared with what `Twin` makes of the same bytes.

mod by_hand;
mod pooled;
mod twin;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use redisclient::deadline::{Deadline, Moment};
use redisclient::error::Error;
use redisclient::options::{Config, Options};
use redisclient::resp::Limits;

/// The password, which a server may send back.
const TOKEN: &str = "ZR9-S3CR3T-XQ";
/// Ends a record of the input.
const END: u8 = 0x1e;
/// What one receive takes at once.
const MOST: usize = 32 << 10;
/// So many small writes fit into a socket that nobody reads.
const RECORDS: usize = 64;

/// The first record has the settings as letters, the second the answers to the greeting; each
/// further one a letter for what to do and the bytes that the server sends before.
pub fn run(data: &[u8]) {
    if data.len() > MOST {
        return;
    }
    let mut records = data.split(|byte| *byte == END);
    let settings = records.next().unwrap_or_default();
    let greeting = records.next().unwrap_or_default();
    let records = records.take(RECORDS);
    let config = config(settings);
    match settings.contains(&b'm') {
        true => by_hand::run(config, greeting, records),
        false => pooled::run(config, greeting, records),
    }
}

fn config(settings: &[u8]) -> Config {
    let mut config = Options::new().config().clone();
    config.connect_timeout = Some(Duration::ZERO);
    for letter in settings {
        let mut options = Options::new();
        let set = match letter {
            b'2' => options.set("protocol", b"2"),
            b'3' => options.set("protocol", b"3"),
            _ => Ok(()),
        };
        set.unwrap();
        match letter {
            b'2' | b'3' => config.protocol = options.config().protocol,
            b'b' => config.handshake = false,
            b'd' => config.db = 7,
            b'n' => config.client_name = "me".to_owned(),
            b'u' => config.username = "someone".to_owned(),
            b'p' => config.password = Some(redisclient::options::Secret::new(TOKEN.into())),
            b'l' => {
                config.limits = Limits {
                    depth: 3,
                    reply_bytes: 40,
                    reply_items: 6,
                };
            }
            _ => {}
        }
    }
    config
}

/// The two ends; the first is ours.
fn pair() -> (UnixStream, UnixStream) {
    let (ours, server) = UnixStream::pair().unwrap();
    server.set_nonblocking(true).unwrap();
    (ours, server)
}

/// The server speaks, and takes what was sent to it.
fn say(server: &mut UnixStream, bytes: &[u8]) {
    server.write_all(bytes).unwrap();
    let mut taken = [0; 4096];
    while server.read(&mut taken).is_ok_and(|count| count > 0) {}
}

fn over() -> Deadline {
    Deadline::from_millis(Moment::now(), 0)
}

/// A failed greeting says nothing of the password, if it had one.
fn expect_secret(error: &Error, has_password: bool) {
    if !has_password {
        return;
    }
    let texts = [error.to_string(), error.server_code().to_owned()];
    let shown = texts.iter().any(|text| text.contains(TOKEN));
    assert!(!shown, "the password is shown: {texts:?}");
}
