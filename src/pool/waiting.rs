//! A caller in the queue, and what it is given.

use std::sync::{Arc, Mutex};

use crate::connection::Connection;
use crate::net::{Park, lock};

/// A connection, or the slot for one.
pub(super) struct Grant {
    pub number: u64,
    pub connection: Option<Box<Connection>>,
}

/// A place in the queue.
#[derive(Default)]
pub(super) struct Waiter {
    park: Arc<Park>,
    grant: Mutex<Option<Grant>>,
}

impl Waiter {
    /// Hands over and wakes; the pool's lock is held.
    pub fn grant(&self, grant: Grant) {
        *lock(&self.grant) = Some(grant);
        self.park.wake();
    }

    /// What was handed over, if anything; the pool's lock is held.
    pub fn granted(&self) -> Option<Grant> {
        lock(&self.grant).take()
    }

    pub fn park(&self) -> &Arc<Park> {
        &self.park
    }
}
