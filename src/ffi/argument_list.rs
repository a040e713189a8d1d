//! Built commands: arguments added one by one, for callers that cannot write an array.

use std::ffi::c_char;

use super::arguments::{bytes, text};
use super::call::Call;
use super::client::execute;
use super::error::ErrorHandle;
use super::one_thread::{Inside, OneThread};
use super::pipeline::PipelineHandle;
use super::status::Status;
use super::{borrow, free, guard, null, put, shield};
use crate::client::Client;
use crate::command::ArgumentList;
use crate::error::Result;
use crate::resp::Node;

/// The arguments of a command, its name first. One thread at a time.
pub struct ArgumentListHandle(OneThread<ArgumentList>);

impl ArgumentListHandle {
    /// The list for who uses it, who is told of mistakes.
    fn read(&self) -> Result<Inside<'_, ArgumentList>> {
        let mut list = self.0.enter()?;
        if let Err(disturbance) = self.0.disturbance() {
            list.add(Err(disturbance));
        }
        Ok(list)
    }
}

/// # Safety
/// `arguments` is NULL or live.
unsafe fn change(arguments: *mut ArgumentListHandle, change: impl FnOnce(&mut ArgumentList)) {
    // SAFETY: as the caller promises.
    if let Some(arguments) = unsafe { arguments.as_ref() } {
        shield((), || {
            if let Some(mut list) = arguments.0.enter_quietly() {
                change(&mut list);
            }
        });
    }
}

/// Makes an empty list of arguments; NULL without memory.
///
/// For callers that cannot write an array: add the command's name and then its arguments, and hand
/// the list to `redisclient_command_built` or `redisclient_pipeline_add_built`, as often as wanted:
/// using it does not empty it. Adding cannot fail: the first mistake is kept until
/// `redisclient_arguments_clear`, nothing is added after it, and whoever uses the list reports it and
/// sends nothing. One thread at a time, else EBUSY is such a mistake. Free with
/// `redisclient_arguments_free`.
#[unsafe(no_mangle)]
pub extern "C" fn redisclient_arguments_new() -> *mut ArgumentListHandle {
    shield(std::ptr::null_mut(), || {
        let list = OneThread::new("list of arguments", ArgumentList::default());
        Box::into_raw(Box::new(ArgumentListHandle(list)))
    })
}

/// Adds a NUL-terminated text, copied. A NULL text is a mistake, EINVAL.
///
/// # Safety
/// `arguments` is NULL or live, `value` NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_add_text(
    arguments: *mut ArgumentListHandle,
    value: *const c_char,
) {
    // SAFETY: as the caller promises.
    unsafe {
        change(arguments, |list| {
            list.add(text(value, "text").map(|it| it.to_bytes()))
        })
    };
}

/// Adds `length` bytes, copied. NULL with length 0 is an empty argument, with another length a
/// mistake, EINVAL, as is a length above PTRDIFF_MAX.
///
/// # Safety
/// `arguments` is NULL or live, `value` NULL or as long as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_add_bytes(
    arguments: *mut ArgumentListHandle,
    value: *const c_char,
    length: usize,
) {
    // SAFETY: as the caller promises.
    unsafe { change(arguments, |list| list.add(bytes(value, length, "bytes"))) };
}

/// Adds an integer in decimal: "-7".
///
/// # Safety
/// `arguments` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_add_int64(
    arguments: *mut ArgumentListHandle,
    value: i64,
) {
    // SAFETY: as the caller promises.
    unsafe { change(arguments, |list| list.add_integer(value)) };
}

/// Adds a double as the shortest text that reads back as the same double.
///
/// It looks as Python writes it, whatever the locale: "0.1", "1.0", "-0.0", "1e+16", "1e-07",
/// "inf", "-inf", "nan".
///
/// # Safety
/// `arguments` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_add_double(
    arguments: *mut ArgumentListHandle,
    value: f64,
) {
    // SAFETY: as the caller promises.
    unsafe { change(arguments, |list| list.add_double(value)) };
}

