//! When to try again, as the options say it: how often, after which failures, after which pause.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::retry_on::RetryOn;

/// When to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// Tries after the first; `None` is no limit.
    pub count: Option<u32>,
    /// Replay whatever the outcome: at-least-once.
    pub replay_unknown: bool,
    /// Failures that are worth another try.
    pub on: RetryOn,
    /// Pause between tries.
    pub backoff: Backoff,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            count: Some(10),
            replay_unknown: false,
            on: RetryOn::default(),
            backoff: Backoff {
                kind: BackoffKind::ExponentialJitter,
                base: Duration::from_millis(10),
                cap: Duration::from_secs(1),
            },
        }
    }
}

/// Pause between tries; formulas in `retry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Formula.
    pub kind: BackoffKind,
    /// Unit of the first pause.
    pub base: Duration,
    /// Longest pause.
    pub cap: Duration,
}

/// Formula of the pause: `n` is the number of failures, `rand` uniform in [0, 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackoffKind {
    /// No pause.
    None,
    /// `base`.
    Constant,
    /// `min(cap, base * 2^n)`.
    Exponential,
    /// `min(cap, rand * base * 2^n)`.
    ExponentialJitter,
    /// `rand * min(cap, base * 2^n)`.
    FullJitter,
    /// `half + rand * half`, where `half` is `min(cap, base * 2^n) / 2`.
    EqualJitter,
    /// `min(cap, uniform between base and three times the pause before)`.
    DecorrelatedJitter,
    /// What the caller's own formula says.
    Custom(CustomBackoff),
}

/// A caller's own formula. It may be asked from several threads at once.
pub trait Pause: Send + Sync {
    /// The pause after `failures` failures, the pause before having been `previous`; `None` gives up.
    fn pause(&self, failures: u32, previous: Duration) -> Option<Duration>;
}

/// A caller's own formula, shared by whoever copies the options. Each is equal to itself alone.
#[derive(Clone)]
pub struct CustomBackoff(Holder);

#[derive(Clone)]
enum Holder {
    Owner(Arc<dyn Pause>),
    Borrower(Weak<dyn Pause>),
}

impl CustomBackoff {
    /// Takes a formula over.
    pub fn new(formula: impl Pause + 'static) -> Self {
        Self(Holder::Owner(Arc::new(formula)))
    }

    /// The same without keeping it: for a holder that a forked child cannot let go of.
    pub fn borrowed(&self) -> Self {
        Self(match &self.0 {
            Holder::Owner(formula) => Holder::Borrower(Arc::downgrade(formula)),
            borrower => borrower.clone(),
        })
    }

    /// Asks it; one that nobody keeps any more gives up.
    pub fn pause(&self, failures: u32, previous: Duration) -> Option<Duration> {
        match &self.0 {
            Holder::Owner(formula) => formula.pause(failures, previous),
            Holder::Borrower(formula) => formula.upgrade()?.pause(failures, previous),
        }
    }

    fn address(&self) -> *const () {
        match &self.0 {
            Holder::Owner(formula) => Arc::as_ptr(formula).cast(),
            Holder::Borrower(formula) => formula.as_ptr().cast(),
        }
    }
}

impl PartialEq for CustomBackoff {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for CustomBackoff {}

impl fmt::Debug for CustomBackoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomBackoff")
    }
}
