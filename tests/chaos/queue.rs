//! A completion queue of the library under test, driven through its C functions.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use redisclient::ffi::event::{
    redisclient_event_error, redisclient_event_free, redisclient_event_kind,
    redisclient_event_reply, redisclient_event_tag,
};
use redisclient::ffi::queue::{
    Completion, QueueHandle, redisclient_queue_dispatch, redisclient_queue_drain,
    redisclient_queue_fd, redisclient_queue_free, redisclient_queue_listen, redisclient_queue_new,
    redisclient_queue_next,
};
use redisclient::ffi::reply::redisclient_reply_free;
use redisclient::ffi::status::{
    REDISCLIENT_EFORKED, REDISCLIENT_EVENT_CLOSED, REDISCLIENT_EVENT_CONNECTION,
    REDISCLIENT_EVENT_POOL, REDISCLIENT_EVENT_REPLY, REDISCLIENT_OK,
};
use redisclient::ffi::submit::{
    redisclient_submit, redisclient_submit_packed, redisclient_submit_tagged,
};

use crate::answer::{Answer, Done, Failure, Outcome};
use crate::note::{self, Note};
use crate::reading::{read, read_failure, take_error};
use crate::shot::Shot;
use crate::subject::{Handle, Manner, argv, call};

/// Freed by `free` alone: who forgets that leaks it, which the run finds.
#[derive(Clone, Copy)]
pub struct Queue(*mut QueueHandle);

// SAFETY: the C API lets any thread submit, and one consume.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

/// How a command is submitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Tag,
    Packed,
    Callback,
}

/// What comes out of `next`.
pub enum Event {
    Completion(u64, Done),
    Closed,
    /// Of a connection.
    Other(i32),
}

impl Queue {
    pub fn open(handle: &Handle) -> Self {
        // SAFETY: a live client.
        let queue = unsafe { redisclient_queue_new(handle.client) };
        assert!(!queue.is_null(), "a queue");
        Self(queue)
    }

    /// Answers a status. The note is that of a callback, and stays where it is until the end.
    pub fn submit(
        self,
        by: By,
        (tag, note): (u64, *const Note),
        args: &[Vec<u8>],
        manner: Manner,
        shot: Option<&Shot>,
    ) -> i32 {
        let (argv, lengths) = argv(args);
        let call = call(manner, shot);
        let (argc, lengths) = (argv.len(), lengths.as_ptr());
        // SAFETY: the queue and the cancel are live, the arrays as long as said, the note lives on.
        unsafe {
            match by {
                By::Tag => {
                    let argv = argv.as_ptr();
                    redisclient_submit_tagged(self.0, &call, tag, argc, argv, lengths)
                }
                By::Packed => {
                    let bytes = args.concat();
                    let bytes = bytes.as_ptr().cast();
                    redisclient_submit_packed(self.0, &call, tag, argc, bytes, lengths)
                }
                By::Callback => {
                    let argv = argv.as_ptr();
                    let (reply, destroy) = (Some(note::reply as _), Some(note::destroy as _));
                    let data = note.cast_mut().cast::<c_void>();
                    redisclient_submit(self.0, &call, argc, argv, lengths, reply, data, destroy)
                }
            }
        }
    }

    pub fn listen(self) {
        let kinds = 1 << REDISCLIENT_EVENT_CLOSED
            | 1 << REDISCLIENT_EVENT_CONNECTION
            | 1 << REDISCLIENT_EVENT_POOL;
        // SAFETY: a live queue.
        let status = unsafe { redisclient_queue_listen(self.0, kinds) };
        assert_eq!(status, REDISCLIENT_OK);
    }

    pub fn dispatch(self, timeout_ms: i32) -> i32 {
        // SAFETY: a live queue, whose callbacks are those of notes.
        unsafe { redisclient_queue_dispatch(self.0, timeout_ms) }
    }

    pub fn next(self, timeout_ms: i32) -> Option<Event> {
        // SAFETY: a live queue; the event is ours, and what it gives lives as long.
        unsafe {
            let event = redisclient_queue_next(self.0, timeout_ms);
            if event.is_null() {
                return None;
            }
            let came = match redisclient_event_kind(event) {
                REDISCLIENT_EVENT_REPLY => Event::Completion(
                    redisclient_event_tag(event),
                    borrowed(
                        redisclient_event_reply(event),
                        redisclient_event_error(event),
                    ),
                ),
                REDISCLIENT_EVENT_CLOSED => Event::Closed,
                other => Event::Other(other),
            };
            redisclient_event_free(event);
            Some(came)
        }
    }

    /// What has ended, or a status.
    pub fn drain(self, capacity: usize, timeout_ms: i32) -> Result<Vec<(u64, Done)>, i32> {
        let mut out: Vec<Completion> = Vec::with_capacity(capacity);
        // SAFETY: a live queue, and room for so many; as many are filled as it answers.
        let count = unsafe {
            let count = redisclient_queue_drain(self.0, out.as_mut_ptr(), capacity, timeout_ms);
            out.set_len(usize::try_from(count).unwrap_or(0));
            count
        };
        if count < 0 {
            return Err(-count);
        }
        Ok(out.into_iter().map(|it| (it.tag, owned(it))).collect())
    }

    /// Whether its descriptor is readable within so many milliseconds.
    pub fn is_readable(self, timeout_ms: i32) -> bool {
        // SAFETY: a live queue.
        let fd = unsafe { redisclient_queue_fd(self.0) };
        assert!(fd >= 0, "a descriptor of the queue");
        let mut poll = libc::pollfd {
            fd: fd as i32,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one entry.
        unsafe { libc::poll(&mut poll, 1, timeout_ms) > 0 }
    }

    /// As it should be in a forked child, which then has no more use for it.
    pub fn is_of_the_parent(self) -> bool {
        let ping = [b"PING".to_vec()];
        let submitted = self.submit(By::Tag, (1, null()), &ping, Manner::default(), None);
        // SAFETY: the child's copy of a live queue.
        let fd = unsafe { redisclient_queue_fd(self.0) };
        let refuses = submitted == REDISCLIENT_EFORKED
            && self.dispatch(0) == -REDISCLIENT_EFORKED
            && self.drain(1, 0).err() == Some(REDISCLIENT_EFORKED)
            && self.next(0).is_none()
            && fd == -1;
        self.free();
        refuses
    }

    pub fn free(self) {
        // SAFETY: its last use.
        unsafe { redisclient_queue_free(self.0) };
    }
}

/// What a completion says, which is freed.
fn owned(it: Completion) -> Done {
    let done = borrowed(it.reply, it.error);
    if !it.error.is_null() {
        take_error(it.error);
    }
    // SAFETY: ours, NULL or not used again.
    unsafe { redisclient_reply_free(it.reply) };
    done
}

/// What a reply or an error says; there is one of them.
pub fn borrowed(
    reply: *const redisclient::resp::Node,
    error: *const redisclient::ffi::error::ErrorHandle,
) -> Done {
    let result = match (reply.is_null(), error.is_null()) {
        (false, true) => Ok(read(reply)),
        (true, false) => Err(read_failure(error)),
        (none, _) => Ok(Answer::Odd(match none {
            true => "neither reply nor error".to_owned(),
            false => "reply and error".to_owned(),
        })),
    };
    Done {
        result,
        partial: None,
    }
}

/// A submit that was not taken.
pub fn refused(status: i32) -> Done {
    Done {
        result: Err(Failure {
            code: status,
            outcome: Outcome::NotSent,
            attempts: 1,
            message: "not submitted".to_owned(),
        }),
        partial: None,
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self(null_mut())
    }
}