/// Forgets all arguments and the first mistake, and keeps the memory for the next command.
///
/// # Safety
/// `arguments` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_clear(arguments: *mut ArgumentListHandle) {
    // SAFETY: as the caller promises.
    if let Some(handle) = unsafe { arguments.as_ref() } {
        let forget = |list: &mut ArgumentList| {
            let _ = handle.0.disturbance();
            list.clear();
        };
        // SAFETY: as the caller promises.
        unsafe { change(arguments, forget) };
    }
}

/// How many arguments were added, the command's name included; 0 for NULL, or while another thread
/// uses the list.
///
/// # Safety
/// `arguments` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_count(
    arguments: *const ArgumentListHandle,
) -> usize {
    // SAFETY: as the caller promises.
    match unsafe { arguments.as_ref() } {
        Some(handle) => shield(0, || handle.0.enter().map_or(0, |list| list.count())),
        None => 0,
    }
}

/// The arguments as every function with `_packed` in its name takes them: end to end, with lengths.
///
/// `*bytes` and `*lengths` belong to the list and hold until it is next changed. An empty list is
/// OK, with `*argc` 0. EINVAL: NULL. The first mistake: its code. EBUSY: another thread.
/// EPANIC.
///
/// # Safety
/// `arguments` is NULL or live; the outputs are NULL or places for their values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_packed(
    arguments: *const ArgumentListHandle,
    argc: *mut usize,
    bytes: *mut *const c_char,
    lengths: *mut *const usize,
    error: *mut *mut ErrorHandle,
) -> Status {
    static NO_LENGTH: usize = 0;
    guard(error, || {
        if argc.is_null() || bytes.is_null() || lengths.is_null() {
            return Err(null("argc, bytes or lengths"));
        }
        // SAFETY: as the caller promises.
        let list = unsafe { borrow(arguments, "arguments") }?.read()?;
        let (all, each) = list.packed()?;
        // An empty vector points nowhere.
        let start = if all.is_empty() {
            c"".as_ptr()
        } else {
            all.as_ptr().cast()
        };
        let first = each.first().unwrap_or(&NO_LENGTH);
        // SAFETY: as the caller promises.
        unsafe {
            put(argc, each.len());
            put(bytes, start);
            put(lengths, std::ptr::from_ref(first));
        }
        Ok(())
    })
}

/// `redisclient_command_call` with the arguments of a list, which stay in it.
///
/// A NULL call is all defaults. EINVAL: NULL, no arguments, an empty name, or a mistake in an added
/// argument; ENOMEM, EBUSY: when adding; nothing was sent. Otherwise as `redisclient_command_call`.
///
/// # Safety
/// Client and list are NULL or live, `call` is NULL or as large as its size says, `out` and `error`
/// are NULL or places for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_command_built(
    client: *mut Client,
    call: *const Call,
    arguments: *const ArgumentListHandle,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let list = unsafe { borrow(arguments, "arguments") }?.read()?;
        let (bytes, lengths) = list.packed()?;
        // SAFETY: as the caller promises.
        unsafe { execute(client, call, |room| room.split(bytes, lengths), out) }
    })
}

/// `redisclient_pipeline_add` with the arguments of a list, copied.
///
/// What is wrong with the list is reported by run, which then sends nothing.
///
/// # Safety
/// Both are NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_pipeline_add_built(
    pipeline: *mut PipelineHandle,
    arguments: *const ArgumentListHandle,
) {
    // SAFETY: as the caller promises.
    if let Some(pipeline) = unsafe { pipeline.as_ref() } {
        shield((), || {
            // SAFETY: as the caller promises.
            let list = unsafe { borrow(arguments, "arguments") }.and_then(|list| list.read());
            pipeline.add(|room| {
                let list = list.as_ref().map_err(Clone::clone)?;
                let (bytes, lengths) = list.packed()?;
                room.split(bytes, lengths)
            });
        });
    }
}

/// Frees a list; NULL is fine. Keeps errno.
///
/// # Safety
/// `arguments` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_arguments_free(arguments: *mut ArgumentListHandle) {
    // SAFETY: made by `redisclient_arguments_new`, given up by the caller.
    unsafe { free(arguments) };
}
