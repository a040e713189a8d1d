//! Where the blocks of replies come from: small ones from the allocator, large ones mapped, so that
//! they go back to the system when they are freed.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::ptr::NonNull;

use crate::sys::pages;

/// Blocks of this size and more are mapped, not allocated.
pub(super) const MAPPED: usize = 1 << 20;
/// Every allocator aligns to so much without ado, and it leaves room for a pointer.
const PLAIN: usize = 16;
/// Mapped blocks are whole pages.
pub(super) const PAGE: usize = 4096;
/// Blocks that begin at a page are mapped from this size on: only what is used of them takes memory,
/// and they leave no holes.
const MAPPED_PAGES: usize = 64 << 10;

/// Whether such a block is mapped, zeroed, and can be enlarged.
pub(super) fn is_mapped(size: usize, align: usize) -> bool {
    size >= MAPPED || align >= PAGE && size >= MAPPED_PAGES
}

/// The system aligns only mappings of whole huge pages so that such pages fit, and moves these as
/// they are; other blocks of this size and more would be mended together from small ones.
const HUGE: usize = 8 << 20;
const HUGE_PAGE: usize = 2 << 20;

/// How much is mapped for a block of `size` bytes.
fn mapped(size: usize) -> Option<usize> {
    size.checked_next_multiple_of(match size {
        HUGE.. => HUGE_PAGE,
        _ => PAGE,
    })
}

/// What the bytes of a new block are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fill {
    Zeroes,
    Anything,
}

/// A block of `size` bytes, which is not 0, aligned to at most a page; `None` without memory. A
/// mapped one begins at a page.
pub(super) fn allocate(size: usize, align: usize, fill: Fill) -> Option<NonNull<u8>> {
    if is_mapped(size, align) {
        return pages::map(mapped(size)?);
    }
    if align > PLAIN {
        return allocate_within(size, align, fill);
    }
    take(Layout::from_size_align(size, align).ok()?, fill)
}

/// A block inside a larger one, whose address is noted before it. An allocator asked for whole
/// pages may leave holes that nothing else fits: with glibc 2.36 a process grew by megabytes.
fn allocate_within(size: usize, align: usize, fill: Fill) -> Option<NonNull<u8>> {
    let outer = take(around(size, align)?, fill)?;
    // SAFETY: the outer block is larger by `align`, so that an aligned address with room for a
    // pointer before it and for `size` bytes behind it lies inside.
    unsafe {
        let offset = align - outer.as_ptr().addr() % align;
        let block = outer.add(offset);
        block.cast::<NonNull<u8>>().sub(1).write(outer);
        Some(block)
    }
}

fn around(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(align)?, PLAIN).ok()
}

fn take(layout: Layout, fill: Fill) -> Option<NonNull<u8>> {
    // SAFETY: the size is not zero.
    NonNull::new(unsafe {
        match fill {
            Fill::Zeroes => alloc_zeroed(layout),
            Fill::Anything => alloc(layout),
        }
    })
}

/// Gives a block back.
///
/// # Safety
/// `block` came from `allocate` or `enlarge` with this size and alignment and is not used again.
pub(super) unsafe fn release(block: NonNull<u8>, size: usize, align: usize) {
    if is_mapped(size, align) {
        if let Some(length) = mapped(size) {
            // SAFETY: mapped with this length.
            unsafe { pages::unmap(block, length) };
        }
    } else if align > PLAIN {
        if let Some(layout) = around(size, align) {
            // SAFETY: made by `allocate_within`, which noted the outer block with this layout.
            unsafe {
                let outer = block.cast::<NonNull<u8>>().sub(1).read();
                dealloc(outer.as_ptr(), layout);
            }
        }
    } else if let Ok(layout) = Layout::from_size_align(size, align) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(block.as_ptr(), layout) };
    }
}

/// Enlarges a block that is only as aligned as allocators do without ado, moving it if need be;
/// `None` leaves it as it was.
///
/// # Safety
/// `block` came from `allocate` or `enlarge_plain` with size `from` and alignment `align`, at most
/// `PLAIN`; `to` is larger. On success the old address is not used again.
pub(super) unsafe fn enlarge_plain(
    block: NonNull<u8>,
    (from, to): (usize, usize),
    align: usize,
) -> Option<NonNull<u8>> {
    if from >= MAPPED {
        // SAFETY: mapped with this size.
        return unsafe { enlarge(block, from, to) };
    }
    if to < MAPPED {
        let layout = Layout::from_size_align(from, align).ok()?;
        // SAFETY: allocated with this layout; the new size is larger and far from overflow.
        return NonNull::new(unsafe { realloc(block.as_ptr(), layout, to) });
    }
    let made = allocate(to, align, Fill::Anything)?;
    // SAFETY: both blocks are ours and at least `from` long; the old one is not used again.
    unsafe {
        std::ptr::copy_nonoverlapping(block.as_ptr(), made.as_ptr(), from);
        release(block, from, align);
    }
    Some(made)
}

/// Enlarges a mapped block, moving it if need be; `None` leaves it as it was.
///
/// # Safety
/// `block` came from `allocate` or `enlarge` with size `from`, and is mapped; `to` is larger. On success the old address is not used again.
pub(super) unsafe fn enlarge(block: NonNull<u8>, from: usize, to: usize) -> Option<NonNull<u8>> {
    let (from, to) = (mapped(from)?, mapped(to)?);
    match from == to {
        true => Some(block),
        // SAFETY: mapped with this size.
        false => unsafe { pages::grow(block, from, to) },
    }
}
