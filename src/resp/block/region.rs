//! A counted block of zeroed bytes.
//!
//! Several owners may hold one region; each writes only to the part it alone knows of: `Wire` to
//! what lies behind the last finished reply, a reply to its own bytes while it is being finished.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use crate::sys::pages;

/// The header's room: data begins so far into a page-aligned block. A receive buffer at page
/// offset 0 to 63 makes the kernel's copy several times slower on some processors.
const HEADER: usize = 128;
const PAGE: usize = 4096;
/// Blocks of this size and more are mapped, not allocated.
const MAPPED: usize = 1 << 20;

struct Header {
    owners: AtomicUsize,
    /// Whole size, header included.
    size: usize,
}

/// One owner's hold on a region.
pub(super) struct Region {
    block: NonNull<Header>,
}

// SAFETY: the count is atomic and the bytes are written only as the module's comment says.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// A region with room for at least `room` bytes; `None` without memory.
    pub(super) fn new(room: usize) -> Option<Self> {
        let size = room.checked_add(HEADER)?.checked_next_multiple_of(PAGE)?;
        let block = if size >= MAPPED {
            pages::map(size)?
        } else {
            // SAFETY: the size is not zero.
            NonNull::new(unsafe { alloc_zeroed(layout(size)?) })?
        };
        let block = block.cast::<Header>();
        let header = Header {
            owners: AtomicUsize::new(1),
            size,
        };
        // SAFETY: the block is ours alone, page-aligned and larger than a header.
        unsafe { block.write(header) };
        Some(Self { block })
    }

    fn header(&self) -> &Header {
        // SAFETY: the header lives as long as any owner.
        unsafe { self.block.as_ref() }
    }

    /// How many bytes fit.
    pub(super) fn room(&self) -> usize {
        self.header().size - HEADER
    }

    /// First byte.
    pub(super) fn data(&self) -> NonNull<u8> {
        // SAFETY: every region is larger than its header.
        unsafe { self.block.cast::<u8>().add(HEADER) }
    }

    /// Whether nobody else holds it.
    pub(super) fn is_sole(&self) -> bool {
        self.header().owners.load(Ordering::Acquire) == 1
    }

    /// Enlarges a mapped region of which this is the sole owner; `false` leaves it as it was.
    pub(super) fn grow(&mut self, room: usize) -> bool {
        let from = self.header().size;
        let Some(to) = room
            .checked_add(HEADER)
            .and_then(|size| size.checked_next_multiple_of(PAGE))
        else {
            return false;
        };
        if from < MAPPED || to <= from || !self.is_sole() {
            return false;
        }
        // SAFETY: the block was mapped with this size and has no other owner.
        match unsafe { pages::grow(self.block.cast(), from, to) } {
            Some(block) => {
                self.block = block.cast();
                // SAFETY: the header moved along with the block, which is ours alone.
                unsafe { (*self.block.as_ptr()).size = to };
                true
            }
            None => false,
        }
    }
}

impl Clone for Region {
    fn clone(&self) -> Self {
        self.header().owners.fetch_add(1, Ordering::Relaxed);
        Self { block: self.block }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.header().owners.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        let size = self.header().size;
        if size >= MAPPED {
            // SAFETY: mapped with this size, and the last owner is going.
            unsafe { pages::unmap(self.block.cast(), size) };
        } else if let Some(layout) = layout(size) {
            // SAFETY: allocated with this layout, and the last owner is going.
            unsafe { dealloc(self.block.as_ptr().cast(), layout) };
        }
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, PAGE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stands_clear_of_the_page_start() {
        for room in [1, 4000, 69_000, 2 << 20] {
            let region = Region::new(room).unwrap();
            assert!(region.room() >= room);
            assert_eq!(region.data().as_ptr() as usize % PAGE, HEADER);
        }
    }

    #[test]
    fn a_mapped_region_grows_with_its_bytes() {
        let mut region = Region::new(MAPPED).unwrap();
        let last = region.room() - 1;
        // SAFETY: inside the region.
        unsafe { region.data().add(last).write(7) };
        assert!(region.grow(64 << 20));
        assert!(region.room() >= 64 << 20);
        // SAFETY: inside the region.
        assert_eq!(unsafe { region.data().add(last).read() }, 7);
        let other = region.clone();
        assert!(
            !region.grow(128 << 20),
            "shared regions stay where they are"
        );
        drop(other);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(Region::new(usize::MAX).is_none());
        assert!(Region::new(usize::MAX / 2).is_none());
    }
}
