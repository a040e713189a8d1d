//! A queue of completions for any event loop: commands go in without waiting, what became of them
//! comes out when the consumer asks, on its own thread.
//!
//! Many threads may submit, one consumes. Commands go over the client's shared links; those that
//! may block the server's answer go to a helper thread with a connection of its own.

mod consumer;
mod event;
mod helpers;
mod job;
mod listen;
mod ready;
#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test ends at a failure")]
mod tests;

use std::sync::Arc;

pub use event::{Event, EventKind};
pub use helpers::Helpers;
pub use job::{Callback, Job, Target};
pub(crate) use job::{Errand, Relay};
pub use ready::Completed;
pub(crate) use ready::{Ready, Ties};

use crate::client::{CallOptions, Client, refuse_state};
use crate::command::{self, Block, Nature};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::net::{Cancel, Registration, Sleeper, Wake};
use crate::sys::fork;
use crate::sys::poll::Descriptor;
use consumer::Consumer;
use listen::Listening;
use ready::Called;

/// See the module.
pub struct Queue {
    client: Arc<Client>,
    ready: Arc<Ready>,
    consumer: Consumer,
    listening: Listening,
    /// Ends what helper threads do for this queue.
    given_up: Arc<Cancel>,
    _closing: Registration,
    generation: u64,
}

/// What a command counts for: its bytes, and roughly what stands around them on the wire.
fn weight(args: &[&[u8]]) -> usize {
    const AROUND: usize = 8;
    args.iter()
        .fold(AROUND, |sum, arg| sum.saturating_add(arg.len() + AROUND))
}

/// What a submitter gets back with the reason why nothing was taken.
pub type Refused = (Error, Target);

impl Queue {
    /// An empty queue on a client.
    pub fn new(client: Arc<Client>) -> Self {
        let ready = Arc::new(client.ready());
        let closing = client.closing();
        let hook: Arc<dyn Wake> = Arc::clone(&ready) as Arc<dyn Wake>;
        Self {
            _closing: closing.register(Sleeper::Other(hook)),
            client,
            ready,
            consumer: Consumer::default(),
            listening: Listening::default(),
            given_up: Arc::default(),
            generation: fork::generation(),
        }
    }

    /// Whether this is a forked child's copy of its parent's queue.
    pub fn is_inherited(&self) -> bool {
        self.generation != fork::generation()
    }

    fn check_process(&self) -> Result<()> {
        match self.is_inherited() {
            true => Err(Error::new(
                Code::Forked,
                "the queue was made before the fork",
            )),
            false => Ok(()),
        }
    }

    /// Sends a command; what becomes of it goes to `target`. Never waits.
    pub fn submit(
        &self,
        args: &[&[u8]],
        options: &CallOptions,
        target: Target,
    ) -> std::result::Result<(), Refused> {
        let nature = command::nature(args);
        if let Err(error) = self.admit(args, &nature, options) {
            return Err((error, target));
        }
        let bytes = weight(args);
        if let Err(error) = self.enter(bytes) {
            return Err((error, target));
        }
        let submitted = match nature.known && nature.block == Block::No {
            true => self
                .client
                .submit(self.job(&nature, options, target, bytes), args),
            false => self.help(args, options, target, bytes),
        };
        submitted.inspect_err(|_| self.ready.leave(bytes))
    }

    #[inline]
    fn enter(&self, bytes: usize) -> Result<()> {
        self.ready.enter(bytes).or_else(|_| {
            self.client.make_room();
            self.ready.enter(bytes)
        })
    }

    fn admit(&self, args: &[&[u8]], nature: &Nature, options: &CallOptions) -> Result<()> {
        self.check_process()?;
        self.ready.check()?;
        refuse_state(args, nature)?;
        match &options.cancel {
            Some(cancel) if cancel.is_fired() => Err(Error::cancelled()),
            _ => Ok(()),
        }
    }

    fn job(&self, nature: &Nature, options: &CallOptions, target: Target, bytes: usize) -> Job {
        let limit = options.limit.or(self.ready.live().timeout());
        let due = limit.map_or(u64::MAX, |limit| self.ready.clock().after(limit));
        Job::new(&self.ready, target, (nature, options), due, bytes)
    }

    /// What may block, or is not known not to, has a thread and a connection to itself.
    fn help(
        &self,
        args: &[&[u8]],
        options: &CallOptions,
        target: Target,
        bytes: usize,
    ) -> std::result::Result<(), Refused> {
        let errand = Errand::new(&self.client, &self.ready, args, bytes);
        self.client.help(errand, options, &self.given_up, target)
    }

    /// Readable while anything waits; made when it is first asked for. `None` when there is none to
    /// be had.
    pub fn descriptor(&self) -> Option<Descriptor> {
        match self.is_inherited() {
            true => None,
            false => self.ready.descriptor(),
        }
    }

    /// Runs callbacks whose commands have ended on this thread, waiting for the first; answers how
    /// many.
    pub fn dispatch(&self, deadline: Deadline) -> Result<usize> {
        self.check_process()?;
        let _turn = self.consumer.enter()?;
        let ready = Arc::clone(&self.ready);
        let waiting = ready.wait_for_calls(deadline)?;
        let mut count = 0;
        while count < waiting
            && let Some(Called {
                mut callback,
                result,
            }) = ready.next_call()
        {
            callback.call(result);
            // A child that was forked by it comes back, too.
            self.check_process()?;
            count += 1;
        }
        Ok(count)
    }

    /// The next of what has no callback; `None` at the deadline, and at once after CLOSED.
    pub fn next(&self, deadline: Deadline) -> Result<Option<Event>> {
        self.check_process()?;
        let _turn = self.consumer.enter()?;
        self.ready.next_event(deadline)
    }

    /// Tagged completions, at most `capacity`, waiting for the first; answers how many were put.
    pub fn drain(
        &self,
        capacity: usize,
        deadline: Deadline,
        put: impl FnMut(Completed),
    ) -> Result<usize> {
        self.check_process()?;
        let _turn = self.consumer.enter()?;
        self.ready.drain(capacity, deadline, put)
    }

    /// Chooses which events of the client come here: bits by kind.
    pub fn listen(&self, kinds: u32) -> Result<()> {
        self.check_process()?;
        self.ready.listen(kinds);
        self.listening.set(kinds, &self.client, &self.ready);
        Ok(())
    }

    /// Gives up what is under way: no callback runs any more, and each is dropped before this returns.
    pub fn give_up(&self) {
        if self.is_inherited() {
            return;
        }
        self.listening.set(0, &self.client, &self.ready);
        let left = self.ready.close();
        drop(left);
        self.given_up.fire();
        let ready = Arc::clone(&self.ready);
        let taken = self.client.take_jobs(|job| job.is_for(&ready));
        ready.end_taken(taken);
        ready.wait_for_the_rest();
    }

    /// In a forked child, where the rest is left as it is: closes the copies of the descriptors.
    pub fn close_inherited(&self) {
        self.ready.close_inherited();
    }

    /// Whose it is.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }
}
