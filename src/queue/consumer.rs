//! One thread consumes at a time: a second one is told so, and the same one if it comes again from
//! within a callback.

use crate::error::{Code, Error, Result};
use crate::net::lock;
use crate::sys::sync::Mutex;
use crate::sys::thread;

/// See the module.
#[derive(Default)]
pub(super) struct Consumer(Mutex<Option<usize>>);

/// The consumer's turn, until it is dropped.
pub(super) struct Turn<'a>(&'a Consumer);

impl Consumer {
    /// Begins a turn.
    pub fn enter(&self) -> Result<Turn<'_>> {
        let own = thread::here();
        let mut inside = lock(&self.0);
        match *inside {
            None => {
                *inside = Some(own);
                Ok(Turn(self))
            }
            Some(other) if other == own => Err(Error::new(
                Code::Reentrant,
                "a callback of this queue is running on this thread",
            )),
            Some(_) => Err(Error::new(
                Code::Busy,
                "another thread consumes from this queue",
            )),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.0) = None;
    }
}
