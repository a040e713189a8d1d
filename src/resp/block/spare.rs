//! The block of an earlier small reply, written again once nobody else has it: who reads one reply
//! after the other needs no memory for them.

use std::ptr::NonNull;

use super::memory::{self, Fill};
use super::node::Node;
use super::reply::{ALIGN, Header, NODES_AT, Reply};

/// Larger blocks are not kept.
const LARGEST: usize = 2048;
/// Kept blocks have sizes in such steps, so that the next reply may be a little longer.
const STEP: usize = 64;
/// A block is used again for a reply that needs so much less, but not for one that would hold far
/// more memory than it needs.
const WASTE: usize = 256;

/// See the module.
#[derive(Default)]
pub struct Spare {
    /// One owner of it.
    last: Option<Reply>,
}

/// A block to be written: its header is there, its nodes are not.
pub(super) struct Room {
    pub block: NonNull<u8>,
    /// How many owners the reply will have.
    owners: usize,
}

impl Spare {
    /// A block of at least `size` bytes that nobody reads; `None` without memory. One that comes
    /// from here is not to be given a region: it would hold it for longer than the reply.
    #[inline(always)]
    pub(super) fn room(&mut self, size: usize) -> Option<Room> {
        match self.last.as_ref().and_then(Reply::sole_block) {
            Some((block, held)) if held >= size && held <= 4 * size + WASTE => {
                Some(Room { block, owners: 2 })
            }
            _ => self.renew(size),
        }
    }

    #[cold]
    #[inline(never)]
    fn renew(&mut self, size: usize) -> Option<Room> {
        if size > LARGEST {
            return Room::new(size);
        }
        let room = Room::new(size.next_multiple_of(STEP))?;
        // SAFETY: the header is written, with this one owner; nobody looks at the root.
        self.last = Some(unsafe { Reply::at(room.block.add(NODES_AT).cast()) });
        Some(Room { owners: 2, ..room })
    }
}

impl Room {
    /// A block of its own.
    pub(super) fn new(size: usize) -> Option<Self> {
        let block = memory::allocate(size, ALIGN, Fill::Anything)?;
        // SAFETY: the block is new, aligned, and larger than a header.
        unsafe { block.cast::<Header>().write(Header::new(size)) };
        Some(Self { block, owners: 1 })
    }

    /// The reply, when the nodes are written, and its header for what else it has.
    ///
    /// # Safety
    /// They are. A region is only given to a block of its own.
    #[inline(always)]
    pub(super) unsafe fn finish(self, more: impl FnOnce(&mut Header)) -> Reply {
        // SAFETY: the header is there and nobody else looks at it; so is the root.
        unsafe {
            let header = &mut *self.block.cast::<Header>().as_ptr();
            header.complete(self.owners);
            more(header);
            Reply::at(self.block.add(NODES_AT).cast::<Node>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::Kind;
    use super::*;

    fn reply(spare: &mut Spare, text: &[u8]) -> (Reply, usize) {
        let reply = Reply::text_of(spare, Kind::String, text).unwrap();
        assert_eq!(reply.text(), text);
        let address = std::ptr::from_ref(&*reply).addr();
        (reply, address)
    }

    #[test]
    fn a_freed_block_is_written_again_and_a_held_one_never() {
        let mut spare = Spare::default();
        let (first, at) = reply(&mut spare, b"first");
        drop(first);
        let (second, again) = reply(&mut spare, b"second");
        assert_eq!(at, again);
        let held = second.clone();
        drop(second);
        let (third, other) = reply(&mut spare, b"third");
        assert_ne!(other, again);
        assert_eq!((held.text(), third.text()), (&b"second"[..], &b"third"[..]));
        drop(spare);
        assert_eq!((held.text(), third.text()), (&b"second"[..], &b"third"[..]));
    }

    #[test]
    fn a_small_reply_does_not_hold_a_large_block() {
        let mut spare = Spare::default();
        let (large, at) = reply(&mut spare, &[b'x'; 1500]);
        drop(large);
        let (_small, other) = reply(&mut spare, b"small");
        assert_ne!(at, other);
    }

    #[test]
    fn what_is_larger_is_not_kept() {
        let mut spare = Spare::default();
        drop(reply(&mut spare, &[b'x'; LARGEST]));
        assert!(spare.last.is_none());
    }
}
