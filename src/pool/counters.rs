//! What happened in a pool since it was made, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::events::CloseReason;

/// A number that only grows.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The sum so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

const REASONS: usize = CloseReason::ClientClosed as usize + 1;

/// See the module.
#[derive(Default)]
pub struct Counters {
    /// Connections made and greeted.
    pub opened: Counter,
    /// Attempts to make one that failed.
    pub connect_failures: Counter,
    /// Connections, and rights to make one, that were handed out.
    pub checkouts: Counter,
    /// Callers who found no connection free and waited.
    pub waits: Counter,
    waited_micros: Counter,
    /// Callers who got none in time.
    pub wait_timeouts: Counter,
    closed: [Counter; REASONS],
}

impl Counters {
    pub(super) fn count_closed(&self, reason: CloseReason) {
        self.closed[reason as usize].count();
    }

    /// Connections closed for this reason.
    pub fn closed(&self, reason: CloseReason) -> u64 {
        self.closed[reason as usize].get()
    }

    /// Connections closed for whatever reason.
    pub fn closed_in_all(&self) -> u64 {
        self.closed.iter().map(Counter::get).sum()
    }

    pub(super) fn count_wait(&self, waited: Duration) {
        self.waits.count();
        self.waited_micros.add(waited.as_micros() as u64);
    }

    /// How long callers have waited, taken together.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited_micros.get())
    }
}
