//! Connections held for callers: exclusive, bounded, first come first served.
//!
//! A connection or the right to make one (a slot) goes straight to the caller who has waited
//! longest; nobody overtakes. Connecting, probing, closing and telling of it happen outside the
//! lock. No thread looks after the pool: what expired is found by the next caller.

mod apart;
mod counters;
mod hold;
mod hot;
mod lease;
mod line;
mod news;
mod pooled;
mod queue;
mod returns;
mod shelf;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use counters::{Counter, Counters};
pub use lease::Lease;
pub use shelf::Counts;

use crate::connection::{Connection, Connector};
use crate::deadline::{Deadline, Moment};
use crate::error::Result;
use crate::events::{CloseReason, Dispatcher};
use crate::net::{Wait, lock};
use crate::options::{Live, PoolConfig};
use crate::sys::sync::Mutex;
use hold::Hold;
use hot::Hot;
use lease::Claim;
use pooled::Pooled;
use shelf::{Aside, Grant, Shelf};

/// See the module.
pub struct Pool {
    connector: Connector,
    live: Arc<Live>,
    events: Arc<Dispatcher>,
    counters: Counters,
    last_id: AtomicU64,
    hot: Hot<Pooled>,
    /// So many nanoseconds after its last use a connection need not be looked at.
    fresh: AtomicU64,
    shelf: Mutex<Shelf>,
}

impl Pool {
    /// An empty pool.
    pub fn new(connector: Connector, live: Arc<Live>, events: Arc<Dispatcher>) -> Self {
        Self {
            connector,
            live,
            events,
            counters: Counters::default(),
            last_id: AtomicU64::new(0),
            hot: Hot::new(),
            fresh: AtomicU64::new(0),
            shelf: Mutex::default(),
        }
    }

    /// Refuses what no connection could be made with, before one is needed.
    pub fn check(&self) -> Result<()> {
        self.connector.check()
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        self.connector.node()
    }

