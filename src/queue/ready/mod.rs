//! What has ended and waits for the consumer, and what is still under way.
//!
//! The descriptor is readable exactly while something waits: it is rung with the first and hushed
//! with the last, so that any number of completions costs the consumer one wake-up.

mod free;
mod take;
mod ties;

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(super) use take::Called;
pub(crate) use ties::Ties;

use super::Target;
use super::event::{Event, EventKind};
use super::job::Callback;
use crate::error::{Code, Error, Result};
use crate::net::{Wake, lock};
use crate::resp::Reply;
use crate::sys::bell::ShownBell;
use crate::sys::planted::Planted;
use crate::sys::poll::Descriptor;
use crate::sys::sync::{Condvar, Mutex, MutexGuard};

/// Events of the client that nobody takes are kept up to so many.
const EVENTS: usize = 1024;

/// See the module.
pub struct Ready {
    ties: Ties,
    /// Submitted and not completed.
    outstanding: AtomicUsize,
    inner: Mutex<Inner>,
    arrived: Condvar,
    bell: OnceLock<ShownBell>,
    /// A descriptor was asked for in vain.
    bell_failed: AtomicBool,
    /// The queue is freed: nothing of it is tried again.
    given_up: AtomicBool,
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    calls: VecDeque<Waiting>,
    /// Events that a drain has passed over, before all items.
    passed: VecDeque<Event>,
    events: usize,
    /// Bits of the kinds of events that are wanted.
    kinds: u32,
    sleepers: usize,
    rung: bool,
    /// The client is closed; CLOSED was put among the items, or is not wanted.
    closing: bool,
    closed: bool,
    /// The queue is freed: what comes is only dropped, by who freed it.
    freed: bool,
    grave: Vec<Target>,
}

enum Item {
    Reply(Completed),
    Event(Event),
}

/// A tagged command that has ended.
pub struct Completed {
    /// Its tag.
    pub tag: u64,
    /// What came of it.
    pub result: Result<Reply>,
    bytes: usize,
}

struct Waiting {
    callback: Box<dyn Callback>,
    result: Result<Reply>,
    bytes: usize,
}

impl Ready {
    pub(crate) fn new(ties: Ties) -> Self {
        let inner = Inner {
            kinds: EventKind::Closed.bit(),
            ..Inner::default()
        };
        Self {
            ties,
            outstanding: AtomicUsize::new(0),
            inner: Mutex::new(inner),
            arrived: Condvar::new(),
            bell: OnceLock::new(),
            bell_failed: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
        }
    }

    /// Counts a command in.
    #[inline]
    pub(super) fn enter(&self, bytes: usize) -> Result<()> {
        self.ties.in_flight.enter(bytes)?;
        self.outstanding.fetch_add(1, Ordering::SeqCst);
        if self.ties.closing.is_fired() {
            // CLOSED may be among the items by now: nothing comes after it.
            self.leave(bytes);
            return Err(Error::closed());
        }
        Ok(())
    }

    /// Counts a command out that was not taken.
    #[cold]
    pub(super) fn leave(&self, bytes: usize) {
        self.ties.in_flight.leave(1, bytes);
        let mut inner = self.lock();
        self.subtract(&mut inner, 1);
        self.announce(inner);
    }

    fn subtract(&self, inner: &mut Inner, count: usize) {
        let left = self.outstanding.fetch_sub(count, Ordering::SeqCst) - count;
        if left == 0 {
            inner.close_when_over();
        }
    }

