//! The C API: one file per handle, each function its documentation, its signature and a few lines.
//!
//! Every pointer is checked for NULL. `guard` turns results into a status and an error object, and
//! keeps panics from leaving the library. Outputs are written only on success.

pub mod arguments;
pub mod call;
pub mod client;
pub mod connection;
pub mod error;
pub mod options;
pub mod pipeline;
pub mod reader;
pub mod reply;
pub mod status;
pub mod version;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Code, Error, Result};
use error::ErrorHandle;
use status::{REDISCLIENT_OK, Status};

/// Runs the body of a fallible function: its failure, or its panic, becomes status and error object.
fn guard(out: *mut *mut ErrorHandle, body: impl FnOnce() -> Result<()>) -> Status {
    let error = match catch(body) {
        Ok(()) => return REDISCLIENT_OK,
        Err(error) => error,
    };
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

fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => {
            let text = match (
                payload.downcast_ref::<&str>(),
                payload.downcast_ref::<String>(),
            ) {
                (Some(text), _) => text,
                (_, Some(text)) => text.as_str(),
                _ => "unknown",
            };
            Err(Error::new(Code::Panic, format!("internal failure: {text}")))
        }
    }
}

fn null(what: &str) -> Error {
    Error::new(Code::Invalid, format!("{what} is NULL"))
}

/// Borrows what a handle points to.
///
/// # Safety
/// `pointer` is NULL or points to a live `T` that outlives the borrow.
unsafe fn borrow<'a, T>(pointer: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
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
