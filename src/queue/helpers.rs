//! Threads for commands that may block: each such command has one, and a connection to itself.
//!
//! A thread that has nothing to do for a while ends.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::net::lock;
use crate::sys;
use crate::sys::sync::{Condvar, Mutex};

/// How long a thread waits for more.
const LINGER: Duration = Duration::from_secs(1);

/// Something to do.
type Work = Box<dyn FnOnce() + Send>;

/// See the module.
#[derive(Default)]
pub struct Helpers {
    inner: Mutex<Inner>,
    called: Condvar,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Work>,
    idle: usize,
    busy: usize,
    threads: Vec<sys::thread::Thread>,
    ended: bool,
}

impl Helpers {
    /// Lets a thread do `work` with `what`, which comes back if there is none; at most `most` are at
    /// work.
    pub fn give<T: Send + 'static>(
        self: &Arc<Self>,
        most: usize,
        what: T,
        work: impl FnOnce(T) + Send + 'static,
    ) -> std::result::Result<(), (Error, T)> {
        let mut inner = lock(&self.inner);
        if let Err(error) = self.find_thread(&mut inner, most) {
            return Err((error, what));
        }
        inner.waiting.push_back(Box::new(move || work(what)));
        drop(inner);
        self.called.notify_one();
        Ok(())
    }

    /// Sees to it that a thread will take one more.
    fn find_thread(self: &Arc<Self>, inner: &mut Inner, most: usize) -> Result<()> {
        let under_way = inner.busy + inner.waiting.len();
        if under_way >= most {
            let detail = format!(
                "{under_way} commands that may block are under way, each with a connection of its \
                 own, and pool.max allows {most}"
            );
            return Err(Error::new(Code::Full, detail));
        }
        if inner.idle <= inner.waiting.len() {
            let own = Arc::clone(self);
            let thread = sys::thread::spawn("redis-helper", move || own.run())
                .map_err(|error| Error::from_io(Code::NoMemory, "cannot start a thread", &error))?;
            inner.threads.retain(|thread| !thread.is_finished());
            inner.threads.push(thread);
            inner.idle += 1;
        }
        Ok(())
    }

    fn run(&self) {
        let mut inner = lock(&self.inner);
        loop {
            if let Some(work) = inner.waiting.pop_front() {
                (inner.idle, inner.busy) = (inner.idle - 1, inner.busy + 1);
                drop(inner);
                // A failure of ours ends with its work, not with the thread.
                let _ = catch_unwind(AssertUnwindSafe(work));
                inner = lock(&self.inner);
                (inner.idle, inner.busy) = (inner.idle + 1, inner.busy - 1);
                continue;
            }
            let is_over = !inner.ended && {
                let waited = self.called.wait_timeout(inner, LINGER);
                let (guard, waited) = waited.unwrap_or_else(PoisonError::into_inner);
                inner = guard;
                waited.timed_out()
            };
            if (is_over || inner.ended) && inner.waiting.is_empty() {
                inner.idle -= 1;
                return;
            }
        }
    }

    /// Waits until all have ended, but for the thread that asks.
    pub fn join(&self) {
        let threads = {
            let mut inner = lock(&self.inner);
            inner.ended = true;
            std::mem::take(&mut inner.threads)
        };
        if !threads.is_empty() {
            self.called.notify_all();
        }
        sys::thread::join_others(threads);
    }
}
