//! A caller's own backoff: a function that says how long to pause before another try.

use std::ffi::c_void;
use std::mem::offset_of;
use std::time::Duration;

use super::data::{Data, DestroyFn};
use super::error::ErrorHandle;
use super::options::OptionsHandle;
use super::size_first::{self, SizeFirst};
use super::status::Status;
use super::{borrow, guard, null};
use crate::options::{CustomBackoff, Pause};

/// The functions of a backoff. Set `size` to sizeof(redisclient_backoff_ops); the struct is copied.
#[repr(C)]
pub struct BackoffOps {
    /// sizeof(redisclient_backoff_ops).
    pub size: usize,
    /// Answers how many milliseconds to pause before a command is tried again; below 0 gives up.
    ///
    /// `failures` is how often the command has failed, 1 before its second try; `previous_ms` is the
    /// pause before, 0 at first. It runs on the thread of the call, for what was submitted to a queue
    /// on one of ours, and may run on several at once. It may use the client, but free no queue: that
    /// would wait for it. It returns: a C++ exception that leaves it ends the process with a message,
    /// a longjmp out of it leaves the client working, but what the call held is never freed.
    pub pause: Option<
        unsafe extern "C-unwind" fn(data: *mut c_void, failures: u32, previous_ms: i64) -> i64,
    >,
    /// Ends `data`; NULL when there is nothing to end.
    pub destroy: DestroyFn,
}

// SAFETY: repr(C), the size first, and the rest function pointers that may be NULL.
unsafe impl SizeFirst for BackoffOps {
    const NAME: &'static str = "backoff ops struct";
    const INIT: &'static str = "sizeof(redisclient_backoff_ops)";
    const WHOLE: &'static [usize] = &[
        offset_of!(BackoffOps, pause),
        offset_of!(BackoffOps, destroy),
    ];
}

/// The caller's functions with their data.
struct Formula {
    pause: unsafe extern "C-unwind" fn(data: *mut c_void, failures: u32, previous_ms: i64) -> i64,
    data: Data,
}

// SAFETY: the caller promises that the functions may run on any thread, several at once.
unsafe impl Send for Formula {}
// SAFETY: as above.
unsafe impl Sync for Formula {}

impl Pause for Formula {
    fn pause(&self, failures: u32, previous: Duration) -> Option<Duration> {
        let previous = i64::try_from(previous.as_millis()).unwrap_or(i64::MAX);
        // SAFETY: as the caller of redisclient_options_backoff promised.
        let answer = unsafe { (self.pause)(self.data.get(), failures, previous) };
        u64::try_from(answer).ok().map(Duration::from_millis)
    }
}

/// Sets a function that says how long to pause before another try, in place of a formula.
///
/// It takes the place of the option retry.backoff, and the later of the two counts; retry.base_ms
/// and retry.cap_ms do not apply to it. It is asked only where another try is allowed, so at most
/// retry.count times in one command, and a pause beyond the deadline gives up as well. The error
/// is then that of the last attempt. No lock is held while it runs: it may use the client, but not
/// the pipeline whose run it is part of (EBUSY), and free no queue: that would wait for it.
/// `ops` is copied; it and the other pointers are borrowed for the call. `data` is handed to the
/// functions as it is. destroy runs exactly once if the call answered OK: when the options, which
/// may have got another function or formula since, and every client opened from them have let go,
/// on the thread that let go last; a call that is not OK took nothing.
/// EINVAL: NULL options or ops, ops without pause, a size that is not valid, or more in them than
/// this version knows. EPANIC. Any thread.
///
/// # Safety
/// The options are live, `ops` as large as its size says, its functions fit for any thread until
/// destroy has run, `error` NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_options_backoff(
    options: *mut OptionsHandle,
    ops: *const BackoffOps,
    data: *mut c_void,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if ops.is_null() {
            return Err(null("ops"));
        }
        // SAFETY: as the caller promises.
        let (options, ops) = unsafe { (borrow(options, "options")?, size_first::copy(ops)?) };
        let formula = Formula {
            pause: ops.pause.ok_or_else(|| null("pause"))?,
            // SAFETY: as the caller promises.
            data: unsafe { Data::new(data, ops.destroy) },
        };
        options.change(|options| {
            options.set_backoff(CustomBackoff::new(formula));
            Ok(())
        })
    })
}
