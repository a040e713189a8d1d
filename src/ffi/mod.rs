//! The C API: one file per handle, each function its documentation, its signature and a few lines.
//!
//! Every pointer is checked for NULL. `guard` turns results into a status and an error object, and
//! keeps panics from leaving the library. Outputs are written only on success.

pub mod argument_list;
pub mod arguments;
pub mod backoff;
pub mod call;
pub mod client;
pub mod connection;
pub mod data;
pub mod error;
pub mod event;
mod one_thread;
pub mod option_table;
pub mod options;
pub mod pipeline;
pub mod queue;
pub mod reader;
pub mod reply;
mod size_first;
pub mod stats;
pub mod status;
pub mod submit;
pub mod version;

use std::any::Any;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Result};
use crate::resp::{Node, Reply};
use crate::sys::errno;
use error::ErrorHandle;
use status::{REDISCLIENT_OK, Status};

/// Runs the body of a fallible function: its failure, or its panic, becomes status and error object.
#[inline]
fn guard(out: *mut *mut ErrorHandle, body: impl FnOnce() -> Result<()>) -> Status {
    match catch(body) {
        Ok(()) => REDISCLIENT_OK,
        Err(error) => hand_out(out, error),
    }
}

/// Gives the caller a status, and the error where there is a place for it.
#[cold]
fn hand_out(out: *mut *mut ErrorHandle, error: Error) -> Status {
    let status = error.code() as Status;
    if !out.is_null() {
        let handle = Box::into_raw(Box::new(ErrorHandle::new(error)));
        // SAFETY: the caller gave a place for a pointer, or NULL.
        unsafe { out.write(handle) };
    }
    status
}

/// Runs the body of a function that reports no errors; a panic answers `otherwise`.
fn shield<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

#[inline]
fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => Err(panicked(&*payload)),
    }
}

#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = match (
        payload.downcast_ref::<&str>(),
        payload.downcast_ref::<String>(),
    ) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "unknown",
    };
    Error::new(Code::Panic, format!("internal failure: {text}"))
}

#[cold]
fn null(what: &str) -> Error {
    Error::new(Code::Invalid, format!("{what} is NULL"))
}

/// Reads a time in C's form.
fn deadline(timeout_ms: c_int) -> Result<Deadline> {
    if timeout_ms < -1 {
        let detail = format!("timeout_ms is {timeout_ms}: -1 is for ever, 0 does not wait");
        return Err(Error::new(Code::Invalid, detail));
    }
    Ok(Deadline::from_millis(Moment::now(), i64::from(timeout_ms)))
}

/// Borrows what a handle points to.
///
/// # Safety
/// `pointer` is NULL or points to a live `T` that outlives the borrow.
unsafe fn borrow<'a, T>(pointer: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
}

/// Looks at what a handle points to; `otherwise` for NULL, and after a panic.
///
/// # Safety
/// `pointer` is NULL or points to a live `T`.
unsafe fn get<T, R>(pointer: *const T, otherwise: R, read: impl FnOnce(&T) -> R) -> R {
    // SAFETY: as the caller promises.
    match unsafe { pointer.as_ref() } {
        Some(handle) => shield(otherwise, || read(handle)),
        None => otherwise,
    }
}

/// Frees a handle; errno stays.
///
/// # Safety
/// `pointer` is NULL, or was made by `Box::into_raw` and is given up by the caller.
unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: as the caller promises.
        errno::keep(|| shield((), || drop(unsafe { Box::from_raw(pointer) })));
    }
}

/// Gives the caller a reply, or frees it where there is no place for it.
///
/// # Safety
/// `out` is NULL or a place for a pointer.
#[inline]
unsafe fn give(reply: Reply, out: *mut *mut Node) {
    if !out.is_null() {
        // SAFETY: as the caller promises.
        unsafe { put(out, Reply::into_raw(reply)) };
    }
}

/// Writes an output.
///
/// # Safety
/// `out` is NULL or a place for a `T`.
unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: as the caller promises.
        unsafe { out.write(value) };
    }
}
