//! What the worker does on one link for tasks, without waiting for it.

use std::sync::Arc;

use super::again::ended;
use super::inner::{Duty, Heir, Held, Inner};
use super::link::{Guard, Link, too_late};
use super::{Done, Hub, Task};
use crate::error::Outcome;

impl<T: Task> Inner<T> {
    /// When something has to be done at the latest.
    pub fn next_due(&self) -> u64 {
        self.backlog.due(self.settling > 0).min(self.flight.due())
    }

    /// Whether there is something to do for the worker now.
    pub fn has_work(&self, now: u64) -> bool {
        let role = self.worker_reads && self.flight.tasks() == 0;
        let duty = match self.duty() {
            Duty::Nothing => false,
            Duty::Write => self.owed || self.flight.tasks() > 0,
            _ => self.flight.tasks() > 0,
        };
        role || duty || self.next_due() <= now
    }
}

impl<T: Task> Link<T> {
    /// Does what has to be done for tasks.
    pub fn tend<'a>(self: &'a Arc<Self>, hub: &Arc<Hub<T>>, now: u64, look: bool) -> Guard<'a, T> {
        let mut inner = self.expire(hub, self.lock(), now, look);
        inner = self.start_again(hub, inner, now);
        let mut written = false;
        while inner.flight.tasks() > 0 || inner.owed {
            match inner.duty() {
                duty if inner.flight.tasks() == 0 && duty != Duty::Write => {
                    inner.owed &= inner.writing;
                    break;
                }
                Duty::Connect => {
                    inner.connecting = true;
                    drop(inner);
                    hub.worker.connect(hub, self);
                    inner = self.lock();
                }
                Duty::Replace => inner = self.replace(hub, inner),
                Duty::Probe => inner = self.probe(hub, inner),
                Duty::Write if written => {
                    // More than a round's share: what comes meanwhile is taken in before the rest.
                    if !inner.reading && !inner.is_answered() && inner.flight.tasks() > 0 {
                        (inner.reading, inner.worker_reads) = (true, true);
                    }
                    return inner;
                }
                Duty::Write => {
                    inner = self.write(hub, inner, None);
                    written = true;
                }
                Duty::Read => (inner.reading, inner.worker_reads) = (true, true),
                Duty::Nothing => return inner,
            }
        }
        if std::mem::take(&mut inner.worker_reads) {
            inner.reading = false;
        }
        // Its tasks may have ended while it waited to write, too.
        let heir = inner.heir();
        if !matches!(heir, Heir::Nobody) {
            drop(inner);
            self.wake(hub, heir);
            inner = self.lock();
        }
        inner
    }

    /// Ends the tasks whose time is over; with `look`, those that were ended, too.
    fn expire<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        now: u64,
        look: bool,
    ) -> Guard<'a, T> {
        if !look && inner.next_due() > now {
            return inner;
        }
        let is_over = |task: &T| task.due() <= now || look && task.ended().is_some();
        let connected = inner.line.is_some();
        let mut done: Vec<Done<T>> = inner
            .take_under_way(hub, is_over)
            .into_iter()
            .map(|taken| {
                let outcome = match taken.is_sent {
                    true => Outcome::Unknown,
                    false => Outcome::NotSent,
                };
                let why = taken.task.ended();
                let why = why.unwrap_or_else(|| too_late(connected, taken.is_sent));
                ended(taken.task, taken.bytes, why.with_outcome(outcome))
            })
            .collect();
        let waiting = inner.backlog.take(is_over);
        done.extend(waiting.into_iter().map(|waiting| {
            let why = waiting.task.ended();
            let why = why.unwrap_or_else(|| too_late(connected, false));
            ended(waiting.task, waiting.bytes, why)
        }));
        if done.is_empty() {
            return inner;
        }
        drop(inner);
        T::settle(&mut done, &mut Vec::new());
        self.lose_if_silent(hub, self.lock())
    }

    /// The socket takes more.
    pub fn is_writable(&self, held: &Arc<Held>) {
        let mut inner = self.lock();
        if inner.holds(held) && std::mem::take(&mut inner.worker_writes) {
            inner.writing = false;
        }
    }

    /// Something came.
    pub fn take_in(&self, hub: &Hub<T>, held: &Arc<Held>) {
        let mut inner = self.lock();
        if !inner.holds(held) || !inner.worker_reads {
            return;
        }
        let mut replies = std::mem::take(&mut inner.scratch);
        drop(inner);
        let received = held.line.receive_now(&mut replies).map(drop);
        drop(self.hand_out(hub, held, replies, received));
    }
}
