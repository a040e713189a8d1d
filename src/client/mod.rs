//! The client: one handle, any thread. This file tells the life of a command.
//!
//! Take a connection, send, receive, decide what follows; standalone servers have one place to
//! route to. What a client is besides, from open to close, is told by `state`.

mod course;
mod known;
mod pipeline;
mod pipelined;
mod queued;
mod state;
mod stats;
mod told;
mod unknown;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use pipeline::{Failure, Pipeline};
pub use stats::Stats;

use crate::command::{self, Block, Nature};
use crate::deadline::{Deadline, Moment};
use crate::error::{self, Code, Error, Outcome, Phase, Result};
use crate::net::{Cancel, Material, Park, Wait};
use crate::options::{Config, CustomBackoff};
use crate::pool::Pool;
use crate::resp::{Kind, Reply};
use crate::retry::Decision;
use crate::sys::fork::PerProcess;
use crate::text;
pub(crate) use course::{Course, Facts};
use state::State;
pub(crate) use stats::Calls;

/// A command of so many bytes would hold up those behind it.
const TOO_LARGE_TO_SHARE: usize = 1 << 20;

/// A client: one handle for any thread, with pooled connections, deadlines and retries behind it.
/// Freed by `redisclient_free`.
pub struct Client {
    config: Arc<Config>,
    /// What TLS was given; `None` without TLS.
    material: Option<Arc<Material>>,
    /// Kept here alone: a forked child lets go of its client, not of the parent's state.
    _formula: Option<CustomBackoff>,
    closed: AtomicBool,
    state: PerProcess<State>,
}

/// What a caller may say of one call.
#[derive(Clone, Default)]
pub struct CallOptions {
    /// Limit for the whole call; the client's own when there is none.
    pub limit: Limit,
    /// Ends the call when fired.
    pub cancel: Option<Arc<Cancel>>,
    /// Whether it may be sent again though it may have run.
    pub idempotent: bool,
}

/// How long a call may take.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum Limit {
    /// The client's `timeout_ms`, plus a blocking command's own time.
    #[default]
    Client,
    /// No limit.
    Never,
    /// So long.
    For(Duration),
}

impl Limit {
    /// What it comes to, where the client's own is `client`.
    #[inline]
    pub fn or(self, client: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Client => client,
            Self::Never => None,
            Self::For(limit) => Some(limit),
        }
    }
}

impl Client {
    /// Sends a command and waits for its reply, trying again as the policy says.
    #[inline(always)]
    pub fn execute(&self, args: &[&[u8]], options: &CallOptions) -> Result<Reply> {
        if self.config.shared.is_on || !command::is_plain(args) {
            return self.execute_otherwise(args, options);
        }
        let state = self.state();
        let wait = state.begin(Block::No, options);
        match state.guarded(|pool| attempt(pool, args, &wait)) {
            Ok(reply) => Ok(reply),
            Err(error) => state.attempt_again(args, options, wait, error),
        }
    }

    /// The same for commands that need more than an exchange on any connection.
    #[inline(never)]
    fn execute_otherwise(&self, args: &[&[u8]], options: &CallOptions) -> Result<Reply> {
        let nature = command::nature(args);
        refuse_state(args, &nature)?;
        if !nature.known && !options.idempotent && !self.state().live.retry().replay_unknown {
            return self.execute_unknown(args, nature, options);
        }
        let shared = self.config.shared.is_on && is_for_sharing(args, &nature);
        let nature = Cell::new(nature);
        self.persist(name_of(args), &nature, options, |pool, wait| match shared {
            true => attempt_shared(self.state(), args, wait),
            false => attempt(pool, args, wait),
        })
    }

    /// Attempts until one succeeds or `decide` gives up. An attempt may change whether there can
    /// be another one.
    fn persist<T>(
        &self,
        name: &[u8],
        nature: &Cell<Nature>,
        options: &CallOptions,
        mut attempt: impl FnMut(&Pool, &Wait) -> Result<T>,
    ) -> Result<T> {
        let state = self.state();
        let wait = state.begin(nature.get().block, options);
        match state.guarded(|pool| attempt(pool, &wait)) {
            Ok(value) => Ok(value),
            Err(error) => state.go_on((name, nature, options), wait, error, attempt),
        }
    }
}

