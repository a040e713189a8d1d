//! Commands into room that is bounded: what a head or an argument takes is known before it is
//! written, and is one comparison.

use super::write::{write_argument, write_count};
use crate::error::{Error, Result};

/// Most bytes around an argument: marker, a number of twenty digits, two line ends.
const AROUND: usize = 1 + 20 + 4;

/// Appends a command; without memory nothing is appended.
#[inline(always)]
pub fn command(out: &mut Vec<u8>, args: &[&[u8]]) -> Result<()> {
    if append(out, args) {
        return Ok(());
    }
    reserve(out, args)?;
    match append(out, args) {
        true => Ok(()),
        false => Err(Error::no_memory(usize::MAX)),
    }
}

/// Appends a command, if there is room for it; answers whether there was.
#[inline(always)]
pub fn append(out: &mut Vec<u8>, args: &[&[u8]]) -> bool {
    let spare = out.spare_capacity_mut();
    // SAFETY: the room is there and ours.
    let mut room = unsafe { Bounded::new(spare.as_mut_ptr().cast(), spare.len()) };
    let before = room.left();
    if !room.whole(args) {
        return false;
    }
    let written = before - room.left();
    // SAFETY: so many bytes were written behind those that are there.
    unsafe { out.set_len(out.len() + written) };
    true
}

#[cold]
#[inline(never)]
fn reserve(out: &mut Vec<u8>, args: &[&[u8]]) -> Result<()> {
    let room = size(args).and_then(|size| size.checked_add(AROUND));
    let room = room.unwrap_or(usize::MAX);
    out.try_reserve(room).map_err(|_| Error::no_memory(room))
}

/// How many bytes a command takes: `None` beyond the address space.
pub fn size(args: &[&[u8]]) -> Option<usize> {
    let mut size = Some(3 + digits(args.len()));
    for arg in args {
        size = size.and_then(|size| size.checked_add(around(arg.len()))?.checked_add(arg.len()));
    }
    size
}

#[inline(never)]
fn digits(number: usize) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Room that somebody else gave, to be written from its beginning.
pub struct Bounded {
    at: *mut u8,
    left: usize,
}

impl Bounded {
    /// # Safety
    /// `room` bytes may be written at `at` as long as it lives.
    #[inline(always)]
    pub unsafe fn new(at: *mut u8, room: usize) -> Self {
        Self { at, left: room }
    }

    /// How much room is left.
    #[inline(always)]
    pub fn left(&self) -> usize {
        self.left
    }

    /// Writes a command, as much of it as there is room for; answers whether that is all.
    #[inline(always)]
    pub fn whole(&mut self, args: &[&[u8]]) -> bool {
        if !self.count(args.len()) {
            return false;
        }
        for arg in args {
            if !self.argument(arg) {
                return false;
            }
        }
        true
    }

    /// Writes how many arguments follow, if there is room for it.
    #[inline(always)]
    pub fn count(&mut self, number: usize) -> bool {
        let Some(left) = self.left.checked_sub(around(number) - 2) else {
            return false;
        };
        self.left = left;
        // SAFETY: there is room for it.
        self.at = unsafe { write_count(self.at, number) };
        true
    }

    /// Writes an argument, if there is room for it.
    #[inline(always)]
    pub fn argument(&mut self, arg: &[u8]) -> bool {
        let Some(left) = self.left.checked_sub(arg.len() + around(arg.len())) else {
            return false;
        };
        self.left = left;
        // SAFETY: there is room for it.
        self.at = unsafe { write_argument(self.at, arg) };
        true
    }
}

/// At least the room for so many arguments of `total` bytes: what stands around one is not more than
/// seven bytes and a sixteenth of its length.
#[inline(always)]
pub fn ample(args: usize, total: usize) -> usize {
    let around = args.saturating_mul(7).saturating_add(AROUND);
    total.saturating_add(total / 16).saturating_add(around)
}

/// What stands around an argument of this length. Up to 9 and up to 99 bytes are what most have.
#[inline(always)]
fn around(length: usize) -> usize {
    match length {
        0..10 => 6,
        10..100 => 7,
        _ => 5 + digits(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_arrive_whole() {
        let long: Vec<u8> = (0..=255).cycle().take(300).collect();
        for length in 0..300 {
            let arg = &long[..length];
            let mut out = b"before".to_vec();
            command(&mut out, &[arg, b"x"]).unwrap();
            let mut expected = format!("before*2\r\n${length}\r\n").into_bytes();
            expected.extend_from_slice(arg);
            expected.extend_from_slice(b"\r\n$1\r\nx\r\n");
            assert_eq!(out, expected, "{length}");
            assert_eq!(size(&[arg, b"x"]), Some(out.len() - 6));
        }
    }

    #[test]
    fn ample_room_is_ample() {
        for length in (0..2000).chain([9_999, 10_000, 99_999, 100_000, 1 << 40, 1 << 50]) {
            assert!(7 + length / 16 >= around(length), "{length}");
        }
        assert_eq!(ample(usize::MAX, 1), usize::MAX);
    }

    #[test]
    fn many_arguments_are_counted() {
        for count in [1, 9, 10, 99, 100, 12_345] {
            let args = vec![&b"a"[..]; count];
            let mut out = Vec::new();
            command(&mut out, &args).unwrap();
            let expected = format!("*{count}\r\n{}", "$1\r\na\r\n".repeat(count));
            assert_eq!(out, expected.as_bytes());
        }
    }
}
