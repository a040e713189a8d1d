//! Commands and pipelines on clients that reach nobody, and connections driven by hand.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::ptr;

use redisclient::ffi::call::Call;
use redisclient::ffi::client::*;
use redisclient::ffi::connection::*;
use redisclient::ffi::pipeline::*;
use redisclient::ffi::status::REDISCLIENT_OK;
use redisclient::resp::Node;

use super::super::input::Input;
use super::arguments::{Vector, bytes};
use super::objects::{Objects, fallible, pick};

/// A command or something about a pipeline.
pub fn call(objects: &mut Objects, input: &mut Input<'_>) {
    let choice = input.below(6);
    let call = read_call(objects, input);
    let call = match input.below(3) {
        0 => ptr::null(),
        _ => call.as_ptr().cast::<Call>(),
    };
    let untouched = ptr::dangling_mut();
    let mut reply = untouched;
    let out = match input.below(4) {
        0 => ptr::null_mut(),
        _ => ptr::from_mut(&mut reply),
    };
    match choice {
        0 | 1 => {
            let status = command(objects, input, choice == 0, call, out);
            assert_ne!(status, REDISCLIENT_OK, "nobody is there");
            assert_eq!(reply, untouched, "written at a failure");
        }
        2 | 3 => add(objects, input, choice == 2),
        4 => {
            let pipeline = pick(&objects.pipelines, input);
            // SAFETY: live or NULL.
            unsafe { redisclient_pipeline_atomic(pipeline, input.byte().into()) };
        }
        _ => {
            let pipeline = pick(&objects.pipelines, input);
            // SAFETY: live or NULL, the call as large as it says.
            let status = fallible(|error| unsafe {
                redisclient_pipeline_run_call(pipeline, call, out, error)
            });
            let written = reply != untouched;
            assert_eq!(written, status == REDISCLIENT_OK && !out.is_null());
            if written {
                objects.keep_reply(reply);
            }
        }
    }
}

/// A call struct of any size the documentation allows, its pointers real.
pub fn read_call(objects: &Objects, input: &mut Input<'_>) -> Vec<u64> {
    let size = match input.byte() {
        0xff => 1 << 40,
        byte => usize::from(byte) % 80,
    };
    let known = Call {
        size,
        deadline_ms: i64::from(input.byte()) - 3,
        route: if input.byte() == 0xff {
            c"all".as_ptr()
        } else {
            ptr::null()
        },
        cancel: pick(&objects.cancels, input),
        flags: u32::from(input.byte() >> 6),
        reserved: u32::from(input.byte() == 0xff),
    };
    let mut words = vec![0u64; 12];
    // SAFETY: the words have room for the struct.
    unsafe { words.as_mut_ptr().cast::<Call>().write(known) };
    words[9] = u64::from(input.byte() == 0xff);
    words
}

fn command(
    objects: &Objects,
    input: &mut Input<'_>,
    packed: bool,
    call: *const Call,
    out: *mut *mut Node,
) -> i32 {
    let client = pick(&objects.clients, input);
    let arguments = Vector::read(input);
    let (argc, argv, lengths) = (arguments.argc, arguments.argv(), arguments.lengths());
    // SAFETY: the client is live or NULL, the arrays and the call are as the documentation says.
    fallible(|error| unsafe {
        match packed {
            true => {
                let bytes = arguments.packed();
                redisclient_command_packed(client, call, argc, bytes, lengths, out, error)
            }
            false => redisclient_command_call(client, call, argc, argv, lengths, out, error),
        }
    })
}

fn add(objects: &Objects, input: &mut Input<'_>, packed: bool) {
    let pipeline = pick(&objects.pipelines, input);
    let arguments = Vector::read(input);
    let (argc, argv, lengths) = (arguments.argc, arguments.argv(), arguments.lengths());
    // SAFETY: the pipeline is live or NULL, the arrays are as the documentation says.
    unsafe {
        match packed {
            true => redisclient_pipeline_add_packed(pipeline, argc, arguments.packed(), lengths),
            false => redisclient_pipeline_add(pipeline, argc, argv, lengths),
        }
    }
}

/// Something on a connection driven by hand; its server says whatever comes.
pub fn by_hand(objects: &mut Objects, input: &mut Input<'_>) {
    let index = input.below(4);
    let chosen = objects.connections.get_mut(index);
    let (connection, server) = match chosen {
        Some((connection, server)) => (*connection, Some(server)),
        None => (ptr::null_mut(), None),
    };
    let timeout = if input.byte() == 0xff { i32::MIN } else { 0 };
    // SAFETY: the connection is live or NULL, arrays and bytes are as the documentation says.
    unsafe {
        match input.below(8) {
            0 => speak(server, input.text()),
            1 => {
                let arguments = Vector::read(input);
                let (argc, argv, lengths) = (arguments.argc, arguments.argv(), arguments.lengths());
                fallible(|error| {
                    redisclient_connection_send(connection, argc, argv, lengths, error)
                });
            }
            2 => {
                let (data, length) = bytes(input);
                fallible(|error| redisclient_connection_send_raw(connection, data, length, error));
            }
            3 => {
                fallible(|error| redisclient_connection_flush(connection, timeout, error));
            }
            4 => {
                let mut reply = ptr::null_mut();
                let status = fallible(|error| {
                    redisclient_connection_receive(connection, timeout, &mut reply, error)
                });
                assert_eq!(status == REDISCLIENT_OK, !reply.is_null());
                objects.keep_reply(reply);
            }
            5 => {
                let readable = redisclient_connection_readable(connection, timeout);
                assert!((-1..=1).contains(&readable));
            }
            6 => {
                assert!(redisclient_connection_hello(connection).is_null());
                let number = redisclient_connection_fd(connection);
                assert_eq!(number < 0, connection.is_null());
            }
            _ => redisclient_connection_shutdown(connection),
        }
    }
}

/// The server says something, if there is one that still listens.
fn speak(server: Option<&mut UnixStream>, bytes: &[u8]) {
    if let Some(server) = server {
        let _ = server.write(bytes);
    }
}
