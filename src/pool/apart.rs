//! Connections that are not checked out: shared links are made, counted and told of like all others.

use super::Pool;
use crate::connection::Connection;
use crate::error::Result;
use crate::events::CloseReason;
use crate::net::Wait;

impl Pool {
    /// A new connection outside the pool's limits, with its number.
    pub fn connect_apart(&self, wait: &Wait) -> Result<(Connection, u64)> {
        self.make(wait)
    }

    /// Such a connection is gone.
    pub fn tell_gone(&self, id: u64, reason: CloseReason) {
        self.tell_closed(id, reason);
    }
}
