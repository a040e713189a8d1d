//! Submitting: commands that go into a queue, and the callbacks they bring.

use std::ffi::{c_char, c_void};

use super::arguments::{Arguments, named};
use super::call::{self, Call};
use super::data::{Data, DestroyFn};
use super::error::ErrorHandle;
use super::queue::QueueHandle;
use super::status::Status;
use super::{borrow, guard, null};
use crate::error::Result;
use crate::queue::{Callback, Target};
use crate::resp::{Node, Reply};

/// Called with what became of a command: one of reply and error is NULL.
///
/// Both are borrowed for the call; `redisclient_reply_keep` keeps a reply. It runs inside
/// `redisclient_queue_dispatch`, on the thread that called it, and returns: a C++ exception that leaves
/// it ends the process with a message, a longjmp out of it leaves the queue unusable.
pub type ReplyFn = Option<
    unsafe extern "C-unwind" fn(data: *mut c_void, reply: *const Node, error: *const ErrorHandle),
>;

/// Sends a command; what becomes of it is told to a callback by `redisclient_queue_dispatch`.
///
/// Never waits: EFULL at limits.in_flight or limits.in_flight_bytes, and for a command that may block
/// when pool.max of them are under way; to be tried again when completions were taken. Arguments as in `redisclient_command`, copied; a NULL call is all defaults, its cancel
/// may be freed after this. Commands of one submitting thread are sent in order, and so are they
/// completed, but for those that fail or are tried again; those that may block are on their own.
/// Retries are as in `redisclient_command`.
/// `destroy` may be NULL; it runs exactly once after the callback, or without it when the queue is
/// freed, if this answered OK; a call that is not OK took nothing. Any thread.
/// EINVAL: NULL queue or fn, the arguments or the call. ESTATE, ECLOSED, EFULL. ECANCELLED: the call's
/// cancel was fired before. ECIRCUIT: the breaker is open. ENOMEM: no memory, descriptor or thread. EFORKED, EPANIC.
///
/// # Safety
/// `queue` is NULL or live; the arrays are as said; `call` is NULL or as large as its size says; the
/// functions and data are fit for the thread that dispatches or frees.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_submit(
    queue: *mut QueueHandle,
    call: *const Call,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    function: ReplyFn,
    data: *mut c_void,
    destroy: DestroyFn,
) -> Status {
    guard(std::ptr::null_mut(), || {
        let function = function.ok_or_else(|| null("fn"))?;
        let make = || {
            // SAFETY: as the caller promises.
            let data = unsafe { Data::new(data, destroy) };
            Target::Callback(Box::new(Handler { function, data }))
        };
        // SAFETY: as the caller promises.
        unsafe { submit(queue, call, |room| room.read(argc, argv, lengths), make) }
    })
}

/// `redisclient_submit` with a tag instead of a callback: its completion comes out of
/// `redisclient_queue_drain` or `redisclient_queue_next` with the same tag, which may be any number.
///
/// # Safety
/// As `redisclient_submit`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_submit_tagged(
    queue: *mut QueueHandle,
    call: *const Call,
    tag: u64,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
) -> Status {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe {
            submit(
                queue,
                call,
                |room| room.read(argc, argv, lengths),
                || Target::Tag(tag),
            )
        }
    })
}

/// `redisclient_submit_tagged` with the arguments end to end in one buffer.
///
/// # Safety
/// As `redisclient_submit`; `lengths` holds `argc` entries and `bytes` their sum.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_submit_packed(
    queue: *mut QueueHandle,
    call: *const Call,
    tag: u64,
    argc: usize,
    bytes: *const c_char,
    lengths: *const usize,
) -> Status {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe {
            submit(
                queue,
                call,
                |room| room.read_packed(argc, bytes, lengths),
                || Target::Tag(tag),
            )
        }
    })
}

/// # Safety
/// As the functions above.
unsafe fn submit<'a>(
    queue: *mut QueueHandle,
    call: *const Call,
    read: impl for<'r> FnOnce(&'r mut Arguments<'a>) -> Result<&'r [&'a [u8]]>,
    target: impl FnOnce() -> Target,
) -> Result<()> {
    // SAFETY: as the caller promises.
    let (handle, call) = unsafe { (borrow(queue, "queue")?, call::read(call)?) };
    let mut room = Arguments::room();
    let args = named(read(&mut room)?)?;
    handle
        .queue
        .submit(args, &call, target())
        .map_err(|(error, mut target)| {
            if let Target::Callback(callback) = &mut target {
                callback.disarm();
            }
            error
        })
}

/// A caller's callback with its data.
struct Handler {
    function: unsafe extern "C-unwind" fn(*mut c_void, *const Node, *const ErrorHandle),
    data: Data,
}

// SAFETY: the caller promises that it is fit for the thread that dispatches or frees.
unsafe impl Send for Handler {}

impl Callback for Handler {
    fn call(&mut self, result: Result<Reply>) {
        let none = std::ptr::null();
        match result {
            // SAFETY: as the caller of submit promised; the reply lives through the call.
            Ok(reply) => unsafe { (self.function)(self.data.get(), &raw const *reply, none) },
            Err(error) => {
                let error = ErrorHandle::new(error);
                // SAFETY: as above, for the error.
                unsafe { (self.function)(self.data.get(), std::ptr::null(), &raw const error) };
            }
        }
    }

    fn disarm(&mut self) {
        self.data.disarm();
    }
}
