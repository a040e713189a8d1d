//! How connections come back, and the rights to make one.

use super::Pool;
use super::hold::Hold;
use super::pooled::Pooled;
use super::shelf::Aside;
use crate::deadline::Moment;
use crate::events::CloseReason;

impl Pool {
    /// Takes a connection in good order back.
    #[inline(always)]
    pub(super) fn give_back(&self, mut pooled: Box<Pooled>) {
        let now = Moment::now();
        let id = pooled.id;
        pooled.hold.end();
        pooled.connection.end(now);
        match self.hot.put(pooled) {
            None => self.tell_released(id),
            Some(left) => self.settle_returned(id, left, now),
        }
    }

    #[inline(never)]
    fn settle_returned(&self, id: u64, left: Box<Pooled>, now: Moment) {
        if !self.settle(left, now).contains(&id) {
            self.tell_released(id);
        }
    }

    /// Sees under the lock to a connection that nobody has: it goes to a caller who waits, among the
    /// idle ones, or is closed. Answers which were closed.
    #[inline(never)]
    pub(super) fn settle(&self, left: Box<Pooled>, now: Moment) -> Vec<u64> {
        if left.is_aged(self.live.max_age(), now) {
            let id = left.id;
            self.give_up(left, CloseReason::Aged);
            return vec![id];
        }
        let mut aside = Aside::new();
        self.with_shelf_and(Some(left), |shelf, limits| {
            shelf.settle(limits, now, &mut aside);
            shelf.sweep(limits, now, &mut aside);
        });
        let closed = aside.iter().map(|(it, _)| it.id).collect();
        self.close_all(aside);
        closed
    }

    /// Closes a connection, for this reason unless the pool is closed; then its slot is free.
    #[cold]
    pub(super) fn give_up(&self, pooled: Box<Pooled>, reason: CloseReason) {
        let (id, hold) = (pooled.id, pooled.hold.clone());
        // Before its slot goes to somebody who makes another.
        drop(pooled);
        match self.give_up_slot(&hold) {
            true => self.tell_closed(id, CloseReason::ClientClosed),
            false => self.tell_closed(id, reason),
        }
    }

    /// Frees a slot; answers whether the pool is closed.
    #[cold]
    pub(super) fn give_up_slot(&self, hold: &Hold) -> bool {
        let now = Moment::now();
        let mut aside = Aside::new();
        let closed = self.with_shelf(|shelf, limits| {
            shelf.put_back_slot(hold);
            shelf.settle(limits, now, &mut aside);
            shelf.sweep(limits, now, &mut aside);
            shelf.closed
        });
        self.close_all(aside);
        closed
    }
}
