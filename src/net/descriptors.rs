//! The descriptors a client has open, readable without a lock.
//!
//! A forked child closes them and nothing more: the parent's locks may be held and its lists half
//! changed, but a number in a table of atomics is always whole.

use std::sync::atomic::{AtomicI64, Ordering};

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

    /// Closes this process's copies of all of them; the connections themselves live on in the parent.
    pub fn close_inherited(&self) {
        for entry in &self.entries {
            let descriptor = entry.swap(FREE, Ordering::AcqRel);
            #[cfg(unix)]
            if let Ok(descriptor) = i32::try_from(descriptor)
                && descriptor >= 0
            {
                // SAFETY: inherited, noted by its owner, and that owner does not run in this process.
                unsafe { libc::close(descriptor) };
            }
            #[cfg(not(unix))]
            let _ = descriptor;
        }
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
