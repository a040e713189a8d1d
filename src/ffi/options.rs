//! Options: names and values, checked when they are set.

use std::ffi::c_char;

use super::arguments::{bytes, text};
use super::error::ErrorHandle;
use super::status::Status;
use super::{borrow, free, guard, shield};
use crate::error::Result;
use crate::net::lock;
use crate::options::Options;
use crate::sys::sync::Mutex;

/// A set of options to open with. Any thread; open copies it.
pub struct OptionsHandle {
    options: Mutex<Options>,
}

impl OptionsHandle {
    /// A copy, for the call that opens something.
    pub(super) fn copy(&self) -> Options {
        lock(&self.options).clone()
    }

    /// Changes the options. What is replaced ends after the lock is given back, since ending a
    /// caller's function runs the caller's code.
    pub(super) fn change(&self, change: impl FnOnce(&mut Options) -> Result<()>) -> Result<()> {
        let mut options = lock(&self.options);
        let before = options.clone();
        let result = change(&mut options);
        drop(options);
        drop(before);
        result
    }
}

/// Makes an empty set of options: all defaults. NULL without memory. Free with `redisclient_options_free`.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_options_new() -> *mut OptionsHandle {
    shield(std::ptr::null_mut(), || {
        Box::into_raw(Box::new(OptionsHandle {
            options: Mutex::new(Options::new()),
        }))
    })
}

/// Sets an option to a NUL-terminated value; a later value replaces an earlier one.
///
/// Names and values are those of OPTIONS.md, and the same as in a URL's query, which wins over
/// options. Both are borrowed for the call. EINVAL: NULL. EOPTION: unknown name, wrong value, or
/// not supported in this version; the text names the accepted form. EPANIC.
///
/// # Safety
/// The options are live, name and value NUL-terminated, `error` NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_options_set(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: *const c_char,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let value = unsafe { text(value, "value") }?.to_bytes();
        // SAFETY: as the caller promises.
        unsafe { set(options, name, value) }
    })
}

/// Sets an option to a value of any bytes, such as a password.
///
/// As `redisclient_options_set`; a NULL value with length 0 is empty, with another length EINVAL.
///
/// # Safety
/// The options are live, the name NUL-terminated, `value` holds `length` bytes, `error` is NULL or
/// a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_options_set_bytes(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: *const c_char,
    length: usize,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let value = unsafe { bytes(value, length, "value") }?;
        // SAFETY: as the caller promises.
        unsafe { set(options, name, value) }
    })
}

/// # Safety
/// As the two functions above.
unsafe fn set(options: *mut OptionsHandle, name: *const c_char, value: &[u8]) -> Result<()> {
    // SAFETY: as the caller promises.
    let (options, name) = unsafe { (borrow(options, "options")?, text(name, "name")?) };
    options.change(|options| options.set(name.to_bytes(), value))
}

/// Frees options; NULL is fine. What was opened with them is not affected. Keeps errno.
///
/// # Safety
/// `options` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_options_free(options: *mut OptionsHandle) {
    // SAFETY: made by `redisclient_options_new`, given up by the caller.
    unsafe { free(options) };
}
