//! Shared links: the commands of many callers, pipelined over few connections.
//!
//! There is no thread in the middle. Who finds a link idle writes and reads itself; others append
//! to the buffer being filled and sleep, until their reply is handed to them or one of the two
//! roles, writer and reader, falls to them. Tasks, which have no thread, are served by whoever
//! reads, or by one worker while nobody does.

mod again;
mod backlog;
mod bells;
mod caller;
mod carry;
mod doze;
mod ending;
mod flight;
mod in_flight;
mod inner;
mod line;
mod link;
#[cfg(all(test, loom))]
#[allow(clippy::unwrap_used, reason = "a test ends at a failure")]
mod models;
mod outbox;
mod patience;
mod reconnect;
#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test ends at a failure")]
mod role_tests;
mod room;
mod round;
mod task;
#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test ends at a failure")]
mod task_tests;
mod tend;
#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test ends at a failure")]
mod tests;
mod worker;
mod write;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use in_flight::InFlight;
pub use line::{Line, Source};
pub use task::{Again, Done, Task};

use crate::error::{Error, Result};
use crate::net::{Cancel, Wait, Wake};
use crate::options::Live;
use crate::resp::{Reply, encode};
use crate::sys::coarse::Clock;
use link::Link;
use worker::{Nudge, Worker};

/// A silent server is given up after so long when commands have no time limit of their own.
const SILENCE: Duration = Duration::from_secs(5);

/// The shared links of one client; see the module.
pub struct Links<T: Task> {
    hub: Arc<Hub<T>>,
}

/// What the links have in common.
pub(super) struct Hub<T: Task> {
    own: Weak<Self>,
    source: Box<dyn Source>,
    live: Arc<Live>,
    closing: Arc<Cancel>,
    clock: Clock,
    in_flight: Arc<InFlight>,
    links: Box<[Arc<Link<T>>]>,
    turn: AtomicUsize,
    worker: Worker,
}

impl<T: Task> Links<T> {
    /// `count` links, none of them connected.
    pub fn new(
        count: usize,
        source: Box<dyn Source>,
        live: Arc<Live>,
        closing: Arc<Cancel>,
        in_flight: Arc<InFlight>,
    ) -> Self {
        Self {
            hub: Arc::new_cyclic(|own| Hub {
                own: Weak::clone(own),
                source,
                live,
                closing,
                clock: Clock::default(),
                in_flight,
                links: (0..count.max(1)).map(|_| Arc::default()).collect(),
                turn: AtomicUsize::new(0),
                worker: Worker::default(),
            }),
        }
    }

    /// Connects the first link.
    pub fn warm_up(&self, wait: &Wait) -> Result<()> {
        let Some(link) = self.hub.links.first() else {
            return Ok(());
        };
        let inner = link.lock();
        match inner.line.is_none() && !inner.connecting {
            true => link.connect(&self.hub, inner, wait).1,
            false => Ok(()),
        }
    }

    /// Sends a command and waits for its reply; error replies are replies.
    pub fn call(&self, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
        let hub = &*self.hub;
        let bytes = encode::size(args).unwrap_or(usize::MAX);
        if hub.in_flight.enter(bytes).is_err() {
            hub.make_room();
            hub.in_flight.enter(bytes)?;
        }
        hub.next_link().call(hub, args, bytes, wait)
    }

    /// Sends a command whose reply goes to a task. One submitter uses one `link`, so that its
    /// commands stay in order. The task's own bytes are counted by its owner.
    pub fn submit(
        &self,
        link: usize,
        args: &[&[u8]],
        task: T,
    ) -> std::result::Result<(), (Error, T)> {
        let hub = &self.hub;
        if let Err(error) = hub.worker.start(hub) {
            return Err((error, task));
        }
        hub.links[link % hub.links.len()].submit(hub, args, task)?;
        if hub.closing.is_fired() {
            // The worker may have gone before the task came.
            hub.end_tasks();
        }
        Ok(())
    }

    /// Lets go of the tasks that `is_wanted` wants, wherever they are; they are dropped by the caller.
    pub fn take_tasks(&self, mut is_wanted: impl FnMut(&T) -> bool) -> Vec<T> {
        let links = self.hub.links.iter();
        links
            .flat_map(|link| link.take_tasks(&self.hub, &mut is_wanted))
            .collect()
    }

    /// Nothing more may be under way: sees to what is counted and awaited by nobody.
    pub fn make_room(&self) {
        self.hub.make_room();
    }

    /// A number for a new submitter.
    pub fn seat(&self) -> usize {
        self.hub.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// Lets connections be replaced once what is under way on them is answered.
    pub fn renew(&self) {
        self.hub.links.iter().for_each(|link| link.renew());
    }

    /// What to wake when a task was ended.
    pub fn nudge(&self) -> Arc<dyn Wake> {
        Arc::new(Nudge::new(&self.hub))
    }

    /// The client is closed: everything under way ends.
    pub fn end(&self) {
        self.hub.end_tasks();
    }

    /// Waits until no thread of the links runs any more; the client is closed.
    pub fn join(&self) {
        self.hub.worker.join();
    }

    /// In a forked child, which goes on with links of its own: closes the copies of descriptors.
    pub fn close_inherited(&self) {
        self.hub.worker.close_inherited();
        self.hub
            .links
            .iter()
            .for_each(|link| link.close_inherited());
    }

    /// The clock that tasks are timed with.
    pub fn clock(&self) -> &Clock {
        &self.hub.clock
    }
}

impl<T: Task> Hub<T> {
    fn next_link(&self) -> &Arc<Link<T>> {
        match &*self.links {
            [only] => only,
            links => &links[self.turn.fetch_add(1, Ordering::Relaxed) % links.len()],
        }
    }

    fn silence(&self) -> Duration {
        self.live.timeout().unwrap_or(SILENCE)
    }
}
