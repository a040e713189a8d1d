//! One connection driven by hand: for protocol tools, proxies, and programs ported from hiredis.

use std::ffi::{c_char, c_int};

use super::arguments::{Arguments, bytes, named, text};
use super::error::ErrorHandle;
use super::options::OptionsHandle;
use super::status::Status;
use super::{borrow, deadline, free, guard, null, put, shield};
use crate::connection::Manual;
use crate::error::{Code, Error, Result};
use crate::options;
use crate::resp::{Node, Reply};

/// A connection of one's own. One thread may send while another receives; shutdown from any.
pub struct ConnectionHandle {
    manual: Manual,
}

/// Opens one connection to one server; nothing is pooled, retried or hidden.
///
/// URL and options as in `redisclient_open`; with `handshake=no` it is bare, nothing is sent.
/// Cluster and sentinel URLs are EINVAL. Otherwise the status codes of `redisclient_open`.
/// `*out` is yours: free it with `redisclient_connection_free`.
///
/// # Safety
/// `url` is NUL-terminated, `options` NULL or live, `out` and `error` places for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_open(
    url: *const c_char,
    options: *const OptionsHandle,
    out: *mut *mut ConnectionHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // SAFETY: as the caller promises.
        let (url, options) = unsafe { (text(url, "url")?, options.as_ref()) };
        let handle = open(url.to_bytes(), options)?;
        // SAFETY: as the caller promises.
        unsafe { put(out, Box::into_raw(Box::new(handle))) };
        Ok(())
    })
}

fn open(url: &[u8], options: Option<&OptionsHandle>) -> Result<ConnectionHandle> {
    if options::url::is_topology(url) {
        let detail = "one connection goes to one server: use a redis:// or unix:// URL";
        return Err(Error::new(Code::Invalid, detail));
    }
    let options = options.map(OptionsHandle::copy);
    let config = options::url::parse(url, options.as_ref())?;
    Ok(ConnectionHandle {
        manual: Manual::open(config)?,
    })
}

/// Takes over a connected stream socket, greets the server as the options say (handshake=no: nothing
/// is sent), and makes a connection of it.
///
/// For sockets that came from elsewhere: accepted, handed over by another process, one of a pair. The
/// options may be NULL; those of addresses, TLS and pools have no use here: bytes go in clear. After
/// OK the descriptor is the library's: blocking, close-on-exec, closed by
/// `redisclient_connection_free`. After any other status it is still yours, open and as it was, though
/// a failed greeting may have sent or read some bytes. `*out` is yours.
/// EINVAL: NULL, or a descriptor that is not open, no stream socket, or not connected. The greeting:
/// EDISCONNECTED, ETIMEOUT (connect_timeout_ms), EAUTH, ENOPERM, ELOADING, EMAXCLIENTS, EPROTOCOL,
/// ELIMIT, ESERVER. ENOMEM, EPANIC.
///
/// # Safety
/// The descriptor is nobody else's, `options` NULL or live, `out` and `error` places for pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_adopt(
    fd: isize,
    options: *const OptionsHandle,
    out: *mut *mut ConnectionHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // SAFETY: as the caller promises.
        let options = unsafe { options.as_ref() }.map(OptionsHandle::copy);
        let manual = Manual::adopt(fd, options::url::without_url(options.as_ref()))?;
        // SAFETY: as the caller promises.
        unsafe { put(out, Box::into_raw(Box::new(ConnectionHandle { manual }))) };
        Ok(())
    })
}

/// Buffers a command; arguments as in `redisclient_command`, copied. Nothing is sent before flush.
///
/// EINVAL: the arguments. EBUSY: another thread sends. EFORKED: in a forked child. ENOMEM, EPANIC.
///
/// # Safety
/// The connection is live, the arrays are as said, `error` is NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_send(
    connection: *mut ConnectionHandle,
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let connection = unsafe { borrow(connection, "connection") }?;
        let mut room = Arguments::room();
        // SAFETY: as the caller promises.
        let arguments = unsafe { room.read(argc, argv, lengths) }?;
        connection.manual.send(named(arguments)?)
    })
}

