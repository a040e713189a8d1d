//! Completions for any event loop: the queue handle, and what comes out of it.

use std::ffi::c_int;
use std::sync::Arc;

use super::client::share;
use super::error::ErrorHandle;
use super::event::EventHandle;
use super::status::Status;
use super::{borrow, catch, deadline, guard, null, shield};
use crate::client::Client;
use crate::error::{Code, Error, Result};
use crate::queue::{Completed, EventKind, Queue};
use crate::resp::{Node, Reply};
use crate::sys::errno;

/// Commands submitted and not waited for, and what became of them. Many threads submit, one consumes.
pub struct QueueHandle {
    pub(super) queue: Arc<Queue>,
}

/// What became of a tagged command: its reply or its error, the other is NULL. Frozen.
///
/// Both are yours: free them with `redisclient_reply_free` and `redisclient_error_free`.
#[repr(C)]
pub struct Completion {
    /// As submitted.
    pub tag: u64,
    /// The reply, or NULL.
    pub reply: *mut Node,
    /// Why there is none, or NULL.
    pub error: *mut ErrorHandle,
}

/// Makes a queue on a client; NULL for NULL or without memory.
///
/// Free it with `redisclient_queue_free`, before or after the client. Commands go over the client's
/// shared connections (shared.links), in either mode; those that may block, or are not known, have a
/// connection of the pool and a thread each. No thread is started before the first submit.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_new(client: *mut Client) -> *mut QueueHandle {
    // SAFETY: as the caller promises.
    let Ok(client) = (unsafe { share(client) }) else {
        return std::ptr::null_mut();
    };
    shield(std::ptr::null_mut(), || {
        let queue = Arc::new(Queue::new(client));
        Box::into_raw(Box::new(QueueHandle { queue }))
    })
}

/// A descriptor that is readable exactly while anything waits to be taken; -1 when none could be had
/// (submit then answers ENOMEM), for NULL, and in a forked child.
///
/// For poll, epoll, kqueue, libuv and their like; watch it for reading, never read it, leave closing it
/// to the library. However many commands end, it becomes readable once, until what waits was taken.
/// Any thread; the same number each time.
///
/// # Safety
/// `queue` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_fd(queue: *const QueueHandle) -> isize {
    // SAFETY: as the caller promises.
    match unsafe { queue.as_ref() } {
        Some(handle) => shield(-1, || {
            handle.queue.descriptor().map_or(-1, |fd| fd as isize)
        }),
        None => -1,
    }
}

/// Runs the callbacks of commands that have ended, on this thread; answers how many, or minus a status.
///
/// It waits up to timeout_ms for the first and then runs those that wait; those that end meanwhile are
/// for the next dispatch. What has no callback is left to `redisclient_queue_next` and
/// `redisclient_queue_drain`: a program that uses both serves both at each wake-up. A callback may use
/// the client and submit; it may free the queue.
/// EINVAL: NULL, or a timeout below -1. EBUSY: another thread consumes. EREENTRANT: called from a
/// callback of this queue. EFORKED. ECLOSED: the client is closed and nothing is under way. EPANIC.
///
/// # Safety
/// `queue` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_dispatch(
    queue: *mut QueueHandle,
    timeout_ms: c_int,
) -> c_int {
    count(|| {
        // SAFETY: as the caller promises. One more owner: a callback may free the queue.
        let queue = unsafe { own(queue) }?;
        queue.dispatch(deadline(timeout_ms)?)
    })
}

/// The next of everything that has no callback: replies to tagged commands, and events of the client.
///
/// It waits up to timeout_ms. The event is yours: free it with `redisclient_event_free`. NULL at the
/// timeout, at once after CLOSED, for NULL, a timeout below -1, while another thread consumes, from
/// within a callback of this queue, and in a forked child.
///
/// # Safety
/// `queue` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_next(
    queue: *mut QueueHandle,
    timeout_ms: c_int,
) -> *mut EventHandle {
    shield(std::ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        let event = unsafe { own(queue) }
            .and_then(|queue| queue.next(deadline(timeout_ms)?))
            .ok()
            .flatten();
        event.map_or(std::ptr::null_mut(), |event| {
            Box::into_raw(Box::new(EventHandle::new(event)))
        })
    })
}

