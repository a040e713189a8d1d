//! Replies and errors of the library under test, taken apart through its C functions.

use std::ffi::CStr;

use redisclient::ffi::error::{
    ErrorHandle, redisclient_error_attempts, redisclient_error_code, redisclient_error_free,
    redisclient_error_message, redisclient_error_outcome,
};
use redisclient::ffi::reply::{
    redisclient_reply_at, redisclient_reply_count, redisclient_reply_integer,
    redisclient_reply_kind, redisclient_reply_text,
};
use redisclient::ffi::status::{
    REDISCLIENT_OUTCOME_NOT_SENT, REDISCLIENT_OUTCOME_REFUSED, REDISCLIENT_REPLY_ARRAY,
    REDISCLIENT_REPLY_ERROR, REDISCLIENT_REPLY_INTEGER, REDISCLIENT_REPLY_NIL,
    REDISCLIENT_REPLY_STATUS, REDISCLIENT_REPLY_STRING,
};
use redisclient::resp::Node;

use crate::answer::{Answer, Failure, Outcome};

/// A reply and all in it.
pub fn read(node: *const Node) -> Answer {
    // SAFETY: a live node and a place; the text lives as long as the node.
    let (kind, text) = unsafe {
        let mut length = 0;
        let text = redisclient_reply_text(node, &mut length);
        let text = std::slice::from_raw_parts(text.cast::<u8>(), length);
        (redisclient_reply_kind(node), text)
    };
    match kind {
        REDISCLIENT_REPLY_NIL => Answer::Nil,
        // SAFETY: a live node.
        REDISCLIENT_REPLY_INTEGER => Answer::Integer(unsafe { redisclient_reply_integer(node) }),
        REDISCLIENT_REPLY_STATUS | REDISCLIENT_REPLY_STRING => Answer::Text(text.to_vec()),
        REDISCLIENT_REPLY_ERROR => read_error(node, text),
        REDISCLIENT_REPLY_ARRAY => {
            // SAFETY: a live node, and an index within it.
            let at = |index| unsafe { redisclient_reply_at(node, index) };
            // SAFETY: a live node.
            let count = unsafe { redisclient_reply_count(node) };
            Answer::Array((0..count).map(|index| read(at(index))).collect())
        }
        other => Answer::Odd(format!("a reply of kind {other}")),
    }
}

fn read_error(node: *const Node, text: &[u8]) -> Answer {
    // SAFETY: a live node; in C its flags are read from the public struct.
    let is_local = unsafe { (*node).is_local() };
    match text {
        _ if !is_local => Answer::Error(text.to_vec()),
        text if text.starts_with(b"UNKNOWN ") => Answer::Missing(Outcome::Unknown),
        text if text.starts_with(b"NOT_SENT ") => Answer::Missing(Outcome::NotSent),
        _ => Answer::Odd("a local error of no outcome".to_owned()),
    }
}

/// What an error says, which is freed.
pub fn take_error(error: *mut ErrorHandle) -> Failure {
    let failure = read_failure(error);
    // SAFETY: an error object of ours, NULL at worst, and not used again.
    unsafe { redisclient_error_free(error) };
    failure
}

/// What an error says that somebody else frees.
pub fn read_failure(error: *const ErrorHandle) -> Failure {
    // SAFETY: an error object, NULL at worst; its text lives as long.
    unsafe {
        let message = CStr::from_ptr(redisclient_error_message(error));
        Failure {
            code: redisclient_error_code(error),
            outcome: match redisclient_error_outcome(error) {
                REDISCLIENT_OUTCOME_NOT_SENT => Outcome::NotSent,
                REDISCLIENT_OUTCOME_REFUSED => Outcome::Refused,
                _ => Outcome::Unknown,
            },
            attempts: redisclient_error_attempts(error),
            message: message.to_string_lossy().into_owned(),
        }
    }
}
