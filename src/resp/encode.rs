//! Commands to bytes: an array of bulk strings, written straight into the connection's buffer.
//!
//! Large values are not copied: the buffer notes where they belong, and the write gathers them
//! from the caller's memory.

use std::io::IoSlice;

use crate::error::{Error, Result};

pub use super::block::{Bounded, ample, append, command, size, write_argument, write_count};

/// Values of this size and more stay where they are.
pub const LARGE: usize = 16 << 10;

/// Bytes to be sent, in part borrowed.
#[derive(Default)]
pub struct Outgoing<'a> {
    bytes: Vec<u8>,
    /// Position in `bytes` before which a borrowed value goes out.
    large: Vec<(usize, &'a [u8])>,
}

impl<'a> Outgoing<'a> {
    /// Writes into `bytes`, which is taken over with its memory and emptied.
    pub fn reuse(mut bytes: Vec<u8>) -> Self {
        bytes.clear();
        Self {
            bytes,
            large: Vec::new(),
        }
    }

    /// Commands that are encoded already.
    pub fn encoded(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            large: Vec::new(),
        }
    }

    /// Adds a command.
    pub fn command(&mut self, args: &[&'a [u8]]) -> Result<()> {
        if args.iter().all(|arg| arg.len() < LARGE) {
            return command(&mut self.bytes, args);
        }
        let small = args.iter().filter(|arg| arg.len() < LARGE);
        let copied: usize = small.map(|arg| arg.len()).sum();
        reserve(&mut self.bytes, copied.checked_add(frames(args.len())))?;
        let reserved = self.large.try_reserve(args.len());
        reserved.map_err(|_| Error::no_memory(args.len() * size_of::<(usize, &[u8])>()))?;
        let bytes = &mut self.bytes;
        head(b'*', args.len(), &mut |line| bytes.extend_from_slice(line));
        for arg in args {
            let bytes = &mut self.bytes;
            head(b'$', arg.len(), &mut |line| bytes.extend_from_slice(line));
            if arg.len() < LARGE {
                self.bytes.extend_from_slice(arg);
            } else {
                self.large.push((self.bytes.len(), arg));
            }
            self.bytes.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    /// Adds bytes that are encoded already.
    pub fn raw(&mut self, bytes: &'a [u8]) {
        if bytes.len() < LARGE {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.large.push((self.bytes.len(), bytes));
        }
    }

    /// The whole, where nothing is borrowed.
    pub fn in_one_piece(&self) -> Option<&[u8]> {
        self.large.is_empty().then_some(&self.bytes)
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
            + self
                .large
                .iter()
                .map(|(_, value)| value.len())
                .sum::<usize>()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.large.is_empty()
    }

    /// What follows the first `sent` bytes, in at most `N` pieces; answers how many.
    pub fn rest<'b, const N: usize>(&'b self, sent: usize, into: &mut [IoSlice<'b>; N]) -> usize {
        let mut skip = sent;
        let mut filled = 0;
        let mut put = |piece: &'b [u8]| {
            let left = &piece[skip.min(piece.len())..];
            skip -= piece.len() - left.len();
            if !left.is_empty() && filled < N {
                into[filled] = IoSlice::new(left);
                filled += 1;
            }
        };
        let mut at = 0;
        for (position, value) in &self.large {
            put(&self.bytes[at..*position]);
            put(value);
            at = *position;
        }
        put(&self.bytes[at..]);
        filled
    }

    /// The buffer, for the next use.
    pub fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }
}

/// The bytes of a command, piece by piece.
pub fn pieces(args: &[&[u8]], mut put: impl FnMut(&[u8])) {
    head(b'*', args.len(), &mut put);
    for arg in args {
        head(b'$', arg.len(), &mut put);
        put(arg);
        put(b"\r\n");
    }
}

/// At most what stands around the arguments of a command.
fn frames(args: usize) -> usize {
    const MARKER_NUMBER_ENDS: usize = 1 + 20 + 4;
    args.saturating_add(1).saturating_mul(MARKER_NUMBER_ENDS)
}

fn reserve(out: &mut Vec<u8>, more: Option<usize>) -> Result<()> {
    let more = more.unwrap_or(usize::MAX);
    out.try_reserve(more).map_err(|_| Error::no_memory(more))
}

/// A marker and a number, with their line end.
fn head(marker: u8, number: usize, put: &mut impl FnMut(&[u8])) {
    let mut line = [0u8; 24];
    line[22..].copy_from_slice(b"\r\n");
    let mut at = 22;
    let mut rest = number;
    loop {
        at -= 1;
        line[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    at -= 1;
    line[at] = marker;
    put(&line[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(outgoing: &Outgoing<'_>, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < outgoing.len() {
            let mut pieces = [IoSlice::new(&[]); 4];
            let count = outgoing.rest(all.len(), &mut pieces);
            let left = pieces[..count].iter().flat_map(|piece| piece.iter());
            let next: Vec<u8> = left.take(step).copied().collect();
            all.extend(next);
        }
        all
    }

    #[test]
    fn a_command_is_an_array_of_bulk_strings() {
        let mut out = Vec::new();
        command(&mut out, &[b"SET", b"", b"a\0\r\n"]).unwrap();
        assert_eq!(out, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n");
        assert_eq!(size(&[b"SET", b"", b"a\0\r\n"]), Some(out.len()));
    }

    #[test]
    fn sizes_are_exact() {
        for length in [0, 1, 9, 10, 99, 100, 999, 1000, 12_345] {
            let value = vec![b'x'; length];
            let mut out = Vec::new();
            command(&mut out, &[b"K", &value]).unwrap();
            assert_eq!(size(&[b"K", &value]), Some(out.len()));
        }
    }

    #[test]
    fn large_values_go_out_in_place_and_resume_anywhere() {
        let large = vec![b'v'; LARGE];
        let args: [&[u8]; 5] = [b"MSET", b"a", &large, b"b", &large];
        let mut plain = Vec::new();
        command(&mut plain, &args).unwrap();
        let mut outgoing = Outgoing::default();
        outgoing.command(&args).unwrap();
        assert!(outgoing.bytes.len() < 100);
        for step in [1, 7, 5000, usize::MAX] {
            assert!(gather(&outgoing, step) == plain);
        }
    }
}
