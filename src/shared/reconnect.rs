//! A link's connection: made when it is needed, probed after idleness, given up when it is stale.

use std::sync::Arc;

use super::inner::{Held, Inner};
use super::link::{Guard, Link};
use super::{Hub, Task};
use crate::connection::Received;
use crate::error::{Error, Result};
use crate::events::CloseReason;
use crate::net::Wait;

impl<T: Task> Link<T> {
    /// Before a command is added: a connection that was idle may be due to be replaced or probed.
    pub fn prepare(&self, hub: &Hub<T>, inner: &mut Inner<T>) {
        if !inner.flight.is_empty() {
            return;
        }
        let now = hub.clock.now();
        let since = std::mem::replace(&mut inner.heard, now);
        let Some(held) = &inner.line else { return };
        let over = |limit: Option<std::time::Duration>, since: u64| {
            limit.is_some_and(|limit| u128::from(now.saturating_sub(since)) >= limit.as_millis())
        };
        let live = &hub.live;
        let reason = if over(live.max_age(), held.made) {
            Some(CloseReason::Aged)
        } else if over(live.pool().max_idle, since) {
            Some(CloseReason::Idle)
        } else if over(live.health_check(), since) {
            Some(CloseReason::HealthCheck)
        } else {
            None
        };
        inner.stale = inner.stale.or(reason);
        inner.doubtful |= over(Some(live.check_after()), since);
    }

    /// After a failover: replaces the connection once what was sent is answered.
    pub fn renew(&self) {
        let mut inner = self.lock();
        if inner.line.is_some() {
            inner.stale.get_or_insert(CloseReason::Stale);
        }
    }

    /// Makes the connection; a failure that is the caller's own is answered, any other is told to all.
    pub fn connect_for_all<'a>(
        &'a self,
        hub: &Hub<T>,
        inner: Guard<'a, T>,
        wait: &Wait,
    ) -> (Guard<'a, T>, Option<Error>) {
        match self.connect(hub, inner, wait) {
            (inner, Ok(())) => (inner, None),
            (inner, Err(error)) if wait.is_over() => (inner, Some(error)),
            (inner, Err(error)) => (self.fail(hub, inner, 0, &error), None),
        }
    }

    /// Makes the connection.
    pub fn connect<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        wait: &Wait,
    ) -> (Guard<'a, T>, Result<()>) {
        inner.connecting = true;
        drop(inner);
        let made = hub.source.connect(wait);
        let mut inner = self.lock();
        inner.connecting = false;
        let (line, id) = match made {
            Ok(made) => made,
            Err(error) => return (inner, Err(error)),
        };
        let made = hub.clock.now();
        (inner.doubtful, inner.stale, inner.heard) = (false, None, made);
        inner.line = Some(Arc::new(Held { line, id, made }));
        (inner, Ok(()))
    }

    /// Gives a connection up on which nothing is under way.
    pub fn replace<'a>(&'a self, hub: &Hub<T>, mut inner: Guard<'a, T>) -> Guard<'a, T> {
        let reason = inner.stale.take().unwrap_or(CloseReason::Stale);
        let taken = inner.out.taken();
        inner.out.release(taken);
        let Some(held) = inner.line.take() else {
            return inner;
        };
        drop(inner);
        let id = held.id;
        drop(held);
        hub.source.gone(id, reason);
        self.lock()
    }

    /// Looks whether a connection that was idle is still there, before anything is written.
    pub fn probe<'a>(&'a self, hub: &Hub<T>, mut inner: Guard<'a, T>) -> Guard<'a, T> {
        let Some(held) = inner.line.clone() else {
            return inner;
        };
        if !inner.is_answered() {
            // What comes is an answer.
            inner.doubtful = false;
            return inner;
        }
        (inner.writing, inner.reading) = (true, true);
        drop(inner);
        let is_quiet = is_quiet(&held);
        let mut inner = self.lock();
        if !inner.holds(&held) {
            return inner;
        }
        (inner.writing, inner.reading, inner.doubtful) = (false, false, false);
        if !is_quiet && inner.is_answered() {
            inner.stale = Some(CloseReason::Dead);
            drop(held);
            return self.replace(hub, inner);
        }
        inner
    }
}

/// Whether nothing but pushes has come, and the server has not closed it.
fn is_quiet(held: &Held) -> bool {
    const PIECES: usize = 100;
    let mut replies = Vec::new();
    for _ in 0..PIECES {
        match held.line.receive_now(&mut replies) {
            Ok(Received::Nothing) => return true,
            Ok(Received::Something) if replies.is_empty() => {}
            _ => return false,
        }
    }
    false
}
