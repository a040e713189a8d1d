//! A client from open to close: what it holds in each process, how it is changed and watched.
//!
//! A forked child gets a state of its own and leaves the parent's alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::known::Known;
use super::stats::{Calls, Stats};
use super::{Client, Limit};
use crate::command::Block;
use crate::connection::Connector;
use crate::deadline::{Deadline, Moment};
use crate::error::Result;
use crate::events::Dispatcher;
use crate::net::{Cancel, Descriptors, Material, Wait};
use crate::options::{BackoffKind, Config, CustomBackoff, Live};
use crate::pool::{Counts, Pool};
use crate::queue::{Helpers, Job};
use crate::retry::Circuit;
use crate::shared::{InFlight, Links};
use crate::sys::fork::PerProcess;

/// What belongs to one process.
pub(super) struct State {
    pub pool: Arc<Pool>,
    /// What few clients need is made when it is first needed.
    links: OnceLock<Links<Job>>,
    in_flight: OnceLock<Arc<InFlight>>,
    helpers: OnceLock<Arc<Helpers>>,
    pub live: Arc<Live>,
    pub events: Arc<Dispatcher>,
    pub calls: Arc<Calls>,
    pub circuit: Arc<Circuit>,
    pub closing: Arc<Cancel>,
    pub descriptors: Arc<Descriptors>,
    pub known: Known,
    config: Arc<Config>,
}

impl Client {
    /// Makes a client; connects once, or `pool.min` times, unless it is lazy.
    pub fn open(mut config: Config) -> Result<Self> {
        config.check()?;
        let formula = keep_formula(&mut config.retry.backoff.kind);
        let live = Live::new(&config);
        let material = match config.secure {
            true => Some(Arc::new(Material::load(&config.tls)?)),
            false => None,
        };
        let config = Arc::new(config);
        let state = State::new(&config, &material, live);
        let client = Self {
            _formula: formula,
            state: PerProcess::new(state),
            closed: AtomicBool::new(false),
            material,
            config,
        };
        client.state().pool.check()?;
        if !client.config.lazy {
            let started = Moment::now();
            let limits = (client.config.connect_timeout, client.config.timeout);
            let limit = match limits {
                (Some(connect), Some(command)) => connect.checked_add(command),
                _ => None,
            };
            let state = client.state();
            let wait = state.wait(started, Deadline::after(started, limit), None);
            state
                .warm_up(&client.config, &wait)
                .map_err(|error| error.for_command("open", 1, started.elapsed()))?;
        }
        Ok(client)
    }

    /// Changes an option for calls that begin from now on, on connections old and new; a call
    /// under way may take it up at its next attempt.
    pub fn set(&self, name: &[u8], value: &[u8]) -> Result<()> {
        let state = self.state();
        state.wait(Moment::now(), Deadline::never(), None).check()?;
        state.live.set(name, value)?;
        state.pool.adjust();
        Ok(())
    }

    /// Where to listen to what happens in this process: a forked child starts without listeners.
    /// A listener that holds this client keeps it alive, so it should hold a `Weak`.
    pub fn events(&self) -> &Dispatcher {
        &self.state().events
    }

    /// What has happened in this process, and what is; true after `close` too.
    pub fn stats(&self) -> Stats {
        let state = self.state();
        Stats::gather(
            &state.pool,
            &state.calls,
            &state.live.pool(),
            state.circuit.report(),
        )
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        self.state().pool.node()
    }

    /// Ends calls inside and refuses later ones; returns at once.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.state().close();
    }

    /// Waits until no thread of this client runs any more, but for the one that asks; it is closed.
    pub fn join(&self) {
        self.state().join();
    }

    /// How many connections this process has.
    pub fn counts(&self) -> Counts {
        self.state().pool.counts()
    }

    /// What belongs to this process; a forked child makes its own.
    #[inline]
    pub(super) fn state(&self) -> &State {
        self.state.get(|inherited| self.inherit(inherited))
    }

    #[cold]
    fn inherit(&self, inherited: &State) -> State {
        inherited.descriptors.close_inherited(&self.config.endpoint);
        if let Some(links) = inherited.links.get() {
            links.close_inherited();
        }
        let live = inherited.live.inherit();
        let state = State::new(&self.config, &self.material, live);
        if self.closed.load(Ordering::SeqCst) {
            state.close();
        }
        state
    }

    /// Counts the commands of one call but for the first.
    pub(super) fn count_further(&self, commands: usize) {
        self.state().calls.further.add(commands as u64);
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.close();
        self.join();
    }
}