impl State {
    /// Counts a call, and says what it may wait for.
    #[inline(always)]
    fn begin(&self, block: Block, options: &CallOptions) -> Wait {
        self.calls.begun.count();
        let began = Moment::now();
        let deadline = self.deadline(began, block, options.limit);
        self.wait(began, deadline, options.cancel.clone())
    }

    #[cold]
    fn attempt_again(
        &self,
        args: &[&[u8]],
        options: &CallOptions,
        wait: Wait,
        error: Error,
    ) -> Result<Reply> {
        let nature = Cell::new(command::nature(args));
        let call = (name_of(args), &nature, options);
        self.go_on(call, wait, error, |pool, wait| attempt(pool, args, wait))
    }

    /// What follows the first attempt when it failed.
    #[cold]
    fn go_on<T>(
        &self,
        (name, nature, options): (&[u8], &Cell<Nature>, &CallOptions),
        mut wait: Wait,
        mut failure: Error,
        mut attempt: impl FnMut(&Pool, &Wait) -> Result<T>,
    ) -> Result<T> {
        let mut course = Course::new(wait.began);
        loop {
            let facts = Facts {
                reads: nature.get().replayable,
                replayable: nature.get().replayable || options.idempotent,
                script: nature.get().script,
                remaining: wait.deadline.remaining(),
            };
            let (decision, error) = course.judge(failure, &facts, &self.live.retry());
            let pause = match decision {
                Decision::Fail => return Err(course.describe(error, name, &self.calls)),
                Decision::RetryAfter(pause) => pause,
                Decision::RefreshThenRetry(pause) => {
                    self.renew();
                    pause
                }
            };
            pause_for(pause, &wait).map_err(|ended| {
                let ended = ended.in_phase(Phase::Backoff).at_node(error.node());
                let ended = ended.with_outcome(error.outcome()).caused_by(error);
                course.describe(ended, name, &self.calls)
            })?;
            course.go_on(&self.calls);
            wait.began = Moment::now();
            match self.guarded(|pool| attempt(pool, &wait)) {
                Ok(value) => return Ok(value),
                Err(error) => failure = error,
            }
        }
    }
}

/// Whether a command goes over a connection that others use too: none that holds them up.
fn is_for_sharing(args: &[&[u8]], nature: &Nature) -> bool {
    nature.known
        && nature.block == Block::No
        && args.iter().map(|arg| arg.len()).sum::<usize>() < TOO_LARGE_TO_SHARE
}

/// One try: a connection, an exchange, and the server's no turned into an error.
#[inline(always)]
fn attempt(pool: &Pool, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
    let mut lease = pool.checkout(wait)?;
    let reply = lease.connection()?.exchange(args, wait)?;
    lease.finish();
    accept(reply, pool.node())
}

/// The same over a shared connection.
fn attempt_shared(state: &State, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
    let reply = state.links().call(args, wait)?;
    accept(reply, state.pool.node())
}

/// The server's no is a failure.
#[inline(always)]
pub(crate) fn accept(reply: Reply, node: &str) -> Result<Reply> {
    match reply.is(Kind::Error) {
        false => Ok(reply),
        true => Err(refusal(&reply, node)),
    }
}

/// What an error reply says.
#[cold]
fn refusal(reply: &Reply, node: &str) -> Error {
    let error = error::from_line(reply.text()).with_outcome(Outcome::Refused);
    error.at_node(node)
}

/// Commands that could make a later caller's reply wrong have handles of their own.
pub(crate) fn refuse_state(args: &[&[u8]], nature: &Nature) -> Result<()> {
    match nature.changes_state {
        false => Ok(()),
        true => Err(state_refused(args)),
    }
}

#[cold]
fn state_refused(args: &[&[u8]]) -> Error {
    let name = printable_name(args);
    let instead = command::lookup(args).map_or("another handle", command::handle_for);
    Error::new(
        Code::State,
        format!("{name} would change a connection that others use; use {instead} instead"),
    )
}

#[inline]
fn name_of<'a>(args: &[&'a [u8]]) -> &'a [u8] {
    args.first().copied().unwrap_or_default()
}

/// The same, fit for a message.
fn printable_name(args: &[&[u8]]) -> String {
    text::printable(name_of(args), 64)
}

fn pause_for(pause: Duration, wait: &Wait) -> Result<()> {
    if pause.is_zero() {
        return wait.check();
    }
    let until = Deadline::after(Moment::now(), Some(pause));
    wait.until(until).park(&Arc::new(Park::default()))?;
    Ok(())
}
