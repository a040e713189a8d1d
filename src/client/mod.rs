//! The client: one handle, any thread. This file tells the life of a command.
//!
//! Take a connection, send, receive, decide what follows; standalone servers have one place to
//! route to. A forked child gets a state of its own and leaves the parent's alone.

mod pipeline;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub use pipeline::{Failure, Pipeline};

use crate::command::{self, Block, Nature};
use crate::connection::Connector;
use crate::deadline::Deadline;
use crate::error::{self, Code, Error, Outcome, Phase, Result};
use crate::net::{Cancel, Descriptors, Park, Wait};
use crate::options::Config;
use crate::pool::{Counts, Pool};
use crate::resp::{Kind, Reply};
use crate::retry::{self, Attempt, Decision};
use crate::sys::fork::PerProcess;
use crate::text;

/// See the module.
pub struct Client {
    config: Arc<Config>,
    closed: AtomicBool,
    state: PerProcess<State>,
}

/// What belongs to one process.
struct State {
    pool: Pool,
    closing: Arc<Cancel>,
    descriptors: Arc<Descriptors>,
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

impl Client {
    /// Makes a client; connects once unless it is lazy.
    pub fn open(config: Config) -> Result<Self> {
        let config = Arc::new(config);
        let client = Self {
            state: PerProcess::new(State::new(&config)),
            closed: AtomicBool::new(false),
            config,
        };
        if !client.config.lazy {
            let started = Instant::now();
            let limits = (client.config.connect_timeout, client.config.timeout);
            let limit = match limits {
                (Some(connect), Some(command)) => connect.checked_add(command),
                _ => None,
            };
            let wait = client.wait(client.state(), Deadline::after(started, limit), None);
            let pool = &client.state().pool;
            pool.checkout(&wait)
                .map_err(|error| error.for_command("open", 1, started.elapsed()))?
                .finish();
        }
        Ok(client)
    }

    /// Sends a command and waits for its reply, trying again as the policy says.
    pub fn execute(&self, args: &[&[u8]], options: &CallOptions) -> Result<Reply> {
        let nature = command::nature(args);
        refuse_state(args, &nature)?;
        let replayable = nature.replayable || options.idempotent;
        self.persist(
            name_of(args),
            nature.block,
            replayable,
            options,
            |pool, wait| attempt(pool, args, wait),
        )
    }

    /// Attempts until one succeeds or `decide` gives up.
    fn persist<T>(
        &self,
        name: &[u8],
        block: Block,
        replayable: bool,
        options: &CallOptions,
        mut attempt: impl FnMut(&Pool, &Wait) -> Result<T>,
    ) -> Result<T> {
        let started = Instant::now();
        let state = self.state();
        let deadline = self.deadline(started, block, options.limit);
        let wait = self.wait(state, deadline, options.cancel.clone());
        let mut number = 1;
        loop {
            let error = match attempt(&state.pool, &wait) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let decision = retry::decide(
                &Attempt {
                    error: &error,
                    replayable,
                    number,
                    remaining: deadline.remaining(),
                },
                &self.config.retry,
            );
            let described = |error: Error| {
                error.for_command(&text::printable(name, 64), number, started.elapsed())
            };
            let pause = match decision {
                Decision::Fail => return Err(described(error)),
                Decision::RetryAfter(pause) => pause,
                Decision::RefreshThenRetry(pause) => {
                    state.pool.close_idle();
                    pause
                }
            };
            pause_for(pause, &wait).map_err(|ended| {
                let ended = ended.in_phase(Phase::Backoff).with_outcome(error.outcome());
                described(ended.at_node(error.node()).caused_by(error.clone()))
            })?;
            number += 1;
        }
    }

    /// Ends calls inside and refuses later ones; returns at once.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        let state = self.state();
        state.closing.fire();
        state.pool.close();
    }

    /// How many connections this process has.
    pub fn counts(&self) -> Counts {
        self.state().pool.counts()
    }

    fn state(&self) -> &State {
        self.state.get(|inherited| {
            inherited.descriptors.close_inherited(&self.config.endpoint);
            let state = State::new(&self.config);
            if self.closed.load(Ordering::SeqCst) {
                state.closing.fire();
                state.pool.close();
            }
            state
        })
    }

    fn wait(&self, state: &State, deadline: Deadline, cancel: Option<Arc<Cancel>>) -> Wait {
        Wait {
            deadline,
            closing: Arc::clone(&state.closing),
            cancel,
        }
    }

    fn deadline(&self, now: Instant, block: Block, limit: Limit) -> Deadline {
        match limit {
            Limit::Never => Deadline::never(),
            Limit::For(limit) => Deadline::after(now, Some(limit)),
            Limit::Client => match (block, self.config.timeout) {
                (Block::Forever, _) | (_, None) => Deadline::never(),
                (Block::No, limit) => Deadline::after(now, limit),
                (Block::For(time), Some(limit)) => Deadline::after(now, time.checked_add(limit)),
            },
        }
    }
}

impl State {
    fn new(config: &Arc<Config>) -> Self {
        let descriptors = Arc::new(Descriptors::new(config.pool.max));
        let connector = Connector::new(Arc::clone(config), Some(Arc::clone(&descriptors)));
        Self {
            pool: Pool::new(Arc::clone(config), connector),
            closing: Arc::default(),
            descriptors,
        }
    }
}

/// One try: a connection, an exchange, and the server's no turned into an error.
fn attempt(pool: &Pool, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
    let mut lease = pool.checkout(wait)?;
    let reply = lease.connection()?.exchange(args, wait)?;
    lease.finish();
    if reply.kind() != Kind::Error {
        return Ok(reply);
    }
    Err(error::from_line(reply.text())
        .with_outcome(Outcome::Refused)
        .at_node(pool.node()))
}

/// Commands that could make a later caller's reply wrong have handles of their own.
fn refuse_state(args: &[&[u8]], nature: &Nature) -> Result<()> {
    if !nature.changes_state {
        return Ok(());
    }
    let name = text::printable(name_of(args), 64);
    let instead = command::lookup(args).map_or("another handle", command::handle_for);
    Err(Error::new(
        Code::State,
        format!("{name} would change a connection that others use; use {instead} instead"),
    ))
}

fn name_of<'a>(args: &[&'a [u8]]) -> &'a [u8] {
    args.first().copied().unwrap_or_default()
}

fn pause_for(pause: Duration, wait: &Wait) -> Result<()> {
    if pause.is_zero() {
        return wait.check();
    }
    let until = Deadline::after(Instant::now(), Some(pause));
    wait.until(until).park(&Arc::new(Park::default()))?;
    Ok(())
}