impl State {
    fn new(config: &Arc<Config>, material: &Option<Arc<Material>>, live: Live) -> Self {
        let live = Arc::new(live);
        let events = Arc::<Dispatcher>::default();
        let descriptors = Arc::<Descriptors>::default();
        let table = Some(Arc::clone(&descriptors));
        let connector = Connector::new(Arc::clone(config), material.clone(), table);
        let pool = Arc::new(Pool::new(connector, Arc::clone(&live), Arc::clone(&events)));
        let closing = Arc::<Cancel>::default();
        Self {
            pool,
            links: OnceLock::new(),
            in_flight: OnceLock::new(),
            helpers: OnceLock::new(),
            live,
            events,
            calls: Arc::default(),
            circuit: Arc::new(Circuit::new(config.circuit)),
            closing,
            descriptors,
            known: Known::default(),
            config: Arc::clone(config),
        }
    }

    /// Connections that many callers use at once; queues always do.
    #[inline]
    pub fn links(&self) -> &Links<Job> {
        self.links.get_or_init(|| self.make_links())
    }

    #[cold]
    fn make_links(&self) -> Links<Job> {
        Links::new(
            self.config.shared.links,
            Box::new(Arc::clone(&self.pool)),
            Arc::clone(&self.live),
            Arc::clone(&self.closing),
            Arc::clone(self.in_flight()),
        )
    }

    /// What is under way on them and on queues.
    pub fn in_flight(&self) -> &Arc<InFlight> {
        let make = || Arc::new(InFlight::new(self.config.in_flight));
        self.in_flight.get_or_init(make)
    }

    /// Threads for what a queue is given that may block.
    pub fn helpers(&self) -> &Arc<Helpers> {
        self.helpers.get_or_init(Arc::default)
    }

    /// Waits until no thread runs any more, but for the one that asks; the client is closed.
    fn join(&self) {
        if let Some(links) = self.links.get() {
            links.join();
        }
        if let Some(helpers) = self.helpers.get() {
            helpers.join();
        }
    }

    /// What a call that begins now may wait for.
    #[inline]
    pub fn wait(&self, began: Moment, deadline: Deadline, cancel: Option<Arc<Cancel>>) -> Wait {
        Wait {
            began,
            deadline,
            closing: Arc::clone(&self.closing),
            cancel,
        }
    }

    /// The end of a call that begins now.
    #[inline]
    pub fn deadline(&self, now: Moment, block: Block, limit: Limit) -> Deadline {
        let client = match block {
            Block::No if limit == Limit::Client => return self.live.end_of_call(now),
            Block::No => None,
            Block::Forever => None,
            Block::For(time) => self
                .live
                .timeout()
                .and_then(|limit| time.checked_add(limit)),
        };
        Deadline::after(now, limit.or(client))
    }

    /// The first connection, and as many more as the pool is to have.
    fn warm_up(&self, config: &Config, wait: &Wait) -> Result<()> {
        if !config.shared.is_on {
            return self.pool.warm_up(config.pool.min.max(1), wait);
        }
        self.links().warm_up(wait)?;
        self.pool.warm_up(config.pool.min, wait)
    }

    /// Ends what is under way and refuses what comes later; returns at once.
    fn close(&self) {
        // First, so that idle connections end with a word to the server, and those that come back cut
        // find it closed.
        self.pool.close();
        self.closing.fire();
        if let Some(links) = self.links.get() {
            links.end();
        }
    }

    /// Another server may have taken over: connections are made anew.
    pub fn renew(&self) {
        self.pool.close_idle();
        if let Some(links) = self.links.get() {
            links.renew();
        }
    }

    /// An attempt, if the breaker lets it through.
    #[inline(always)]
    pub fn guarded<T>(&self, attempt: impl FnOnce(&Pool) -> Result<T>) -> Result<T> {
        match self.circuit.is_off() {
            true => attempt(&self.pool),
            false => self.admitted(attempt),
        }
    }

    fn admitted<T>(&self, attempt: impl FnOnce(&Pool) -> Result<T>) -> Result<T> {
        let admitted = self.circuit.admit();
        let admission = admitted.map_err(|refusal| refusal.at_node(self.pool.node()))?;
        let result = attempt(&self.pool);
        admission.tell(result.as_ref().err());
        result
    }
}

/// Takes a caller's own formula out; what stays only borrows it.
fn keep_formula(kind: &mut BackoffKind) -> Option<CustomBackoff> {
    let BackoffKind::Custom(formula) = kind else {
        return None;
    };
    let borrowed = formula.borrowed();
    Some(std::mem::replace(formula, borrowed))
}