/// Buffers bytes as they are, copied; status codes as `redisclient_connection_send`.
///
/// # Safety
/// The connection is live, `bytes` holds `length` bytes, `error` is NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_send_raw(
    connection: *mut ConnectionHandle,
    bytes: *const c_char,
    length: usize,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let connection = unsafe { borrow(connection, "connection") }?;
        // SAFETY: as the caller promises.
        connection
            .manual
            .send_raw(unsafe { self::bytes(bytes, length, "bytes") }?)
    })
}

/// Writes what is buffered, waiting at most `timeout_ms` (-1 for ever, 0 not at all).
///
/// ETIMEOUT keeps the rest for the next flush. EDISCONNECTED, ETLS: the connection is lost. EINVAL:
/// NULL, or a time below -1. EBUSY, EFORKED, EPANIC as `redisclient_connection_send`.
///
/// # Safety
/// The connection is live, `error` is NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_flush(
    connection: *mut ConnectionHandle,
    timeout_ms: c_int,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let connection = unsafe { borrow(connection, "connection") }?;
        connection.manual.flush(deadline(timeout_ms)?)
    })
}

/// The next reply or push in wire order, waiting at most `timeout_ms` (-1 for ever, 0 not at all).
///
/// Error replies come as kind ERROR. `*out` is yours. ETIMEOUT keeps the connection and a half-read
/// reply. EDISCONNECTED: the peer closed, or shutdown was called. ETLS: the peer refused, or sent a
/// broken record. EPROTOCOL, ELIMIT: final. EINVAL: NULL, or a time below -1. EBUSY: another thread
/// receives. EFORKED: in a forked child. ENOMEM, EPANIC.
///
/// # Safety
/// The connection is live, `out` a place for a pointer, `error` NULL or one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_receive(
    connection: *mut ConnectionHandle,
    timeout_ms: c_int,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // SAFETY: as the caller promises.
        let connection = unsafe { borrow(connection, "connection") }?;
        let reply = connection.manual.receive(deadline(timeout_ms)?)?;
        // SAFETY: as the caller promises.
        unsafe { put(out, Reply::into_raw(reply)) };
        Ok(())
    })
}

/// 1 when something is there to be received (half a reply too), 0 when not, -1 when the peer closed.
///
/// Waits at most `timeout_ms`. Sees bytes that are buffered above the socket. -1 also for NULL, a
/// time below -1, and in a forked child; 0 while another thread receives.
///
/// # Safety
/// `connection` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_readable(
    connection: *mut ConnectionHandle,
    timeout_ms: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    match (unsafe { connection.as_ref() }, deadline(timeout_ms)) {
        (Some(connection), Ok(deadline)) => shield(-1, || {
            connection.manual.readable(deadline).map_or(-1, c_int::from)
        }),
        _ => -1,
    }
}

/// Ends both directions and wakes a blocked receive, which answers EDISCONNECTED. Any thread.
///
/// # Safety
/// `connection` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_shutdown(connection: *mut ConnectionHandle) {
    // SAFETY: as the caller promises.
    if let Some(connection) = unsafe { connection.as_ref() } {
        shield((), || connection.manual.shutdown());
    }
}

/// The socket's descriptor, to wait on; it stays the library's. -1 for NULL and in a forked child.
///
/// Bytes may be buffered above it: see `redisclient_connection_readable`.
///
/// # Safety
/// `connection` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_fd(connection: *const ConnectionHandle) -> isize {
    // SAFETY: as the caller promises.
    let descriptor = unsafe { connection.as_ref() }.and_then(|it| it.manual.descriptor());
    descriptor.map_or(-1, |descriptor| descriptor as isize)
}

/// The server's answer to HELLO; NULL when there was none, and in a forked child. It belongs to the
/// connection.
///
/// # Safety
/// `connection` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_hello(
    connection: *const ConnectionHandle,
) -> *const Node {
    // SAFETY: as the caller promises.
    let hello = unsafe { connection.as_ref() }.and_then(|it| it.manual.hello());
    hello.map_or(std::ptr::null(), |reply| std::ptr::from_ref::<Node>(reply))
}

/// Closes and frees a connection; NULL is fine. Nothing is sent. Keeps errno.
///
/// # Safety
/// `connection` is NULL or not used again, and no thread is inside a call on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_connection_free(connection: *mut ConnectionHandle) {
    // SAFETY: made by `redisclient_connection_open`, given up by the caller.
    unsafe { free(connection) };
}
