//! A connection with what its pool knows of it.

use super::hold::Hold;
use crate::connection::Connection;
use crate::deadline::Moment;
use std::time::Duration;

/// A connection of a pool.
pub(super) struct Pooled {
    pub connection: Connection,
    /// Its number, for events.
    pub id: u64,
    pub hold: Hold,
    made: Moment,
}

impl Pooled {
    pub fn new(mut connection: Connection, id: u64, hold: Hold) -> Self {
        connection.forget_greeting();
        Self {
            connection,
            id,
            hold,
            made: Moment::now(),
        }
    }

    /// Whether it was made longer ago than `limit`.
    pub fn is_aged(&self, limit: Option<Duration>, now: Moment) -> bool {
        limit.is_some_and(|limit| now.since(self.made) >= limit)
    }

    /// Whether it was not used for `limit`.
    pub fn is_unused(&self, limit: Option<Duration>, now: Moment) -> bool {
        limit.is_some_and(|limit| self.connection.idle_for(now) >= limit)
    }
}
