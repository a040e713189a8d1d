//! What a pool has: idle connections, those that are out, and the callers who wait.
//!
//! Only touched under the pool's lock. What has to be closed is put aside for the caller, who
//! closes it without the lock. While anybody waits nothing is idle and no slot is free.

use std::collections::VecDeque;
use std::time::Duration;

use super::hold::Hold;
use super::line::Line;
use super::pooled::Pooled;
use crate::deadline::Moment;
use crate::error::Error;
use crate::events::CloseReason;
use crate::options::{Live, Order, PoolConfig};
use crate::resp::Wire;

/// Connections to close, and why.
pub(super) type Aside = Vec<(Box<Pooled>, CloseReason)>;

/// Receive buffers that are kept for connections to come.
const SPARE_BUFFERS: usize = 8;

/// See the module.
#[derive(Default)]
pub(super) struct Shelf {
    /// In the order they were given back: the one at the front has been idle longest.
    pub idle: VecDeque<Box<Pooled>>,
    /// Each connection outside the idle list, and each right to make one.
    pub out: Vec<Hold>,
    pub line: Line<Grant>,
    /// Why no connection could be made, until one was.
    pub last_failure: Option<Error>,
    /// Receive buffers of idle connections: those in use borrow them.
    buffers: Vec<Wire>,
    /// One too many, to be freed without the lock.
    pub surplus: Option<Wire>,
    pub closed: bool,
    /// The options as they were last read, and their version.
    limits: Option<(u64, PoolConfig)>,
}

/// What a caller is handed: a connection, or the slot for one.
pub(super) enum Grant {
    Connection(Box<Pooled>),
    Slot(Hold),
}

impl Grant {
    fn hold(&self) -> Hold {
        match self {
            Self::Connection(pooled) => pooled.hold.clone(),
            Self::Slot(hold) => hold.clone(),
        }
    }
}

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

impl Shelf {
    /// The options of the pool now.
    pub fn limits(&mut self, live: &Live) -> PoolConfig {
        let version = live.version();
        match self.limits {
            Some((seen, limits)) if seen == version => limits,
            _ => {
                let limits = live.pool();
                self.limits = Some((version, limits));
                limits
            }
        }
    }

    /// `hot` of those that count as out is idle.
    pub fn counts(&self, hot: bool) -> Counts {
        Counts {
            idle: self.idle.len() + usize::from(hot),
            in_use: self.out.len() - usize::from(hot && !self.out.is_empty()),
            waiters: self.line.len(),
        }
    }

    fn total(&self) -> usize {
        self.idle.len() + self.out.len()
    }

    /// Whether a caller can be served without waiting.
    pub fn has_room(&self, limits: &PoolConfig) -> bool {
        self.line.is_empty() && (self.total() < limits.max || !self.idle.is_empty())
    }

    /// How long the connection that has been out longest has been so.
    pub fn longest_hold(&self, now: Moment) -> Duration {
        let held = self.out.iter().map(|hold| hold.age(now));
        held.max().unwrap_or_default()
    }

    /// Whether there is no more to giving and taking than to take the connection that was given
    /// back last: nobody waits, nothing can have expired, and there are not too many.
    pub fn is_plain(&self, limits: &PoolConfig) -> bool {
        let usual = limits.order == Order::Lifo && !limits.expires();
        usual && !self.closed && self.line.is_empty() && self.total() <= limits.max
    }

    /// Counts a connection, or the right to make one, as out.
    fn count_out(&mut self, hold: Hold, now: Moment) {
        hold.begin(now);
        self.out.push(hold);
    }

    fn count_in(&mut self, hold: &Hold) {
        // The last to go out is most often the first to come back.
        let found = self.out.iter().rposition(|other| other.is(hold));
        if let Some(index) = found {
            self.out.swap_remove(index);
        }
    }

    /// A connection that nobody has takes its place among the idle ones, as the last of them.
    pub fn bring_in(&mut self, mut pooled: Box<Pooled>) {
        self.count_in(&pooled.hold);
        let buffer = pooled.connection.rest();
        self.keep_buffer(buffer);
        self.idle.push_back(pooled);
    }

    /// The idle connection to hand out, else the right to make one; there has to be room.
    pub fn grant(&mut self, limits: &PoolConfig, now: Moment, aside: &mut Aside) -> Grant {
        let mut grant = match self.take_idle(limits, now, aside) {
            Some(pooled) => Grant::Connection(pooled),
            None => Grant::Slot(Hold::new(now)),
        };
        self.count_out(grant.hold(), now);
        self.lend_to(&mut grant);
        grant
    }

    /// The idle connection to hand out, if any is young enough.
    fn take_idle(
        &mut self,
        limits: &PoolConfig,
        now: Moment,
        aside: &mut Aside,
    ) -> Option<Box<Pooled>> {
        loop {
            let pooled = match limits.order {
                Order::Lifo => self.idle.pop_back()?,
                Order::Fifo => self.idle.pop_front()?,
            };
            if !pooled.is_aged(limits.max_age, now) {
                return Some(pooled);
            }
            aside.push((pooled, CloseReason::Aged));
        }
    }

    /// Takes the right to make a connection back.
    pub fn put_back_slot(&mut self, hold: &Hold) {
        self.count_in(hold);
    }

    /// Gives what is idle, and rights to make connections, to callers who wait, longest first.
    /// Idle connections that are too many go.
    pub fn settle(&mut self, limits: &PoolConfig, now: Moment, aside: &mut Aside) {
        if self.closed {
            aside.extend(self.clear(CloseReason::ClientClosed));
            return;
        }
        while self.total() > limits.max
            && let Some(pooled) = self.idle.pop_front()
        {
            aside.push((pooled, CloseReason::Trimmed));
        }
        while !self.line.is_empty()
            && let Some(pooled) = self.idle.pop_back()
        {
            self.count_out(pooled.hold.clone(), now);
            self.line.serve(Grant::Connection(pooled));
        }
        while !self.line.is_empty() && self.total() < limits.max {
            let hold = Hold::new(now);
            self.count_out(hold.clone(), now);
            self.line.serve(Grant::Slot(hold));
        }
    }

    /// Puts aside what has been idle or alive for too long, from the end that was not used longest.
    pub fn sweep(&mut self, limits: &PoolConfig, now: Moment, aside: &mut Aside) {
        if !limits.expires() {
            return;
        }
        while let Some(coldest) = self.idle.front() {
            let is_spare = self.total() > limits.min;
            let reason = if coldest.is_aged(limits.max_age, now) {
                CloseReason::Aged
            } else if is_spare && coldest.is_unused(limits.max_idle, now) {
                CloseReason::Idle
            } else {
                return;
            };
            aside.extend(self.idle.pop_front().map(|pooled| (pooled, reason)));
        }
    }

    /// Lends a connection a receive buffer, if there is one.
    pub fn lend_to(&mut self, grant: &mut Grant) {
        if let Grant::Connection(pooled) = grant
            && let Some(buffer) = self.buffers.pop()
        {
            pooled.connection.lend(buffer);
        }
    }

    pub fn keep_buffer(&mut self, buffer: Option<Wire>) {
        match self.buffers.len() < SPARE_BUFFERS {
            true => self.buffers.extend(buffer),
            false => self.surplus = buffer,
        }
    }

    /// Takes all idle connections out.
    pub fn clear(&mut self, reason: CloseReason) -> Aside {
        let idle = std::mem::take(&mut self.idle);
        idle.into_iter().map(|pooled| (pooled, reason)).collect()
    }
}
