//! The objects that a C program holds, and how they come and go.

use std::ffi::{CString, c_void};
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::ptr;
use std::sync::{Arc, Weak};

use redisclient::client::Client;
use redisclient::ffi::argument_list::*;
use redisclient::ffi::backoff::*;
use redisclient::ffi::call::*;
use redisclient::ffi::client::*;
use redisclient::ffi::connection::*;
use redisclient::ffi::error::*;
use redisclient::ffi::options::*;
use redisclient::ffi::pipeline::*;
use redisclient::ffi::reader::*;
use redisclient::ffi::reply::*;
use redisclient::ffi::status::{REDISCLIENT_OK, Status};
use redisclient::net::Cancel;
use redisclient::resp::Node;

use super::super::input::Input;
use super::arguments::{Text, bytes};

/// No server is here, so whatever is sent fails at once.
const NOBODY: &str = "unix:///nowhere/at/all.sock?lazy=yes&retry.count=0";
/// Objects of one kind at most.
const MOST: usize = 6;

/// Live objects. NULL stands for those that are not there.
#[derive(Default)]
pub struct Objects {
    pub options: Vec<*mut OptionsHandle>,
    pub readers: Vec<*mut ReaderHandle>,
    pub replies: Vec<*mut Node>,
    pub clients: Vec<*mut Client>,
    pub pipelines: Vec<*mut PipelineHandle>,
    pub cancels: Vec<*mut Cancel>,
    pub lists: Vec<*mut ArgumentListHandle>,
    /// What was handed to the library with a function that ends it.
    lent: Vec<Weak<()>>,
    /// With the end that plays the server.
    pub connections: Vec<(*mut ConnectionHandle, UnixStream)>,
}

/// One of the list, or NULL.
pub fn pick<T>(list: &[*mut T], input: &mut Input<'_>) -> *mut T {
    let index = input.below(MOST + 1);
    list.get(index).copied().unwrap_or(ptr::null_mut())
}

/// Takes one out of the list, or NULL.
fn take<T>(list: &mut Vec<*mut T>, input: &mut Input<'_>) -> *mut T {
    match list.len() {
        0 => ptr::null_mut(),
        length => list.swap_remove(input.below(length)),
    }
}

fn keep<T>(list: &mut Vec<*mut T>, made: *mut T) -> *mut T {
    if made.is_null() || list.len() >= MOST {
        return made;
    }
    list.push(made);
    ptr::null_mut()
}

impl Objects {
    /// Makes, changes or ends one.
    pub fn change(&mut self, input: &mut Input<'_>) {
        // SAFETY: each pointer is NULL or of an object that is live; one that is freed has been
        // taken out of its list.
        unsafe {
            match input.below(20) {
                0 => redisclient_options_free(keep(&mut self.options, redisclient_options_new())),
                1 => self.set(input),
                2 => {
                    let made = redisclient_reader_new(pick(&self.options, input));
                    redisclient_reader_free(keep(&mut self.readers, made));
                }
                3 => redisclient_cancel_free(keep(&mut self.cancels, redisclient_cancel_new())),
                4 => self.open(input),
                5 => {
                    let made = redisclient_pipeline_new(pick(&self.clients, input));
                    redisclient_pipeline_free(keep(&mut self.pipelines, made));
                }
                6 => self.adopt(input),
                7 => redisclient_options_free(take(&mut self.options, input)),
                8 => redisclient_reader_free(take(&mut self.readers, input)),
                9 => redisclient_reply_free(take(&mut self.replies, input)),
                10 => redisclient_free(take(&mut self.clients, input)),
                11 => redisclient_pipeline_free(take(&mut self.pipelines, input)),
                12 => redisclient_cancel_free(take(&mut self.cancels, input)),
                13 => redisclient_close(pick(&self.clients, input)),
                14 => redisclient_cancel_fire(pick(&self.cancels, input)),
                15 => {
                    redisclient_arguments_free(keep(&mut self.lists, redisclient_arguments_new()))
                }
                16 => redisclient_arguments_free(take(&mut self.lists, input)),
                17 => self.set_backoff(input),
                _ if self.connections.is_empty() => redisclient_connection_free(ptr::null_mut()),
                _ => redisclient_connection_free(self.connections.swap_remove(0).0),
            }
        }
    }

    /// Keeps a reply that the library gave.
    pub fn keep_reply(&mut self, reply: *mut Node) {
        // SAFETY: a root or NULL.
        unsafe { redisclient_reply_free(keep(&mut self.replies, reply)) };
    }

    fn set(&mut self, input: &mut Input<'_>) {
        let options = pick(&self.options, input);
        let name = Text::read(input);
        // SAFETY: texts are NUL-terminated or NULL, bytes as long as said or of impossible length.
        unsafe {
            if input.below(2) == 0 {
                let value = Text::read(input);
                fallible(|error| {
                    redisclient_options_set(options, name.pointer(), value.pointer(), error)
                });
            } else {
                let (value, length) = bytes(input);
                fallible(|error| {
                    redisclient_options_set_bytes(options, name.pointer(), value, length, error)
                });
            }
        }
    }

