//! What a caller may say of one call, and the means to cancel it.

use std::ffi::c_char;
use std::mem::offset_of;
use std::sync::Arc;
use std::time::Duration;

use super::shield;
use super::size_first::{self, SizeFirst};
use super::status::REDISCLIENT_CALL_IDEMPOTENT;
use crate::client::{CallOptions, Limit};
use crate::error::Result;
use crate::net::Cancel;
use crate::sys::errno;

/// Options of one call. Initialise with REDISCLIENT_CALL_INIT; a NULL call is all defaults.
///
/// `size` comes first: a smaller size, where a field ends, means that the missing tail is default;
/// 0 and a size that cuts a field are EINVAL; a tail beyond what this version knows must be zero.
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

// SAFETY: repr(C), the size first, and the rest numbers and pointers.
unsafe impl SizeFirst for Call {
    const NAME: &'static str = "call struct";
    const INIT: &'static str = "REDISCLIENT_CALL_INIT";
    const WHOLE: &'static [usize] = &[
        offset_of!(Call, deadline_ms),
        offset_of!(Call, route),
        offset_of!(Call, cancel),
        offset_of!(Call, flags),
        offset_of!(Call, reserved),
    ];
}

/// Reads a call.
///
/// # Safety
/// `call` is NULL or points to as many bytes as its first field says.
#[inline]
pub(super) unsafe fn read(call: *const Call) -> Result<CallOptions> {
    match call.is_null() {
        true => Ok(CallOptions::default()),
        // SAFETY: as the caller promises.
        false => unsafe { read_given(call) },
    }
}

/// # Safety
/// As `read`, and `call` is not NULL.
#[inline(never)]
unsafe fn read_given(call: *const Call) -> Result<CallOptions> {
    // SAFETY: as the caller promises.
    let call = unsafe { size_first::copy(call) }?;
    if call.flags & !REDISCLIENT_CALL_IDEMPOTENT != 0 || call.reserved != 0 {
        return Err(Call::wrong(
            "has flags that are not known, or reserved is not 0",
        ));
    }
    if !call.route.is_null() {
        return Err(Call::wrong(
            "names a route, which is not supported in this version",
        ));
    }
    let limit = match call.deadline_ms {
        0 => Limit::Client,
        -1 => Limit::Never,
        millis => match u64::try_from(millis) {
            Ok(millis) => Limit::For(Duration::from_millis(millis)),
            Err(_) => return Err(Call::wrong("has a deadline_ms below -1")),
        },
    };
    Ok(CallOptions {
        limit,
        // SAFETY: a cancel is live for the call.
        cancel: unsafe { share(call.cancel) },
        idempotent: call.flags & REDISCLIENT_CALL_IDEMPOTENT != 0,
    })
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
