//! How a caller comes to a connection where there is more to it than taking an idle one: a slot, a
//! place in the line, or the reason why there is neither.

use std::sync::Arc;
use std::time::Duration;

use super::Pool;
use super::line::Waiter;
use super::shelf::{Aside, Grant, Shelf};
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Phase, Result};
use crate::net::Wait;
use crate::options::PoolConfig;

/// What a caller gets at once.
enum Place {
    Served(Grant),
    /// For so long at most, its deadline apart.
    Queued(Arc<Waiter<Grant>>, Option<Duration>),
}

impl Pool {
    /// An idle connection or a slot, waiting for one if there is none; since when it is had.
    pub(super) fn take(&self, wait: &Wait) -> Result<(Grant, Moment)> {
        let mut aside = Aside::new();
        let place = self.with_shelf(|shelf, limits| self.place(shelf, limits, wait, &mut aside));
        if !aside.is_empty() {
            self.close_all(aside);
        }
        let granted = match place? {
            Place::Served(grant) => (grant, wait.began),
            Place::Queued(waiter, limit) => self.queue(&waiter, limit, wait)?,
        };
        self.counters.checkouts.count();
        Ok(granted)
    }

    fn place(
        &self,
        shelf: &mut Shelf,
        limits: &PoolConfig,
        wait: &Wait,
        aside: &mut Aside,
    ) -> Result<Place> {
        let now = wait.began;
        wait.check().map_err(|ended| ended.in_phase(Phase::Queue))?;
        shelf.sweep(limits, now, aside);
        if shelf.has_room(limits) {
            return Ok(Place::Served(shelf.grant(limits, now, aside)));
        }
        if limits.wait == Some(Duration::ZERO) {
            return Err(self.exhausted(shelf, Code::Pool));
        }
        Ok(Place::Queued(shelf.line.join(), limits.wait))
    }

    fn queue(
        &self,
        waiter: &Arc<Waiter<Grant>>,
        limit: Option<Duration>,
        wait: &Wait,
    ) -> Result<(Grant, Moment)> {
        let until = wait.until(Deadline::after(wait.began, limit));
        let waited = until.park(waiter.park());
        let now = Moment::now();
        self.counters.count_wait(now.since(wait.began));
        let granted = self.with_shelf(|shelf, _| match (shelf.line.leave(waiter), &waited) {
            (Some(mut grant), _) => {
                shelf.lend_to(&mut grant);
                Ok(grant)
            }
            (None, Err(ended)) => Err(ended.clone()),
            (None, Ok(_)) if wait.deadline.passed() => Err(self.exhausted(shelf, Code::Timeout)),
            (None, Ok(_)) => Err(self.exhausted(shelf, Code::Pool)),
        });
        let grant = granted.map_err(|ended| ended.in_phase(Phase::Queue))?;
        if let Err(ended) = waited {
            match grant {
                Grant::Connection(pooled) => self.lease(pooled).finish(),
                Grant::Slot(hold) => drop(self.give_up_slot(&hold)),
            }
            return Err(ended.in_phase(Phase::Queue));
        }
        Ok((grant, now))
    }

    /// Why there is no connection to be had.
    fn exhausted(&self, shelf: &Shelf, code: Code) -> Error {
        self.counters.wait_timeouts.count();
        let counts = shelf.counts(false);
        let held = shelf.longest_hold(Moment::now()).as_millis();
        let PoolConfig { max, .. } = self.live.pool();
        let detail = format!(
            "no connection is free: {} of {max} in use (the oldest for {held} ms), {} idle, {} other callers waiting",
            counts.in_use, counts.idle, counts.waiters
        );
        let error = Error::new(code, detail)
            .in_phase(Phase::Queue)
            .at_node(self.node());
        match &shelf.last_failure {
            Some(cause) => error.caused_by(cause.clone()),
            None => error,
        }
    }
}
