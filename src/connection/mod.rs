//! One connection: it sends commands and takes their replies in order.
//!
//! It counts as broken from the moment a command is begun until all of its replies are read, so
//! that whatever interrupts a call, a connection that owes a reply is never used again.

mod connector;
mod handshake;
mod manual;

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use connector::Connector;
pub use manual::Manual;

use crate::error::{self, Code, Error, Outcome, Phase, Result};
use crate::net::{Registration, Stream, Wait};
use crate::resp::encode::Outgoing;
use crate::resp::{Decoder, Kind, Limits, Reply, Wire};

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
    last_used: Instant,
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
            last_used: Instant::now(),
            _closing: closing,
        }
    }

    /// Sends one command and waits for its reply; error replies are replies.
    pub fn exchange(&mut self, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
        let mut out = Outgoing::reuse(std::mem::take(&mut self.buffer));
        out.command(args);
        let result = self.converse(&out, wait, |connection| connection.receive(wait));
        self.keep_buffer(out);
        result
    }

    /// Sends `count` commands and waits for their replies, gathered in one array.
    pub fn batch(&mut self, out: &Outgoing<'_>, count: usize, wait: &Wait) -> Result<Reply> {
        self.decoder.begin_batch(count);
        self.converse(out, wait, |connection| connection.receive(wait))
    }

    /// Sends commands and takes their `count` replies one by one; `take` may end it with an error.
    pub fn stream_replies(
        &mut self,
        out: &Outgoing<'_>,
        count: usize,
        wait: &Wait,
        mut take: impl FnMut(usize, Reply) -> Result<()>,
    ) -> Result<()> {
        self.converse(out, wait, |connection| {
            (0..count).try_for_each(|index| take(index, connection.receive(wait)?))
        })
    }

    /// After a failed batch: what was answered, and local errors for what was not.
    pub fn end_batch(&mut self, sent: usize, unknown: &str, not_sent: &str) -> Result<Reply> {
        self.decoder.end_batch(sent, unknown, not_sent)
    }

    /// One write, the replies to it, and nothing left over.
    fn converse<T>(
        &mut self,
        out: &Outgoing<'_>,
        wait: &Wait,
        replies: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.broken = true;
        let covered = wait.cover(crate::net::Sleeper::Socket(Arc::clone(
            self.stream.socket(),
        )));
        let result = self
            .send(out, wait)
            .and_then(|()| replies(self))
            .and_then(|value| self.expect_silence().map(|()| value));
        drop(covered);
        match result {
            Ok(value) => {
                // Fired too late to end this call, but its socket is shut down.
                self.broken = wait.check().is_err();
                Ok(value)
            }
            Err(error) => Err(self.explain(error, wait)),
        }
    }

    /// Gives a failure its node and outcome, and its true reason when the wait was ended.
    fn explain(&self, error: Error, wait: &Wait) -> Error {
        let outcome = match self.sent {
            0 => Outcome::NotSent,
            _ => Outcome::Unknown,
        };
        let error = match wait.check() {
            Err(ended) => match error.phase() {
                Some(phase) => ended.in_phase(phase),
                None => ended,
            },
            Ok(()) => error,
        };
        error.with_outcome(outcome).at_node(&self.node)
    }

    /// Writes everything; while the socket is full, takes in what the server sends.
    fn send(&mut self, out: &Outgoing<'_>, wait: &Wait) -> Result<()> {
        self.sent = 0;
        let total = out.len();
        while self.sent < total {
            let mut pieces: [IoSlice<'_>; 16] = std::array::from_fn(|_| IoSlice::new(&[]));
            let filled = out.rest(self.sent, &mut pieces);
            match self.stream.socket().send_now(&pieces[..filled]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.make_way(wait)?,
                Err(error) => return Err(self.cannot_write(&error)),
            }
        }
        Ok(())
    }

    /// Waits until the socket takes more, reading meanwhile so that the server can go on too.
    fn make_way(&mut self, wait: &Wait) -> Result<()> {
        let ready = self
            .stream
            .socket()
            .wait(true, true, wait.deadline)
            .map_err(|error| lost("cannot wait for the socket", &error, Phase::Send))?;
        wait.check()?;
        if ready.readable {
            let space = self.decoder.space(1)?;
            match self.stream.socket().receive_now(space) {
                Ok(0) => return Err(closed_by_server(Phase::Send)),
                Ok(received) => self.decoder.commit(received),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(lost("cannot read", &error, Phase::Send)),
            }
        }
        if !ready.readable && !ready.writable {
            return Err(
                Error::new(Code::Timeout, "the server took no more in time").in_phase(Phase::Send)
            );
        }
        Ok(())
    }

    /// A refused write; a server that closes the door may have said why.
    fn cannot_write(&mut self, error: &io::Error) -> Error {
        if let Ok(space) = self.decoder.space(1)
            && let Ok(received) = self.stream.socket().receive_now(space)
        {
            self.decoder.commit(received);
            if let Ok(Some(reply)) = self.decoder.next_reply()
                && reply.kind() == Kind::Error
            {
                return error::from_line(reply.text()).in_phase(Phase::Send);
            }
        }
        lost("cannot write", error, Phase::Send)
    }

    /// The next reply; pushes on the way are dispatched.
    fn receive(&mut self, wait: &Wait) -> Result<Reply> {
        loop {
            match self.decoder.next_reply() {
                Ok(Some(reply)) if reply.kind() == Kind::Push => continue,
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => self.fill(wait)?,
                Err(error) => return Err(error.in_phase(Phase::Receive)),
            }
        }
    }

    fn fill(&mut self, wait: &Wait) -> Result<()> {
        let space = self.decoder.space(1)?;
        match self.stream.receive(space, wait.deadline) {
            Ok(0) => Err(closed_by_server(Phase::Receive)),
            Ok(received) => {
                self.decoder.commit(received);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(Error::new(Code::Timeout, "no answer in time").in_phase(Phase::Receive))
            }
            Err(error) => Err(lost("cannot read", &error, Phase::Receive)),
        }
    }

    /// After the last reply only pushes may follow.
    fn expect_silence(&mut self) -> Result<()> {
        while !self.decoder.is_idle() {
            match self.decoder.next_reply() {
                Ok(Some(reply)) if reply.kind() == Kind::Push => {}
                Ok(None) if self.decoder.is_idle() || self.decoder.unread().starts_with(b">") => {
                    return Ok(());
                }
                Ok(_) => {
                    let detail = "the server sent more replies than were asked for";
                    return Err(Error::new(Code::Protocol, detail).in_phase(Phase::Receive));
                }
                Err(error) => return Err(error.in_phase(Phase::Receive)),
            }
        }
        Ok(())
    }

    fn keep_buffer(&mut self, out: Outgoing<'_>) {
        let buffer = out.into_buffer();
        if buffer.capacity() <= KEPT {
            self.buffer = buffer;
        }
    }

    /// Whether it may go back to a pool.
    pub fn is_reusable(&self) -> bool {
        !self.broken && !self.decoder.has_failed()
    }

    /// Whether the server still holds it, as far as can be seen without asking: not closed, and
    /// nothing but pushes has come.
    pub fn is_quiet(&mut self) -> bool {
        loop {
            let Ok(space) = self.decoder.space(1) else {
                return false;
            };
            match self.stream.socket().receive_now(space) {
                Ok(0) => return false,
                Ok(received) => self.decoder.commit(received),
                Err(error) => {
                    return error.kind() == io::ErrorKind::WouldBlock
                        && self.expect_silence().is_ok();
                }
            }
        }
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

    /// How long it has not been used.
    pub fn idle_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last_used)
    }

    /// Makes ready for lying idle: notes the time and gives its receive buffer out.
    pub fn rest(&mut self, now: Instant) -> Option<Wire> {
        self.last_used = now;
        self.decoder.take_memory()
    }

    /// Uses a lent receive buffer.
    pub fn lend(&mut self, memory: Wire) {
        self.decoder.lend(memory);
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

fn closed_by_server(phase: Phase) -> Error {
    Error::new(Code::Disconnected, "the server closed the connection").in_phase(phase)
}

fn lost(doing: &str, error: &io::Error, phase: Phase) -> Error {
    Error::from_io(Code::Disconnected, doing, error).in_phase(phase)
}
