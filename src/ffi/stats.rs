//! Statistics of a client, as numbers and as text.

use std::ffi::c_char;

use super::client::share;
use super::error::ErrorHandle;
use super::status::Status;
use super::{guard, null, shield};
use crate::client::{Client, Stats};
use crate::error::{Code, Error, Result};

/// No known or future struct of statistics is larger.
const LARGEST: usize = 4096;

/// Writes the client's statistics into a struct that is yours. Any thread; closed clients too.
///
/// Initialise it with REDISCLIENT_STATS_INIT: its size says how much is written. A smaller size
/// than this version's gets the fields that fit, a larger one zeroes behind them; size itself stays.
/// Numbers that change meanwhile may be of slightly different moments. A forked child has numbers
/// of its own, from 0.
/// EINVAL: NULL, or a size that cannot be. EPANIC.
///
/// # Safety
/// The client is live, `stats` is as large as its size says, `error` NULL or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_stats_get(
    client: *mut Client,
    stats: *mut Stats,
    error: *mut *mut ErrorHandle,
) -> Status {
    guard(error, || {
        // SAFETY: as the caller promises.
        let client = unsafe { share(client) }?;
        if stats.is_null() {
            return Err(null("stats"));
        }
        // SAFETY: as the caller promises.
        unsafe { write(client.stats(), stats.cast()) }
    })
}

/// # Safety
/// `into` has as many bytes as the size that stands first in it.
unsafe fn write(mut stats: Stats, into: *mut u8) -> Result<()> {
    // SAFETY: a size stands first.
    let size = unsafe { into.cast::<usize>().read_unaligned() };
    if size < size_of::<usize>() || size > LARGEST {
        let text = "the stats struct has no valid size: use REDISCLIENT_STATS_INIT";
        return Err(Error::new(Code::Invalid, text));
    }
    stats.size = size;
    let known = size.min(size_of::<Stats>());
    // SAFETY: `into` has `size` bytes and a Stats at least `known`; they do not overlap.
    unsafe {
        std::ptr::copy_nonoverlapping((&raw const stats).cast::<u8>(), into, known);
        into.add(known).write_bytes(0, size - known);
    }
    Ok(())
}

/// Writes the statistics as a JSON object: version, node, and all fields of redisclient_stats.
///
/// Answers how long the whole text is without its NUL, as snprintf: with a `capacity` not above
/// that it is cut. It ends with a NUL when `capacity` is not 0. A NULL buffer only asks; the text
/// grows with its numbers, so leave some room. 0 when the client is NULL. Any thread; closed
/// clients too.
///
/// # Safety
/// The client is NULL or live, `buffer` NULL or `capacity` bytes long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn redisclient_stats_json(
    client: *mut Client,
    buffer: *mut c_char,
    capacity: usize,
) -> usize {
    shield(0, || {
        // SAFETY: as the caller promises.
        let Ok(client) = (unsafe { share(client) }) else {
            return 0;
        };
        let json = client.stats().json(client.node());
        if !buffer.is_null() && capacity > 0 {
            let shown = json.len().min(capacity - 1);
            // SAFETY: `buffer` has `capacity` bytes, which is more than `shown`.
            unsafe {
                std::ptr::copy_nonoverlapping(json.as_ptr(), buffer.cast(), shown);
                buffer.add(shown).write(0);
            }
        }
        json.len()
    })
}
