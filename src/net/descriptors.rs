//! The descriptors a client has open, readable without a lock.
//!
//! A forked child closes them and nothing more: the parent's locks may be held and its lists half
//! changed, but a number in a table of atomics is always whole.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::options::Endpoint;

const FREE: i64 = -1;

/// A table of open descriptors.
pub struct Descriptors {
    entries: Box<[AtomicI64]>,
}

impl Descriptors {
    /// A table for `most` descriptors.
    pub fn new(most: usize) -> Self {
        Self {
            entries: (0..most).map(|_| AtomicI64::new(FREE)).collect(),
        }
    }

    /// Notes a descriptor; answers its place, if there is one.
    pub fn note(&self, descriptor: i64) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry
                .compare_exchange(FREE, descriptor, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        })
    }

    /// Forgets the descriptor at a place.
    pub fn forget(&self, place: usize) {
        if let Some(entry) = self.entries.get(place) {
            entry.store(FREE, Ordering::Release);
        }
    }

    /// Closes this process's copies of those that are still connected to `peer`; the connections
    /// themselves live on in the parent. A child that closed everything before, as daemons do,
    /// may have other files under the old numbers: they are left alone.
    #[cfg(unix)]
    pub fn close_inherited(&self, peer: &Endpoint) {
        for entry in &self.entries {
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
        let table = Descriptors::new(2);
        assert_eq!(table.note(5), Some(0));
        assert_eq!(table.note(6), Some(1));
        assert_eq!(table.note(7), None);
        table.forget(0);
        assert_eq!(table.note(8), Some(0));
    }
}
