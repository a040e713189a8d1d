//! How commands on a link end: with their reply, with their connection, or given up before.

use std::sync::Arc;

use super::caller::Caller;
use super::flight::{Entry, Owner};
use super::inner::{Held, Inner};
use super::link::{Guard, Link};
use super::{Done, Hub, Task};
use crate::error::{Code, Error, Outcome, Phase, Result};
use crate::events::CloseReason;
use crate::resp::{Kind, Reply};
use crate::sys::gate::EVERYBODY;
use crate::sys::planted::Planted;

/// Replies kept room for between reads.
const SCRATCH: usize = 1024;

impl<T: Task> Link<T> {
    /// After a read: each reply goes to whom it belongs, and the role of the reader is given up.
    pub fn hand_out<'a>(
        &'a self,
        hub: &Hub<T>,
        held: &Arc<Held>,
        mut replies: Vec<Reply>,
        received: Result<()>,
    ) -> Guard<'a, T> {
        let mut inner = self.lock();
        if !inner.holds(held) {
            return inner;
        }
        if !replies.is_empty() {
            inner.heard = hub.clock.now();
        }
        let mut ended = Ended::default();
        ended.tasks.reserve(replies.len().min(inner.flight.tasks()));
        let mut surplus = false;
        for reply in replies.drain(..) {
            let taken = inner.out.taken();
            let Some(entry) = inner.flight.pop_before(taken) else {
                surplus = true;
                break;
            };
            let bytes = match (&entry.owner, reply.kind()) {
                (Owner::Task(_), Kind::Error) => inner.out.copy(entry.begin, entry.end),
                _ => Vec::new(),
            };
            ended.add(hub, entry, Ok(reply), bytes);
        }
        if ended.callers > 0 {
            inner.crowd = ended.callers;
        }
        let answered = inner.flight.oldest().unwrap_or(u64::MAX);
        inner.out.release(answered);
        inner.flight.rest();
        replies.clear();
        if replies.capacity() <= SCRATCH {
            inner.scratch = replies;
        }
        if !ended.tasks.is_empty() {
            // Still the reader: what the next one reads is told after this.
            drop(inner);
            let again = ended.settle();
            inner = self.lock();
            if again.iter().any(|again| again.renew) && inner.holds(held) {
                inner.stale.get_or_insert(CloseReason::Stale);
            }
            inner = self.delay(hub, inner, again);
        }
        if inner.holds(held) {
            inner.reading = false;
            inner.reader = None;
            inner.worker_reads = false;
        }
        let received = match surplus {
            true => Err(surplus_error()),
            false => received,
        };
        if let Err(error) = received
            && inner.holds(held)
        {
            inner = self.lose(hub, inner, &error, CloseReason::Broken);
        }
        if ended.gates != 0 {
            drop(inner);
            ended.open(self);
            inner = self.lock();
        }
        inner
    }

    /// The connection is no more: everything under way on it fails.
    pub fn lose<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        error: &Error,
        reason: CloseReason,
    ) -> Guard<'a, T> {
        let Some(held) = inner.line.take() else {
            return inner;
        };
        held.line.shutdown();
        // A writer that is at it may have got further than it has said.
        let edge = match inner.writing {
            true => inner.out.taken(),
            false => inner.out.sent(),
        };
        (inner.writing, inner.reading, inner.owed) = (false, false, false);
        (inner.reader, inner.writer) = (None, None);
        (inner.worker_writes, inner.worker_reads) = (false, false);
        (inner.doubtful, inner.stale) = (false, None);
        let reason = match hub.closing.is_fired() {
            true => CloseReason::ClientClosed,
            false => reason,
        };
        inner = self.fail(hub, inner, edge, error);
        drop(inner);
        let id = held.id;
        drop(held);
        hub.source.gone(id, reason);
        self.lock()
    }

    /// Everything under way fails; what begins before `edge` may have been sent.
    pub fn fail<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        edge: u64,
        error: &Error,
    ) -> Guard<'a, T> {
        let mut ended = Ended::default();
        while let Some(entry) = inner.flight.pop() {
            let outcome = match entry.begin < edge {
                true => Outcome::Unknown,
                false => Outcome::NotSent,
            };
            let bytes = match &entry.owner {
                Owner::Task(_) => inner.out.copy(entry.begin, entry.end),
                _ => Vec::new(),
            };
            ended.add(hub, entry, Err(error.clone().with_outcome(outcome)), bytes);
        }
        inner.out.clear();
        inner.flight.rest();
        inner.settling += 1;
        drop(inner);
        ended.open(self);
        let again = ended.settle();
        let mut inner = self.lock();
        inner.settling -= 1;
        self.put_back(hub, inner, again)
    }

    /// A caller's time is over: its command is taken back if nobody has begun to write it.
    pub fn give_up<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        (caller, ticket): (&Arc<Caller>, u64),
        ended: Error,
    ) -> Result<Reply> {
        if let Some(result) = caller.take() {
            let heir = inner.heir();
            drop(inner);
            self.wake(hub, heir);
            return result;
        }
        let outcome = match inner.flight.is_sent(ticket, inner.out.taken()) {
            true if Planted::ForgottenReply.is_on() => {
                inner.flight.forget(ticket);
                Outcome::Unknown
            }
            true => {
                inner.flight.orphan(ticket);
                Outcome::Unknown
            }
            false => {
                if let Some((begin, end)) = inner.flight.remove(ticket) {
                    inner.out.excise(&[(begin, end)]);
                    hub.in_flight.leave(1, (end - begin) as usize);
                }
                Outcome::NotSent
            }
        };
        if ended.code() == Code::Timeout {
            inner = self.lose_if_silent(hub, inner);
        }
        let heir = inner.heir();
        drop(inner);
        self.wake(hub, heir);
        Err(ended.with_outcome(outcome))
    }

    /// A server that says nothing for long, though nobody waits for the oldest command any more, is
    /// not asked for the next one.
    pub fn lose_if_silent<'a>(&'a self, hub: &Hub<T>, mut inner: Guard<'a, T>) -> Guard<'a, T> {
        if silence(hub, &inner).is_none() {
            return inner;
        }
        let Some(held) = inner.line.clone() else {
            return inner;
        };
        drop(inner);
        // Nobody reads while nobody waits: what has come meanwhile is not silence.
        let has_come = held.has_come();
        inner = self.lock();
        match silence(hub, &inner) {
            Some(silence) if inner.holds(&held) && !has_come => {
                let detail = format!("the server has said nothing for {silence} ms");
                let error = Error::new(Code::Disconnected, detail).in_phase(Phase::Receive);
                self.lose(hub, inner, &error, CloseReason::Broken)
            }
            _ => inner,
        }
    }

    /// Takes tasks out, wherever they are on this link. What was not written will not be; what was
    /// stays under way, and counted, without owner.
    pub fn take_tasks(&self, hub: &Hub<T>, is_wanted: &mut dyn FnMut(&T) -> bool) -> Vec<T> {
        let mut inner = self.lock();
        let taken = inner.take_under_way(hub, &mut *is_wanted);
        let mut taken: Vec<T> = taken.into_iter().map(|taken| taken.task).collect();
        let waiting = inner.backlog.take(is_wanted);
        taken.extend(waiting.into_iter().map(|waiting| waiting.task));
        taken
    }
}

