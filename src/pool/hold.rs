//! What counts a connection, or the right to make one, as handed out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::deadline::Moment;

/// Since when it is out. Whoever has the connection writes it, without the pool's lock.
#[derive(Clone)]
pub(super) struct Hold(Arc<AtomicU64>);

impl Hold {
    pub fn new(now: Moment) -> Self {
        Self(Arc::new(AtomicU64::new(now.nanos())))
    }

    /// It goes out now.
    #[inline]
    pub fn begin(&self, now: Moment) {
        self.0.store(now.nanos(), Ordering::Relaxed);
    }

    /// It is idle, though it still counts.
    #[inline]
    pub fn end(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    /// How long it has been out.
    pub fn age(&self, now: Moment) -> Duration {
        now.since(Moment::of_nanos(self.0.load(Ordering::Relaxed)))
    }

    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
