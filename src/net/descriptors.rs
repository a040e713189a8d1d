//! The descriptors a client has open, readable without a lock.
//!
//! A forked child closes them and nothing more: the parent's locks may be held and its lists half
//! changed, but a number in a table of atomics is always whole. The table grows by blocks and
//! never moves or shrinks, so every descriptor has a place, and one keeps it.
//!
//! Beside a descriptor stands what is behind it. A child may have something else there: it may have
//! closed everything and opened files of its own, as daemons do, and the system copies the descriptors
//! before the memory, which may name one that came in between.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::options::Endpoint;
#[cfg(unix)]
use crate::sys::inode;
use crate::sys::poll::Descriptor;

const FREE: u64 = u64::MAX;
/// Most clients have few connections.
const FIRST: usize = 8;

/// A table of open descriptors.
pub struct Descriptors {
    first: Block,
}

/// A part of the table; the next one is twice as large.
struct Block {
    entries: Box<[AtomicU64]>,
    next: OnceLock<Box<Block>>,
}

impl Block {
    fn new(size: usize) -> Self {
        Self {
            entries: (0..size).map(|_| AtomicU64::new(FREE)).collect(),
            next: OnceLock::new(),
        }
    }

    fn note(&self, entry: u64) -> Option<usize> {
        self.entries.iter().position(|place| {
            place
                .compare_exchange(FREE, entry, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        })
    }

    fn next(&self) -> &Block {
        let size = self.entries.len() * 2;
        self.next.get_or_init(|| Box::new(Block::new(size)))
    }
}

impl Default for Descriptors {
    fn default() -> Self {
        Self {
            first: Block::new(FIRST),
        }
    }
}

impl Descriptors {
    /// Notes a socket by its descriptor and `inode::of_socket`; answers its place.
    pub fn note(&self, descriptor: Descriptor, inode: u32) -> usize {
        let entry = pack(descriptor, inode);
        let mut block = &self.first;
        let mut before = 0;
        loop {
            if let Some(place) = block.note(entry) {
                return before + place;
            }
            before += block.entries.len();
            block = block.next();
        }
    }

    /// Forgets the descriptor at a place.
    pub fn forget(&self, place: usize) {
        if let Some(entry) = self.entries().nth(place) {
            entry.store(FREE, Ordering::Release);
        }
    }

    fn entries(&self) -> impl Iterator<Item = &AtomicU64> {
        // A block that is just being added has nothing in it yet.
        std::iter::successors(Some(&self.first), |block| block.next.get().map(Box::as_ref))
            .flat_map(|block| &block.entries)
    }

    /// Closes this process's copies of those connected to `peer`; the connections themselves live on in
    /// the parent. Whatever else has their numbers is left alone.
    #[cfg(unix)]
    pub fn close_inherited(&self, peer: &Endpoint) {
        for entry in self.entries() {
            let entry = entry.swap(FREE, Ordering::AcqRel);
            if entry == FREE {
                continue;
            }
            let (descriptor, inode) = unpack(entry);
            let is_still = inode::is_still(descriptor, inode);
            if is_still.unwrap_or_else(|| is_connected_to(descriptor, peer)) {
                // SAFETY: inherited, noted by its owner, and that owner does not run in this process.
                unsafe { libc::close(descriptor) };
            }
        }
    }

    /// Nothing is inherited where there is no fork.
    #[cfg(not(unix))]
    pub fn close_inherited(&self, _: &Endpoint) {}
}

fn pack(descriptor: Descriptor, inode: u32) -> u64 {
    u64::from(inode) << 32 | u64::from(descriptor as u32)
}

#[cfg(unix)]
fn unpack(entry: u64) -> (Descriptor, u32) {
    (entry as u32 as Descriptor, (entry >> 32) as u32)
}

/// What can be asked where sockets have no number.
#[cfg(unix)]
fn is_connected_to(descriptor: Descriptor, peer: &Endpoint) -> bool {
    // SAFETY: only borrowed for the question; a number that is no open file is answered by an error.
    let descriptor = unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) };
    let Ok(address) = socket2::SockRef::from(&descriptor).peer_addr() else {
        return false;
    };
    match peer {
        Endpoint::Tcp { port, .. } => address.as_socket().is_some_and(|it| it.port() == *port),
        Endpoint::Unix(path) => address.as_pathname() == Some(path),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let table = Descriptors::default();
        assert_eq!(table.note(5, 50), 0);
        assert_eq!(table.note(6, 60), 1);
        table.forget(0);
        assert_eq!(table.note(8, 80), 0);
    }

    #[test]
    fn every_descriptor_has_a_place_however_many_and_from_any_thread() {
        let table = Descriptors::default();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let table = &table;
                scope.spawn(move || {
                    let numbers = (0..100).map(|number| thread * 100 + number);
                    let places: Vec<usize> = numbers.map(|it| table.note(it, 1)).collect();
                    places[..50].iter().for_each(|place| table.forget(*place));
                });
            }
        });
        let noted = table.entries().map(|entry| entry.load(Ordering::Acquire));
        let taken = noted.filter(|entry| *entry != FREE);
        let mut left: Vec<Descriptor> = taken.map(|entry| unpack(entry).0).collect();
        left.sort_unstable();
        let wanted: Vec<Descriptor> = (0..800).filter(|number| number % 100 >= 50).collect();
        assert_eq!(left, wanted);
        assert!(table.entries().count() < 2 * 800);
    }
}
