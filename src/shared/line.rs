//! What a link writes to and reads from, and where it comes from.

use crate::connection::{Duplex, Received};
use crate::deadline::{Deadline, Moment};
use crate::error::Result;
use crate::events::CloseReason;
use crate::net::Wait;
use crate::pool::Pool;
use crate::resp::Reply;
use crate::sys::poll::{Descriptor, Ready};

/// A connection that one thread writes while another reads.
pub trait Line: Send + Sync {
    /// Writes what fits; 0 when nothing does.
    fn send_now(&self, bytes: &[u8]) -> Result<usize>;
    /// Waits for replies; the deadline's end is `Code::Timeout`.
    fn receive(&self, deadline: Deadline, into: &mut Vec<Reply>) -> Result<()>;
    /// Takes the replies that are there.
    fn receive_now(&self, into: &mut Vec<Reply>) -> Result<Received>;
    /// Waits until it can be read or written.
    fn wait(&self, read: bool, write: bool, deadline: Deadline) -> Result<Ready>;
    /// Whether a read would find what the descriptor does not show.
    fn is_buffered(&self) -> bool;
    /// What to poll.
    fn descriptor(&self) -> Descriptor;
    /// When last something came that was no whole reply yet.
    fn stirred(&self) -> Option<Moment> {
        None
    }
    /// Ends it: who reads or writes is told.
    fn shutdown(&self);
}

impl Line for Duplex {
    fn send_now(&self, bytes: &[u8]) -> Result<usize> {
        Duplex::send_now(self, bytes)
    }

    fn receive(&self, deadline: Deadline, into: &mut Vec<Reply>) -> Result<()> {
        Duplex::receive(self, deadline, into)
    }

    fn receive_now(&self, into: &mut Vec<Reply>) -> Result<Received> {
        Duplex::receive_now(self, into)
    }

    fn wait(&self, read: bool, write: bool, deadline: Deadline) -> Result<Ready> {
        Duplex::wait(self, read, write, deadline)
    }

    fn is_buffered(&self) -> bool {
        Duplex::is_buffered(self)
    }

    fn descriptor(&self) -> Descriptor {
        Duplex::descriptor(self)
    }

    fn stirred(&self) -> Option<Moment> {
        Duplex::stirred(self)
    }

    fn shutdown(&self) {
        Duplex::shutdown(self);
    }
}

/// Where lines come from.
pub trait Source: Send + Sync {
    /// A new one, with its number.
    fn connect(&self, wait: &Wait) -> Result<(Box<dyn Line>, u64)>;
    /// One is gone.
    fn gone(&self, id: u64, reason: CloseReason);
    /// Where they lead.
    fn node(&self) -> &str;
}

impl Source for std::sync::Arc<Pool> {
    fn connect(&self, wait: &Wait) -> Result<(Box<dyn Line>, u64)> {
        let (connection, id) = self.connect_apart(wait)?;
        Ok((Box::new(connection.split()), id))
    }

    fn gone(&self, id: u64, reason: CloseReason) {
        self.tell_gone(id, reason);
    }

    fn node(&self) -> &str {
        Pool::node(self)
    }
}
