//! A thread that waits for its reply on a shared link.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Result;
use crate::net::lock;
use crate::resp::Reply;
use crate::sys::sync::Mutex;

/// See the module.
pub(super) struct Caller {
    is_done: AtomicBool,
    result: Mutex<Option<Result<Reply>>>,
    /// At which gate of the link it sleeps, and at which place there.
    pub gate: usize,
    pub place: u32,
}

impl Caller {
    pub fn new(gate: usize, place: u32) -> Self {
        Self {
            is_done: AtomicBool::new(false),
            result: Mutex::new(None),
            gate,
            place,
        }
    }

    /// Hands the result over; the caller still has to be woken.
    pub fn give(&self, result: Result<Reply>) {
        *lock(&self.result) = Some(result);
        self.is_done.store(true, Ordering::Release);
    }

    /// Whether the result is there.
    pub fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// The result, once it is there.
    pub fn take(&self) -> Option<Result<Reply>> {
        match self.is_done() {
            true => lock(&self.result).take(),
            false => None,
        }
    }
}
