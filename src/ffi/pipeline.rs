//! Pipelines: many commands in one write, atomic if asked.

use std::ffi::{c_char, c_int};

use super::arguments::{Arguments, named};
use super::call::{self, Call};
use super::client::share;
use super::error::ErrorHandle;
use super::one_thread::OneThread;
use super::status::Status;
use super::{borrow, catch, free, give, guard, shield};
use crate::client::{Client, Pipeline};
use crate::error::Result;
use crate::resp::Node;

/// Commands to be sent together. One thread at a time.
pub struct PipelineHandle {
    pipeline: OneThread<Pipeline>,
}

impl PipelineHandle {
    /// Adds what `read` puts into the room it is given.
    pub(super) fn add<'a>(
        &self,
        read: impl for<'r> FnOnce(&'r mut Arguments<'a>) -> Result<&'r [&'a [u8]]>,
    ) {
        if let Some(mut pipeline) = self.pipeline.enter_quietly() {
            let mut room = Arguments::room();
            pipeline.add(catch(|| named(read(&mut room)?)));
        }
    }
}

/// Makes an empty pipeline on a client; NULL for NULL or without memory.
///
/// Free it with `redisclient_pipeline_free`, before or after the client. One thread at a time.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_new(client: *mut Client) -> *mut PipelineHandle {
    // SAFETY: as the caller promises.
    let Ok(client) = (unsafe { share(client) }) else {
        return std::ptr::null_mut();
    };
    shield(std::ptr::null_mut(), || {
        Box::into_raw(Box::new(PipelineHandle {
            pipeline: OneThread::new("pipeline", Pipeline::new(client)),
        }))
    })
}

/// Adds a command; arguments as in `redisclient_command`, copied.
///
/// It cannot fail here: a mistake is kept and reported by run, which then sends nothing.
///
/// # Safety
/// `pipeline` is NULL or live; the arrays are as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_add(
    pipeline: *mut PipelineHandle,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
) {
    // SAFETY: as the caller promises.
    if let Some(pipeline) = unsafe { pipeline.as_ref() } {
        shield((), || {
            // SAFETY: as the caller promises.
            pipeline.add(|room| unsafe { room.read(argc, argv, lengths) })
        });
    }
}

/// `redisclient_pipeline_add` with the arguments end to end in one buffer.
///
/// # Safety
/// `pipeline` is NULL or live; `lengths` holds `argc` entries and `bytes` their sum.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_add_packed(
    pipeline: *mut PipelineHandle,
    argc: usize,
    bytes: *const c_char,
    lengths: *const usize,
) {
    // SAFETY: as the caller promises.
    if let Some(pipeline) = unsafe { pipeline.as_ref() } {
        shield((), || {
            // SAFETY: as the caller promises.
            pipeline.add(|room| unsafe { room.read_packed(argc, bytes, lengths) })
        });
    }
}

/// Says whether the pipeline runs between MULTI and EXEC; 0 (not) by default.
///
/// # Safety
/// `pipeline` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_atomic(pipeline: *mut PipelineHandle, yes: c_int) {
    // SAFETY: as the caller promises.
    if let Some(handle) = unsafe { pipeline.as_ref() }
        && let Some(mut pipeline) = handle.pipeline.enter_quietly()
    {
        pipeline.set_atomic(yes != 0);
    }
}

/// Sends everything, waits for the replies and empties the pipeline.
///
/// `*out`: an ARRAY with one item per command; server errors are items of kind ERROR. Atomic: the
/// items of EXEC; NIL when EXEC was refused because of a watched key. An empty pipeline answers an
/// ARRAY of 0 and sends nothing.
/// When replies are missing and bytes went out, the status says why and `*out` is written all the
/// same: answered items stay, the others are ERROR with the flag IS_LOCAL and a text that begins
/// with UNKNOWN or NOT_SENT. It is sent again as a whole only if nothing was sent or all commands
/// are read-only. `out` may be NULL; `*out` is yours.
/// EINVAL, ESTATE: a mistake in an added command; nothing was sent. EBUSY: another thread.
/// EEXECABORT: the transaction was refused; the text has the first reason. Otherwise as
/// `redisclient_command`.
///
/// # Safety
/// `pipeline` is NULL or live, `out` and `error` NULL or places for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_run(
    pipeline: *mut PipelineHandle,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: as the caller promises.
    unsafe { redisclient_pipeline_run_call(pipeline, std::ptr::null(), out, error) }
}

/// `redisclient_pipeline_run` with options for this call.
///
/// # Safety
/// As `redisclient_pipeline_run`; `call` is NULL or as large as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_run_call(
    pipeline: *mut PipelineHandle,
    call: *const Call,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let (handle, call) = unsafe { (borrow(pipeline, "pipeline")?, call::read(call)) };
        let mut pipeline = handle.pipeline.enter()?;
        let call = call.inspect_err(|_| pipeline.clear())?;
        if let Err(disturbance) = handle.pipeline.disturbance() {
            pipeline.add(Err(disturbance));
        }
        let (reply, result) = match pipeline.run(&call) {
            Ok(reply) => (Some(reply), Ok(())),
            Err(failure) => (failure.partial, Err(failure.error)),
        };
        if let Some(reply) = reply {
            // SAFETY: as the caller promises.
            unsafe { give(reply, out) };
        }
        result
    })
}

/// Frees a pipeline; NULL is fine. What was added and not run is forgotten. Keeps errno.
///
/// # Safety
/// `pipeline` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_free(pipeline: *mut PipelineHandle) {
    // SAFETY: made by `redisclient_pipeline_new`, given up by the caller.
    unsafe { free(pipeline) };
}
