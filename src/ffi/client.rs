//! The client handle: open, close, commands.

use std::ffi::c_char;
use std::sync::Arc;

use super::arguments::{Arguments, named, text};
use super::call::{self, Call};
use super::error::ErrorHandle;
use super::options::OptionsHandle;
use super::status::Status;
use super::{give, guard, null, put, shield};
use crate::client::{CallOptions, Client};
use crate::error::Result;
use crate::options;
use crate::resp::{Node, Reply};
use crate::sys::errno;

/// Opens a client: one handle for any thread, with pooled connections behind it.
///
/// The URL says where: `redis://[[user]:password@]host[:port][/db][?option=value&...]` or
/// `unix://[[user]:password@]/path[?db=n&...]`; `rediss://` is the first over TLS (`valkey://` and
/// `valkeys://` too). Options may be NULL; they are copied, and the URL wins over them. Unless
/// `lazy=yes`, one connection, or `pool.min` of them, are made and greeted within
/// connect_timeout_ms + timeout_ms, without retries.
/// `*out` is yours: free it with `redisclient_free`.
/// EINVAL: NULL, or a malformed URL. EOPTION: a key, value or scheme that is wrong or not supported
/// in this version, or a certificate or key that cannot be used. ERESOLVE, ECONNECT, EDISCONNECTED,
/// ETLS, ECERTIFICATE, ETIMEOUT, EAUTH, ENOPERM, ELOADING, EMAXCLIENTS, EPROTOCOL, ELIMIT, ESERVER:
/// the connection. ENOMEM, EPANIC.
///
/// # Safety
/// `url` is NUL-terminated, `options` NULL or live, `out` and `error` places for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_open(
    url: *const c_char,
    options: *const OptionsHandle,
    out: *mut *mut Client,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // SAFETY: as the caller promises.
        let (url, options) = unsafe { (text(url, "url")?, options.as_ref()) };
        let options = options.map(OptionsHandle::copy);
        let client = Client::open(options::url::parse(url.to_bytes(), options.as_ref())?)?;
        // SAFETY: as the caller promises.
        unsafe { put(out, Arc::into_raw(Arc::new(client)).cast_mut()) };
        Ok(())
    })
}

/// Changes an option of an open client. Any thread.
///
/// For the options that OPTIONS.md calls live: all of `pool.` and `retry.`, `timeout_ms`,
/// `connect_timeout_ms` and `health_check_ms`, with the values that redisclient_options_set takes.
/// It counts for calls that begin afterwards, on connections old and new; a call under way may
/// take it up at its next attempt. A raised pool.max serves callers who wait; a lowered one closes
/// idle connections at once and others when they come back. A raised pool.min makes none. A child
/// that is forked later starts with what was set; what it sets is its own.
/// EINVAL: NULL. EOPTION, and nothing changed: an unknown name, a wrong value, an option that is
/// fixed when the client is opened, or a pool.min above pool.max. ECLOSED. EPANIC.
///
/// # Safety
/// The client is live, name and value NUL-terminated, `error` NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_set(
    client: *mut Client,
    name: *const c_char,
    value: *const c_char,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let (client, name) = unsafe { (share(client)?, text(name, "name")?) };
        // SAFETY: as the caller promises.
        let value = unsafe { text(value, "value") }?;
        client.set(name.to_bytes(), value.to_bytes())
    })
}

/// Closes the client: calls in flight and later ones end with ECLOSED. Returns at once.
///
/// Any thread, any number of times; NULL is ignored. The handle still has to be freed.
///
/// # Safety
/// `client` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_close(client: *mut Client) {
    // SAFETY: as the caller promises. One more owner: a free that comes meanwhile does not end it.
    if let Ok(client) = unsafe { share(client) } {
        shield((), || client.close());
    }
}

