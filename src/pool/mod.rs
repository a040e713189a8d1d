//! Connections held for callers: exclusive, bounded, last used first out, first come first served.
//!
//! A connection or the right to make one (a slot) goes straight to the caller who has waited
//! longest; nobody overtakes. Connecting, probing and closing happen outside the lock. A lease
//! that is dropped unfinished closes its connection and gives its slot on.

mod waiting;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::connection::{Connection, Connector};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Phase, Result};
use crate::net::{Wait, lock};
use crate::options::Config;
use crate::resp::Wire;
use waiting::{Grant, Waiter};

/// See the module.
pub struct Pool {
    connector: Connector,
    config: Arc<Config>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    #[allow(
        clippy::vec_box,
        reason = "connections move between owners: a pointer at a time"
    )]
    idle: Vec<Box<Connection>>,
    /// Since when each connection outside the idle list has been out, by lease number.
    out: Vec<(u64, Instant)>,
    last_lease: u64,
    waiters: VecDeque<Arc<Waiter>>,
    last_failure: Option<Error>,
    /// Receive buffers of idle connections: those in use borrow them.
    buffers: Vec<Wire>,
    closed: bool,
}

/// Receive buffers that are kept for connections to come.
const SPARE_BUFFERS: usize = 16;

/// How many connections there are, and how many callers wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be handed out.
    pub idle: usize,
    /// Handed out, or being connected.
    pub in_use: usize,
    /// Callers in the queue.
    pub waiters: usize,
}

/// A connection of one's own for a while.
pub struct Lease<'a> {
    pool: &'a Pool,
    number: u64,
    connection: Option<Box<Connection>>,
    /// A receive buffer for the connection.
    buffer: Option<Wire>,
}

impl Pool {
    /// An empty pool.
    pub fn new(config: Arc<Config>, connector: Connector) -> Self {
        Self {
            connector,
            config,
            inner: Mutex::default(),
        }
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        self.connector.node()
    }

