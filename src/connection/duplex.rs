//! A connection in two halves: one thread writes while another reads. Which reply belongs to whom
//! is the owner's business; pushes are taken out.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Connection, closed_by_server, lost, no_answer};
use crate::deadline::{Deadline, Moment};
use crate::error::{Error, Phase, Result};
use crate::net::{Registration, Stream, lock};
use crate::resp::{Decoder, Kind, Reply};
use crate::sys::poll::{Descriptor, Ready};
use crate::sys::sync::{Mutex, MutexGuard};

/// See the module.
pub struct Duplex {
    stream: Stream,
    decoder: Mutex<Decoder>,
    /// When last something came that was no whole reply yet, in nanoseconds; 0 is never.
    stirred: AtomicU64,
    node: Arc<str>,
    /// Lets the client's closing end a wait on it.
    _closing: Registration,
}

/// What a reader has got so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// Something came: see the replies.
    Something,
    /// Nothing was there.
    Nothing,
}

impl Connection {
    /// Splits it. It is greeted, and owes nothing.
    pub fn split(self) -> Duplex {
        Duplex {
            stream: self.stream,
            decoder: Mutex::new(self.decoder),
            stirred: AtomicU64::new(0),
            node: self.node,
            _closing: self._closing,
        }
    }
}

impl Duplex {
    /// Writes as much as fits; answers how much, 0 when the socket is full.
    pub fn send_now(&self, bytes: &[u8]) -> Result<usize> {
        match self.stream.send_now(&[IoSlice::new(bytes)]) {
            Ok(sent) => Ok(sent),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(self.here(lost("cannot write", &error, Phase::Send))),
        }
    }

    /// Waits for something to come, and takes in the replies that are whole.
    pub fn receive(&self, deadline: Deadline, into: &mut Vec<Reply>) -> Result<()> {
        let mut decoder = self.decoder();
        let mut now = Moment::now();
        loop {
            let space = decoder.space(1)?;
            match self.stream.receive_from(now, space, deadline) {
                Ok(0) => return Err(self.here(closed_by_server(Phase::Receive))),
                Ok(received) => decoder.commit(received),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(self.here(no_answer()));
                }
                Err(error) => return Err(self.here(lost("cannot read", &error, Phase::Receive))),
            }
            self.take(&mut decoder, into)?;
            if !into.is_empty() {
                return Ok(());
            }
            // What comes piece by piece, however fast, ends at the deadline too.
            now = self.stir();
            if deadline.is_past_at(now) {
                return Err(self.here(no_answer()));
            }
        }
    }

    /// The same with what is there.
    pub fn receive_now(&self, into: &mut Vec<Reply>) -> Result<Received> {
        let mut decoder = self.decoder();
        let space = decoder.space(1)?;
        match self.stream.receive_now(space) {
            Ok(0) => Err(self.here(closed_by_server(Phase::Receive))),
            Ok(received) => {
                decoder.commit(received);
                self.take(&mut decoder, into)?;
                if into.is_empty() {
                    self.stir();
                }
                Ok(Received::Something)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Nothing),
            Err(error) => Err(self.here(lost("cannot read", &error, Phase::Receive))),
        }
    }

    /// Waits until it can be read or written; nothing ready means the deadline passed.
    pub fn wait(&self, read: bool, write: bool, deadline: Deadline) -> Result<Ready> {
        let ready = self.stream.wait(read, write, deadline);
        ready.map_err(|error| self.here(lost("cannot wait for the socket", &error, Phase::Receive)))
    }

    /// Whether a read would find something that the descriptor does not show.
    pub fn is_buffered(&self) -> bool {
        self.stream.is_buffered()
    }

    /// What to poll.
    pub fn descriptor(&self) -> Descriptor {
        self.stream.socket().descriptor()
    }

    /// When last something came that was no whole reply yet.
    pub fn stirred(&self) -> Option<Moment> {
        match self.stirred.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Moment::of_nanos(nanos)),
        }
    }

    /// Ends both directions: who reads or writes is told.
    pub fn shutdown(&self) {
        self.stream.socket().shutdown();
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        &self.node
    }

    fn take(&self, decoder: &mut Decoder, into: &mut Vec<Reply>) -> Result<()> {
        loop {
            match decoder.next_reply() {
                Ok(Some(reply)) if reply.kind() == Kind::Push => {}
                Ok(Some(reply)) => into.push(reply),
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.here(error.in_phase(Phase::Receive))),
            }
        }
    }

    fn stir(&self) -> Moment {
        let now = Moment::now();
        self.stirred.store(now.nanos(), Ordering::Relaxed);
        now
    }

    fn decoder(&self) -> MutexGuard<'_, Decoder> {
        lock(&self.decoder)
    }

    fn here(&self, error: Error) -> Error {
        error.at_node(&self.node)
    }
}
