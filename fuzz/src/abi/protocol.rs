//! The functions of the protocol alone: reader, parse, encode.

use std::ptr;

use redisclient::ffi::reader::*;
use redisclient::ffi::reply::*;
use redisclient::ffi::status::REDISCLIENT_OK;
use redisclient::resp::Decoder;

use super::super::input::Input;
use super::arguments::{Vector, bytes};
use super::objects::{Objects, fallible, pick};

/// One call, or a pair that belongs together.
pub fn call(objects: &mut Objects, input: &mut Input<'_>) {
    match input.below(5) {
        0 => feed(objects, input),
        1 => read_in_place(objects, input),
        2 => next(objects, input),
        3 => parse(objects, input),
        _ => encode(input),
    }
}

fn feed(objects: &Objects, input: &mut Input<'_>) {
    let reader = pick(&objects.readers, input);
    let (data, length) = bytes(input);
    // SAFETY: the reader is live or NULL, the bytes as long as said or of impossible length.
    let status = unsafe { redisclient_reader_feed(reader, data, length) };
    assert!(status != 902 && (status != REDISCLIENT_OK || !reader.is_null()));
}

fn read_in_place(objects: &Objects, input: &mut Input<'_>) {
    let reader = pick(&objects.readers, input);
    let least = match input.byte() {
        0xff => usize::MAX - 1,
        0xfe => isize::MAX as usize,
        byte => usize::from(byte) * 8,
    };
    let data = input.text();
    let mut room = 1;
    // SAFETY: the reader is live or NULL; no more is written than there is room for, nor is more
    // committed than was written, but for what does not fit.
    unsafe {
        let space = redisclient_reader_space(reader, least, &mut room);
        assert_eq!(space.is_null(), room == 0);
        assert!(space.is_null() || room >= least);
        let count = data.len().min(room);
        if !space.is_null() {
            ptr::copy_nonoverlapping(data.as_ptr(), space.cast(), count);
        }
        let used = if input.below(8) == 0 {
            room.saturating_add(1)
        } else {
            count
        };
        let status = redisclient_reader_commit(reader, used);
        assert_eq!(status == REDISCLIENT_OK, used <= room && !reader.is_null());
    }
}

fn next(objects: &mut Objects, input: &mut Input<'_>) {
    let reader = pick(&objects.readers, input);
    let untouched = ptr::dangling_mut();
    let mut reply = untouched;
    // SAFETY: the reader is live or NULL.
    let status = fallible(|error| unsafe { redisclient_reader_next(reader, &mut reply, error) });
    assert_eq!(status == REDISCLIENT_OK, reply != untouched);
    if status == REDISCLIENT_OK {
        objects.keep_reply(reply);
    }
}

fn parse(objects: &mut Objects, input: &mut Input<'_>) {
    let (data, length) = bytes(input);
    let untouched = ptr::dangling_mut();
    let (mut used, mut reply) = (usize::MAX, untouched);
    // SAFETY: the bytes are as long as said, or of impossible length.
    let status = fallible(|error| unsafe {
        redisclient_reply_parse(data, length, &mut used, &mut reply, error)
    });
    assert_eq!(status == REDISCLIENT_OK, reply != untouched);
    if status != REDISCLIENT_OK {
        return assert_eq!(used, usize::MAX, "written at a failure");
    }
    assert_eq!(used == 0, reply.is_null());
    assert!(used <= length);
    if !reply.is_null() {
        // SAFETY: parsed, so it holds so many bytes.
        expect_whole(unsafe { std::slice::from_raw_parts(data.cast(), used) });
    }
    objects.keep_reply(reply);
}

/// The bytes that were used are one reply, and nothing is lost of another.
fn expect_whole(bytes: &[u8]) {
    let mut decoder = Decoder::new(Default::default());
    decoder.feed(bytes).unwrap();
    assert!(decoder.next_reply().unwrap().is_some());
    assert!(decoder.is_idle(), "a part of another reply was used");
}

fn encode(input: &mut Input<'_>) {
    let arguments = Vector::read(input);
    let mut buffer = vec![0x55u8; 300];
    let capacity = usize::from(input.byte());
    // SAFETY: the arrays are as the documentation says, and the buffer holds more than is said.
    let size = unsafe {
        let (argv, lengths) = (arguments.argv(), arguments.lengths());
        redisclient_encode(
            arguments.argc,
            argv,
            lengths,
            buffer.as_mut_ptr().cast(),
            capacity,
        )
    };
    let written = size.min(capacity);
    assert!(
        buffer[written..].iter().all(|byte| *byte == 0x55),
        "written too far"
    );
    assert!(size > 0 || !arguments.is_command());
    if size > 0 && size <= capacity {
        expect_whole(&buffer[..size]);
    }
}
