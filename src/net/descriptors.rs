//! The descriptors a client has open, readable without a lock.
//!
//! A forked child closes them and nothing more: the parent's locks may be held and its lists half
//! changed, but a number in a table of atomics is always whole. The table grows by blocks and
//! never moves or shrinks, so every descriptor has a place, and one keeps it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::options::Endpoint;

const FREE: i64 = -1;
/// Most clients have few connections.
const FIRST: usize = 8;

/// A table of open descriptors.
pub struct Descriptors {
    first: Block,
}

/// A part of the table; the next one is twice as large.
struct Block {
    entries: Box<[AtomicI64]>,
    next: OnceLock<Box<Block>>,
}

impl Block {
    fn new(size: usize) -> Self {
        Self {
            entries: (0..size).map(|_| AtomicI64::new(FREE)).collect(),
            next: OnceLock::new(),
        }
    }

    fn note(&self, descriptor: i64) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry
                .compare_exchange(FREE, descriptor, Ordering::AcqRel, Ordering::Relaxed)
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
    /// Notes a descriptor; answers its place.
    pub fn note(&self, descriptor: i64) -> usize {
        let mut block = &self.first;
        let mut before = 0;
        loop {
            if let Some(place) = block.note(descriptor) {
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

    fn entries(&self) -> impl Iterator<Item = &AtomicI64> {
        // A block that is just being added has nothing in it yet.
        std::iter::successors(Some(&self.first), |block| block.next.get().map(Box::as_ref))
            .flat_map(|block| &block.entries)
    }

    /// Closes this process's copies of those that are still connected to `peer`; the connections
    /// themselves live on in the parent. A child that closed everything before, as daemons do,
    /// may have other files under the old numbers: they are left alone.
    #[cfg(unix)]
    pub fn close_inherited(&self, peer: &Endpoint) {
        for entry in self.entries() {
            if let Ok(descriptor) = i32::try_from(entry.swap(FREE, Ordering::AcqRel))
                && descriptor >= 0
                && is_connected_to(descriptor, peer)
            {
                // SAFETY: inherited, noted by its owner, and that owner does not run in this process.
                unsafe { libc::close(descriptor) };
            }
        }
    }

    /// Nothing is inherited where there is no fork.
    #[cfg(not(unix))]
    pub fn close_inherited(&self, _: &Endpoint) {}
}

#[cfg(unix)]
fn is_connected_to(descriptor: i32, peer: &Endpoint) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_and_given_back() {
        let table = Descriptors::default();
        assert_eq!(table.note(5), 0);
        assert_eq!(table.note(6), 1);
        table.forget(0);
        assert_eq!(table.note(8), 0);
    }

    #[test]
    fn every_descriptor_has_a_place_however_many_and_from_any_thread() {
        let table = Descriptors::default();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let table = &table;
                scope.spawn(move || {
                    let numbers: Vec<i64> = (0..100).map(|number| thread * 100 + number).collect();
                    let places: Vec<usize> = numbers.iter().map(|it| table.note(*it)).collect();
                    places[..50].iter().for_each(|place| table.forget(*place));
                });
            }
        });
        let noted = table.entries().map(|entry| entry.load(Ordering::Acquire));
        let mut left: Vec<i64> = noted.filter(|number| *number != FREE).collect();
        left.sort_unstable();
        let wanted: Vec<i64> = (0..800).filter(|number| number % 100 >= 50).collect();
        assert_eq!(left, wanted);
        assert!(table.entries().count() < 2 * 800);
    }
}
