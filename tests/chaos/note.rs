//! What is noted of a command that was submitted with a callback: how often that ran and was
//! destroyed, and what it was told.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use redisclient::ffi::error::ErrorHandle;
use redisclient::resp::Node;

use crate::answer::Done;
use crate::queue::{Queue, borrowed};

/// The data of a callback. It outlives the queue, so that what comes too often is seen and harmless.
pub struct Note {
    pub tag: u64,
    pub told: Arc<Told>,
    called: AtomicU32,
    destroyed: AtomicU32,
    /// Submit did not take it.
    pub was_refused: AtomicBool,
}

/// What the callbacks of one queue were told.
#[derive(Default)]
pub struct Told {
    list: Mutex<Vec<(u64, Done, Instant)>>,
    /// The only thread on which callbacks may run.
    consumer: Mutex<Option<ThreadId>>,
    /// A queue that the next callback frees.
    doomed: Mutex<Option<Queue>>,
    /// Callbacks that ran on another thread.
    pub astray: AtomicU32,
}

impl Told {
    pub fn take(&self) -> Vec<(u64, Done, Instant)> {
        std::mem::take(&mut *locked(&self.list))
    }

    /// Callbacks run on this thread from now on.
    pub fn consume_here(&self) {
        *locked(&self.consumer) = Some(thread::current().id());
    }

    /// The next callback frees this queue, unless it is taken back.
    pub fn doom(&self, queue: Queue) {
        *locked(&self.doomed) = Some(queue);
    }

    /// The queue that no callback has freed.
    pub fn spare(&self) -> Option<Queue> {
        locked(&self.doomed).take()
    }
}

impl Note {
    pub fn new(tag: u64, told: &Arc<Told>) -> Self {
        Self {
            tag,
            told: Arc::clone(told),
            called: AtomicU32::new(0),
            destroyed: AtomicU32::new(0),
            was_refused: AtomicBool::new(false),
        }
    }

    /// How often it was called, and destroyed.
    pub fn counts(&self) -> (u32, u32) {
        let read = |count: &AtomicU32| count.load(Ordering::SeqCst);
        (read(&self.called), read(&self.destroyed))
    }
}

/// The callback.
pub unsafe extern "C-unwind" fn reply(
    data: *mut c_void,
    reply: *const Node,
    error: *const ErrorHandle,
) {
    // SAFETY: the note outlives the queue.
    let note = unsafe { &*data.cast::<Note>() };
    let told = &note.told;
    note.called.fetch_add(1, Ordering::SeqCst);
    if *locked(&told.consumer) != Some(thread::current().id()) {
        told.astray.fetch_add(1, Ordering::SeqCst);
    }
    let done = borrowed(reply, error);
    locked(&told.list).push((note.tag, done, Instant::now()));
    if let Some(queue) = told.spare() {
        queue.free();
    }
}

/// The end of the callback's data.
pub unsafe extern "C-unwind" fn destroy(data: *mut c_void) {
    // SAFETY: the note outlives the queue.
    let note = unsafe { &*data.cast::<Note>() };
    note.destroyed.fetch_add(1, Ordering::SeqCst);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
