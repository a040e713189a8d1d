//! One connection: it sends commands and takes their replies in order.
//!
//! It counts as broken from the moment a command is begun until all of its replies are read, so
//! that whatever interrupts a call, a connection that owes a reply is never used again.

mod connector;
mod duplex;
mod exchange;
mod handshake;
mod idle;
mod manual;
mod transfer;

use std::io;
use std::sync::Arc;

pub use connector::Connector;
pub use duplex::{Duplex, Received};
pub use manual::Manual;

use crate::deadline::Moment;
use crate::error::{Code, Error, Outcome, Phase};
use crate::net::{Registration, Stream, TlsFailure, Wait};
use crate::resp::{Decoder, Limits, Reply};
use crate::sys::planted::Planted;

/// Memory for encoding that a connection keeps between commands.
const KEPT: usize = 16 << 10;

/// A connected, greeted socket.
pub struct Connection {
    stream: Stream,
    decoder: Decoder,
    buffer: Vec<u8>,
    node: Arc<str>,
    hello: Option<Reply>,
    broken: bool,
    /// Bytes of the current exchange that went out.
    sent: usize,
    /// When it was last used, or not long before its present use began.
    last_used: Moment,
    /// Whether the present use has waited since: then the clock has to be looked at.
    waited: bool,
    /// Lets the client's closing end a wait on this connection.
    _closing: Registration,
}

impl Connection {
    fn new(stream: Stream, node: Arc<str>, limits: Limits, closing: Registration) -> Self {
        Self {
            stream,
            decoder: Decoder::new(limits),
            buffer: Vec::new(),
            node,
            hello: None,
            broken: false,
            sent: 0,
            last_used: Moment::now(),
            waited: false,
            _closing: closing,
        }
    }

    /// Makes ready for use at `now`, or not long after it.
    #[inline]
    pub fn begin(&mut self, now: Moment) {
        (self.last_used, self.waited) = (now, false);
    }

    /// Gives a failure its node and outcome, and its true reason when the wait was ended.
    #[cold]
    fn explain(&self, error: Error, wait: &Wait) -> Error {
        let outcome = match self.sent {
            0 => Outcome::NotSent,
            _ => Outcome::Unknown,
        };
        let error = error.or_ended(wait.check().err(), Phase::Receive);
        error.with_outcome(outcome).at_node(&self.node)
    }

    /// Whether it may go back to a pool.
    #[inline]
    pub fn is_reusable(&self) -> bool {
        (!self.broken || Planted::LateReply.is_on()) && !self.decoder.has_failed()
    }

    /// Whether what came begins like a TLS alert or handshake (RFC 8446, section 5.1).
    fn was_answered_in_tls(&self) -> bool {
        matches!(self.decoder.unread(), [21 | 22, 3, ..])
    }

    /// How many bytes of the last exchange went out.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        &self.node
    }
}

#[cold]
fn cannot_read(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => no_answer(),
        _ => lost("cannot read", error, Phase::Receive),
    }
}

#[cold]
fn closed_by_server(phase: Phase) -> Error {
    Error::new(Code::Disconnected, "the server closed the connection").in_phase(phase)
}

fn no_answer() -> Error {
    Error::new(Code::Timeout, "no answer in time").in_phase(Phase::Receive)
}

/// Whether OpenSSL, not the system, has the reason.
fn is_tls(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<TlsFailure>())
}

fn lost(doing: &str, error: &io::Error, phase: Phase) -> Error {
    let code = match is_tls(error) {
        true => Code::Tls,
        false => Code::Disconnected,
    };
    Error::from_io(code, doing, error).in_phase(phase)
}
