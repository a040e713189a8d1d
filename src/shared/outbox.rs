//! Bytes on their way out: commands gather in one buffer while the one before is being written.
//!
//! Positions count bytes since the link was made, over all its connections. What was taken to be
//! written is kept until it is answered: a command may have to be sent again.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::resp::encode;

/// Buffers kept for reuse, and how large one may be.
const SPARE: usize = 4;
const SPARE_BYTES: usize = 256 << 10;

/// Enough of a command to tell what it was.
const HEAD: usize = 160;

/// See the module.
#[derive(Default)]
pub(super) struct Outbox {
    /// What nobody has taken yet.
    filling: Vec<u8>,
    /// Position of its first byte: all before was taken.
    taken: u64,
    /// All before this position was written.
    sent: u64,
    /// What was taken, until it is answered.
    chunks: VecDeque<Arc<Chunk>>,
    spare: Vec<Vec<u8>>,
}

/// Bytes that are written, or will be, as they are.
pub(super) struct Chunk {
    begin: u64,
    bytes: Vec<u8>,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }

    /// What follows a position inside it.
    pub fn from(&self, position: u64) -> &[u8] {
        &self.bytes[(position - self.begin) as usize..]
    }
}

impl Outbox {
    /// Adds a command; answers where it begins and ends.
    pub fn append(&mut self, args: &[&[u8]]) -> Result<(u64, u64)> {
        let begin = self.end();
        if self.filling.capacity() == 0 {
            self.filling = self.spare.pop().unwrap_or_default();
        }
        encode::command(&mut self.filling, args)?;
        Ok((begin, self.end()))
    }

    /// Adds a command that is encoded already.
    pub fn append_raw(&mut self, bytes: &[u8]) -> Result<(u64, u64)> {
        let begin = self.end();
        let reserved = self.filling.try_reserve(bytes.len());
        reserved.map_err(|_| Error::no_memory(bytes.len()))?;
        self.filling.extend_from_slice(bytes);
        Ok((begin, self.end()))
    }

    fn end(&self) -> u64 {
        self.taken + self.filling.len() as u64
    }

    /// All before this position was taken to be written.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// All before this position was written.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes that were taken and not written.
    pub fn is_half_written(&self) -> bool {
        self.sent < self.taken
    }

    /// Whether there is anything to write.
    pub fn has_unsent(&self) -> bool {
        self.sent < self.end()
    }

    /// What to write next, from `sent` on.
    pub fn next(&mut self) -> Option<Arc<Chunk>> {
        if !self.is_half_written() {
            if self.filling.is_empty() {
                return None;
            }
            let bytes = std::mem::replace(&mut self.filling, self.spare.pop().unwrap_or_default());
            let chunk = Chunk {
                begin: self.taken,
                bytes,
            };
            self.taken = chunk.end();
            self.chunks.push_back(Arc::new(chunk));
        }
        // Usually the last.
        let holds = |chunk: &&Arc<Chunk>| chunk.begin <= self.sent && self.sent < chunk.end();
        self.chunks.iter().rev().find(holds).cloned()
    }

    /// So much more was written.
    pub fn advance(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Forgets what lies before a position: it was answered.
    pub fn release(&mut self, before: u64) {
        while self
            .chunks
            .front()
            .is_some_and(|chunk| chunk.end() <= before && chunk.end() <= self.sent)
        {
            let chunk = self.chunks.pop_front().and_then(Arc::into_inner);
            if let Some(Chunk { mut bytes, .. }) = chunk
                && self.spare.len() < SPARE
                && bytes.capacity() <= SPARE_BYTES
            {
                bytes.clear();
                self.spare.push(bytes);
            }
        }
    }

    /// A copy of a command.
    pub fn copy(&self, begin: u64, end: u64) -> Vec<u8> {
        let length = (end - begin) as usize;
        let holds = |chunk: &&Arc<Chunk>| chunk.begin <= begin && end <= chunk.end();
        let inside = match self.chunks.iter().find(holds) {
            Some(chunk) => &chunk.from(begin)[..length],
            None => &self.filling[(begin - self.taken) as usize..][..length],
        };
        inside.to_vec()
    }

    /// The beginning of a command, enough for its name.
    pub fn head(&self, begin: u64, length: usize) -> Vec<u8> {
        self.copy(begin, begin + length.min(HEAD) as u64)
    }

    /// Takes pieces out that nobody has taken yet, in order; what follows moves up.
    pub fn excise(&mut self, pieces: &[(u64, u64)]) {
        let Some((first, _)) = pieces.first() else {
            return;
        };
        let inside = |position: &u64| (position - self.taken) as usize;
        let (mut to, whole) = (inside(first), self.filling.len());
        for (index, (_, end)) in pieces.iter().enumerate() {
            let next = pieces.get(index + 1);
            let kept = inside(end)..next.map_or(whole, |(begin, _)| inside(begin));
            let length = kept.len();
            self.filling.copy_within(kept, to);
            to += length;
        }
        self.filling.truncate(to);
        self.rest();
    }

    /// Keeps no more memory than there is use for.
    fn rest(&mut self) {
        if self.filling.is_empty() && self.filling.capacity() > SPARE_BYTES {
            self.filling = Vec::new();
        }
    }

    /// Forgets everything: the connection is gone.
    pub fn clear(&mut self) {
        self.filling.clear();
        self.rest();
        self.chunks.clear();
        self.sent = self.taken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_piece_by_piece_is_what_was_added() {
        let mut out = Outbox::default();
        let (mut written, mut expected) = (Vec::new(), Vec::new());
        for number in 0..50 {
            let text = format!("value {number}");
            let (begin, end) = out.append(&[b"SET", text.as_bytes()]).unwrap();
            encode::command(&mut expected, &[b"SET", text.as_bytes()]).unwrap();
            assert_eq!(end - begin, expected.len() as u64 - begin);
            if let Some(chunk) = out.next() {
                let rest = chunk.from(out.sent());
                let piece = &rest[..rest.len().min(7 + number % 50)];
                written.extend_from_slice(piece);
                out.advance(piece.len());
            }
            out.release(begin.saturating_sub(40));
        }
        while let Some(chunk) = out.next() {
            written.extend_from_slice(chunk.from(out.sent()));
            let count = chunk.from(out.sent()).len();
            out.advance(count);
        }
        assert!(written == expected && !out.has_unsent());
        out.release(out.taken());
        assert!(out.chunks.is_empty());
    }

    #[test]
    fn only_what_nobody_took_is_excised() {
        let mut out = Outbox::default();
        out.append_raw(b"first").unwrap();
        assert!(out.next().is_some());
        let (begin, end) = out.append_raw(b"second").unwrap();
        let (third, last) = out.append_raw(b"third").unwrap();
        assert_eq!(out.copy(third, last), b"third");
        assert_eq!(out.copy(0, 5), b"first");
        assert!(begin >= out.taken());
        out.excise(&[(begin, end)]);
        assert_eq!(out.filling, b"third");
    }

    #[test]
    fn what_is_left_between_excised_pieces_stays_in_order() {
        let mut out = Outbox::default();
        out.append_raw(b"first").unwrap();
        assert!(out.next().is_some());
        let places: Vec<_> = ["a", "bb", "ccc", "dddd", "e"]
            .map(|piece| out.append_raw(piece.as_bytes()).unwrap())
            .into();
        out.excise(&[places[0], places[2], places[3]]);
        assert_eq!(out.filling, b"bbe");
        out.excise(&[]);
        out.excise(&[(out.taken(), out.end())]);
        assert!(out.filling.is_empty());
    }
}