    /// A client that has options of its own, and is then not used; or one that fails at once.
    fn open(&mut self, input: &mut Input<'_>) {
        let options = pick(&self.options, input);
        let url = CString::new(NOBODY).unwrap();
        let mut client = ptr::null_mut();
        // SAFETY: the URL is NUL-terminated, the options live or NULL.
        let status = fallible(|error| unsafe {
            redisclient_open(url.as_ptr(), options, &mut client, error)
        });
        assert_eq!(status == REDISCLIENT_OK, !client.is_null());
        let (name, value) = (Text::read(input), Text::read(input));
        if options.is_null() {
            client = keep(&mut self.clients, client);
        } else {
            // SAFETY: live or NULL; the texts end with a NUL.
            fallible(|error| unsafe {
                redisclient_set(client, name.pointer(), value.pointer(), error)
            });
        }
        // SAFETY: live and in no list, or NULL.
        unsafe { redisclient_free(client) };
    }

    /// A function with data that it ends, in a struct of any size.
    fn set_backoff(&mut self, input: &mut Input<'_>) {
        let options = pick(&self.options, input);
        let data = Arc::new(());
        let ops = BackoffOps {
            size: usize::from(input.byte() % 40),
            pause: (input.below(4) > 0).then_some(give_up),
            destroy: Some(end),
        };
        let mut words = [0usize; 6];
        // SAFETY: the words have room for the struct, which says no more than they hold.
        let status = unsafe {
            words.as_mut_ptr().cast::<BackoffOps>().write(ops);
            let data = Arc::as_ptr(&data).cast_mut().cast();
            let ops = words.as_ptr().cast();
            fallible(|error| redisclient_options_backoff(options, ops, data, error))
        };
        // A struct that is too small for `destroy` leaves the data to us.
        let is_lent = status == REDISCLIENT_OK && words[0] >= size_of::<BackoffOps>();
        if is_lent {
            self.lent.push(Arc::downgrade(&data));
            std::mem::forget(data);
        }
    }

    fn adopt(&mut self, input: &mut Input<'_>) {
        if self.connections.len() >= MOST {
            return;
        }
        let (ours, server) = UnixStream::pair().unwrap();
        server.set_nonblocking(true).unwrap();
        let options = redisclient_options_new();
        let mut connection = ptr::null_mut();
        let number = match input.below(4) {
            0 => -1 - isize::from(input.byte()),
            _ => ours.into_raw_fd() as isize,
        };
        // SAFETY: all texts are NUL-terminated, the descriptor is nobody else's.
        unsafe {
            redisclient_options_set(
                options,
                c"handshake".as_ptr(),
                c"no".as_ptr(),
                ptr::null_mut(),
            );
            let status = fallible(|error| {
                redisclient_connection_adopt(number, options, &mut connection, error)
            });
            assert_eq!(status == REDISCLIENT_OK, number >= 0);
            redisclient_options_free(options);
        }
        if !connection.is_null() {
            self.connections.push((connection, server));
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // SAFETY: what is in a list is live, and freed once.
        unsafe {
            for (connection, _) in self.connections.drain(..) {
                redisclient_connection_free(connection);
            }
            self.clients.drain(..).for_each(|it| redisclient_free(it));
            self.pipelines
                .drain(..)
                .for_each(|it| redisclient_pipeline_free(it));
            self.cancels
                .drain(..)
                .for_each(|it| redisclient_cancel_free(it));
            self.readers
                .drain(..)
                .for_each(|it| redisclient_reader_free(it));
            self.options
                .drain(..)
                .for_each(|it| redisclient_options_free(it));
            self.lists
                .drain(..)
                .for_each(|it| redisclient_arguments_free(it));
            let replies = std::mem::take(&mut self.replies);
            redisclient_replies_free(replies.as_ptr(), replies.len());
        }
        let ended = self.lent.iter().all(|data| data.strong_count() == 0);
        assert!(ended || std::thread::panicking(), "data was not ended");
    }
}

extern "C-unwind" fn give_up(_: *mut c_void, _: u32, _: i64) -> i64 {
    -1
}

/// # Safety
/// `data` is of `set_backoff` and was not ended before.
unsafe extern "C-unwind" fn end(data: *mut c_void) {
    // SAFETY: as the caller promises.
    drop(unsafe { Arc::from_raw(data.cast::<()>()) });
}

/// Makes a call that may fail, and checks what it says.
pub fn fallible(call: impl FnOnce(*mut *mut ErrorHandle) -> Status) -> Status {
    let mut error = ptr::null_mut();
    let status = call(&mut error);
    assert_eq!(status == REDISCLIENT_OK, error.is_null(), "status {status}");
    // SAFETY: NULL or an error of ours.
    unsafe {
        assert_eq!(redisclient_error_code(error), status);
        let message = redisclient_error_message(error);
        let message = std::ffi::CStr::from_ptr(message).to_string_lossy();
        assert_eq!(message.is_empty(), error.is_null());
        assert_ne!(status, 902, "a panic was caught: {message}");
        redisclient_error_outcome(error);
        redisclient_error_attempts(error);
        redisclient_error_os_error(error);
        redisclient_error_retryable(error);
        redisclient_error_server_code(error);
        redisclient_error_node(error);
        redisclient_error_free(error);
    }
    status
}
