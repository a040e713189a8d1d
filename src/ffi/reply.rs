//! Replies: accessors for those who do not read the struct, keeping and freeing, parsing.

use std::ffi::{c_char, c_int};
use std::ptr::{self, NonNull};

use super::arguments::bytes;
use super::error::ErrorHandle;
use super::status::Status;
use super::{guard, null, put};
use crate::error::{Code, Error, Result};
use crate::resp::{Decoder, LastOwner, Limits, Node, Reply};
use crate::sys::errno;

/// # Safety
/// `reply` is NULL or a live node.
unsafe fn get<T>(reply: *const Node, otherwise: T, read: impl FnOnce(&Node) -> T) -> T {
    // SAFETY: as the caller promises.
    unsafe { reply.as_ref() }.map_or(otherwise, read)
}

/// What a node is: one of the REDISCLIENT_REPLY kinds; -1 for NULL. Any thread.
///
/// # Safety
/// `reply` is NULL or a live node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_kind(reply: *const Node) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { get(reply, -1, |node| node.kind() as c_int) }
}

/// The text of a STATUS, ERROR, STRING, BIG_NUMBER or VERBATIM; "" with length 0 for all else.
///
/// Never NULL; a NUL follows the last byte. No conversion is made. `length` may be NULL. The text
/// belongs to the reply. Any thread.
///
/// # Safety
/// `reply` is NULL or a live node, `length` NULL or a place for a size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_text(
    reply: *const Node,
    length: *mut usize,
) -> *const c_char {
    let read = |node: &Node| match node.kind().is_text() {
        true => (node.text().as_ptr().cast(), node.text().len()),
        false => (c"".as_ptr(), 0),
    };
    // SAFETY: as the caller promises.
    unsafe {
        let (text, size) = get(reply, (c"".as_ptr(), 0), read);
        put(length, size);
        text
    }
}

/// The value of an INTEGER, or of a BOOLEAN as 0 or 1; 0 for all else. Any thread.
///
/// # Safety
/// `reply` is NULL or a live node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_integer(reply: *const Node) -> i64 {
    // SAFETY: as the caller promises.
    unsafe { get(reply, 0, Node::integer) }
}

/// The value of a DOUBLE; 0 for all else. Any thread.
///
/// # Safety
/// `reply` is NULL or a live node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_number(reply: *const Node) -> f64 {
    // SAFETY: as the caller promises.
    unsafe { get(reply, 0.0, Node::number) }
}

/// How many items an ARRAY, MAP (keys and values), SET or PUSH has; 0 for all else. Any thread.
///
/// # Safety
/// `reply` is NULL or a live node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_count(reply: *const Node) -> usize {
    // SAFETY: as the caller promises.
    unsafe { get(reply, 0, |node| node.items().len()) }
}

/// An item, counted from 0; NULL beyond the last, or for kinds without items.
///
/// It belongs to the reply. Any thread.
///
/// # Safety
/// `reply` is NULL or a live node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_at(reply: *const Node, index: usize) -> *const Node {
    let read = |node: &Node| node.items().get(index).map_or(ptr::null(), ptr::from_ref);
    // SAFETY: as the caller promises.
    unsafe { get(reply, ptr::null(), read) }
}

/// The format of a VERBATIM, such as "txt" or "mkd"; "" for all else. It belongs to the reply.
///
/// # Safety
/// `reply` is NULL or a live node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_format(reply: *const Node) -> *const c_char {
    let read = |node: &Node| match node.format() {
        b"" => c"".as_ptr(),
        format => format.as_ptr().cast(),
    };
    // SAFETY: as the caller promises.
    unsafe { get(reply, c"".as_ptr(), read) }
}

/// The attributes the server sent before a node, as a MAP; NULL when there are none.
///
/// `root` is the reply that `node` is part of. The MAP belongs to the reply. Any thread.
///
/// # Safety
/// Both are NULL or live, and `node` is part of `root`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_attributes(
    root: *const Node,
    node: *const Node,
) -> *const Node {
    // SAFETY: as the caller promises.
    match unsafe { (as_root(root), node.as_ref()) } {
        (Some(root), Some(node)) => root.attributes(node).map_or(ptr::null(), ptr::from_ref),
        _ => ptr::null(),
    }
}

