//! Clients of the library under test, opened with options, and TLS servers that they may trust.

use super::{Conn, Identity, Scripted, tls};
use redisclient::client::{CallOptions, Client};
use redisclient::error::{Error, Result};
use redisclient::options::{self, Config, Options};
use redisclient::resp::Reply;

/// Names and values of options.
pub type Set<'a> = [(&'a str, &'a str)];

/// A URL and options, read. Time limits that neither of them says are long: on a busy machine any step
/// may take seconds.
pub fn config(url: &str, set: &Set) -> Result<Config> {
    let mut options = Options::new();
    for name in ["timeout_ms", "connect_timeout_ms"] {
        options.set(name, b"300000")?;
    }
    for (name, value) in set {
        options.set(name, value.as_bytes())?;
    }
    options::url::parse(url.as_bytes(), Some(&options))
}

/// A client, or why there is none.
pub fn try_open(url: &str, set: &Set) -> Result<Client> {
    Client::open(config(url, set)?)
}

/// A client.
pub fn open(url: &str, set: &Set) -> Client {
    try_open(url, set).unwrap_or_else(|error| panic!("{url} with {set:?}: {error}"))
}

/// A client that trusts the tests' authority.
pub fn open_trusting(url: &str, set: &Set) -> Client {
    let ca = path("ca.pem");
    open(url, &[&[("tls.ca_file", &*ca)][..], set].concat())
}

/// What is said where no client can be had.
pub fn refused(url: &str, set: &Set) -> Error {
    match try_open(url, set) {
        Ok(_) => panic!("{url} with {set:?} was opened"),
        Err(error) => error,
    }
}

/// As `refused`, of a client that trusts the tests' authority.
pub fn refused_trusting(url: &str, set: &Set) -> Error {
    let ca = path("ca.pem");
    refused(url, &[&[("tls.ca_file", &*ca)][..], set].concat())
}

/// Runs a command of words without blanks.
pub fn run(client: &Client, line: &str) -> Result<Reply> {
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    client.execute(&args, &CallOptions::default())
}

/// Checks that the server answers.
pub fn ping(client: &Client) {
    let reply = run(client, "PING").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(reply.text(), b"PONG");
}

/// Checks that a client of `url` is let in and answered.
pub fn welcomed(url: &str, set: &Set) {
    ping(&open(url, set));
}

/// As `welcomed`, of a client that trusts the tests' authority.
pub fn welcomed_trusting(url: &str, set: &Set) {
    ping(&open_trusting(url, set));
}

/// The path of a file of the authority, as an option's value.
pub fn path(name: &str) -> String {
    tls::file(name)
        .to_str()
        .expect("a path in UTF-8")
        .to_owned()
}

/// Answers the greeting, and every command with PONG.
pub fn answer_pings(mut conn: Conn) {
    conn.answer_hello();
    while conn.read_command().is_some() {
        conn.write(b"+PONG\r\n");
    }
}

/// A TLS server that does so.
pub fn pings(identity: Identity) -> Scripted {
    Scripted::tls(identity, |conn, _| answer_pings(conn))
}

/// The URL of a scripted TLS server under another name of this machine.
pub fn under(host: &str, server: &Scripted) -> String {
    format!("rediss://{host}:{}", server.port())
}
