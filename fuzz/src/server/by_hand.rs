//! A connection driven by hand: everything comes out in the order of the wire.

use std::net::Shutdown;
use std::os::fd::{AsRawFd, IntoRawFd};

use redisclient::connection::Manual;
use redisclient::error::Code;
use redisclient::options::Config;

use super::super::show::show;
use super::twin::Twin;
use super::{expect_secret, over, pair, say};

/// See the module.
pub fn run<'a>(config: Config, greeting: &[u8], records: impl Iterator<Item = &'a [u8]>) {
    let (ours, mut server) = pair();
    let mut twin = Twin::new(config.limits);
    let (greets, has_password) = (config.handshake, config.password.is_some());
    say(&mut server, greeting);
    twin.hear(greeting);
    let manual = match Manual::adopt(ours.as_raw_fd() as isize, config) {
        Ok(manual) => manual,
        Err(error) => return expect_secret(&error, has_password),
    };
    let _ = ours.into_raw_fd();
    if greets {
        twin.all.clear();
    }
    for record in records {
        let (action, bytes) = record.split_first().unwrap_or((&b'c', &[]));
        say(&mut server, bytes);
        twin.hear(bytes);
        match action {
            b'r' => {
                let readable = manual.readable(over());
                let waits = !twin.all.is_empty() || twin.has_failed();
                assert!(!waits || readable == Some(true), "{readable:?}");
            }
            b's' => {
                manual.send(&[b"GET", bytes]).unwrap();
                manual.flush(over()).unwrap();
            }
            b'x' => manual.send_raw(bytes).unwrap(),
            b'c' => {
                let _ = server.shutdown(Shutdown::Both);
                manual.shutdown();
                return drain(&manual, &mut twin);
            }
            _ => {
                receive(&manual, &mut twin);
            }
        }
    }
    drain(&manual, &mut twin);
}

/// Takes everything that is left.
fn drain(manual: &Manual, twin: &mut Twin) {
    while receive(manual, twin) {}
}

/// Whether there was a reply.
fn receive(manual: &Manual, twin: &mut Twin) -> bool {
    match manual.receive(over()) {
        Ok(reply) => {
            let expected = twin.all.pop_front().map(|(_, shown)| shown);
            assert_eq!(Some(show(&reply)), expected, "not in the order of the wire");
            true
        }
        Err(error) => {
            let failed = matches!(error.code(), Code::Protocol | Code::Limit);
            assert_eq!(failed, twin.has_failed(), "{error}");
            assert!(twin.all.is_empty(), "{error}, but there is {:?}", twin.all);
            assert_ne!(error.code(), Code::Panic);
            false
        }
    }
}
