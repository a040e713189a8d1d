//! A connection of one's own for a while.

use super::Pool;
use super::hold::Hold;
use super::pooled::Pooled;
use crate::connection::Connection;
use crate::error::{Code, Error, Result};
use crate::events::CloseReason;
use crate::sys::planted::Planted;

/// A connection until it is given back. One that is dropped unfinished is closed.
pub struct Lease<'a> {
    pub(super) pool: &'a Pool,
    pub(super) connection: Option<Box<Pooled>>,
}

impl Lease<'_> {
    /// The connection; a lease has one until it is given back.
    #[inline]
    pub fn connection(&mut self) -> Result<&mut Connection> {
        match &mut self.connection {
            Some(pooled) => Ok(&mut pooled.connection),
            None => Err(Error::new(Code::Panic, "a lease without a connection")),
        }
    }

    /// Gives a reusable connection back to the pool; any other is closed.
    #[inline(always)]
    pub fn finish(mut self) {
        let pool = self.pool;
        match self.connection.take() {
            Some(pooled) if pooled.connection.is_reusable() => {
                std::mem::forget(self);
                pool.give_back(pooled);
            }
            connection => self.connection = connection,
        }
    }

    #[cold]
    fn give_up(&mut self) {
        match self.connection.take() {
            Some(pooled) if Planted::LateReply.is_on() => self.pool.give_back(pooled),
            Some(pooled) => self.pool.give_up(pooled, CloseReason::Broken),
            None => {}
        }
    }
}

impl Drop for Lease<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.connection.is_some() {
            self.give_up();
        }
    }
}

/// The right to make a connection, given back when dropped.
pub(super) struct Claim<'a> {
    pub pool: &'a Pool,
    pub hold: &'a Hold,
}

impl Claim<'_> {
    /// A connection was made.
    pub fn use_up(self) {
        std::mem::forget(self);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.pool.give_up_slot(self.hold);
    }
}