    /// A connection fit for use: an idle one, or a new one, or the first that is given back.
    pub fn checkout(&self, wait: &Wait) -> Result<Lease<'_>> {
        let mut lease = self.take(wait)?;
        let now = Instant::now();
        if let Some(connection) = &mut lease.connection
            && !self.is_fit(connection, now, wait)
        {
            lease.connection = None;
        }
        if lease.connection.is_none() {
            match self.connector.connect(wait) {
                Ok(connection) => lease.connection = Some(Box::new(connection)),
                Err(error) => {
                    lock(&self.inner).last_failure = Some(error.clone());
                    return Err(error);
                }
            }
        }
        if let (Some(connection), Some(buffer)) = (&mut lease.connection, lease.buffer.take()) {
            connection.lend(buffer);
        }
        Ok(lease)
    }

    /// Whether an idle connection still works, by looking or, after long silence, by asking.
    fn is_fit(&self, connection: &mut Connection, now: Instant, wait: &Wait) -> bool {
        let idle = connection.idle_for(now);
        let ask = self.config.health_check.is_some_and(|limit| idle >= limit);
        let look = idle >= self.config.pool.check_after;
        if !look && !ask {
            return true;
        }
        let limit = Deadline::after(now, self.config.connect_timeout);
        connection.is_quiet() && (!ask || connection.ping(&wait.until(limit)).is_ok())
    }

    /// An idle connection or a slot, waiting for one if there is none.
    fn take(&self, wait: &Wait) -> Result<Lease<'_>> {
        let waiter = {
            let mut inner = lock(&self.inner);
            wait.check().map_err(|ended| ended.in_phase(Phase::Queue))?;
            let free = inner.out.len() + inner.idle.len() < self.config.pool.max;
            if inner.waiters.is_empty() && (free || !inner.idle.is_empty()) {
                let connection = inner.idle.pop();
                return Ok(self.lease(&mut inner, connection));
            }
            if self.config.pool.wait == Some(Duration::ZERO) {
                return Err(self.exhausted(&inner, Code::Pool));
            }
            let waiter = Arc::new(Waiter::default());
            inner.waiters.push_back(Arc::clone(&waiter));
            waiter
        };
        self.queue(&waiter, wait)
    }

    fn queue(&self, waiter: &Arc<Waiter>, wait: &Wait) -> Result<Lease<'_>> {
        let limit = Deadline::after(Instant::now(), self.config.pool.wait);
        let waited = wait.until(limit).park(waiter.park());
        let mut inner = lock(&self.inner);
        if let Some(grant) = waiter.granted() {
            let mut lease = Lease {
                pool: self,
                number: grant.number,
                connection: grant.connection,
                buffer: inner.buffers.pop(),
            };
            if let Err(ended) = waited {
                drop(inner);
                lease.give_back();
                return Err(ended.in_phase(Phase::Queue));
            }
            return Ok(lease);
        }
        inner.waiters.retain(|other| !Arc::ptr_eq(other, waiter));
        waited.map_err(|ended| ended.in_phase(Phase::Queue))?;
        let code = match wait.deadline.passed() {
            true => Code::Timeout,
            false => Code::Pool,
        };
        Err(self.exhausted(&inner, code))
    }

    fn lease(&self, inner: &mut Inner, connection: Option<Box<Connection>>) -> Lease<'_> {
        Lease {
            pool: self,
            number: inner.count_out(),
            connection,
            buffer: inner.buffers.pop(),
        }
    }

    /// Takes a lease's connection, or its slot when there is none, back; what is left over is closed.
    fn give_back(&self, lease: &mut Lease<'_>) -> Option<Box<Connection>> {
        let mut inner = lock(&self.inner);
        inner.out.retain(|(other, _)| *other != lease.number);
        if let Some(buffer) = lease.buffer.take()
            && inner.buffers.len() < SPARE_BUFFERS
        {
            inner.buffers.push(buffer);
        }
        let connection = lease.connection.take();
        if let Some(waiter) = inner.waiters.pop_front() {
            let number = inner.count_out();
            waiter.grant(Grant { number, connection });
        } else if inner.closed {
            return connection;
        } else {
            inner.idle.extend(connection);
        }
        None
    }

    /// Closes the idle connections.
    pub fn close_idle(&self) {
        let idle = std::mem::take(&mut lock(&self.inner).idle);
        drop(idle);
    }

    /// Closes the idle connections, and each other when it comes back.
    pub fn close(&self) {
        lock(&self.inner).closed = true;
        self.close_idle();
    }

    /// How many connections there are, and how many callers wait.
    pub fn counts(&self) -> Counts {
        lock(&self.inner).counts()
    }

    /// Why there is no connection to be had.
    fn exhausted(&self, inner: &Inner, code: Code) -> Error {
        let counts = inner.counts();
        let now = Instant::now();
        let oldest = inner
            .out
            .iter()
            .map(|(_, since)| now.saturating_duration_since(*since));
        let held = oldest.max().unwrap_or_default().as_millis();
        let detail = format!(
            "no connection is free: {} of {} in use (the oldest for {held} ms), {} idle, {} other callers waiting",
            counts.in_use, self.config.pool.max, counts.idle, counts.waiters
        );
        let error = Error::new(code, detail)
            .in_phase(Phase::Queue)
            .at_node(self.node());
        match &inner.last_failure {
            Some(cause) => error.caused_by(cause.clone()),
            None => error,
        }
    }
}

impl Inner {
    fn counts(&self) -> Counts {
        Counts {
            idle: self.idle.len(),
            in_use: self.out.len(),
            waiters: self.waiters.len(),
        }
    }

    fn count_out(&mut self) -> u64 {
        self.last_lease += 1;
        self.out.push((self.last_lease, Instant::now()));
        self.last_lease
    }
}

impl Lease<'_> {
    /// The connection; a lease has one until it is given back.
    pub fn connection(&mut self) -> Result<&mut Connection> {
        self.connection
            .as_deref_mut()
            .ok_or_else(|| Error::new(Code::Panic, "a lease without a connection"))
    }

    /// Gives a reusable connection back to the pool; any other is closed.
    pub fn finish(mut self) {
        self.give_back();
    }

    fn give_back(&mut self) {
        self.connection = self
            .connection
            .take()
            .filter(|connection| connection.is_reusable());
        if let Some(connection) = &mut self.connection {
            let buffer = connection.rest(Instant::now());
            self.buffer = buffer.or(self.buffer.take());
        }
        if self.number != 0 {
            let left = self.pool.give_back(self);
            self.number = 0;
            drop(left);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.connection = None;
        self.give_back();
    }
}
