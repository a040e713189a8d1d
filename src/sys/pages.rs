//! Whole pages for large blocks: zeroed, page-aligned, given back to the system when freed.
//!
//! A malloc that keeps or trims such blocks costs either memory or page faults; mapping them
//! ourselves costs neither, and on Linux a block grows without copying.

use std::ptr::NonNull;

/// Maps `length` zeroed bytes; `None` when the system has no room.
#[cfg(unix)]
pub fn map(length: usize) -> Option<NonNull<u8>> {
    // SAFETY: an anonymous private mapping at an address of the kernel's choice touches no memory of ours.
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return None;
    }
    advise_huge(address, length);
    NonNull::new(address.cast())
}

/// Gives `length` bytes at `block` back.
///
/// # Safety
/// `block` came from `map` or `grow` with this length and is not used again.
#[cfg(unix)]
pub unsafe fn unmap(block: NonNull<u8>, length: usize) {
    // SAFETY: the caller hands over a mapping of exactly this length.
    unsafe { libc::munmap(block.as_ptr().cast(), length) };
}

/// Enlarges a mapping, moving it when there is no room behind it; `None` leaves it as it was.
///
/// # Safety
/// `block` came from `map` or `grow` with length `from`; on success the old address is not used again.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub unsafe fn grow(block: NonNull<u8>, from: usize, to: usize) -> Option<NonNull<u8>> {
    // SAFETY: the caller owns the mapping and gives up the old address.
    let address = unsafe { libc::mremap(block.as_ptr().cast(), from, to, libc::MREMAP_MAYMOVE) };
    if address == libc::MAP_FAILED {
        return None;
    }
    advise_huge(address, to);
    NonNull::new(address.cast())
}

/// Enlarges a mapping by copying it; `None` leaves it as it was.
///
/// # Safety
/// `block` came from `map` or `grow` with length `from`; on success the old address is not used again.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub unsafe fn grow(block: NonNull<u8>, from: usize, to: usize) -> Option<NonNull<u8>> {
    let made = map(to)?;
    // SAFETY: both blocks are ours, at least `from` long, and distinct mappings do not overlap.
    unsafe {
        std::ptr::copy_nonoverlapping(block.as_ptr(), made.as_ptr(), from);
        unmap(block, from);
    }
    Some(made)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn advise_huge(address: *mut libc::c_void, length: usize) {
    const WORTH_IT: usize = 4 << 20;
    if length >= WORTH_IT {
        // SAFETY: advice on a mapping of ours changes no contents; a refusal is harmless.
        unsafe { libc::madvise(address, length, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn advise_huge(_: *mut libc::c_void, _: usize) {}

#[cfg(not(unix))]
mod heap {
    use std::alloc::{Layout, alloc_zeroed, dealloc, realloc};
    use std::ptr::NonNull;

    fn layout(length: usize) -> Option<Layout> {
        Layout::from_size_align(length, 4096).ok()
    }

    /// Allocates `length` zeroed bytes.
    pub fn map(length: usize) -> Option<NonNull<u8>> {
        // SAFETY: callers never ask for zero bytes.
        NonNull::new(unsafe { alloc_zeroed(layout(length)?) })
    }

    /// Gives `length` bytes at `block` back.
    ///
    /// # Safety
    /// `block` came from `map` or `grow` with this length and is not used again.
    pub unsafe fn unmap(block: NonNull<u8>, length: usize) {
        if let Some(layout) = layout(length) {
            // SAFETY: same layout as at allocation.
            unsafe { dealloc(block.as_ptr(), layout) };
        }
    }

    /// Enlarges a block; the new part is zeroed.
    ///
    /// # Safety
    /// `block` came from `map` or `grow` with length `from`; on success the old address is not used again.
    pub unsafe fn grow(block: NonNull<u8>, from: usize, to: usize) -> Option<NonNull<u8>> {
        // SAFETY: same layout as at allocation, and the new size is larger than zero.
        let made = NonNull::new(unsafe { realloc(block.as_ptr(), layout(from)?, to) })?;
        // SAFETY: the block is now `to` bytes long.
        unsafe { std::ptr::write_bytes(made.as_ptr().add(from), 0, to - from) };
        Some(made)
    }
}

#[cfg(not(unix))]
pub use heap::{grow, map, unmap};
