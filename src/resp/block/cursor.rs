//! A place in the receive buffer from which heads of values are read as whole words.
//!
//! It never stands beyond the end of what has arrived, and the pad behind that may be read: so a
//! head is read without asking where the bytes end, and what was found is checked against it later.

use std::marker::PhantomData;

/// So many bytes may be read behind the last one, whatever they are.
pub(super) const PAD: usize = 16;

const LINE_END: [u8; 2] = *b"\r\n";

/// See the module.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    at: *const u8,
    left: usize,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> Cursor<'a> {
    /// At the first of `length` bytes.
    ///
    /// # Safety
    /// So many bytes and the pad may be read as long as the cursor lives.
    #[inline(always)]
    pub(super) unsafe fn new(at: *const u8, length: usize) -> Self {
        Self {
            at,
            left: length,
            bytes: PhantomData,
        }
    }

    /// How many bytes there are from here on.
    #[inline(always)]
    pub fn left(&self) -> usize {
        self.left
    }

    /// The byte here; anything at the end.
    #[inline(always)]
    pub fn marker(&self) -> u8 {
        // SAFETY: the pad may be read.
        unsafe { self.at.read() }
    }

    /// The eight bytes behind the marker, the first of them lowest; beyond the end they are anything.
    #[inline(always)]
    pub fn word(&self) -> u64 {
        // SAFETY: the pad may be read.
        u64::from_le_bytes(unsafe { self.at.add(1).cast::<[u8; 8]>().read_unaligned() })
    }

    /// Goes on by `used` bytes, if so many are there.
    #[inline(always)]
    pub fn take(&mut self, used: usize) -> bool {
        let are_there = used <= self.left;
        if are_there {
            // SAFETY: so many bytes are there.
            self.at = unsafe { self.at.add(used) };
            self.left -= used;
        }
        are_there
    }

    /// The same, if they end with a line end besides.
    #[inline(always)]
    pub fn take_line(&mut self, used: usize) -> bool {
        // SAFETY: both bytes are there.
        let ends = |end| unsafe { self.at.add(end).cast::<[u8; 2]>().read_unaligned() } == LINE_END;
        used <= self.left && used.checked_sub(2).is_some_and(ends) && self.take(used)
    }

    /// `length` bytes from `offset` on with a line end behind them, if all that is there.
    #[inline(always)]
    pub fn text(&self, offset: usize, length: usize) -> Option<&'a [u8]> {
        let end = offset.checked_add(length)?;
        if self.left < 2 || end > self.left - 2 {
            return None;
        }
        // SAFETY: so many bytes are there, and two more.
        unsafe {
            let ends = self.at.add(end).cast::<[u8; 2]>().read_unaligned() == LINE_END;
            ends.then(|| std::slice::from_raw_parts(self.at.add(offset), length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beyond_the_end_is_taken_or_read() {
        let bytes = *b"$3\r\nabc\r\nmore and more";
        // SAFETY: the pad behind the first bytes may be read.
        let cursor = unsafe { Cursor::new(bytes.as_ptr(), 6) };
        assert_eq!((cursor.marker(), cursor.left()), (b'$', 6));
        assert_eq!(cursor.text(4, 3), None);
        assert_eq!(cursor.text(1, 1), Some(&b"3"[..]));
        assert_eq!(cursor.text(usize::MAX, 2), None);
        for used in [7, 9, usize::MAX] {
            let mut copy = cursor;
            assert!(!copy.take(used) && !copy.take_line(used));
            assert_eq!(copy.left(), 6);
        }
        let mut copy = cursor;
        assert!(!copy.take_line(0) && !copy.take_line(1) && !copy.take_line(3));
        assert!(copy.take_line(4) && copy.take(2));
        assert_eq!(copy.left(), 0);
    }
}
