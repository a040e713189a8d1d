//! What is asked, and by what a right answer is known: every request carries a ticket of its own.

use std::fmt;
use std::time::Duration;

use crate::random::mix;

/// Who asks, and the how-manieth time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub worker: u32,
    pub number: u64,
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.worker, self.number)
    }
}

/// A call: one command, or several in a pipeline.
pub struct Job {
    pub shape: Shape,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Command,
    Pipeline,
    /// A pipeline between MULTI and EXEC.
    Transaction,
}

/// One command.
pub struct Step {
    pub ticket: Ticket,
    pub args: Vec<Vec<u8>>,
    pub expect: Expect,
}

/// What the answer must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// ECHO: just this text.
    Text(Vec<u8>),
    /// SET of a generation of one of the worker's registers.
    Stored { register: usize, generation: u64 },
    /// GET: a generation that the register may have, to the last byte.
    Generation { register: usize },
    /// INCR of a key that only this ticket names.
    Once,
    /// SET of a key that only this ticket names, allowed to be sent again.
    Marked,
    /// INCR of a counter of all: more than this worker has seen.
    Above { counter: usize },
    /// One of the two INCRs of a transaction, whose counters stay equal.
    Half { pair: usize, first: bool },
    /// LPUSH of an element that only this ticket names.
    Pushed { list: usize },
    /// BLPOP: an element of that list, or nothing after the time.
    Popped { list: usize, block: Duration },
    /// DEL of a register that is not used any more.
    Deleted,
}

impl Expect {
    /// The row of the table that the command belongs to.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "ECHO",
            Self::Stored { .. } => "SET",
            Self::Generation { .. } => "GET",
            Self::Once => "INCR, own key",
            Self::Marked => "SET, IDEMPOTENT",
            Self::Above { .. } => "INCR, shared",
            Self::Half { .. } => "INCR, MULTI",
            Self::Pushed { .. } => "LPUSH",
            Self::Popped { .. } => "BLPOP",
            Self::Deleted => "DEL",
        }
    }
}

/// What a register holds in a generation: it names key and generation, and no byte is free.
pub fn value(key: &str, generation: u64) -> Vec<u8> {
    let mut seed = generation;
    for byte in key.bytes() {
        seed = mix(seed ^ u64::from(byte));
    }
    let padding = match seed % 100 {
        0 => 50_000 + seed % 200_000,
        1..=9 => 500 + seed % 20_000,
        _ => seed % 60,
    };
    let letter = b'a' + (seed % 26) as u8;
    let mut value = format!("{key}={generation};").into_bytes();
    value.resize(value.len() + padding as usize, letter);
    value
}