/// Adds an owner, without a copy: free once more. NULL, and NULL for a node that is no root. Any thread.
///
/// # Safety
/// `root` is NULL or live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_keep(root: *const Node) -> *mut Node {
    // SAFETY: as the caller promises.
    match unsafe { as_root(root) } {
        Some(reply) => Reply::into_raw(Reply::clone(&reply)),
        None => ptr::null_mut(),
    }
}

/// Looks at a root without taking it over.
///
/// # Safety
/// `root` is NULL or live.
unsafe fn as_root(root: *const Node) -> Option<std::mem::ManuallyDrop<Reply>> {
    let root = NonNull::new(root.cast_mut())?;
    // SAFETY: a live node; only roots are made into a reply, which is not dropped.
    unsafe {
        let is_root = root.as_ref().is_root();
        is_root.then(|| std::mem::ManuallyDrop::new(Reply::from_raw(root)))
    }
}

/// Gives one owner of a reply up; NULL is fine. Keeps errno. Any thread.
///
/// Of a node that is no root it does nothing (debug builds abort: it is a mistake).
///
/// # Safety
/// `root` is NULL or a root whose owner is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_free(root: *mut Node) {
    let Some(root) = NonNull::new(root) else {
        return;
    };
    // SAFETY: a live node.
    if unsafe { root.as_ref().is_root() } {
        // SAFETY: the caller gives one owner up.
        if let Some(last) = unsafe { Reply::let_go(root) } {
            free(last);
        }
    } else if cfg!(debug_assertions) {
        eprintln!("redisclient_reply_free: not the root of a reply");
        std::process::abort();
    }
}

#[inline(never)]
fn free(last: LastOwner) {
    errno::keep(|| drop(last));
}

/// Frees `count` replies, as `redisclient_reply_free` each. A NULL array is fine.
///
/// # Safety
/// `replies` is NULL or holds `count` entries, each NULL or a root.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_replies_free(replies: *const *mut Node, count: usize) {
    if replies.is_null() {
        return;
    }
    for index in 0..count {
        // SAFETY: as the caller promises.
        unsafe { redisclient_reply_free(replies.add(index).read()) };
    }
}

/// Parses one reply from bytes, with the default limits; no connection is involved.
///
/// `*used` is how many bytes it took. OK with `*used` 0 and `*out` NULL: it is not complete yet. A
/// top-level error reply is OK with kind ERROR. `*out` is yours. EINVAL: NULL. EPROTOCOL: not
/// RESP, an integer beyond 64 bits, or a push inside a reply (a reader gives both). ELIMIT: above a
/// limit. ENOMEM, EPANIC.
///
/// # Safety
/// `bytes` holds `length` bytes; `used` and `out` are places, `error` NULL or one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_reply_parse(
    bytes: *const c_char,
    length: usize,
    used: *mut usize,
    out: *mut *mut Node,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        if used.is_null() || out.is_null() {
            return Err(null(if used.is_null() { "used" } else { "out" }));
        }
        // SAFETY: as the caller promises.
        let input = unsafe { self::bytes(bytes, length, "bytes") }?;
        let parsed = parse(input)?;
        let (count, reply) = match parsed {
            Some((count, reply)) => (count, Reply::into_raw(reply)),
            None => (0, ptr::null_mut()),
        };
        // SAFETY: as the caller promises.
        unsafe {
            put(used, count);
            put(out, reply);
        }
        Ok(())
    })
}

/// Feeds more and more of the input, so that what follows the reply is not copied over and over.
fn parse(input: &[u8]) -> Result<Option<(usize, Reply)>> {
    let mut decoder = Decoder::new(Limits::default());
    let mut fed = 0;
    let mut piece = 1024;
    while fed < input.len() {
        let end = input.len().min(fed + piece);
        decoder.feed(&input[fed..end])?;
        fed = end;
        piece *= 2;
        if let Some(reply) = decoder.next_reply()? {
            if decoder.is_inside() {
                let detail = "a push stands inside a reply: a reader gives both, one by one";
                return Err(Error::new(Code::Protocol, detail));
            }
            return Ok(Some((fed - decoder.unread().len(), reply)));
        }
    }
    Ok(None)
}
