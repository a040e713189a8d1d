//! Writing what callers and tasks have appended.

use std::sync::Arc;

use super::caller::Caller;
use super::inner::Held;
use super::link::{Guard, Link};
use super::{Hub, Task};
use crate::events::CloseReason;
use crate::net::Wait;

/// The worker writes so many pieces before it looks after something else.
const PIECES: usize = 16;

impl<T: Task> Link<T> {
    /// Writes what there is; a caller whose reply has come leaves the rest to others. Without a caller
    /// it takes no time: what does not fit is left.
    pub fn write<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        caller: Option<(&Wait, &Arc<Caller>)>,
    ) -> Guard<'a, T> {
        let Some(held) = inner.line.clone() else {
            return inner;
        };
        inner.writing = true;
        if (inner.flight.len() > 1 || inner.crowd > 1) && caller.is_some() {
            // Others were woken together with this thread: their commands go out with its own.
            drop(inner);
            self.patience.wait_for_others();
            inner = self.lock();
        }
        let mut pieces = 0;
        while inner.holds(&held) {
            // The worker has others to see to.
            pieces += 1;
            if caller.is_none() && pieces > PIECES {
                break;
            }
            // What was added meanwhile waits for another connection, or until this one was probed.
            if (inner.stale.is_some() || inner.doubtful) && !inner.out.is_half_written() {
                break;
            }
            let taken = inner.out.taken();
            let Some(chunk) = inner.out.next() else {
                break;
            };
            if inner.out.taken() != taken {
                inner.batch = inner.batch.wrapping_add(1);
            }
            let from = inner.out.sent();
            drop(inner);
            let sent = held.line.send_now(chunk.from(from));
            drop(chunk);
            inner = self.lock();
            if !inner.holds(&held) {
                return inner;
            }
            match (sent, caller) {
                (Ok(0), None) => {
                    inner.worker_writes = true;
                    return inner;
                }
                (Ok(0), Some((wait, caller))) => {
                    inner = self.make_way(hub, inner, &held, (wait, caller));
                    if wait.is_over() {
                        break;
                    }
                }
                (Ok(bytes), None) => inner.out.advance(bytes),
                (Ok(bytes), Some((_, caller))) => {
                    inner.out.advance(bytes);
                    let reader = inner.reader.as_ref();
                    if caller.is_done() && inner.flight.first_caller(reader).is_some() {
                        break;
                    }
                }
                (Err(error), _) => {
                    inner.writing = false;
                    return self.lose(hub, inner, &error, CloseReason::Broken);
                }
            }
        }
        if inner.holds(&held) {
            inner.writing = false;
        }
        inner
    }

    /// Waits until the socket takes more, reading meanwhile so that the server can go on too.
    fn make_way<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        held: &Arc<Held>,
        (wait, caller): (&Wait, &Arc<Caller>),
    ) -> Guard<'a, T> {
        let reads = !std::mem::replace(&mut inner.reading, true);
        let own = match reads {
            true => &mut inner.reader,
            false => &mut inner.writer,
        };
        *own = Some(Arc::clone(caller));
        let mut replies = match reads {
            true => std::mem::take(&mut inner.scratch),
            false => Vec::new(),
        };
        drop(inner);
        let ready = self.watch(held, (reads, true), wait);
        if !reads {
            // What went wrong the next write will say.
            let mut inner = self.lock();
            if inner.holds(held) {
                inner.writer = None;
            }
            return inner;
        }
        let received = match ready {
            Ok(ready) if ready.readable => held.line.receive_now(&mut replies).map(drop),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        self.hand_out(hub, held, replies, received)
    }
}
