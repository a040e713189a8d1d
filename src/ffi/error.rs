//! Error objects: what a failed call hands out.

use std::ffi::{CString, c_char, c_int};

use super::status::{REDISCLIENT_OK, Status};
use super::{free, get};
use crate::error::Error;

/// A failure with everything known about it. Immutable; any thread; freed by `redisclient_error_free`.
pub struct ErrorHandle {
    error: Error,
    message: CString,
    server_code: CString,
    node: CString,
}

impl ErrorHandle {
    pub(super) fn new(error: Error) -> Self {
        Self {
            message: c_text(&error.to_string()),
            server_code: c_text(error.server_code()),
            node: c_text(error.node()),
            error,
        }
    }
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

/// The status the call answered; 0 for NULL. Any thread.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_code(error: *const ErrorHandle) -> Status {
    // SAFETY: as the caller promises.
    unsafe { get(error, REDISCLIENT_OK, |error| error.error.code() as Status) }
}

/// What failed, where, in which phase, after how many attempts, and what to do.
///
/// One line for people; never NULL, "" for NULL. The text belongs to the error. No secret is in it.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_message(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { get(error, c"".as_ptr(), |error| error.message.as_ptr()) }
}

/// First word of the server's error line ("WRONGTYPE"); "" when no server spoke, or for NULL.
///
/// The text belongs to the error.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_server_code(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { get(error, c"".as_ptr(), |error| error.server_code.as_ptr()) }
}

/// "host:port" or socket path of the server involved; "" when none was, or for NULL.
///
/// The text belongs to the error.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_node(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { get(error, c"".as_ptr(), |error| error.node.as_ptr()) }
}

/// What became of the command: one of the REDISCLIENT_OUTCOME numbers; 0 for NULL.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_outcome(error: *const ErrorHandle) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { get(error, 0, |error| error.error.outcome() as c_int) }
}

/// 1 when trying later may help, otherwise 0. Read it together with the outcome.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_retryable(error: *const ErrorHandle) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { get(error, 0, |error| c_int::from(error.error.retryable())) }
}

/// How often the command was tried; 0 when it never came to that, or for NULL.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_attempts(error: *const ErrorHandle) -> c_int {
    let read = |error: &ErrorHandle| c_int::try_from(error.error.attempts()).unwrap_or(c_int::MAX);
    // SAFETY: as the caller promises.
    unsafe { get(error, 0, read) }
}

/// errno of the failed system call, or 0.
///
/// # Safety
/// `error` is NULL or a live error object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_os_error(error: *const ErrorHandle) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { get(error, 0, |error| error.error.os_error()) }
}

/// Frees an error object; NULL is fine. Keeps errno.
///
/// # Safety
/// `error` is NULL or an error object that is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_error_free(error: *mut ErrorHandle) {
    // SAFETY: made by `guard`, given up by the caller.
    unsafe { free(error) };
}
