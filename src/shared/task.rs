//! A command that no thread waits for.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::resp::Reply;

/// See the module.
pub trait Task: Send + Sized + 'static {
    /// When it is too late, by the clock of the links; `u64::MAX` is never.
    fn due(&self) -> u64;

    /// Why it is to end before it is answered, if it is.
    fn ended(&self) -> Option<Error>;

    /// Ends tasks, in order; those that are to be tried again come back with their pause. No lock is
    /// held; `done` is left empty.
    fn settle(done: &mut Vec<Done<Self>>, again: &mut Vec<Again<Self>>);
}

/// What became of a task's attempt.
pub struct Done<T> {
    /// Whose.
    pub task: T,
    /// Error replies are replies.
    pub result: Result<Reply>,
    /// The command; empty when the result is a reply and no error.
    pub bytes: Vec<u8>,
    /// Whether it may be sent again as far as the links are concerned.
    pub may_repeat: bool,
}

/// A task that is to be tried again.
pub struct Again<T> {
    /// Which.
    pub task: T,
    /// Its command.
    pub bytes: Vec<u8>,
    /// After how long.
    pub pause: Duration,
    /// Whether the connection is to be replaced first: another server may have taken over.
    pub renew: bool,
}