    /// A connection fit for use: an idle one, or a new one, or the first that is given back.
    #[inline(always)]
    pub fn checkout(&self, wait: &Wait) -> Result<Lease<'_>> {
        if wait.has_ended() {
            return self.checkout_anew(wait);
        }
        match self.hot.take() {
            Some(Ok(mut pooled)) if self.is_fresh(&pooled, wait.began) => {
                self.counters.checkouts.count();
                pooled.hold.begin(wait.began);
                pooled.connection.begin(wait.began);
                Ok(self.lease(pooled))
            }
            Some(Ok(pooled) | Err(pooled)) => {
                self.settle(pooled, wait.began);
                self.checkout_anew(wait)
            }
            None => self.checkout_anew(wait),
        }
    }

    #[inline]
    fn is_fresh(&self, pooled: &Pooled, now: Moment) -> bool {
        pooled.connection.idle_nanos(now) < self.fresh.load(Ordering::Relaxed)
    }

    fn lease(&self, pooled: Box<Pooled>) -> Lease<'_> {
        Lease {
            pool: self,
            connection: Some(pooled),
        }
    }

    /// `checkout` where there is more to it than taking the connection that was given back last.
    #[inline(never)]
    fn checkout_anew(&self, wait: &Wait) -> Result<Lease<'_>> {
        let (grant, since) = self.take(wait)?;
        let hold = match grant {
            Grant::Slot(hold) => hold,
            Grant::Connection(pooled) => {
                let hold = pooled.hold.clone();
                let mut lease = self.lease(pooled);
                match self.examine(lease.connection()?, since, wait) {
                    Ok(looked) => {
                        let now = if looked { Moment::now() } else { since };
                        lease.connection()?.begin(now);
                        return Ok(lease);
                    }
                    Err(reason) => {
                        self.close_all(lease.connection.take().map(|pooled| (pooled, reason)));
                        hold
                    }
                }
            }
        };
        let mut lease = self.connect(&hold, wait)?;
        lease.connection()?.begin(Moment::now());
        Ok(lease)
    }

    /// Makes `count` connections and leaves them idle; one that fails is one too few.
    pub fn warm_up(&self, count: usize, wait: &Wait) -> Result<()> {
        let leases: Result<Vec<Lease<'_>>> = (0..count).map(|_| self.checkout(wait)).collect();
        leases?.into_iter().for_each(Lease::finish);
        Ok(())
    }

    /// Whether an idle connection still works, by looking or, after long silence, by asking; answers
    /// whether that had to be found out.
    fn examine(
        &self,
        connection: &mut Connection,
        now: Moment,
        wait: &Wait,
    ) -> std::result::Result<bool, CloseReason> {
        let idle = connection.idle_for(now);
        let ask = self.live.health_check().is_some_and(|limit| idle >= limit);
        let look = idle >= self.live.check_after();
        if (look || ask) && !connection.is_quiet(wait.deadline) {
            return Err(CloseReason::Dead);
        }
        let limit = Deadline::after(now, self.live.connect_timeout());
        if ask && connection.ping(&wait.until(limit)).is_err() {
            // An ended call says nothing about the server.
            return Err(match wait.check() {
                Ok(()) => CloseReason::HealthCheck,
                Err(_) => CloseReason::Broken,
            });
        }
        Ok(look || ask)
    }

    fn connect(&self, hold: &Hold, wait: &Wait) -> Result<Lease<'_>> {
        let claim = Claim { pool: self, hold };
        let (connection, id) = self.make(wait)?;
        claim.use_up();
        let pooled = Pooled::new(connection, id, hold.clone());
        Ok(self.lease(Box::new(pooled)))
    }

    /// A new connection with its number.
    fn make(&self, wait: &Wait) -> Result<(Connection, u64)> {
        let limit = self.live.connect_timeout();
        match self.connector.connect_within(limit, wait) {
            Ok(connection) => {
                let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
                lock(&self.shelf).last_failure = None;
                self.tell_opened(id);
                Ok((connection, id))
            }
            Err(error) => {
                self.counters.connect_failures.count();
                // An ended call says nothing about the server.
                if wait.check().is_ok() {
                    lock(&self.shelf).last_failure = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    /// Works on all connections: the one that was given back last is among the idle ones, and
    /// whoever gives one back meanwhile waits for the lock.
    fn with_shelf<T>(&self, work: impl FnOnce(&mut Shelf, &PoolConfig) -> T) -> T {
        self.with_shelf_and(None, work)
    }

    /// The same, where a connection was given back before the last one.
    fn with_shelf_and<T>(
        &self,
        earlier: Option<Box<Pooled>>,
        work: impl FnOnce(&mut Shelf, &PoolConfig) -> T,
    ) -> T {
        let mut shelf = lock(&self.shelf);
        for pooled in earlier.into_iter().chain(self.hot.shut()) {
            shelf.bring_in(pooled);
        }
        // Read under the lock: whoever raises `pool.max` serves those who queue before that.
        let limits = shelf.limits(&self.live);
        let done = work(&mut shelf, &limits);
        if shelf.is_plain(&limits) {
            let fresh = match self.live.health_check() {
                Some(limit) => limits.check_after.min(limit),
                None => limits.check_after,
            };
            let nanos = u64::try_from(fresh.as_nanos()).unwrap_or(u64::MAX);
            self.fresh.store(nanos, Ordering::Relaxed);
            self.hot.open();
        }
        let surplus = shelf.surplus.take();
        drop(shelf);
        drop(surplus);
        done
    }

    /// After a change of the options: idle connections that are too many are closed, and waiting
    /// callers get the slots that are new.
    pub fn adjust(&self) {
        let mut aside = Aside::new();
        let now = Moment::now();
        self.with_shelf(|shelf, limits| {
            shelf.settle(limits, now, &mut aside);
            shelf.sweep(limits, now, &mut aside);
        });
        self.close_all(aside);
    }

    /// Gives up the idle connections: another server may have taken over.
    pub fn close_idle(&self) {
        let aside = self.with_shelf(|shelf, _| shelf.clear(CloseReason::Stale));
        self.close_all(aside);
    }

    /// Closes the idle connections, and each other when it comes back.
    pub fn close(&self) {
        let aside = self.with_shelf(|shelf, _| {
            shelf.closed = true;
            shelf.clear(CloseReason::ClientClosed)
        });
        self.close_all(aside);
    }

    /// How many connections there are, and how many callers wait.
    pub fn counts(&self) -> Counts {
        let shelf = lock(&self.shelf);
        shelf.counts(self.hot.is_full())
    }

    /// What has happened so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// For how long the connection that has been out longest has been so.
    pub fn longest_use(&self) -> Duration {
        lock(&self.shelf).longest_hold(Moment::now())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}
