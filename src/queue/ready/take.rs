//! The consumer's side: takes what has ended, or sleeps until something has.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::{Callback, Completed, Event, EventKind, Inner, Item, Ready, Waiting};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::resp::Reply;
use crate::sys::sync::MutexGuard;

/// Room for so many completions is kept.
const KEPT: usize = 16_384;

/// A callback that is to run.
pub(in crate::queue) struct Called {
    pub callback: Box<dyn Callback>,
    pub result: Result<Reply>,
}

impl Ready {
    /// Waits for callbacks to run; answers how many wait now.
    pub(in crate::queue) fn wait_for_calls(&self, deadline: Deadline) -> Result<usize> {
        let mut inner = self.lock();
        loop {
            match inner.calls.len() {
                0 if self.is_over(&inner) => return Err(Error::closed()),
                0 => {}
                count => return Ok(count),
            }
            match self.sleep(inner, deadline) {
                Some(guard) => inner = guard,
                None => return Ok(0),
            }
        }
    }

    /// The next callback to run.
    pub(in crate::queue) fn next_call(&self) -> Option<Called> {
        let mut inner = self.lock();
        let Waiting {
            callback,
            result,
            bytes,
        } = inner.calls.pop_front()?;
        self.ties.in_flight.leave(1, bytes);
        rest(&mut inner.calls);
        self.sync_bell(&mut inner);
        Some(Called { callback, result })
    }

    /// The next reply or event; `None` at the deadline, and after CLOSED.
    pub(in crate::queue) fn next_event(&self, deadline: Deadline) -> Result<Option<Event>> {
        let mut inner = self.lock();
        loop {
            if let Some(event) = self.pop_event(&mut inner) {
                rest(&mut inner.items);
                self.sync_bell(&mut inner);
                return Ok(Some(event));
            }
            if self.is_over(&inner) {
                return Ok(None);
            }
            match self.sleep(inner, deadline) {
                Some(guard) => inner = guard,
                None => return Ok(None),
            }
        }
    }

    fn pop_event(&self, inner: &mut Inner) -> Option<Event> {
        if let Some(event) = inner.passed.pop_front() {
            inner.events -= 1;
            return Some(event);
        }
        match inner.items.pop_front()? {
            Item::Event(event) => {
                inner.events -= 1;
                Some(event)
            }
            Item::Reply(completed) => {
                self.ties.in_flight.leave(1, completed.bytes);
                let (reply, error) = match completed.result {
                    Ok(reply) => (Some(reply), None),
                    Err(error) => (None, Some(error)),
                };
                Some(Event {
                    kind: EventKind::Reply,
                    tag: completed.tag,
                    reply,
                    error,
                    payload: Vec::new(),
                })
            }
        }
    }

    /// Tagged completions in bulk; events are passed over.
    pub(in crate::queue) fn drain(
        &self,
        capacity: usize,
        deadline: Deadline,
        mut put: impl FnMut(Completed),
    ) -> Result<usize> {
        let mut inner = self.lock();
        loop {
            let (mut count, mut bytes) = (0, 0);
            while count < capacity
                && let Some(item) = inner.items.pop_front()
            {
                match item {
                    Item::Event(event) => inner.passed.push_back(event),
                    Item::Reply(completed) => {
                        count += 1;
                        bytes += completed.bytes;
                        put(completed);
                    }
                }
            }
            if count > 0 || capacity == 0 {
                self.ties.in_flight.leave(count, bytes);
                rest(&mut inner.items);
                self.sync_bell(&mut inner);
                return Ok(count);
            }
            if self.is_over(&inner) {
                return Err(Error::closed());
            }
            match self.sleep(inner, deadline) {
                Some(guard) => inner = guard,
                None => return Ok(0),
            }
        }
    }

    /// Sleeps until something comes; `None` when the deadline has passed.
    pub(super) fn sleep<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner>,
        deadline: Deadline,
    ) -> Option<MutexGuard<'a, Inner>> {
        let left = deadline.remaining();
        if left.is_some_and(|left| left.is_zero()) {
            return None;
        }
        inner.sleepers += 1;
        let mut inner = match left {
            None => self
                .arrived
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner),
            Some(left) => {
                let waited = self.arrived.wait_timeout(inner, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        inner.sleepers -= 1;
        Some(inner)
    }

    /// Whether nothing can come any more.
    fn is_over(&self, inner: &Inner) -> bool {
        inner.freed || inner.closing && self.outstanding.load(Ordering::SeqCst) == 0
    }
}

/// Keeps no more memory than there is use for, once a crowd has gone.
fn rest<T>(waiting: &mut VecDeque<T>) {
    if waiting.is_empty() && waiting.capacity() > KEPT {
        *waiting = VecDeque::new();
    }
}
