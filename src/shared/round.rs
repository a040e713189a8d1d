//! One round of the worker: it tends every link, then polls them all.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::inner::Held;
use super::link::Link;
use super::{Hub, Task};
use crate::deadline::{Deadline, Moment};
use crate::sys::bell::Bell;
use crate::sys::poll::{Interest, PollSet};

/// The worker sleeps so long at least, if it sleeps until a time.
const TICK: Duration = Duration::from_millis(1);

/// See the module: what it watches, and until when it may sleep.
pub(super) struct Round<T> {
    set: PollSet,
    watched: Vec<(Arc<Link<T>>, Arc<Held>)>,
    /// By the links' clock.
    pub now: u64,
    until: u64,
    /// A session holds what poll does not show.
    buffered: bool,
}

impl<T> Default for Round<T> {
    fn default() -> Self {
        Self {
            set: PollSet::default(),
            watched: Vec::new(),
            now: 0,
            until: u64::MAX,
            buffered: false,
        }
    }
}

impl<T: Task> Round<T> {
    pub fn tend(&mut self, hub: &Arc<Hub<T>>) {
        self.set.clear();
        self.watched.clear();
        (self.until, self.buffered) = (u64::MAX, false);
        self.now = hub.clock.now();
        let look = hub.worker.look.swap(false, Ordering::SeqCst);
        for link in &hub.links {
            let inner = link.tend(hub, self.now, look);
            self.until = self.until.min(inner.next_due());
            if let Some(held) = &inner.line
                && (inner.worker_reads || inner.worker_writes)
            {
                self.buffered |= inner.worker_reads && held.line.is_buffered();
                self.set.add(Interest {
                    fd: held.line.descriptor(),
                    read: inner.worker_reads,
                    write: inner.worker_writes,
                });
                self.watched.push((Arc::clone(link), Arc::clone(held)));
            }
        }
    }

    /// Takes in what came; with `sleeps`, waits for something to come.
    pub fn wait(&mut self, hub: &Arc<Hub<T>>, bell: &Bell, sleeps: bool) {
        let fd = bell.descriptor();
        let rung = self.set.add(Interest {
            fd,
            read: true,
            write: false,
        });
        let deadline = match self.until {
            _ if self.buffered || !sleeps => Deadline::at(Moment::now()),
            u64::MAX => Deadline::never(),
            // The links' clock may be behind: it is not asked again at once.
            until => Deadline::at(hub.clock.moment(until).max(Moment::now() + TICK)),
        };
        let waited = self.set.wait(deadline);
        hub.worker.doze.end();
        if waited.is_err() {
            // Out of memory for a moment: the links are asked one by one.
            std::thread::yield_now();
        }
        if self.set.ready(rung).readable {
            bell.hush();
        }
        for (number, (link, held)) in self.watched.iter().enumerate() {
            let ready = self.set.ready(number);
            if ready.writable {
                link.is_writable(held);
            }
            if ready.readable || waited.is_err() || self.buffered {
                link.take_in(hub, held);
            }
        }
    }
}
