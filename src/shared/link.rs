//! One link: the commands under way on it, its connection, and who has which role.
//!
//! All of it is behind one lock, which is never held during I/O. A role is a flag: whoever finds
//! one free that is needed takes it, and who leaves sees to it that somebody will.

use std::sync::Arc;

use super::bells::Bells;
use super::caller::Caller;
use super::flight::Owner;
use super::inner::{Heir, Inner};
use super::patience::Patience;
use super::{Hub, Task};
use crate::error::{Code, Error, Outcome, Phase, Result};
use crate::net::{Registration, Sleeper, Wait, Wake, lock};
use crate::resp::{Reply, encode};
use crate::sys::gate::Gate;
use crate::sys::sync::{Mutex, MutexGuard};

/// Callers whose commands go out together sleep at one gate.
const GATES: usize = if cfg!(loom) { 2 } else { 32 };

/// See the module.
pub(super) struct Link<T> {
    pub gates: [Gate; GATES],
    pub bells: Bells,
    pub patience: Patience,
    inner: Mutex<Inner<T>>,
}

pub(super) type Guard<'a, T> = MutexGuard<'a, Inner<T>>;

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self {
            gates: std::array::from_fn(|_| Gate::default()),
            bells: Bells::default(),
            patience: Patience::default(),
            inner: Mutex::new(Inner::default()),
        }
    }
}

impl<T: Task> Link<T> {
    pub fn lock(&self) -> Guard<'_, T> {
        lock(&self.inner)
    }

    /// Before a command is added: on a connection that was left to its silence it would be lost.
    fn lock_alive<'a>(&'a self, hub: &Hub<T>) -> Guard<'a, T> {
        let inner = self.lock();
        match inner.flight.is_empty() || inner.flight.is_awaited() {
            true => inner,
            false => self.lose_if_silent(hub, inner),
        }
    }

    /// Sends a command and sees it through; its bytes are counted in.
    pub fn call(
        self: &Arc<Self>,
        hub: &Hub<T>,
        args: &[&[u8]],
        bytes: usize,
        wait: &Wait,
    ) -> Result<Reply> {
        if let Err(ended) = wait.check() {
            hub.in_flight.leave(1, bytes);
            return Err(ended.with_outcome(Outcome::NotSent));
        }
        let mut inner = self.lock_alive(hub);
        self.prepare(hub, &mut inner);
        let place = match inner.out.append(args) {
            Ok(place) => place,
            Err(error) => {
                hub.in_flight.leave(1, bytes);
                return Err(error);
            }
        };
        let bit = 1 << (inner.flight.len() % 32);
        let caller = Arc::new(Caller::new(inner.batch % GATES, bit));
        let ticket = inner.flight.push(place, Owner::Caller(Arc::clone(&caller)));
        let covered = self.cover(&caller, wait);
        let result = self.see_through(hub, inner, (&caller, ticket), wait);
        drop(covered);
        result.map_err(|error| {
            let error = error.or_ended(wait.check().err(), Phase::Receive);
            error.at_node(hub.source.node())
        })
    }

    /// Adds a task's command, behind those that wait.
    pub fn submit(
        &self,
        hub: &Hub<T>,
        args: &[&[u8]],
        task: T,
    ) -> std::result::Result<(), (Error, T)> {
        let mut inner = self.lock_alive(hub);
        // Ended before it was here, where the worker looks.
        let is_ended = task.ended().is_some();
        if inner.settling > 0 || !inner.backlog.is_clear() {
            let mut bytes = Vec::new();
            if let Err(error) = encode::command(&mut bytes, args) {
                return Err((error, task));
            }
            inner.backlog.push(task, bytes);
        } else {
            self.prepare(hub, &mut inner);
            match inner.out.append(args) {
                Ok(place) => inner.flight.push(place, Owner::Task(task)),
                Err(error) => return Err((error, task)),
            };
        }
        drop(inner);
        match is_ended {
            true => hub.nudge(),
            false => hub.worker.call(),
        }
        Ok(())
    }

    /// Lets the caller's cancel wake it, wherever it waits.
    fn cover(self: &Arc<Self>, caller: &Arc<Caller>, wait: &Wait) -> Option<Registration> {
        wait.cancel.as_ref()?;
        wait.cover(Sleeper::Other(Arc::new(Rouse {
            link: Arc::clone(self),
            caller: Arc::clone(caller),
        })))
    }

    /// In a forked child: closes the copies of descriptors.
    pub fn close_inherited(&self) {
        self.bells.close_inherited();
    }

    /// Wakes who is to take a role over.
    pub fn wake(&self, hub: &Hub<T>, heir: Heir) {
        match heir {
            Heir::Nobody => {}
            Heir::Worker => hub.worker.call(),
            Heir::NewWorker => hub.call_worker(),
            Heir::Writer => self.bells.ring_writer(),
            Heir::Caller(caller) => self.gates[caller.gate].open(caller.place),
        }
    }
}

/// Wakes a caller whose call was cancelled.
struct Rouse<T> {
    link: Arc<Link<T>>,
    caller: Arc<Caller>,
}

impl<T: Task> Wake for Rouse<T> {
    fn wake(&self) {
        self.link.gates[self.caller.gate].open(self.caller.place);
        self.link.bells.ring();
    }
}

/// What a call is told whose time is over.
pub(super) fn too_late(is_connected: bool, is_sent: bool) -> Error {
    let (detail, phase) = match (is_connected, is_sent) {
        (_, true) => ("no answer in time", Phase::Receive),
        (true, false) => ("the server took no more in time", Phase::Send),
        (false, false) => ("there was no connection in time", Phase::Connect),
    };
    Error::new(Code::Timeout, detail).in_phase(phase)
}
