//! How tasks come to wait to be sent again, and how they go under way once more.

use super::backlog::Waiting;
use super::flight::Owner;
use super::inner::Inner;
use super::link::{Guard, Link};
use super::{Again, Done, Hub, Task};
use crate::error::Error;

impl<T: Task> Link<T> {
    /// Tasks that were answered wait, each for its time.
    pub fn delay<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        again: Vec<Again<T>>,
    ) -> Guard<'a, T> {
        if again.is_empty() {
            return inner;
        }
        let is_ended = again.iter().any(|again| again.task.ended().is_some());
        for again in again {
            let until = hub.clock.after(again.pause);
            inner.backlog.delay(again, until);
        }
        self.tell_of_waiting(hub, inner, is_ended)
    }

    /// Tasks of a lost connection wait before those that came meanwhile.
    pub fn put_back<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        again: Vec<Again<T>>,
    ) -> Guard<'a, T> {
        let is_ended = again.iter().any(|again| again.task.ended().is_some());
        if let Some(first) = again.first() {
            let until = hub.clock.after(first.pause);
            inner.backlog.put_back(again, until);
        }
        match inner.backlog.is_clear() {
            true => inner,
            false => self.tell_of_waiting(hub, inner, is_ended),
        }
    }

    /// The worker may have slept since they were under way, have looked for ended ones while they were
    /// nowhere, or have gone with the client.
    fn tell_of_waiting<'a>(
        &'a self,
        hub: &Hub<T>,
        inner: Guard<'a, T>,
        is_ended: bool,
    ) -> Guard<'a, T> {
        if hub.closing.is_fired() {
            return self.end_waiting(inner);
        }
        match is_ended {
            true => hub.nudge(),
            false => hub.worker.call(),
        }
        inner
    }

    /// The client is closed: none is sent again.
    pub fn end_waiting<'a>(&'a self, mut inner: Guard<'a, T>) -> Guard<'a, T> {
        let waiting = inner.backlog.take(|_| true);
        if waiting.is_empty() {
            return inner;
        }
        drop(inner);
        let closed = |waiting: Waiting<T>| {
            let closed = Error::closed();
            ended(waiting.task, waiting.bytes, closed)
        };
        let mut done: Vec<Done<T>> = waiting.into_iter().map(closed).collect();
        T::settle(&mut done, &mut Vec::new());
        self.lock()
    }

    /// Puts the tasks under way again whose pause is over.
    pub fn start_again<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        now: u64,
    ) -> Guard<'a, T> {
        let held = inner.settling > 0;
        let ready = inner.backlog.start(now, held);
        if ready.is_empty() {
            return inner;
        }
        self.prepare(hub, &mut inner);
        let failed = ready.into_iter().filter_map(|waiting| inner.board(waiting));
        let mut failed: Vec<Done<T>> = failed.collect();
        if !failed.is_empty() {
            drop(inner);
            T::settle(&mut failed, &mut Vec::new());
            inner = self.lock();
        }
        inner
    }
}

impl<T: Task> Inner<T> {
    /// Puts a task under way.
    fn board(&mut self, waiting: Waiting<T>) -> Option<Done<T>> {
        match self.out.append_raw(&waiting.bytes) {
            Ok(place) => {
                self.flight.push(place, Owner::Task(waiting.task));
                None
            }
            Err(error) => Some(ended(waiting.task, waiting.bytes, error)),
        }
    }
}

/// A task that is not to be tried again.
pub(super) fn ended<T>(task: T, bytes: Vec<u8>, error: Error) -> Done<T> {
    Done {
        task,
        result: Err(error),
        bytes,
        may_repeat: false,
    }
}
