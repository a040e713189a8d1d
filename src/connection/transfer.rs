//! Bytes out and replies in, against the deadline of a call.

use std::io::{self, IoSlice};

use super::{Connection, cannot_read, closed_by_server, is_tls, lost, no_answer};
use crate::deadline::Moment;
use crate::error::{self, Code, Error, Phase, Result};
use crate::net::Wait;
use crate::resp::encode::Outgoing;
use crate::resp::{Kind, Reply};

/// After so many pushes without a reply the clock is looked at.
const PUSHES: u32 = 256;

impl Connection {
    /// Writes what stands in the buffer.
    #[inline(always)]
    pub(super) fn send_buffer(&mut self, wait: &Wait) -> Result<()> {
        self.sent = self.stream.send_short(&self.buffer);
        match self.sent == self.buffer.len() {
            true => Ok(()),
            false => self.send_rest(wait),
        }
    }

    #[cold]
    fn send_rest(&mut self, wait: &Wait) -> Result<()> {
        let out = Outgoing::encoded(std::mem::take(&mut self.buffer));
        let result = self.send(&out, wait);
        self.buffer = out.into_buffer();
        result
    }

    /// Writes everything; while the socket is full, takes in what the server sends.
    pub(super) fn send(&mut self, out: &Outgoing<'_>, wait: &Wait) -> Result<()> {
        let total = out.len();
        if let Some(bytes) = out.in_one_piece().filter(|_| self.sent == 0) {
            match self.stream.send_now(&[IoSlice::new(bytes)]) {
                Ok(sent) => self.sent = sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(self.cannot_write(&error)),
            }
        }
        while self.sent < total {
            let mut pieces: [IoSlice<'_>; 16] = std::array::from_fn(|_| IoSlice::new(&[]));
            let filled = out.rest(self.sent, &mut pieces);
            match self.stream.send_now(&pieces[..filled]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.make_way(wait)?,
                Err(error) => return Err(self.cannot_write(&error)),
            }
        }
        Ok(())
    }

    /// Waits until the socket takes more, reading meanwhile so that the server can go on too.
    fn make_way(&mut self, wait: &Wait) -> Result<()> {
        self.waited = true;
        let ready = self
            .stream
            .wait(true, true, wait.deadline)
            .map_err(|error| lost("cannot wait for the socket", &error, Phase::Send))?;
        wait.check().map_err(|ended| ended.in_phase(Phase::Send))?;
        if !ready.readable && !ready.writable || wait.deadline.passed() {
            return Err(
                Error::new(Code::Timeout, "the server took no more in time").in_phase(Phase::Send)
            );
        }
        if ready.readable {
            let space = self.decoder.space(1)?;
            match self.stream.receive_now(space) {
                Ok(0) => return Err(closed_by_server(Phase::Send)),
                Ok(received) => self.decoder.commit(received),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(lost("cannot read", &error, Phase::Send)),
            }
        }
        Ok(())
    }

    /// A refused write; a server that closes the door may have said why.
    fn cannot_write(&mut self, error: &io::Error) -> Error {
        let Ok(space) = self.decoder.space(1) else {
            return lost("cannot write", error, Phase::Send);
        };
        match self.stream.receive_now(space) {
            Ok(received) => self.decoder.commit(received),
            Err(said) if is_tls(&said) => return lost("cannot write", &said, Phase::Send),
            Err(_) => {}
        }
        match self.decoder.next_reply() {
            Ok(Some(reply)) if reply.kind() == Kind::Error => {
                error::from_line(reply.text()).in_phase(Phase::Send)
            }
            _ => lost("cannot write", error, Phase::Send),
        }
    }

    /// The next reply; pushes on the way are dispatched.
    #[inline(always)]
    pub(super) fn receive(&mut self, wait: &Wait) -> Result<Reply> {
        if !self.decoder.is_idle() {
            return self.receive_on(0, 0, wait);
        }
        self.fill(wait)?;
        match self.decoder.next_reply() {
            Ok(Some(reply)) if reply.is(Kind::Push) => self.receive_on(1, 1, wait),
            Ok(Some(reply)) => Ok(reply),
            // A failure stays.
            Ok(None) | Err(_) => self.receive_on(1, 0, wait),
        }
    }

    /// The same after so many pieces and pushes. What comes piece by piece, however fast, ends at the
    /// deadline too.
    #[inline(never)]
    fn receive_on(&mut self, mut pieces: u32, mut pushes: u32, wait: &Wait) -> Result<Reply> {
        loop {
            match self.decoder.next_reply() {
                Ok(Some(reply)) if reply.is(Kind::Push) => {
                    pushes = pushes.wrapping_add(1);
                    if pushes.is_multiple_of(PUSHES) && wait.deadline.passed() {
                        return Err(no_answer());
                    }
                }
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) if pieces > 0 && wait.deadline.passed() => return Err(no_answer()),
                Ok(None) => {
                    self.fill(wait)?;
                    pieces = 1;
                }
                Err(error) => return Err(error.in_phase(Phase::Receive)),
            }
        }
    }

    #[inline(always)]
    pub(super) fn fill(&mut self, wait: &Wait) -> Result<()> {
        let now = match std::mem::replace(&mut self.waited, true) {
            true => Moment::now(),
            false => self.last_used,
        };
        let space = match self.decoder.fresh_space() {
            Some(space) => space,
            None => self.decoder.space(1)?,
        };
        match self.stream.receive_from(now, space, wait.deadline) {
            Ok(received) if received > 0 => {
                self.decoder.commit(received);
                Ok(())
            }
            Ok(_) => Err(closed_by_server(Phase::Receive)),
            Err(error) => Err(cannot_read(&error)),
        }
    }

    /// After the last reply only pushes may follow.
    pub(super) fn expect_silence(&mut self) -> Result<()> {
        while !self.decoder.is_idle() {
            match self.decoder.next_reply() {
                Ok(Some(reply)) if reply.kind() == Kind::Push => {}
                Ok(None) if self.decoder.is_idle() || self.decoder.is_in_push() => return Ok(()),
                Ok(_) => {
                    let detail = "the server sent more replies than were asked for";
                    return Err(Error::new(Code::Protocol, detail).in_phase(Phase::Receive));
                }
                Err(error) => return Err(error.in_phase(Phase::Receive)),
            }
        }
        Ok(())
    }
}