/// Closes the client and gives up the handle: calls inside end with ECLOSED, none may start after.
/// Waits until the threads that its queues started have ended, unless it is called on one of them.
///
/// NULL is fine. Pipelines and queues made from it stay valid to free. Keeps errno.
///
/// # Safety
/// `client` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_free(client: *mut Client) {
    if client.is_null() {
        return;
    }
    errno::keep(|| {
        shield((), || {
            // SAFETY: made by `redisclient_open`, given up by the caller.
            let client = unsafe { Arc::from_raw(client.cast_const()) };
            client.close();
            client.join();
        });
    });
}

/// Sends a command and waits for its reply. Any thread.
///
/// `argv` holds `argc` arguments of `lengths` bytes each, or NUL-terminated ones when `lengths` is
/// NULL; they are borrowed for the call. A NULL `out` means that the reply is not wanted;
/// otherwise `*out` is yours, to be freed with `redisclient_reply_free`. An error reply makes the
/// call fail. It is tried again as the retry options say, never when it might run twice.
/// EINVAL, ESTATE: nothing was sent. ECLOSED, 2xx, 3xx, 4xx: see the error's outcome. 5xx, 6xx: the
/// server said no. ENOMEM, EPANIC.
///
/// # Safety
/// The client is live, the arrays are as said, `out` and `error` NULL or places for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_command(
    client: *mut Client,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let client = unsafe { share(client) }?;
        let mut room = Arguments::room();
        // SAFETY: as the caller promises.
        let args = named(unsafe { room.read(argc, argv, lengths) }?)?;
        let reply = client.execute(args, &CallOptions::default())?;
        // SAFETY: as the caller promises.
        unsafe { give(reply, out) };
        Ok(())
    })
}

/// `redisclient_command` with options for this call: deadline, cancel, flags.
///
/// A NULL call is all defaults. Also EINVAL for a call struct that is not understood, ECANCELLED
/// when its cancel is fired.
///
/// # Safety
/// As `redisclient_command`; `call` is NULL or as large as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_command_call(
    client: *mut Client,
    call: *const Call,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        unsafe { execute(client, call, |room| room.read(argc, argv, lengths), out) }
    })
}

/// `redisclient_command_call` with the arguments end to end in one buffer.
///
/// `bytes` holds exactly the sum of `lengths`, which is required.
///
/// # Safety
/// As `redisclient_command_call`; `lengths` holds `argc` entries and `bytes` their sum.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_command_packed(
    client: *mut Client,
    call: *const Call,
    argc: usize,
    bytes: *const c_char,
    lengths: *const usize,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        unsafe {
            execute(
                client,
                call,
                |room| room.read_packed(argc, bytes, lengths),
                out,
            )
        }
    })
}

/// # Safety
/// As the functions above.
#[inline]
pub(super) unsafe fn execute<'a>(
    client: *mut Client,
    call: *const Call,
    read: impl for<'r> FnOnce(&'r mut Arguments<'a>) -> Result<&'r [&'a [u8]]>,
    out: *mut *mut Node,
) -> Result<()> {
    // SAFETY: as the caller promises.
    let client = unsafe { share(client) }?;
    // SAFETY: as the caller promises.
    let call = unsafe { call::read(call) }?;
    let mut room = Arguments::room();
    let reply = execute_with(&client, named(read(&mut room)?)?, &call)?;
    // SAFETY: as the caller promises.
    unsafe { give(reply, out) };
    Ok(())
}

/// One copy of the life of a command for all that take options for a call.
#[inline(never)]
fn execute_with(client: &Client, args: &[&[u8]], call: &CallOptions) -> Result<Reply> {
    client.execute(args, call)
}

/// One more owner, so that a free on another thread does not end the client under a call.
///
/// # Safety
/// `client` is NULL or live.
#[inline]
pub(super) unsafe fn share(client: *mut Client) -> Result<Arc<Client>> {
    if client.is_null() {
        return Err(null("client"));
    }
    // SAFETY: made by `redisclient_open` and live, so one more owner can be counted.
    unsafe {
        Arc::increment_strong_count(client.cast_const());
        Ok(Arc::from_raw(client.cast_const()))
    }
}