/// Replies to tagged commands in bulk; answers how many of `out` were filled, or minus a status.
///
/// It waits up to timeout_ms for the first and then takes what is there, at most `capacity`. Replies
/// and errors are yours. One call serves a wake-up, whatever the number of commands. Events are passed
/// over; `redisclient_queue_next` has them.
/// EINVAL: NULL, or a timeout below -1. EBUSY: another thread consumes. EREENTRANT: called from a
/// callback of this queue. EFORKED. ECLOSED: the client is closed and all was taken. EPANIC.
///
/// # Safety
/// `queue` is NULL or live; `out` has room for `capacity` completions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_drain(
    queue: *mut QueueHandle,
    out: *mut Completion,
    capacity: usize,
    timeout_ms: c_int,
) -> c_int {
    count(|| {
        // SAFETY: as the caller promises.
        let queue = unsafe { own(queue) }?;
        if out.is_null() && capacity > 0 {
            return Err(null("out"));
        }
        let capacity = capacity.min(c_int::MAX as usize);
        let mut filled = 0;
        queue.drain(capacity, deadline(timeout_ms)?, |completed| {
            // SAFETY: as the caller promises; there are at most `capacity`.
            unsafe { out.add(filled).write(completion(completed)) };
            filled += 1;
        })
    })
}

fn completion(completed: Completed) -> Completion {
    let (reply, error) = match completed.result {
        Ok(reply) => (Reply::into_raw(reply), std::ptr::null_mut()),
        Err(error) => (
            std::ptr::null_mut(),
            Box::into_raw(Box::new(ErrorHandle::new(error))),
        ),
    };
    Completion {
        tag: completed.tag,
        reply,
        error,
    }
}

/// Chooses which events of the client are delivered here: the sum of 1 << kind; only CLOSED before.
///
/// CONNECTION: one was opened or closed. POOL: one was given back. Their payload is JSON: event, number
/// of the connection, node, and of one that was closed the reason. Events that nobody takes are kept up
/// to 1024, then a GAP says that some are missing. Kinds of other sources may be named and bring
/// nothing. Replies come whatever is chosen. Any thread.
/// EINVAL: NULL, or bits that are no kind. EFORKED. EPANIC.
///
/// # Safety
/// `queue` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_listen(queue: *mut QueueHandle, kinds: u32) -> Status {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        let queue = unsafe { own(queue) }?;
        if kinds & !EventKind::all() != 0 {
            let detail = "kinds has bits that are no kind of event";
            return Err(Error::new(Code::Invalid, detail));
        }
        queue.listen(kinds)
    })
}

/// Frees a queue; NULL is fine. Keeps errno.
///
/// What is under way is given up, what was not written yet is not sent. No callback runs any more, and
/// each destroy has run once before this returns, on this thread; that of a callback which itself frees
/// the queue runs when it returns. In a forked child it only closes descriptors.
///
/// # Safety
/// `queue` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_queue_free(queue: *mut QueueHandle) {
    if queue.is_null() {
        return;
    }
    errno::keep(|| {
        shield((), || {
            // SAFETY: made by `redisclient_queue_new`, given up by the caller.
            let handle = unsafe { Box::from_raw(queue) };
            if handle.queue.is_inherited() {
                handle.queue.close_inherited();
                let client = Arc::as_ptr(handle.queue.client());
                std::mem::forget(handle);
                // SAFETY: the owner that was just forgotten is never used.
                unsafe { Arc::decrement_strong_count(client) };
                return;
            }
            handle.queue.give_up();
        });
    });
}

/// One more owner of the queue, so that it may be freed from within a callback.
///
/// # Safety
/// `queue` is NULL or live.
unsafe fn own(queue: *const QueueHandle) -> Result<Arc<Queue>> {
    // SAFETY: as the caller promises.
    let handle = unsafe { borrow(queue, "queue") }?;
    Ok(Arc::clone(&handle.queue))
}

/// A number, or minus the status of a failure.
fn count(body: impl FnOnce() -> Result<usize>) -> c_int {
    match catch(body) {
        Ok(count) => c_int::try_from(count).unwrap_or(c_int::MAX),
        Err(error) => -(error.code() as c_int),
    }
}
