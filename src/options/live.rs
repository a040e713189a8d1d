//! The options that can be changed while a client is open.
//!
//! Whoever needs one reads it without a lock: numbers are atomics of their own, and the retry
//! policy, which only a failed attempt looks at, stands in one of two slots. A forked child reads
//! them too, whatever the parent's other threads were doing, and goes on with a set of its own.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::builder::Options;
use super::config::{Config, Order, PoolConfig};
use super::retry::RetryConfig;
use crate::deadline::{Deadline, Moment};
use crate::error::Result;

/// See the module.
pub struct Live {
    timeout: Span,
    /// The same in nanoseconds, for every call: `u64::MAX` is none.
    timeout_nanos: AtomicU64,
    connect_timeout: Span,
    health_check: Span,
    max: AtomicUsize,
    min: AtomicUsize,
    fifo: AtomicBool,
    wait: Span,
    check_after: Span,
    max_idle: Span,
    max_age: Span,
    retry: Slots<RetryConfig>,
    /// How often something was changed.
    version: AtomicU64,
    /// Changes take turns.
    changing: Mutex<()>,
}

impl Live {
    /// Starts as `config` says.
    pub fn new(config: &Config) -> Self {
        let live = Self {
            timeout: Span::default(),
            timeout_nanos: AtomicU64::default(),
            connect_timeout: Span::default(),
            health_check: Span::default(),
            max: AtomicUsize::default(),
            min: AtomicUsize::default(),
            fifo: AtomicBool::default(),
            wait: Span::default(),
            check_after: Span::default(),
            max_idle: Span::default(),
            max_age: Span::default(),
            retry: Slots::new(config.retry.clone()),
            version: AtomicU64::new(0),
            changing: Mutex::default(),
        };
        live.store_numbers(config);
        live
    }

    /// In a forked child: a set of its own, as the parent's was at the fork.
    pub fn inherit(&self) -> Self {
        Self::new(&self.config())
    }

    /// Changes one option: names, values and refusals are those of `Options::set`.
    pub fn set(&self, name: &[u8], value: &[u8]) -> Result<()> {
        let _turn = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut options = Options::of(self.config());
        options.change(name, value)?;
        let config = options.into_config();
        config.check()?;
        self.store_numbers(&config);
        self.retry.replace(config.retry);
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn store_numbers(&self, config: &Config) {
        let pool = &config.pool;
        self.timeout.store(config.timeout);
        let nanos = config.timeout.map(|timeout| timeout.as_nanos());
        let nanos = nanos.and_then(|nanos| u64::try_from(nanos).ok());
        self.timeout_nanos
            .store(nanos.unwrap_or(u64::MAX), Ordering::Relaxed);
        self.connect_timeout.store(config.connect_timeout);
        self.health_check.store(config.health_check);
        self.max.store(pool.max, Ordering::Relaxed);
        self.min.store(pool.min, Ordering::Relaxed);
        self.fifo
            .store(pool.order == Order::Fifo, Ordering::Relaxed);
        self.wait.store(pool.wait);
        self.check_after.store(Some(pool.check_after));
        self.max_idle.store(pool.max_idle);
        self.max_age.store(pool.max_age);
    }

    /// The present values; what cannot change is at its default.
    fn config(&self) -> Config {
        Config {
            timeout: self.timeout(),
            connect_timeout: self.connect_timeout(),
            health_check: self.health_check(),
            pool: self.pool(),
            retry: (*self.retry()).clone(),
            ..Config::default()
        }
    }

    /// A number that is another after each change: who keeps a copy need not read it all again.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// `pool.check_after_ms`.
    pub fn check_after(&self) -> Duration {
        self.check_after.load().unwrap_or(Duration::MAX)
    }

    /// `pool.max_age_ms`.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age.load()
    }

    /// `timeout_ms`.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.load()
    }

    /// When `timeout_ms` from now are over.
    #[inline]
    pub fn end_of_call(&self, now: Moment) -> Deadline {
        Deadline::after_nanos(now, self.timeout_nanos.load(Ordering::Relaxed))
    }

    /// `connect_timeout_ms`.
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout.load()
    }

    /// `health_check_ms`.
    pub fn health_check(&self) -> Option<Duration> {
        self.health_check.load()
    }

    /// The options of the pool.
    pub fn pool(&self) -> PoolConfig {
        PoolConfig {
            max: self.max.load(Ordering::Relaxed),
            min: self.min.load(Ordering::Relaxed),
            order: match self.fifo.load(Ordering::Relaxed) {
                true => Order::Fifo,
                false => Order::Lifo,
            },
            wait: self.wait.load(),
            check_after: self.check_after(),
            max_idle: self.max_idle.load(),
            max_age: self.max_age.load(),
        }
    }

    /// The options of retrying.
    pub fn retry(&self) -> Arc<RetryConfig> {
        self.retry.read()
    }
}

