//! A connection that nobody uses: laid aside, looked after, and whether it still works.

use std::io;
use std::time::Duration;

use super::Connection;
use crate::deadline::{Deadline, Moment};
use crate::error::{self, Code, Error, Result};
use crate::net::Wait;
use crate::resp::{Kind, Wire};

/// Memory for encoding that an idle connection keeps.
const IDLE: usize = 128;

/// What an idle connection has received is taken in with so many reads; one that still has more is
/// not worth keeping.
const BACKLOG: usize = 100;

impl Connection {
    /// Whether the server still holds it, as far as can be seen without asking: not closed, and
    /// nothing but pushes has come. Who has sent more of them than can be read by `deadline` is not.
    pub fn is_quiet(&mut self, deadline: Deadline) -> bool {
        for piece in 0..BACKLOG {
            if piece > 0 && deadline.passed() {
                return false;
            }
            let Ok(space) = self.decoder.space(1) else {
                return false;
            };
            match self.stream.receive_now(space) {
                Ok(0) => return false,
                Ok(received) => self.decoder.commit(received),
                Err(error) => {
                    return error.kind() == io::ErrorKind::WouldBlock
                        && self.expect_silence().is_ok();
                }
            }
            if self.expect_silence().is_err() {
                return false;
            }
        }
        false
    }

    /// Asks the server for a sign of life.
    pub fn ping(&mut self, wait: &Wait) -> Result<()> {
        let reply = self.exchange(&[b"PING"], wait)?;
        match reply.kind() {
            Kind::Error => Err(error::from_line(reply.text())),
            _ if reply.text() == b"PONG" => Ok(()),
            _ => Err(Error::new(
                Code::Protocol,
                "the server did not answer PING with PONG",
            )),
        }
    }

    /// Forgets what only a connection driven by hand is asked for.
    pub fn forget_greeting(&mut self) {
        self.hello = None;
    }

    /// It is to be closed, and owes nothing.
    pub fn part(&self) {
        if self.is_reusable() {
            self.stream.part();
        }
    }

    /// How long it has not been used.
    pub fn idle_for(&self, now: Moment) -> Duration {
        now.since(self.last_used)
    }

    /// The same in nanoseconds.
    #[inline]
    pub fn idle_nanos(&self, now: Moment) -> u64 {
        now.nanos().saturating_sub(self.last_used.nanos())
    }

    /// Its use ends now.
    #[inline]
    pub fn end(&mut self, now: Moment) {
        self.last_used = now;
        self.stream.rest();
    }

    /// Makes ready for lying idle for long: gives its receive buffer out.
    pub fn rest(&mut self) -> Option<Wire> {
        if self.buffer.capacity() > IDLE {
            self.buffer = Vec::new();
        }
        self.decoder.take_memory()
    }

    /// Uses a lent receive buffer.
    pub fn lend(&mut self, memory: Wire) {
        self.decoder.lend(memory);
    }
}
