//! The protocol alone, without I/O: a reader fed by hand, and the encoder.

use std::ffi::c_char;

use super::arguments::{Arguments, bytes};
use super::error::ErrorHandle;
use super::one_thread::OneThread;
use super::options::OptionsHandle;
use super::status::Status;
use super::{borrow, free, guard, null, put, shield};
use crate::error::{Code, Error};
use crate::resp::{Decoder, Limits, Node, Reply, encode};

/// Turns bytes into replies. One thread at a time.
pub struct ReaderHandle {
    reader: OneThread<Reader>,
}

struct Reader {
    decoder: Decoder,
    /// Room given out by the last space.
    room: usize,
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
            reader: OneThread::new("reader", reader),
        }))
    })
}

/// Copies bytes in. EINVAL: NULL. EBUSY: another thread. ENOMEM, EPANIC. After an error: that error's
/// code.
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
        let mut reader = reader.reader.enter()?;
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
        let mut reader = reader?.reader.enter().ok()?;
        reader.room = 0;
        if room.is_null() || least > isize::MAX as usize {
            return None;
        }
        reader.decoder.check().ok()?;
        let (start, size) = reader.decoder.open_space(least).ok()?;
        reader.room = size;
        Some((start.as_ptr(), size))
    });
    let (start, size) = space.unwrap_or((std::ptr::null_mut(), 0));
    // SAFETY: as the caller promises.
    unsafe { put(room, size) };
    start.cast()
}

/// Says how many bytes were read into the last space. EINVAL: more than its room, or NULL. EBUSY,
/// EPANIC.
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
        let mut reader = unsafe { borrow(reader, "reader") }?.reader.enter()?;
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
/// unusable from now on and answers the same again. EINVAL: NULL. EBUSY: another thread. EPANIC.
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
        let mut reader = unsafe { borrow(reader, "reader") }?.reader.enter()?;
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
    // SAFETY: made by `redisclient_reader_new`, given up by the caller.
    unsafe { free(reader) };
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
        let all = unsafe { encode_all(argc, argv, lengths, buffer, capacity) };
        // SAFETY: as above.
        all.unwrap_or_else(|| unsafe { measure(argc, argv, lengths, buffer, capacity) })
    })
}

/// The short way: arguments with lengths, written as they are read; `None`, and nothing written,
/// when it is not that, they are not valid, or there is not ample room.
///
/// # Safety
/// As for `redisclient_encode`.
#[inline(always)]
unsafe fn encode_all(
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    buffer: *mut c_char,
    capacity: usize,
) -> Option<usize> {
    let is_possible = argc > 0 && argc <= isize::MAX as usize / size_of::<usize>();
    if argv.is_null() || lengths.is_null() || buffer.is_null() || !is_possible {
        return None;
    }
    // SAFETY: the arrays hold `argc` entries.
    let entry = |index| unsafe { (argv.add(index).read(), lengths.add(index).read()) };
    let (mut total, mut bits) = (0usize, argc);
    for index in 0..argc {
        let (data, length) = entry(index);
        if data.is_null() {
            return None;
        }
        total = total.wrapping_add(length);
        bits |= length;
    }
    // The product of two such numbers, and so the sum, is no overflow.
    let is_small = bits < 1 << (usize::BITS / 2 - 1);
    if !is_small || encode::ample(argc, total) > capacity {
        return None;
    }
    let buffer = buffer.cast::<u8>();
    // SAFETY: there is ample room for all of it; each argument has its length.
    unsafe {
        let mut at = encode::write_count(buffer, argc);
        for index in 0..argc {
            let (data, length) = entry(index);
            let argument = std::slice::from_raw_parts(data.cast(), length);
            at = encode::write_argument(at, argument);
        }
        Some(at.offset_from_unsigned(buffer))
    }
}

/// The size, and as much as there is room for.
///
/// # Safety
/// As for `redisclient_encode`.
#[inline(never)]
unsafe fn measure(
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    let mut room = Arguments::room();
    // SAFETY: as the caller promises.
    let Ok(arguments) = (unsafe { room.read(argc, argv, lengths) }) else {
        return 0;
    };
    let Some(size) = encode::size(arguments) else {
        return 0;
    };
    if size <= capacity && !buffer.is_null() {
        // SAFETY: the buffer holds so many bytes and is the caller's.
        let mut out = unsafe { encode::Bounded::new(buffer.cast(), size) };
        out.whole(arguments);
    } else if !buffer.is_null() {
        // SAFETY: the buffer holds `capacity` bytes and is the caller's.
        unsafe { cut(arguments, buffer.cast(), capacity) };
    }
    size
}

/// Writes as much of a command as there is room for.
///
/// # Safety
/// The buffer holds `capacity` bytes.
unsafe fn cut(arguments: &[&[u8]], buffer: *mut u8, capacity: usize) {
    let mut written = 0;
    encode::pieces(arguments, |piece| {
        let fits = piece.len().min(capacity - written);
        // SAFETY: so much room is left; a piece may be an argument that stands in the buffer.
        unsafe { std::ptr::copy(piece.as_ptr(), buffer.add(written), fits) };
        written += fits;
    });
}
