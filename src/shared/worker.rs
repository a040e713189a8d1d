//! The thread that serves tasks: it writes and reads for those that no thread waits for.
//!
//! It starts with the first task and ends with the client. It never waits for one link alone: what
//! does not fit is written when poll says so, and connecting is left to a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use super::doze::Doze;
use super::link::Link;
use super::round::Round;
use super::{Hub, Task};
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Result};
use crate::events::CloseReason;
use crate::net::{Sleeper, Wait, Wake, lock};
use crate::sys;
use crate::sys::bell::Bell;
use crate::sys::sync::Mutex;

/// What others know of the worker.
pub(super) struct Worker {
    bell: OnceLock<Bell>,
    pub doze: Doze,
    /// A task may have been ended.
    pub look: AtomicBool,
    /// It, and threads that connect for it.
    threads: Mutex<Vec<sys::thread::Thread>>,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            bell: OnceLock::new(),
            doze: Doze::default(),
            look: AtomicBool::new(false),
            threads: Mutex::new(Vec::new()),
        }
    }
}

impl Worker {
    /// Starts it, unless it runs.
    #[inline]
    pub fn start<T: Task>(&self, hub: &Arc<Hub<T>>) -> Result<()> {
        match self.bell.get() {
            Some(_) => Ok(()),
            None => self.begin(hub),
        }
    }

    #[cold]
    fn begin<T: Task>(&self, hub: &Arc<Hub<T>>) -> Result<()> {
        let mut threads = lock(&self.threads);
        if self.bell.get().is_some() {
            return Ok(());
        }
        let bell = Bell::new().map_err(|error| {
            Error::from_io(
                Code::NoMemory,
                "cannot make a descriptor to wake the worker",
                &error,
            )
        })?;
        let own = Arc::clone(hub);
        let thread = sys::thread::spawn("redis-worker", move || run(&own))
            .map_err(|error| Error::from_io(Code::NoMemory, "cannot start the worker", &error))?;
        threads.push(thread);
        let _ = self.bell.set(bell);
        Ok(())
    }

    /// Makes it see what there is to do.
    #[inline]
    pub fn call(&self) {
        if self.doze.must_wake()
            && let Some(bell) = self.bell.get()
        {
            bell.ring();
        }
    }

    /// In a forked child: closes the copy of the bell's descriptor.
    pub fn close_inherited(&self) {
        if let Some(bell) = self.bell.get() {
            bell.close_inherited();
        }
    }

    /// Waits until it has ended, unless this is it.
    pub fn join(&self) {
        loop {
            // One that ends may have left another that connects for it.
            let threads = std::mem::take(&mut *lock(&self.threads));
            if threads.is_empty() {
                return;
            }
            sys::thread::join_others(threads);
        }
    }

    /// Lets a thread connect; the worker itself if there is none to be had.
    pub fn connect<T: Task>(&self, hub: &Arc<Hub<T>>, link: &Arc<Link<T>>) {
        let own = (Arc::clone(hub), Arc::clone(link));
        let spawned = sys::thread::spawn("redis-connect", move || connect(&own.0, &own.1));
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        match spawned {
            Ok(thread) => threads.push(thread),
            Err(_) => {
                drop(threads);
                connect(hub, link);
            }
        }
    }
}

fn connect<T: Task>(hub: &Arc<Hub<T>>, link: &Arc<Link<T>>) {
    let wait = Wait {
        began: Moment::now(),
        deadline: Deadline::never(),
        closing: Arc::clone(&hub.closing),
        cancel: None,
    };
    if let (inner, Err(error)) = link.connect(hub, link.lock(), &wait) {
        drop(link.fail(hub, inner, 0, &error));
    }
    hub.worker.call();
}

/// Makes the worker look at its tasks: the client was closed, or one was cancelled.
pub(super) struct Nudge<T: Task>(Weak<Hub<T>>);

impl<T: Task> Nudge<T> {
    pub fn new(hub: &Arc<Hub<T>>) -> Self {
        Self(Arc::downgrade(hub))
    }
}

impl<T: Task> Wake for Nudge<T> {
    fn wake(&self) {
        if let Some(hub) = self.0.upgrade() {
            hub.nudge();
        }
    }
}

fn run<T: Task>(hub: &Arc<Hub<T>>) {
    let nudge = Sleeper::Other(Arc::new(Nudge::new(hub)));
    let _closing = hub.closing.register(nudge);
    // Set once the thread that began this one lets go of the lock.
    drop(lock(&hub.worker.threads));
    let Some(bell) = hub.worker.bell.get() else {
        return;
    };
    let mut round = Round::default();
    while !hub.closing.is_fired() {
        let turn = AssertUnwindSafe(|| {
            round.tend(hub);
            let sleeps = hub.worker.doze.begin(|| hub.has_work(round.now));
            round.wait(hub, bell, sleeps);
        });
        if catch_unwind(turn).is_err() {
            // What it held is lost; it goes on for those that come.
            hub.worker.doze.end();
            hub.end_all(
                &Error::new(Code::Panic, "the worker failed"),
                CloseReason::Broken,
            );
        }
    }
    hub.end_tasks();
}

impl<T: Task> Hub<T> {
    /// Makes the worker look at its tasks.
    pub fn nudge(&self) {
        self.worker.look.store(true, Ordering::SeqCst);
        self.worker.call();
    }

    /// Calls the worker, which may not run yet; without a thread for it callers go on as they can.
    #[cold]
    pub fn call_worker(&self) {
        if let Some(hub) = self.own.upgrade()
            && self.worker.start(&hub).is_ok()
        {
            self.worker.call();
        }
    }

    fn has_work(&self, now: u64) -> bool {
        let look = self.worker.look.load(Ordering::SeqCst);
        look || self.closing.is_fired() || self.links.iter().any(|link| link.lock().has_work(now))
    }

    /// The client is closed: so ends every task.
    pub fn end_tasks(&self) {
        self.end_all(&Error::closed(), CloseReason::ClientClosed);
    }

    /// Everything under way ends with this failure.
    fn end_all(&self, error: &Error, reason: CloseReason) {
        for link in &self.links {
            let mut inner = link.lose(self, link.lock(), error, reason);
            // What waits for a connection. One that was made meanwhile has its own replies to come.
            if inner.line.is_none() {
                inner = link.fail(self, inner, 0, error);
            }
            drop(link.end_waiting(inner));
        }
    }
}