impl<T: Task> Inner<T> {
    /// The same for those under way.
    pub fn take_under_way(
        &mut self,
        hub: &Hub<T>,
        is_wanted: impl FnMut(&T) -> bool,
    ) -> Vec<Taken<T>> {
        let taken = self.flight.take_tasks(is_wanted);
        let edge = self.out.taken();
        let give_up = |((begin, end), task)| {
            let (size, is_sent) = ((end - begin) as usize, begin < edge);
            if is_sent {
                hub.in_flight.add(1, size);
            }
            Taken {
                task,
                bytes: self.out.head(begin, size),
                is_sent,
            }
        };
        let taken: Vec<Taken<T>> = taken.into_iter().map(give_up).collect();
        if taken.iter().any(|taken| !taken.is_sent) {
            // All at once: there may be very many.
            let unsent = self.flight.remove_given_up(edge);
            self.out.excise(&unsent);
        }
        taken
    }
}

/// A task that was under way.
pub(super) struct Taken<T> {
    pub task: T,
    /// Its command, or the beginning of it.
    pub bytes: Vec<u8>,
    pub is_sent: bool,
}

/// For how many milliseconds nothing was read though the oldest command was given up, if that is long.
fn silence<T: Task>(hub: &Hub<T>, inner: &Inner<T>) -> Option<u64> {
    // A large reply may take long, and is no silence.
    let stirred = inner.line.as_ref().and_then(|held| held.line.stirred());
    let stirred = stirred.map_or(0, |moment| hub.clock.reading(moment));
    let silence = hub.clock.now().saturating_sub(inner.heard.max(stirred));
    let is_long = u128::from(silence) >= hub.silence().as_millis();
    (is_long && inner.flight.is_oldest_given_up()).then_some(silence)
}

fn surplus_error() -> Error {
    let detail = "the server sent more replies than were asked for";
    Error::new(Code::Protocol, detail).in_phase(Phase::Receive)
}

/// Commands that have ended, before anybody is told.
struct Ended<T> {
    /// Gates at which callers wait whose replies are there.
    gates: u32,
    callers: usize,
    tasks: Vec<Done<T>>,
}

impl<T> Default for Ended<T> {
    fn default() -> Self {
        Self {
            gates: 0,
            callers: 0,
            tasks: Vec::new(),
        }
    }
}

impl<T: Task> Ended<T> {
    fn add(&mut self, hub: &Hub<T>, entry: Entry<T>, result: Result<Reply>, bytes: Vec<u8>) {
        let size = entry.size();
        match entry.owner {
            Owner::Task(task) => self.tasks.push(Done {
                task,
                result,
                bytes,
                may_repeat: true,
            }),
            Owner::Caller(caller) => {
                caller.give(result);
                self.gates |= 1 << caller.gate;
                self.callers += 1;
                hub.in_flight.leave(1, size);
            }
            Owner::Nobody => hub.in_flight.leave(1, size),
        }
    }

    fn settle(&mut self) -> Vec<super::Again<T>> {
        let mut again = Vec::new();
        if !self.tasks.is_empty() {
            T::settle(&mut self.tasks, &mut again);
        }
        again
    }

    /// Wakes the callers: one system call for all who wait at a gate.
    fn open(&self, link: &Link<T>) {
        let mut gates = self.gates;
        if Planted::LostFollower.is_on() {
            gates = 0;
        }
        while gates != 0 {
            link.gates[gates.trailing_zeros() as usize].open(EVERYBODY);
            gates &= gates - 1;
        }
    }
}
