//! A finished reply: immutable nodes in one block, freed at once, readable from any thread.
//!
//! A hidden header stands before the root. `build` and `single` write both. Dropping frees blocks,
//! never walks a tree.

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use super::memory;
use super::node::Node;
use super::region::Region;

/// A node's index and that of its attributes.
pub(super) type Pair = [usize; 2];

pub(super) struct Header {
    owners: AtomicUsize,
    /// Of the whole block.
    size: usize,
    /// Held for the texts that stayed in it.
    region: Option<Region>,
    pairs: *const Pair,
    pair_count: usize,
}

pub(super) const ALIGN: usize = align_of::<Header>();
/// Where the root stands in a block.
pub(super) const NODES_AT: usize = size_of::<Header>().next_multiple_of(align_of::<Node>());

/// A whole reply: one more owner by `clone`, freed with the last.
pub struct Reply {
    root: NonNull<Node>,
}

// SAFETY: immutable after building, counted atomically.
unsafe impl Send for Reply {}
// SAFETY: as above.
unsafe impl Sync for Reply {}

impl std::ops::Deref for Reply {
    type Target = Node;

    fn deref(&self) -> &Node {
        // SAFETY: the block lives as long as this owner.
        unsafe { self.root.as_ref() }
    }
}

impl Header {
    /// That of a block of `size` bytes, which has one owner and nothing in it.
    pub(super) fn new(size: usize) -> Self {
        Self {
            owners: AtomicUsize::new(1),
            size,
            region: None,
            pairs: NonNull::dangling().as_ptr(),
            pair_count: 0,
        }
    }

    /// For a reply that is written.
    #[inline(always)]
    pub(super) fn complete(&mut self, owners: usize) {
        *self.owners.get_mut() = owners;
        self.pair_count = 0;
    }

    /// Adds the region that its texts stayed in.
    pub(super) fn hold(&mut self, region: Region) {
        self.region = Some(region);
    }

    /// Adds its attributes.
    pub(super) fn note(&mut self, pairs: *const Pair, pair_count: usize) {
        (self.pairs, self.pair_count) = (pairs, pair_count);
    }
}

impl Reply {
    /// # Safety
    /// `root` stands behind a header, both are written, and one of the owners is handed over.
    #[inline(always)]
    pub(super) unsafe fn at(root: NonNull<Node>) -> Self {
        Self { root }
    }

    /// The block, when this is its only owner, and the block's size.
    #[inline(always)]
    pub(super) fn sole_block(&self) -> Option<(NonNull<u8>, usize)> {
        let header = self.header();
        let is_sole = header.owners.load(Ordering::Acquire) == 1;
        is_sole.then(|| (header_of(self.root).cast(), header.size))
    }

    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: a header stands before every root.
        unsafe { header_of(self.root).as_ref() }
    }

    /// The attributes of a node of this reply: a MAP.
    pub fn attributes(&self, node: &Node) -> Option<&Node> {
        let header = self.header();
        // SAFETY: the pairs were written by `build`, in order of the nodes.
        let pairs = unsafe { std::slice::from_raw_parts(header.pairs, header.pair_count) };
        let offset = (ptr::from_ref(node) as usize).wrapping_sub(self.root.as_ptr() as usize);
        let index = offset / size_of::<Node>();
        let found = pairs.binary_search_by_key(&index, |pair| pair[0]).ok()?;
        // SAFETY: the second of a pair is the index of a node of this block.
        Some(unsafe { self.root.add(pairs[found][1]).as_ref() })
    }

    /// How many bytes it holds in memory.
    pub fn footprint(&self) -> usize {
        let header = self.header();
        header.size + header.region.as_ref().map_or(0, Region::room)
    }

    /// Gives the owner up as a pointer to the root; `from_raw` takes it back.
    pub fn into_raw(self) -> *mut Node {
        let root = self.root.as_ptr();
        std::mem::forget(self);
        root
    }

    /// Gives an owner up; if it was the last, what is left is to be dropped.
    ///
    /// # Safety
    /// As for `from_raw`.
    #[inline(always)]
    pub unsafe fn let_go(root: NonNull<Node>) -> Option<LastOwner> {
        let reply = ManuallyDrop::new(Self { root });
        let was_last = reply.header().owners.fetch_sub(1, Ordering::Release) == 1;
        was_last.then(|| LastOwner { root })
    }

    /// Takes an owner back.
    ///
    /// # Safety
    /// `root` came from `into_raw`, and each call ends one owner.
    pub unsafe fn from_raw(root: NonNull<Node>) -> Self {
        Self { root }
    }
}

impl Clone for Reply {
    fn clone(&self) -> Self {
        self.header().owners.fetch_add(1, Ordering::Relaxed);
        Self { root: self.root }
    }
}

impl Drop for Reply {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: this owner ends here.
        drop(unsafe { Self::let_go(self.root) });
    }
}

/// A reply without owners: dropping it frees the block.
pub struct LastOwner {
    root: NonNull<Node>,
}

impl Drop for LastOwner {
    #[inline(never)]
    fn drop(&mut self) {
        fence(Ordering::Acquire);
        let header = header_of(self.root);
        // SAFETY: the last owner is gone; the block was allocated with this size.
        unsafe {
            let size = header.as_ref().size;
            header.drop_in_place();
            memory::release(header.cast(), size, ALIGN);
        }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({:?}, {} long)", self.kind(), self.length)
    }
}

#[inline(always)]
fn header_of(root: NonNull<Node>) -> NonNull<Header> {
    // SAFETY: every root stands behind a header.
    unsafe { root.cast::<u8>().sub(NODES_AT).cast() }
}
