//! Cancels of the library under test.

use std::sync::OnceLock;
use std::time::Instant;

use redisclient::ffi::call::{
    redisclient_cancel_fire, redisclient_cancel_free, redisclient_cancel_new,
};
use redisclient::net::Cancel;

/// A cancel that is fired at most once.
pub struct Shot {
    pub cancel: *mut Cancel,
    /// When somebody set about firing it: from then on it may have its effect.
    pub fired: OnceLock<Instant>,
    /// When it had been fired: from then on it must have it.
    pub done: OnceLock<Instant>,
}

// SAFETY: the C API lets any thread use a cancel.
unsafe impl Send for Shot {}
// SAFETY: as above.
unsafe impl Sync for Shot {}

impl Shot {
    pub fn new() -> Self {
        Self {
            cancel: redisclient_cancel_new(),
            fired: OnceLock::new(),
            done: OnceLock::new(),
        }
    }

    pub fn fire(&self) {
        self.fired.get_or_init(Instant::now);
        // SAFETY: live until dropped.
        unsafe { redisclient_cancel_fire(self.cancel) };
        self.done.get_or_init(Instant::now);
    }
}

impl Drop for Shot {
    fn drop(&mut self) {
        // SAFETY: made once, and this is its last use.
        unsafe { redisclient_cancel_free(self.cancel) };
    }
}
