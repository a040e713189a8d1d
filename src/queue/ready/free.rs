//! The end of a queue: nothing is kept of what has ended, and what is under way is waited for.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use super::{Item, Ready, Waiting};
use crate::deadline::Deadline;
use crate::queue::Job;

/// What nobody will take; its callbacks are dropped with it.
pub(in crate::queue) struct Left {
    _items: VecDeque<Item>,
    _calls: VecDeque<Waiting>,
}

impl Ready {
    /// The queue is freed; what had ended is given back to be dropped without a lock.
    pub(in crate::queue) fn close(&self) -> Left {
        self.given_up.store(true, Ordering::SeqCst);
        let mut inner = self.lock();
        inner.freed = true;
        let left = Left {
            _items: std::mem::take(&mut inner.items),
            _calls: std::mem::take(&mut inner.calls),
        };
        let bytes = |item: &Item| match item {
            Item::Reply(completed) => Some(completed.bytes),
            Item::Event(_) => None,
        };
        let replies = left._items.iter().filter_map(bytes);
        let calls = left._calls.iter().map(|call| call.bytes);
        for bytes in replies.chain(calls) {
            self.ties.in_flight.leave(1, bytes);
        }
        self.announce(inner);
        left
    }

    /// Jobs that were taken back from the links.
    pub(in crate::queue) fn end_taken(&self, jobs: Vec<Job>) {
        for job in &jobs {
            self.ties.in_flight.leave(1, job.bytes());
        }
        let mut inner = self.lock();
        self.subtract(&mut inner, jobs.len());
        drop(inner);
    }

    /// Waits until nothing is under way any more, and drops what has ended meanwhile.
    pub(in crate::queue) fn wait_for_the_rest(&self) {
        let mut inner = self.lock();
        loop {
            let grave = std::mem::take(&mut inner.grave);
            if !grave.is_empty() {
                drop(inner);
                drop(grave);
                inner = self.lock();
                continue;
            }
            if self.outstanding.load(Ordering::SeqCst) == 0 {
                return;
            }
            match self.sleep(inner, Deadline::never()) {
                Some(guard) => inner = guard,
                None => return,
            }
        }
    }
}
