//! What a queue delivers that is not a callback's: replies with their tags, and what happened to
//! the client.

use crate::error::Error;
use crate::resp::Reply;

/// What happened; the numbers are those of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum EventKind {
    Reply = 1,
    Gap = 5,
    Closed = 6,
    Connection = 7,
    Pool = 8,
}

impl EventKind {
    /// Every kind of the C API has a bit, those of other sources too.
    pub fn all() -> u32 {
        0x7ffe
    }

    /// Its bit in a choice of kinds.
    pub fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// One event.
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Of a tagged command.
    pub tag: u64,
    /// The reply, if there is one.
    pub reply: Option<Reply>,
    /// Why there is none.
    pub error: Option<Error>,
    /// What there is to say besides.
    pub payload: Vec<u8>,
}

impl Event {
    /// An event of the client.
    pub fn of(kind: EventKind, payload: String) -> Self {
        Self {
            kind,
            tag: 0,
            reply: None,
            error: None,
            payload: payload.into_bytes(),
        }
    }
}
