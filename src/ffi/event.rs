//! Events: what comes out of a queue one by one.

use std::ffi::{c_char, c_int};

use super::error::ErrorHandle;
use super::{free, get, put};
use crate::queue::{Event, EventKind};
use crate::resp::Node;

/// One event. One thread at a time; what it gives belongs to it. Freed by `redisclient_event_free`.
pub struct EventHandle {
    event: Event,
    error: Option<ErrorHandle>,
}

impl EventHandle {
    pub(super) fn new(mut event: Event) -> Self {
        // A NUL follows what can be read as a text.
        event.payload.push(0);
        Self {
            error: event.error.take().map(ErrorHandle::new),
            event,
        }
    }
}

/// What it is: one of the REDISCLIENT_EVENT numbers; -1 for NULL. Kinds that you do not know are to be
/// ignored.
///
/// # Safety
/// `event` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_kind(event: *const EventHandle) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { get(event, -1, |it| it.event.kind as c_int) }
}

/// The tag of a REPLY as submitted; otherwise 0.
///
/// # Safety
/// `event` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_tag(event: *const EventHandle) -> u64 {
    // SAFETY: as the caller promises.
    unsafe { get(event, 0, |it| it.event.tag) }
}

/// The reply of a REPLY; NULL when there is none: then there is an error. It belongs to the event.
///
/// # Safety
/// `event` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_reply(event: *const EventHandle) -> *const Node {
    let read = |it: &EventHandle| {
        let reply = it.event.reply.as_ref();
        reply.map_or(std::ptr::null(), |reply| &raw const **reply)
    };
    // SAFETY: as the caller promises.
    unsafe { get(event, std::ptr::null(), read) }
}

/// Why a REPLY has no reply; otherwise NULL. It belongs to the event.
///
/// # Safety
/// `event` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_error(event: *const EventHandle) -> *const ErrorHandle {
    let read = |it: &EventHandle| {
        it.error
            .as_ref()
            .map_or(std::ptr::null(), std::ptr::from_ref)
    };
    // SAFETY: as the caller promises.
    unsafe { get(event, std::ptr::null(), read) }
}

/// The channel of a message; "" when there is none. `length` may be NULL.
///
/// # Safety
/// `event` is NULL or live, `length` NULL or a place for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_channel(
    event: *const EventHandle,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { text(event, length, |_| c"".to_bytes_with_nul()) }
}

/// The pattern that a message matched; "" when there is none. `length` may be NULL.
///
/// # Safety
/// `event` is NULL or live, `length` NULL or a place for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_pattern(
    event: *const EventHandle,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { text(event, length, |_| c"".to_bytes_with_nul()) }
}

/// What there is to say: JSON of CONNECTION and POOL, a text of GAP; "" when there is nothing. A NUL
/// follows. `length` may be NULL.
///
/// # Safety
/// `event` is NULL or live, `length` NULL or a place for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_payload(
    event: *const EventHandle,
    length: *mut usize,
) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { text(event, length, |it| &it.event.payload) }
}

/// # Safety
/// `event` is NULL or live, `length` NULL or a place for a size.
unsafe fn text(
    event: *const EventHandle,
    length: *mut usize,
    read: impl FnOnce(&EventHandle) -> &[u8],
) -> *const c_char {
    let empty = c"".to_bytes_with_nul();
    // SAFETY: as the caller promises.
    unsafe {
        let found = event.as_ref().map_or(empty, read);
        put(length, found.len() - 1);
        found.as_ptr().cast()
    }
}

/// Frees an event with its reply and its error; NULL is fine. Keeps errno.
///
/// # Safety
/// `event` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_event_free(event: *mut EventHandle) {
    // SAFETY: made by `redisclient_queue_next`, given up by the caller.
    unsafe { free(event) };
}

const _: () = assert!(EventKind::Reply as i32 == super::status::REDISCLIENT_EVENT_REPLY);