    /// Takes in what has ended, in order.
    pub(super) fn complete(&self, ended: impl Iterator<Item = (Target, Result<Reply>, usize)>) {
        let mut inner = self.lock();
        let mut count = 0;
        for (target, result, bytes) in ended {
            count += 1;
            if inner.freed {
                self.ties.in_flight.leave(1, bytes);
                inner.grave.push(target);
                continue;
            }
            let more = result.as_ref().map_or(0, Reply::footprint);
            self.ties.in_flight.add(0, more);
            let bytes = bytes + more;
            match target {
                Target::Tag(tag) => {
                    inner
                        .items
                        .push_back(Item::Reply(Completed { tag, result, bytes }))
                }
                Target::Callback(callback) => inner.calls.push_back(Waiting {
                    callback,
                    result,
                    bytes,
                }),
            }
        }
        self.subtract(&mut inner, count);
        self.announce(inner);
    }

    /// An event of the client.
    pub(super) fn tell(&self, kind: EventKind, payload: impl FnOnce() -> String) {
        let mut inner = self.lock();
        if inner.kinds & kind.bit() == 0 || inner.freed || inner.closed {
            return;
        }
        match inner.events {
            EVENTS => return,
            // The last one says that from here on some are missing.
            at if at == EVENTS - 1 => {
                let gap = "events came faster than they were taken".to_owned();
                inner.push_event(Event::of(EventKind::Gap, gap));
            }
            _ => inner.push_event(Event::of(kind, payload())),
        }
        self.announce(inner);
    }

    /// Chooses the kinds of events.
    pub(super) fn listen(&self, kinds: u32) {
        self.lock().kinds = kinds;
    }

    /// Wakes who sleeps, and rings or hushes as there is something or nothing.
    fn announce(&self, mut inner: MutexGuard<'_, Inner>) {
        self.sync_bell(&mut inner);
        let sleepers = inner.sleepers;
        let is_lost = Planted::LostCompletion.is_on() && !inner.freed;
        drop(inner);
        if sleepers > 0 && !is_lost {
            self.arrived.notify_all();
        }
    }

    fn sync_bell(&self, inner: &mut Inner) {
        let Some(bell) = self.bell.get() else { return };
        let waits = !inner.items.is_empty() || !inner.calls.is_empty() || !inner.passed.is_empty();
        if waits != inner.rung {
            inner.rung = waits;
            match waits {
                true => bell.ring(),
                false => bell.hush(),
            }
        }
    }

    /// Readable while anything waits; made when it is first asked for.
    pub(super) fn descriptor(&self) -> Option<Descriptor> {
        if self.bell.get().is_none() {
            let made = ShownBell::new();
            self.bell_failed.store(made.is_err(), Ordering::Relaxed);
            let _ = self.bell.set(made.ok()?);
        }
        self.sync_bell(&mut self.lock());
        self.bell.get().map(ShownBell::descriptor)
    }

    /// Refuses commands when the client is closed, or a descriptor was asked for in vain.
    pub(super) fn check(&self) -> Result<()> {
        if self.ties.closing.is_fired() {
            return Err(Error::closed());
        }
        if self.bell_failed.load(Ordering::Relaxed) {
            let detail = "the queue has no descriptor: the system had none to give";
            return Err(Error::new(Code::NoMemory, detail));
        }
        Ok(())
    }

    /// In a forked child: closes the copy of the descriptor.
    pub(super) fn close_inherited(&self) {
        if let Some(bell) = self.bell.get() {
            bell.close_inherited();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

/// The client is closed.
impl Wake for Ready {
    fn wake(&self) {
        let mut inner = self.lock();
        inner.closing = true;
        if self.outstanding.load(Ordering::SeqCst) == 0 {
            inner.close_when_over();
        }
        self.announce(inner);
    }
}

impl Inner {
    /// The last command has ended: if the client is closed, that is told now.
    fn close_when_over(&mut self) {
        if !self.closing || self.closed {
            return;
        }
        self.closed = true;
        if self.kinds & EventKind::Closed.bit() != 0 && !self.freed {
            self.push_event(Event::of(EventKind::Closed, String::new()));
        }
    }

    fn push_event(&mut self, event: Event) {
        self.events += 1;
        self.items.push_back(Item::Event(event));
    }
}
