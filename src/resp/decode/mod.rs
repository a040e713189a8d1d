//! The one decoder: bytes in, whole replies out, resumable at every byte boundary.
//!
//! It is driven by lengths and never looks at payload. Open aggregates stand on a stack of their
//! own, so nesting costs no call stack. A value is read when it is there whole; until then the
//! decoder remembers how much it needs. Children of an aggregate gather on `pending` and move to
//! `nodes` as one run when it is complete. Pushes are lifted out wherever they stand.

mod batch;
mod frame;
mod leaf;
mod plain;
mod refuse;
mod single;
mod tree;
mod values;

use std::ptr::NonNull;

use frame::{Frame, Gathered, STREAMED, Start};

use super::block::{Draft, Kind, List, NoMemory, Reply, Spare, Wire};
use super::limits::Limits;
use super::number::{self, Number};
use crate::error::{Error, Result};

/// Decodes RESP2 and RESP3.
pub struct Decoder {
    wire: Wire,
    limits: Limits,
    /// Next byte to read.
    at: usize,
    /// Up to here there is no end of line.
    searched: usize,
    /// How many bytes of this reply are known to be needed.
    need: usize,
    open: Vec<Frame>,
    pending: List<Draft>,
    nodes: List<Draft>,
    attributes: List<Draft>,
    /// Attributes that wait for their value.
    gathered: Option<Gathered>,
    /// Values announced by the current server reply, and where it began.
    announced: usize,
    began: usize,
    /// How many replies the outermost frame gathers; 0 when it is an ordinary one.
    batch: usize,
    failed: Option<Error>,
    /// Memory for the next small reply.
    spare: Spare,
}

/// Scratch space kept between replies, in nodes.
const SCRATCH: usize = 16 << 10;

/// What became of a value or of the frame it completed.
enum Settled {
    /// It is part of something larger.
    Inside,
    /// A reply is finished.
    Done(Reply),
}

impl Decoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            wire: Wire::default(),
            limits,
            at: 0,
            searched: 0,
            need: 0,
            open: Vec::new(),
            pending: List::default(),
            nodes: List::default(),
            attributes: List::default(),
            gathered: None,
            announced: 0,
            began: 0,
            batch: 0,
            failed: None,
            spare: Spare::default(),
        }
    }

    /// Room to receive in place, where nothing waits and it is there.
    #[inline(always)]
    pub fn fresh_space(&mut self) -> Option<&mut [u8]> {
        self.wire.fresh()
    }

    /// Room to receive at least `least` bytes in place.
    pub fn space(&mut self, least: usize) -> Result<&mut [u8]> {
        let wanted = self.wire.len().saturating_add(least).max(self.need);
        let need = self.need;
        self.wire
            .space(least, need)
            .ok_or_else(|| Error::no_memory(wanted))
    }

    /// The same for one who only writes: the bytes may be anything.
    pub fn open_space(&mut self, least: usize) -> Result<(NonNull<u8>, usize)> {
        let wanted = self.wire.len().saturating_add(least).max(self.need);
        let opened = self.wire.open(least, self.need);
        opened.ok_or_else(|| Error::no_memory(wanted))
    }

    /// Counts `used` bytes of the last `space`, which were written, as received.
    #[inline(always)]
    pub fn commit(&mut self, used: usize) {
        self.wire.commit(used);
    }

    /// Copies bytes in.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        let wanted = self.wire.len().saturating_add(bytes.len());
        self.wire
            .append(bytes, self.need)
            .ok_or_else(|| Error::no_memory(wanted))
    }

    /// The next whole reply or push; `None` when more bytes are needed. A failure is final.
    #[inline(always)]
    pub fn next_reply(&mut self) -> Result<Option<Reply>> {
        if self.at == 0
            && self.open.is_empty()
            && self.failed.is_none()
            && let Some(reply) = self.single()?
        {
            return Ok(Some(reply));
        }
        self.long_way()
    }

    #[inline(never)]
    fn long_way(&mut self) -> Result<Option<Reply>> {
        self.check()?;
        let result = self.read();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// Whether neither bytes nor a part of a reply wait.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.wire.is_empty() && self.open.is_empty()
    }

    /// Whether a reply has begun and is not whole: a push that was just read stood inside it.
    pub fn is_inside(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether a push has begun and is not whole, outside of any reply.
    pub fn is_in_push(&self) -> bool {
        match self.open.first() {
            Some(frame) => frame.marker == b'>',
            None => self.unread().starts_with(b">"),
        }
    }

    /// Fails as before when a failure has made it unusable.
    pub fn check(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Whether a failure has made it unusable.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// What has arrived and was not understood yet, for error texts.
    pub fn unread(&self) -> &[u8] {
        &self.wire.bytes()[self.at.min(self.wire.len())..]
    }

    /// Takes the receive buffer out while nothing waits in it, to be lent to another decoder; gives
    /// all other memory back.
    pub fn take_memory(&mut self) -> Option<Wire> {
        if self.open.is_empty() {
            self.open = Vec::new();
            for list in [&mut self.nodes, &mut self.attributes, &mut self.pending] {
                *list = List::default();
            }
        }
        self.spare = Spare::default();
        self.wire.take_memory()
    }

    /// Uses a lent receive buffer.
    pub fn lend(&mut self, memory: Wire) {
        self.wire.lend(memory);
    }

    fn read(&mut self) -> Result<Option<Reply>> {
        loop {
            if self.plain()? {
                if let Settled::Done(reply) = self.close_frames()? {
                    return Ok(Some(reply));
                }
                continue;
            }
            let Some(&marker) = self.wire.bytes().get(self.at) else {
                return self.starve(self.at + 1);
            };
            let settled = match marker {
                b'$' | b'!' | b'=' => match self.bulk(marker)? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b'*' | b'%' | b'~' | b'>' | b'|' => match self.aggregate(marker)? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b':' => match number::integer(self.wire.bytes(), self.at + 1) {
                    Number::Value(value, next) => {
                        self.not_in_string(marker)?;
                        self.at = next;
                        self.settle(Draft::scalar(Kind::Integer, value as u64))?
                    }
                    other => return self.number_trouble(other, "an integer"),
                },
                b'.' => match self.end_mark()? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b';' => match self.chunk()? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b'+' | b'-' | b'_' | b'#' | b',' | b'(' => match self.line(marker)? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                _ => return Err(self.unknown_marker()),
            };
            if let Settled::Done(reply) = settled {
                return Ok(Some(reply));
            }
        }
    }

    /// Remembers that the reply needs `need` bytes; refuses when that is more than allowed.
    fn starve<T>(&mut self, need: usize) -> Result<Option<T>> {
        self.need = need;
        if need.saturating_sub(self.began) > self.limits.reply_bytes {
            return Err(self.too_many_bytes(need - self.began));
        }
        Ok(None)
    }
}

#[cold]
fn no_memory(NoMemory(bytes): NoMemory) -> Error {
    Error::no_memory(bytes)
}

#[cfg(test)]
mod tests;
