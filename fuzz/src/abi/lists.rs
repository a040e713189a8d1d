//! Lists of arguments, built one by one, and what takes them.

use std::ptr;

use redisclient::ffi::argument_list::*;
use redisclient::ffi::reader::redisclient_encode;
use redisclient::ffi::status::REDISCLIENT_OK;

use super::super::input::Input;
use super::arguments::{Text, bytes};
use super::calls::read_call;
use super::objects::{Objects, fallible, pick};

/// Adds to a list, or uses it.
pub fn call(objects: &mut Objects, input: &mut Input<'_>) {
    let list = pick(&objects.lists, input);
    // SAFETY: the list is live or NULL; texts end with a NUL, bytes are as long as said or of
    // impossible length.
    unsafe {
        match input.below(8) {
            0 => redisclient_arguments_add_text(list, Text::read(input).pointer()),
            1 => {
                let (data, length) = bytes(input);
                redisclient_arguments_add_bytes(list, data, length);
            }
            2 => redisclient_arguments_add_int64(list, number(input) as i64),
            3 => redisclient_arguments_add_double(list, f64::from_bits(number(input))),
            4 => redisclient_arguments_clear(list),
            5 => packed(list),
            6 => {
                let pipeline = pick(&objects.pipelines, input);
                redisclient_pipeline_add_built(pipeline, list);
            }
            _ => {
                let client = pick(&objects.clients, input);
                let call = read_call(objects, input);
                let call = call.as_ptr().cast();
                let out = ptr::null_mut();
                let status =
                    fallible(|error| redisclient_command_built(client, call, list, out, error));
                assert_ne!(status, REDISCLIENT_OK, "nobody is there");
            }
        }
    }
}

/// What a list holds is what the functions with arrays take.
///
/// # Safety
/// The list is live or NULL.
unsafe fn packed(list: *mut ArgumentListHandle) {
    let (mut argc, mut data, mut lengths) = (usize::MAX, ptr::null(), ptr::null());
    // SAFETY: as the caller promises; the arrays hold until the list is changed.
    unsafe {
        let status = fallible(|error| {
            redisclient_arguments_packed(list, &mut argc, &mut data, &mut lengths, error)
        });
        if status != REDISCLIENT_OK {
            return assert_eq!(argc, usize::MAX, "written at a failure");
        }
        assert_eq!(argc, redisclient_arguments_count(list));
        let lengths = std::slice::from_raw_parts(lengths, argc);
        let data = std::slice::from_raw_parts(data.cast::<u8>(), lengths.iter().sum());
        let mut rest = data;
        let arguments: Vec<_> = lengths
            .iter()
            .map(|length| {
                let (argument, after) = rest.split_at(*length);
                rest = after;
                argument.as_ptr().cast()
            })
            .collect();
        let (argv, lengths) = (arguments.as_ptr(), lengths.as_ptr());
        let size = redisclient_encode(argc, argv, lengths, ptr::null_mut(), 0);
        assert!(size >= data.len() && (size > 0) == (argc > 0));
    }
}

fn number(input: &mut Input<'_>) -> u64 {
    let bytes = input.take(8);
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
