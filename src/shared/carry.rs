//! What a caller does on a link until its reply is there: whatever has to be done, or sleep.

use std::sync::Arc;

use super::caller::Caller;
use super::inner::{Duty, Held};
use super::link::{Guard, Link, too_late};
use super::{Hub, Task};
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Result};
use crate::net::Wait;
use crate::resp::Reply;
use crate::sys::poll::{self, Interest, Ready};

/// Who has no bell looks so often whether it was cancelled or called.
const BLINK: std::time::Duration = std::time::Duration::from_millis(10);

impl<T: Task> Link<T> {
    /// Until the reply is there, or the call's time is over.
    pub fn see_through<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        (caller, ticket): (&Arc<Caller>, u64),
        wait: &Wait,
    ) -> Result<Reply> {
        loop {
            if let Some(result) = caller.take() {
                let heir = inner.heir();
                drop(inner);
                self.wake(hub, heir);
                return result;
            }
            let mut failure = None;
            match inner.duty() {
                Duty::Connect => (inner, failure) = self.connect_for_all(hub, inner, wait),
                Duty::Replace => inner = self.replace(hub, inner),
                Duty::Probe => inner = self.probe(hub, inner),
                Duty::Write => inner = self.write(hub, inner, Some((wait, caller))),
                Duty::Read => inner = self.read(hub, inner, (wait, caller)),
                Duty::Nothing => match self.sleep(inner, caller, wait) {
                    Ok(result) => return result,
                    Err(guard) => inner = guard,
                },
            }
            let ended = match wait.check() {
                Err(ended) => Some(ended),
                Ok(()) if wait.deadline.passed() => Some(failure.unwrap_or_else(|| {
                    let is_sent = inner.flight.is_sent(ticket, inner.out.taken());
                    too_late(inner.line.is_some(), is_sent)
                })),
                Ok(()) => None,
            };
            if let Some(ended) = ended {
                return self.give_up(hub, inner, (caller, ticket), ended);
            }
        }
    }

    /// Sleeps until there is a reply or a role to take.
    fn sleep<'a>(
        &'a self,
        inner: Guard<'a, T>,
        caller: &Caller,
        wait: &Wait,
    ) -> std::result::Result<Result<Reply>, Guard<'a, T>> {
        let gate = &self.gates[caller.gate];
        let seen = gate.seen();
        // A cancel that was fired before this look opens no gate after it.
        if wait.check().is_err() {
            return Err(inner);
        }
        drop(inner);
        let looked = self.patience.look(|| match caller.take() {
            Some(result) => Some(Ok(result)),
            None => (gate.seen() != seen).then_some(Err(())),
        });
        match looked {
            Some(Ok(result)) => return Ok(result),
            Some(Err(())) => return Err(self.lock()),
            None => gate.wait(seen, caller.place, wait.deadline),
        }
        match caller.take() {
            // Who gave it holds the roles, or has seen to them.
            Some(result) => Ok(result),
            None => Err(self.lock()),
        }
    }

    /// Waits for replies and hands them out.
    fn read<'a>(
        &'a self,
        hub: &Hub<T>,
        mut inner: Guard<'a, T>,
        (wait, caller): (&Wait, &Arc<Caller>),
    ) -> Guard<'a, T> {
        let Some(held) = inner.line.clone() else {
            return inner;
        };
        inner.reading = true;
        inner.reader = Some(Arc::clone(caller));
        let mut replies = std::mem::take(&mut inner.scratch);
        drop(inner);
        let received = match &wait.cancel {
            None => held.line.receive(wait.deadline, &mut replies),
            Some(_) => self.receive_watching(&held, &mut replies, wait),
        };
        let received = match received {
            // The caller's time is over, not the connection's.
            Err(error) if error.code() == Code::Timeout => Ok(()),
            received => received,
        };
        self.hand_out(hub, &held, replies, received)
    }

    /// The same for a caller that may be cancelled: the connection has to outlive that.
    fn receive_watching(
        &self,
        held: &Arc<Held>,
        replies: &mut Vec<Reply>,
        wait: &Wait,
    ) -> Result<()> {
        while replies.is_empty() && !wait.is_over() {
            if self.watch(held, (true, false), wait)?.readable {
                held.line.receive_now(replies)?;
            }
        }
        Ok(())
    }

    /// Waits for the connection; a cancel ends it, too, and a writer that does not read is called when
    /// nobody else does any more.
    pub fn watch(
        &self,
        held: &Arc<Held>,
        (read, write): (bool, bool),
        wait: &Wait,
    ) -> Result<Ready> {
        if wait.cancel.is_none() && read {
            return held.line.wait(read, write, wait.deadline);
        }
        let bell = match write {
            true => self.bells.for_writer(),
            false => self.bells.for_reader(),
        };
        let Some(bell) = bell else {
            let blink = Deadline::after(Moment::now(), Some(BLINK));
            return held.line.wait(read, write, wait.deadline.min(blink));
        };
        if read && held.line.is_buffered() {
            return Ok(Ready {
                readable: true,
                writable: false,
            });
        }
        let fd = held.line.descriptor();
        let rung = Interest {
            fd: bell.descriptor(),
            read: true,
            write: false,
        };
        // Fired before the bell was there, it rang none.
        let deadline = match wait.check() {
            Ok(()) => wait.deadline,
            Err(_) => Deadline::at(wait.began),
        };
        let waited = poll::wait_any([Interest { fd, read, write }, rung], deadline);
        let [ready, rung] = waited.map_err(|error| {
            Error::from_io(Code::Disconnected, "cannot wait for the socket", &error)
        })?;
        // After this connection the role, and its bell, may be somebody else's.
        if rung.readable && self.lock().holds(held) {
            bell.hush();
        }
        Ok(ready)
    }
}
