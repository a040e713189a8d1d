//! What the library tells of itself: version, table of options, statistics.

use std::ffi::CStr;

use redisclient::ffi::option_table::*;
use redisclient::ffi::stats::*;
use redisclient::ffi::status::REDISCLIENT_OK;
use redisclient::ffi::version::*;

use super::super::input::Input;
use super::objects::{Objects, fallible, pick};

/// Asks one of them.
pub fn call(objects: &Objects, input: &mut Input<'_>) {
    match input.below(3) {
        0 => row(input),
        1 => numbers(objects, input),
        _ => json(objects, input),
    }
}

fn row(input: &mut Input<'_>) {
    let index = match input.byte() {
        0xff => usize::MAX,
        byte => usize::from(byte),
    };
    // SAFETY: the texts are of the library, which ends them with a NUL.
    unsafe {
        let is_there = index < redisclient_option_count();
        for text in [
            redisclient_option_name(index),
            redisclient_option_default(index),
            redisclient_option_accepted(index),
            redisclient_option_doc(index),
        ] {
            assert_eq!(text.is_null(), !is_there);
            assert!(text.is_null() || CStr::from_ptr(text).to_str().is_ok());
        }
        assert!(is_there || redisclient_option_flags(index) == 0);
        assert!(!CStr::from_ptr(redisclient_version()).is_empty());
        assert!(redisclient_version_number() > 0);
    }
}

/// A struct of any size; behind it nothing is written.
fn numbers(objects: &Objects, input: &mut Input<'_>) {
    let client = pick(&objects.clients, input);
    let mut words = [0x5555_5555_5555_5555usize; 600];
    let size = usize::from(input.byte()) * 17;
    words[0] = size;
    let stats = words.as_mut_ptr().cast();
    // SAFETY: the client is live or NULL, and the struct is as large as it says.
    let status = fallible(|error| unsafe { redisclient_stats_get(client, stats, error) });
    let size = if status == REDISCLIENT_OK { size } else { 8 };
    let bytes = words.iter().flat_map(|word| word.to_ne_bytes());
    let mut behind = bytes.skip(size.max(8));
    assert!(behind.all(|byte| byte == 0x55), "written too far");
}

fn json(objects: &Objects, input: &mut Input<'_>) {
    let client = pick(&objects.clients, input);
    let mut buffer = [0x55u8; 2048];
    let capacity = usize::from(input.byte()) * 8;
    let start = buffer.as_mut_ptr().cast();
    // SAFETY: the client is live or NULL, the buffer larger than it is said to be.
    let size = unsafe { redisclient_stats_json(client, start, capacity) };
    assert_eq!(size == 0, client.is_null());
    assert!(
        buffer[capacity..].iter().all(|byte| *byte == 0x55),
        "written too far"
    );
    let ends = capacity == 0 || buffer[..capacity].contains(&0);
    assert!(ends || client.is_null(), "no NUL");
}
