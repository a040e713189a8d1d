//! The protocol alone, without I/O: a reader fed by hand, and the encoder.

use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, TryLockError};

use super::arguments::{Arguments, bytes};
use super::error::ErrorHandle;
use super::options::OptionsHandle;
use super::status::Status;
use super::{borrow, guard, null, put, shield};
use crate::error::{Code, Error, Result};
use crate::resp::{Decoder, Limits, Node, Reply, encode};
use crate::sys::errno;

/// Turns bytes into replies. One thread at a time.
pub struct ReaderHandle {
    reader: Mutex<Reader>,
}

struct Reader {
    decoder: Decoder,
    /// Room given out by the last space.
    room: usize,
}

impl ReaderHandle {
    fn enter(&self) -> Result<MutexGuard<'_, Reader>> {
        match self.reader.try_lock() {
            Ok(reader) => Ok(reader),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(Code::Busy, "another thread uses this reader"))
            }
        }
    }
}

/// Makes a reader; its limits are those of the options, or the defaults when they are NULL.
///
/// NULL without memory. Free with `redisclient_reader_free`. One thread at a time.
///
/// # Safety
/// `options` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reader_new(
    options: *const OptionsHandle,
) -> *mut ReaderHandle {
    // SAFETY: as the caller promises.
    let options = unsafe { options.as_ref() };
    shield(std::ptr::null_mut(), || {
        let limits = options.map_or_else(Limits::default, |it| it.copy().config().limits);
        let reader = Reader {
            decoder: Decoder::new(limits),
            room: 0,
        };
        Box::into_raw(Box::new(ReaderHandle {
            reader: Mutex::new(reader),
        }))
    })
}

/// Copies bytes in. EINVAL: NULL. EBUSY: another thread. ENOMEM. After an error: that error's code.
///
/// # Safety
/// `reader` is NULL or live; `bytes` holds `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reader_feed(
    reader: *mut ReaderHandle,
    bytes: *const c_char,
    length: usize,
) -> Status {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        let reader = unsafe { borrow(reader, "reader") }?;
        // SAFETY: as the caller promises.
        let input = unsafe { self::bytes(bytes, length, "bytes") }?;
        let mut reader = reader.enter()?;
        reader.room = 0;
        reader.decoder.check()?;
        reader.decoder.feed(input)
    })
}

/// Room for at least `least` bytes to read into in place; `*room` is how many fit.
///
/// Say with `redisclient_reader_commit` how many were read. The room is the reader's, valid until
/// its next call. NULL, and `*room` 0, without memory, after an error, for NULL, or while another
/// thread uses the reader.
///
/// # Safety
/// `reader` is NULL or live; `room` is a place for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reader_space(
    reader: *mut ReaderHandle,
    least: usize,
    room: *mut usize,
) -> *mut c_char {
    // SAFETY: as the caller promises.
    let reader = unsafe { reader.as_ref() };
    let space = shield(None, || {
        let mut reader = reader?.enter().ok()?;
        reader.room = 0;
        if room.is_null() || least > isize::MAX as usize {
            return None;
        }
        reader.decoder.check().ok()?;
        let space = reader.decoder.space(least).ok()?;
        let found = (space.as_mut_ptr(), space.len());
        reader.room = found.1;
        Some(found)
    });
    let (start, size) = space.unwrap_or((std::ptr::null_mut(), 0));
    // SAFETY: as the caller promises.
    unsafe { put(room, size) };
    start.cast()
}

/// Says how many bytes were read into the last space. EINVAL: more than its room, or NULL. EBUSY.
///
/// # Safety
/// `reader` is NULL or live, and so many bytes were written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reader_commit(
    reader: *mut ReaderHandle,
    used: usize,
) -> Status {
    guard(std::ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        let mut reader = unsafe { borrow(reader, "reader") }?.enter()?;
        if used > reader.room {
            let detail = format!("{used} bytes do not fit into a room of {}", reader.room);
            return Err(Error::new(Code::Invalid, detail));
        }
        reader.room = 0;
        reader.decoder.commit(used);
        Ok(())
    })
}

/// The next whole reply or push; OK with `*out` NULL: more bytes are needed.
///
/// Error replies come as kind ERROR. `*out` is yours. EPROTOCOL, ELIMIT, ENOMEM: the reader is
/// unusable from now on and answers the same again. EINVAL: NULL. EBUSY: another thread.
///
/// # Safety
/// `reader` is live, `out` a place for a pointer, `error` NULL or one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reader_next(
    reader: *mut ReaderHandle,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if out.is_null() {
            return Err(null("out"));
        }
        // SAFETY: as the caller promises.
        let mut reader = unsafe { borrow(reader, "reader") }?.enter()?;
        reader.room = 0;
        let reply = reader.decoder.next_reply()?;
        // SAFETY: as the caller promises.
        unsafe { put(out, reply.map_or(std::ptr::null_mut(), Reply::into_raw)) };
        Ok(())
    })
}

/// Frees a reader; NULL is fine. Replies it gave stay. Keeps errno.
///
/// # Safety
/// `reader` is NULL or not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reader_free(reader: *mut ReaderHandle) {
    if !reader.is_null() {
        // SAFETY: made by `redisclient_reader_new`, given up by the caller.
        errno::keep(|| shield((), || drop(unsafe { Box::from_raw(reader) })));
    }
}

/// Encodes a command as RESP; answers the size it needs, as snprintf does.
///
/// At most `capacity` bytes are written; a NULL buffer only asks for the size. Arguments as in
/// `redisclient_command`. 0 for argc 0, or arguments that are not valid. Any thread.
///
/// # Safety
/// The arrays are as said; `buffer` is NULL or holds `capacity` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_encode(
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    shield(0, || {
        // SAFETY: as the caller promises.
        let Ok(arguments) = (unsafe { Arguments::read(argc, argv, lengths) }) else {
            return 0;
        };
        let Some(size) = encode::size(arguments.as_slice()) else {
            return 0;
        };
        if !buffer.is_null() && capacity > 0 {
            let mut bytes = Vec::new();
            encode::command(&mut bytes, arguments.as_slice());
            let fits = bytes.len().min(capacity);
            // SAFETY: the buffer holds `capacity` bytes and is the caller's.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), fits) };
        }
        size
    })
}
