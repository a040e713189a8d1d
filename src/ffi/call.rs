//! What a caller may say of one call, and the means to cancel it.

use std::ffi::c_char;
use std::sync::Arc;
use std::time::Duration;

use super::shield;
use super::status::REDISCLIENT_CALL_IDEMPOTENT;
use crate::client::{CallOptions, Limit};
use crate::error::{Code, Error, Result};
use crate::net::Cancel;
use crate::sys::errno;

/// Options of one call. Initialise with REDISCLIENT_CALL_INIT; a NULL call is all defaults.
///
/// `size` comes first: a smaller size means that the missing tail is default, 0 is EINVAL, and a
/// tail beyond what this version knows must be zero.
#[repr(C)]
pub struct Call {
    /// sizeof(redisclient_call).
    pub size: usize,
    /// Milliseconds for the whole call, queueing, connecting and retries included: 0 the client's
    /// timeout_ms, -1 for ever.
    pub deadline_ms: i64,
    /// Where to send it; NULL. Routes are not supported in this version.
    pub route: *const c_char,
    /// Fires to end the call; NULL for none. Borrowed for the call.
    pub cancel: *mut Cancel,
    /// REDISCLIENT_CALL_IDEMPOTENT or 0.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
}

/// No known or future call struct is larger.
const LARGEST: usize = 4096;

/// Reads a call.
///
/// # Safety
/// `call` is NULL or points to as many bytes as its first field says.
pub(super) unsafe fn read(call: *const Call) -> Result<CallOptions> {
    if call.is_null() {
        return Ok(CallOptions::default());
    }
    // SAFETY: as the caller promises; the copy asks for no alignment.
    let call = unsafe { copy(call.cast()) }?;
    if call.flags & !REDISCLIENT_CALL_IDEMPOTENT != 0 || call.reserved != 0 {
        return Err(wrong("has flags that are not known, or reserved is not 0"));
    }
    if !call.route.is_null() {
        return Err(wrong(
            "names a route, which is not supported in this version",
        ));
    }
    let limit = match call.deadline_ms {
        0 => Limit::Client,
        -1 => Limit::Never,
        millis => match u64::try_from(millis) {
            Ok(millis) => Limit::For(Duration::from_millis(millis)),
            Err(_) => return Err(wrong("has a deadline_ms below -1")),
        },
    };
    Ok(CallOptions {
        limit,
        // SAFETY: a cancel is live for the call.
        cancel: unsafe { share(call.cancel) },
        idempotent: call.flags & REDISCLIENT_CALL_IDEMPOTENT != 0,
    })
}

/// Copies a struct of whatever size into ours.
///
/// # Safety
/// As `read`.
unsafe fn copy(from: *const u8) -> Result<Call> {
    // SAFETY: a size stands first.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    if size < size_of::<usize>() || size > LARGEST {
        return Err(wrong("has no valid size: use REDISCLIENT_CALL_INIT"));
    }
    let known = size.min(size_of::<Call>());
    // SAFETY: the struct is as large as it says.
    let tail = unsafe { std::slice::from_raw_parts(from.add(known), size - known) };
    if tail.iter().any(|byte| *byte != 0) {
        return Err(wrong("says something that this version does not know"));
    }
    let mut call = Call {
        size: 0,
        deadline_ms: 0,
        route: std::ptr::null(),
        cancel: std::ptr::null_mut(),
        flags: 0,
        reserved: 0,
    };
    // SAFETY: both are at least `known` bytes, and any bytes make a Call.
    unsafe { std::ptr::copy_nonoverlapping(from, (&raw mut call).cast::<u8>(), known) };
    Ok(call)
}

/// # Safety
/// `cancel` is NULL or a live cancel.
unsafe fn share(cancel: *mut Cancel) -> Option<Arc<Cancel>> {
    if cancel.is_null() {
        return None;
    }
    // SAFETY: made by `redisclient_cancel_new` and live, so one more owner can be counted.
    unsafe {
        Arc::increment_strong_count(cancel.cast_const());
        Some(Arc::from_raw(cancel.cast_const()))
    }
}

fn wrong(what: &str) -> Error {
    Error::new(Code::Invalid, format!("the call struct {what}"))
}

/// Makes a cancel: fired from any thread it ends the calls it was given to, at once and for good.
///
/// It serves many calls and stays fired: a later call with it ends with ECANCELLED. NULL without
/// memory. Free with `redisclient_cancel_free`.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_cancel_new() -> *mut Cancel {
    shield(std::ptr::null_mut(), || {
        Arc::into_raw(Arc::new(Cancel::default())).cast_mut()
    })
}

/// Fires it. Any thread, any number of times; NULL is ignored. Calls with it end with ECANCELLED.
///
/// It takes a lock, so it is not for signal handlers.
///
/// # Safety
/// `cancel` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_cancel_fire(cancel: *mut Cancel) {
    // SAFETY: as the caller promises.
    if let Some(cancel) = unsafe { cancel.as_ref() } {
        shield((), || cancel.fire());
    }
}

/// Frees it; NULL is fine. Calls that have it keep it until they end. Keeps errno.
///
/// # Safety
/// `cancel` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_cancel_free(cancel: *mut Cancel) {
    if !cancel.is_null() {
        // SAFETY: made by `redisclient_cancel_new`, given up by the caller.
        errno::keep(|| shield((), || drop(unsafe { Arc::from_raw(cancel.cast_const()) })));
    }
}