/// A time in microseconds, or none.
#[derive(Default)]
struct Span(AtomicU64);

impl Span {
    const NONE: u64 = u64::MAX;

    fn store(&self, span: Option<Duration>) {
        let micros = span.map_or(Self::NONE, |span| {
            u64::try_from(span.as_micros()).map_or(Self::NONE - 1, |it| it.min(Self::NONE - 1))
        });
        self.0.store(micros, Ordering::Relaxed);
    }

    fn load(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            Self::NONE => None,
            micros => Some(Duration::from_micros(micros)),
        }
    }
}

/// A value that is seldom replaced. A new one is written into the slot that is not current, so
/// the current one is never locked for writing: a forked child, too, can always read it.
struct Slots<T> {
    slots: [RwLock<Arc<T>>; 2],
    current: AtomicUsize,
}

impl<T> Slots<T> {
    fn new(value: T) -> Self {
        let value = Arc::new(value);
        Self {
            slots: [RwLock::new(Arc::clone(&value)), RwLock::new(value)],
            current: AtomicUsize::new(0),
        }
    }

    fn read(&self) -> Arc<T> {
        let slot = &self.slots[self.current.load(Ordering::Acquire)];
        Arc::clone(&slot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Callers take turns.
    fn replace(&self, value: T) {
        let other = 1 - self.current.load(Ordering::Acquire);
        let mut slot = self.slots[other]
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *slot = Arc::new(value);
        drop(slot);
        self.current.store(other, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::rows;
    use super::*;

    fn refusal(live: &Live, name: &str, value: &str) -> String {
        let error = live.set(name.as_bytes(), value.as_bytes()).unwrap_err();
        assert_eq!(error.code(), crate::error::Code::Option, "{error}");
        error.to_string()
    }

    #[test]
    fn the_options_of_pool_and_retry_and_three_times_can_be_changed() {
        let changeable = |name: &str| {
            name.starts_with("pool.")
                || name.starts_with("retry.")
                || ["timeout_ms", "connect_timeout_ms", "health_check_ms"].contains(&name)
        };
        for row in rows() {
            assert_eq!(row.live, changeable(row.name), "{}", row.name);
        }
    }

    #[test]
    fn what_is_set_is_read_and_what_a_child_starts_with() {
        let live = Live::new(&Config::default());
        let set = |name: &str, value: &str| live.set(name.as_bytes(), value.as_bytes()).unwrap();
        for (name, value) in [
            ("timeout_ms", "-1"),
            ("connect_timeout_ms", "7"),
            ("health_check_ms", "8"),
            ("pool.max", "9"),
            ("pool.min", "3"),
            ("pool.order", "fifo"),
            ("pool.wait_ms", "0"),
            ("pool.check_after_ms", "11"),
            ("pool.max_idle_ms", "12"),
            ("pool.max_age_ms", "13"),
            ("retry.count", "2"),
            ("retry.base_ms", "14"),
        ] {
            set(name, value);
        }
        let ms = Duration::from_millis;
        for live in [&live, &live.inherit()] {
            assert_eq!(live.timeout(), None);
            assert_eq!(live.connect_timeout(), Some(ms(7)));
            assert_eq!(live.health_check(), Some(ms(8)));
            let wanted = PoolConfig {
                max: 9,
                min: 3,
                order: Order::Fifo,
                wait: Some(Duration::ZERO),
                check_after: ms(11),
                max_idle: Some(ms(12)),
                max_age: Some(ms(13)),
            };
            assert_eq!(live.pool(), wanted);
            let retry = live.retry();
            assert_eq!((retry.count, retry.backoff.base), (Some(2), ms(14)));
        }
    }

    #[test]
    fn a_refusal_says_why_and_changes_nothing() {
        let live = Live::new(&Config::default());
        assert!(refusal(&live, "timeout_ms", "5s").contains("option timeout_ms: \"5s\""));
        assert!(refusal(&live, "pool.maxx", "1").contains("pool.max"));
        assert!(refusal(&live, "db", "1").contains("option db is fixed when the client is opened"));
        assert!(refusal(&live, "password", "hunter2").contains("password is fixed"));
        assert!(!refusal(&live, "password", "hunter2").contains("hunter2"));
        let text = refusal(&live, "pool.min", "101");
        assert!(
            text.contains("pool.min is 101") && text.contains("pool.max is 100"),
            "{text}"
        );
        assert!(live.config() == Config::default());
    }

    #[test]
    fn the_current_slot_is_readable_while_the_other_is_written() {
        let slots = Slots::new(1);
        let _writing = slots.slots[1].write().unwrap();
        assert_eq!(*slots.read(), 1);
    }

    #[test]
    fn times_too_long_to_count_stay_times() {
        let span = Span::default();
        span.store(Some(Duration::MAX));
        assert!(
            span.load()
                .is_some_and(|it| it > Duration::from_secs(1 << 40))
        );
        span.store(None);
        assert_eq!(span.load(), None);
    }
}
