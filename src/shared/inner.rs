//! What is behind a link's lock, and what has to be done next.

use std::sync::Arc;

use super::Task;
use super::backlog::Backlog;
use super::caller::Caller;
use super::flight::Flight;
use super::line::Line;
use super::outbox::Outbox;
use crate::deadline::{Deadline, Moment};
use crate::events::CloseReason;
use crate::resp::Reply;

/// See the module; every role is a flag.
pub(super) struct Inner<T> {
    pub line: Option<Arc<Held>>,
    /// Somebody connects.
    pub connecting: bool,
    /// Somebody writes; somebody reads.
    pub writing: bool,
    pub reading: bool,
    /// The caller that reads: it sleeps in the socket, where no gate wakes it.
    pub reader: Option<Arc<Caller>>,
    /// The caller that sleeps there too, until it can write: somebody else reads, or did.
    pub writer: Option<Arc<Caller>>,
    /// The worker is to write what there is, though it serves callers: none is free to do it.
    pub owed: bool,
    /// Of these roles the worker has so many while it polls.
    pub worker_writes: bool,
    pub worker_reads: bool,
    /// It was idle for so long that the server may have closed it.
    pub doubtful: bool,
    /// Why it is to be replaced once what was sent is answered.
    pub stale: Option<CloseReason>,
    pub out: Outbox,
    pub flight: Flight<T>,
    /// Number of the buffer being filled.
    pub batch: usize,
    /// How many callers were answered together last.
    pub crowd: usize,
    /// When a reply came last, by the links' clock, or the first command after idleness.
    pub heard: u64,
    /// Tasks of a lost connection that are being judged.
    pub settling: usize,
    pub backlog: Backlog<T>,
    /// Memory for replies that were read together.
    pub scratch: Vec<Reply>,
}

/// A connection in use.
pub(super) struct Held {
    pub line: Box<dyn Line>,
    pub id: u64,
    /// When it was made.
    pub made: u64,
}

impl Held {
    /// Whether something can be read.
    pub fn has_come(&self) -> bool {
        let now = Deadline::at(Moment::now());
        let ready = self.line.wait(true, false, now);
        self.line.is_buffered() || ready.is_ok_and(|ready| ready.readable)
    }
}

/// What has to be done next, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    Connect,
    Replace,
    Probe,
    Write,
    Read,
    Nothing,
}

/// Who is to be woken, for a role that is free.
pub(super) enum Heir {
    Nobody,
    Worker,
    /// The same, which may not have been started.
    NewWorker,
    Caller(Arc<Caller>),
    /// The writer, which sleeps in the socket and can read meanwhile.
    Writer,
}

impl<T> Default for Inner<T> {
    fn default() -> Self {
        Self {
            line: None,
            connecting: false,
            writing: false,
            reading: false,
            reader: None,
            writer: None,
            owed: false,
            worker_writes: false,
            worker_reads: false,
            doubtful: false,
            stale: None,
            out: Outbox::default(),
            flight: Flight::default(),
            batch: 0,
            crowd: 0,
            heard: 0,
            settling: 0,
            backlog: Backlog::default(),
            scratch: Vec::new(),
        }
    }
}

impl<T: Task> Inner<T> {
    /// What has to be done and is not being done.
    pub fn duty(&self) -> Duty {
        if self.line.is_none() {
            return match self.connecting || !self.flight.is_awaited() {
                true => Duty::Nothing,
                false => Duty::Connect,
            };
        }
        let is_free = !self.writing && !self.reading;
        if self.stale.is_some() && is_free && self.is_answered() {
            return Duty::Replace;
        }
        if self.doubtful {
            return match is_free {
                true => Duty::Probe,
                false => Duty::Nothing,
            };
        }
        let may_write = self.stale.is_none() || self.out.is_half_written();
        if !self.writing && may_write && self.out.has_unsent() {
            return Duty::Write;
        }
        if !self.reading && self.flight.is_awaited() && !self.is_answered() {
            return Duty::Read;
        }
        Duty::Nothing
    }

    /// Who is to do what has to be done.
    pub fn heir(&mut self) -> Heir {
        let duty = self.duty();
        if duty == Duty::Nothing {
            return Heir::Nobody;
        }
        if self.flight.tasks() > 0 {
            return Heir::Worker;
        }
        let is_writer = |caller: &Arc<Caller>| {
            let writer = self.writer.as_ref();
            writer.is_some_and(|writer| Arc::ptr_eq(writer, caller))
        };
        match self.flight.first_caller(self.reader.as_ref()) {
            Some(caller) if is_writer(caller) => Heir::Writer,
            Some(caller) => Heir::Caller(Arc::clone(caller)),
            None if duty == Duty::Write && self.flight.is_awaited() => {
                self.owed = true;
                Heir::NewWorker
            }
            None => Heir::Nobody,
        }
    }

    /// Whether a connection is still the one in use.
    pub fn holds(&self, held: &Arc<Held>) -> bool {
        self.line
            .as_ref()
            .is_some_and(|line| Arc::ptr_eq(line, held))
    }

    /// Whether everything that was written is answered.
    pub fn is_answered(&self) -> bool {
        let oldest = self.flight.oldest();
        !self.out.is_half_written() && oldest.is_none_or(|begin| begin >= self.out.taken())
    }
}
