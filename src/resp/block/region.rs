//! A counted block of bytes.
//!
//! Several owners may hold one region; each writes only to the part it alone knows of: `Wire` to
//! what lies behind the last finished reply, a reply to its own bytes while it is being finished.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use super::memory::{self, Fill, PAGE};

/// The header's room: data begins so far into a page-aligned block. A receive buffer at page
/// offset 0 to 63 makes the kernel's copy several times slower on some processors.
const HEADER: usize = 128;

struct Header {
    owners: AtomicUsize,
    /// Whole size, header included.
    size: usize,
}

/// Where a region of this size begins.
fn alignment(size: usize) -> usize {
    match size < PAGE {
        true => align_of::<Header>(),
        false => PAGE,
    }
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
    /// A region with room for at least `room` bytes, and how many of them are initialised: all,
    /// if there are no more than `small`, or where the system does it anyway. `None` without memory.
    pub(super) fn new(room: usize, small: usize) -> Option<(Self, usize)> {
        let size = room.checked_add(HEADER)?.checked_next_multiple_of(PAGE)?;
        let fill = match room <= small {
            true => Fill::Zeroes,
            false => Fill::Anything,
        };
        let block = memory::allocate(size, PAGE, fill)?.cast::<Header>();
        let header = Header {
            owners: AtomicUsize::new(1),
            size,
        };
        // SAFETY: the block is ours alone, page-aligned and larger than a header.
        unsafe { block.write(header) };
        let region = Self { block };
        let clean = match fill == Fill::Zeroes || memory::is_mapped(size, PAGE) {
            true => region.room(),
            false => 0,
        };
        Some((region, clean))
    }

    /// A region of less than a page, anywhere, all of it initialised.
    pub(super) fn little(size: usize) -> Option<Self> {
        debug_assert!(size > HEADER && size < PAGE);
        let block = memory::allocate(size, alignment(size), Fill::Anything)?.cast::<Header>();
        let header = Header {
            owners: AtomicUsize::new(1),
            size,
        };
        // Zeroes are written here: an allocator that is asked for them may go a slower way.
        // SAFETY: the block is ours alone, aligned, and so large, which is more than a header.
        unsafe {
            block.write(header);
            let data = block.cast::<u8>().add(HEADER);
            data.write_bytes(0, size - HEADER);
        }
        Some(Self { block })
    }

    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: the header lives as long as any owner.
        unsafe { self.block.as_ref() }
    }

    /// How many bytes fit.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        self.header().size - HEADER
    }

    /// First byte.
    #[inline(always)]
    pub(super) fn data(&self) -> NonNull<u8> {
        // SAFETY: every region is larger than its header.
        unsafe { self.block.cast::<u8>().add(HEADER) }
    }

    /// Whether nobody else holds it.
    #[inline]
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
        if !memory::is_mapped(from, PAGE) || to <= from || !self.is_sole() {
            return false;
        }
        // SAFETY: the block was mapped with this size and has no other owner.
        match unsafe { memory::enlarge(self.block.cast(), from, to) } {
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
        // SAFETY: allocated with this size, and the last owner is going.
        unsafe { memory::release(self.block.cast(), size, alignment(size)) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::MAPPED;
    use super::*;

    #[test]
    fn data_stands_clear_of_the_page_start() {
        for room in [1, 4000, 69_000, 2 << 20] {
            let region = Region::new(room, 0).unwrap().0;
            assert!(region.room() >= room);
            assert_eq!(region.data().as_ptr() as usize % PAGE, HEADER);
        }
    }

    #[test]
    fn a_little_region_is_clean_and_does_not_grow() {
        let mut region = Region::little(1024).unwrap();
        assert_eq!(region.room(), 1024 - HEADER);
        // SAFETY: inside the region, which is initialised.
        let bytes = unsafe { std::slice::from_raw_parts(region.data().as_ptr(), region.room()) };
        assert!(bytes.iter().all(|byte| *byte == 0));
        assert!(!region.grow(4096));
    }

    #[test]
    fn a_mapped_region_grows_with_its_bytes() {
        let mut region = Region::new(MAPPED, 0).unwrap().0;
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
        assert!(Region::new(usize::MAX, 0).is_none());
        assert!(Region::new(usize::MAX / 2, 0).is_none());
    }
}
