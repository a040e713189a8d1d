//! redis-rs behind clients/client.h. "alone" is its blocking connection, "shared" its multiplexed one,
//! which threads wait for with tokio's block_on.

// What callers promise is said in client.h.
#![allow(clippy::missing_safety_doc)]

mod parse;
mod plain;

use std::ffi::{CStr, c_char, c_int};
use std::slice;

use plain::{Client, Use};
use redis::{Cmd, Value};

unsafe extern "C" {
    fn fail(format: *const c_char, ...) -> !;
}

/// Ends the program.
fn give_up(why: impl std::fmt::Display) -> ! {
    let text = std::ffi::CString::new(why.to_string()).unwrap_or_default();
    // SAFETY: both are NUL-terminated, and the format takes one text.
    unsafe { fail(c"%s".as_ptr(), text.as_ptr()) }
}

/// As in client.h.
#[repr(C)]
pub struct Command {
    argc: usize,
    argv: *const *const c_char,
    lengths: *const usize,
    wire: *const c_char,
    wire_length: usize,
    expected: c_int,
    reply_length: usize,
    reply_wire_length: usize,
}

const EXPECT_STATUS: c_int = 0;

impl Command {
    fn build(&self) -> Cmd {
        let mut built = Cmd::new();
        self.add_to(&mut built);
        built
    }

    fn add_to(&self, built: &mut Cmd) {
        for index in 0..self.argc {
            // SAFETY: the caller gives argc arguments with their lengths.
            let argument = unsafe {
                slice::from_raw_parts(
                    (*self.argv.add(index)).cast::<u8>(),
                    *self.lengths.add(index),
                )
            };
            built.arg(argument);
        }
    }

    fn is_answered_by(&self, reply: &Value) -> bool {
        match reply {
            Value::Okay => self.expected == EXPECT_STATUS && self.reply_length == 2,
            Value::SimpleString(text) => text.len() == self.reply_length,
            Value::BulkString(text) => {
                self.expected != EXPECT_STATUS && text.len() == self.reply_length
            }
            _ => false,
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn client_open(
    address: *const c_char,
    how: *const plain::RawUse,
) -> *mut Client {
    // SAFETY: both as client.h says.
    let (address, how) = unsafe { (CStr::from_ptr(address), Use::read(&*how)) };
    Box::into_raw(Box::new(Client::open(&address.to_string_lossy(), &how)))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn client_close(client: *mut Client) {
    // SAFETY: it came from client_open.
    drop(unsafe { Box::from_raw(client) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn client_call(client: *mut Client, command: *const Command) -> bool {
    // SAFETY: as client.h says.
    let (client, command) = unsafe { (&*client, &*command) };
    let reply = match client {
        Client::Shared(runtime, connection) => {
            let mut connection = connection.clone();
            runtime.block_on(
                async move { command.build().query_async::<Value>(&mut connection).await },
            )
        }
        Client::Alone(connection) => command
            .build()
            .query::<Value>(&mut *connection.borrow_mut()),
    };
    reply.is_ok_and(|reply| command.is_answered_by(&reply))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn client_pipeline(
    client: *mut Client,
    command: *const Command,
    depth: usize,
) -> bool {
    // SAFETY: as client.h says.
    let (client, command) = unsafe { (&*client, &*command) };
    let Client::Alone(connection) = client else {
        return false;
    };
    let mut pipeline = redis::Pipeline::with_capacity(depth);
    for _ in 0..depth {
        pipeline.add_command(command.build());
    }
    let replies = pipeline.query::<Vec<Value>>(&mut *connection.borrow_mut());
    replies.is_ok_and(|replies| {
        replies.len() == depth && replies.iter().all(|reply| command.is_answered_by(reply))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn client_encode(command: *const Command) -> usize {
    // SAFETY: as client.h says.
    unsafe { &*command }.build().get_packed_command().len()
}
