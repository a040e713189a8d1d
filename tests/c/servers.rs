//! The servers that a C program is given, as arguments "name=url". Each function starts them, calls
//! `run` with the arguments, and checks afterwards what only the server can tell.

use crate::support::{Flavour, Server};

fn named(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

fn urls(server: &Server) -> Vec<String> {
    vec![
        named("url", &server.url_unix()),
        named("tcp", &server.url_tcp()),
    ]
}

/// No server.
pub fn none(run: impl FnOnce(&[String])) {
    run(&[]);
}

/// The system's own server, by Unix socket and by TCP.
pub fn real(run: impl FnOnce(&[String])) {
    let server = Server::start(Flavour::Redis, &[]);
    run(&urls(&server));
}
