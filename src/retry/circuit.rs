//! A breaker for one server: after so many failures in a row calls fail at once for a while, then
//! one of them is let through to see, and its end decides for all.
//!
//! Only what says that the server is out of reach counts: an answer of any kind, an error too,
//! says that it is not. It judges each attempt; attempts of one call count one by one.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Code, Error, Phase};
use crate::options::CircuitConfig;

/// Whether attempts are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum CircuitState {
    /// All of them.
    Closed = 0,
    /// None.
    Open = 1,
    /// One, to see.
    HalfOpen = 2,
}

/// See the module.
pub struct Circuit {
    config: CircuitConfig,
    /// Read without the lock while all is well.
    in_a_row: AtomicU32,
    is_broken: AtomicBool,
    broken: Mutex<Broken>,
}

/// What is remembered while it is not closed.
#[derive(Default)]
struct Broken {
    until: Option<Instant>,
    /// An attempt is under way to see.
    trying: bool,
    last: Option<Error>,
    opened: u64,
    refused: u64,
}

/// An attempt that was let through; what became of it has to be told.
pub struct Admission<C: Deref<Target = Circuit>> {
    circuit: C,
    is_trial: bool,
    told: bool,
}

impl Circuit {
    /// A closed one.
    pub fn new(config: CircuitConfig) -> Self {
        Self {
            config,
            in_a_row: AtomicU32::new(0),
            is_broken: AtomicBool::new(false),
            broken: Mutex::default(),
        }
    }

    /// Whether it lets everything through.
    #[inline]
    pub fn is_off(&self) -> bool {
        self.config.failures == 0
    }

    /// Lets an attempt through, or says since when and why not.
    pub fn admit(&self) -> Result<Admission<&Self>, Error> {
        Ok(Admission {
            circuit: self,
            is_trial: self.is_trial()?,
            told: self.is_off(),
        })
    }

    /// The same for an attempt that nobody waits for; none is needed while there is no limit.
    pub fn admit_kept(self: &Arc<Self>) -> Result<Option<Admission<Arc<Self>>>, Error> {
        if self.is_off() {
            return Ok(None);
        }
        Ok(Some(Admission {
            is_trial: self.is_trial()?,
            circuit: Arc::clone(self),
            told: false,
        }))
    }

    fn is_trial(&self) -> Result<bool, Error> {
        match self.is_broken.load(Ordering::Acquire) {
            false => Ok(false),
            true => self.admit_trial(Instant::now()),
        }
    }

    /// Its state now, how often it opened, and how many attempts it refused.
    pub fn report(&self) -> (CircuitState, u64, u64) {
        let broken = self.lock();
        (
            self.state(&broken, Instant::now()),
            broken.opened,
            broken.refused,
        )
    }

    fn state(&self, broken: &Broken, now: Instant) -> CircuitState {
        match broken.until {
            None => CircuitState::Closed,
            Some(until) if now < until => CircuitState::Open,
            Some(_) => CircuitState::HalfOpen,
        }
    }

    fn admit_trial(&self, now: Instant) -> Result<bool, Error> {
        let mut broken = self.lock();
        match self.state(&broken, now) {
            CircuitState::Closed => Ok(false),
            CircuitState::HalfOpen if !broken.trying => {
                broken.trying = true;
                Ok(true)
            }
            state => {
                broken.refused += 1;
                Err(self.refusal(&broken, state, now))
            }
        }
    }

    fn refusal(&self, broken: &Broken, state: CircuitState, now: Instant) -> Error {
        let failures = self.config.failures;
        let next = match (state, broken.until) {
            (CircuitState::Open, Some(until)) => {
                let left = until.saturating_duration_since(now);
                format!(
                    "open, the next attempt is let through in {} ms",
                    millis_up(left)
                )
            }
            _ => "half-open, another call is trying".to_owned(),
        };
        let detail = format!("the circuit breaker is {next}, after {failures} failures in a row");
        let error = Error::new(Code::Circuit, detail).in_phase(Phase::Queue);
        match &broken.last {
            Some(last) => error.caused_by(last.clone()),
            None => error,
        }
    }

    fn succeeded(&self, is_trial: bool) {
        if self.in_a_row.load(Ordering::Relaxed) != 0 {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
        if is_trial {
            let mut broken = self.lock();
            (broken.until, broken.trying, broken.last) = (None, false, None);
            self.is_broken.store(false, Ordering::Release);
        }
    }

    #[cold]
    fn failed(&self, is_trial: bool, error: &Error) {
        let in_a_row = self
            .in_a_row
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if !is_trial && in_a_row < self.config.failures {
            return;
        }
        let mut broken = self.lock();
        if broken.until.is_some() && !is_trial {
            // Begun before it opened: it knows nothing new.
            return;
        }
        broken.opened += 1;
        broken.trying = false;
        broken.last = Some(error.clone());
        broken.until = Instant::now().checked_add(self.config.open);
        self.in_a_row.store(0, Ordering::Relaxed);
        self.is_broken
            .store(broken.until.is_some(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Broken> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Deref<Target = Circuit>> Admission<C> {
    /// Tells what became of the attempt.
    pub fn tell(mut self, failure: Option<&Error>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        match failure {
            None => self.circuit.succeeded(self.is_trial),
            Some(error) if is_out_of_reach(error) => self.circuit.failed(self.is_trial, error),
            Some(error) if says_nothing(error) => self.give_back(),
            Some(_) => self.circuit.succeeded(self.is_trial),
        }
    }

    /// A trial that came to nothing lets another begin.
    fn give_back(&self) {
        if self.is_trial {
            self.circuit.lock().trying = false;
        }
    }
}

impl<C: Deref<Target = Circuit>> Drop for Admission<C> {
    fn drop(&mut self) {
        if !self.told {
            self.give_back();
        }
    }
}

/// The server could not be reached, or did not answer.
fn is_out_of_reach(error: &Error) -> bool {
    match error.code() {
        Code::Resolve | Code::Connect | Code::Disconnected | Code::Tls => true,
        Code::Timeout => !matches!(error.phase(), Some(Phase::Queue | Phase::Backoff)),
        _ => false,
    }
}

/// The end of the attempt says nothing of the server.
fn says_nothing(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::Timeout | Code::Cancelled | Code::Closed | Code::Pool | Code::NoMemory
    )
}

fn millis_up(time: Duration) -> u128 {
    time.as_micros().div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit(failures: u32, open_ms: u64) -> Circuit {
        Circuit::new(CircuitConfig {
            failures,
            open: Duration::from_millis(open_ms),
        })
    }

    fn fail(circuit: &Circuit, code: Code) {
        circuit
            .admit()
            .unwrap_or_else(|error| panic!("{error}"))
            .tell(Some(&Error::new(code, "gone")));
    }

    fn state(circuit: &Circuit) -> CircuitState {
        circuit.report().0
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_says_so() {
        let circuit = circuit(3, 60_000);
        fail(&circuit, Code::Connect);
        fail(&circuit, Code::Connect);
        circuit
            .admit()
            .unwrap_or_else(|error| panic!("{error}"))
            .tell(None);
        fail(&circuit, Code::Connect);
        fail(&circuit, Code::Disconnected);
        assert_eq!(state(&circuit), CircuitState::Closed);
        fail(&circuit, Code::Timeout);
        assert_eq!(state(&circuit), CircuitState::Open);
        let refusal = circuit
            .admit()
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            refusal.contains("open, the next attempt is let through in"),
            "{refusal}"
        );
        assert!(
            refusal.contains("after 3 failures in a row") && refusal.contains("last error: gone")
        );
        assert_eq!(circuit.report(), (CircuitState::Open, 1, 1));
    }

    #[test]
    fn one_attempt_at_a_time_tries_and_decides() {
        let circuit = circuit(1, 0);
        fail(&circuit, Code::Connect);
        assert_eq!(state(&circuit), CircuitState::HalfOpen);
        let trial = circuit.admit().unwrap_or_else(|error| panic!("{error}"));
        assert!(
            circuit
                .admit()
                .is_err_and(|error| error.detail().contains("half-open"))
        );
        trial.tell(Some(&Error::new(Code::Connect, "still gone")));
        assert_eq!(circuit.report().1, 2);
        circuit
            .admit()
            .unwrap_or_else(|error| panic!("{error}"))
            .tell(None);
        assert_eq!(state(&circuit), CircuitState::Closed);
        fail(&circuit, Code::Server);
        assert_eq!(
            state(&circuit),
            CircuitState::Closed,
            "an answer is an answer"
        );
    }

    #[test]
    fn a_trial_that_says_nothing_lets_another_begin() {
        let circuit = circuit(1, 0);
        fail(&circuit, Code::Connect);
        drop(circuit.admit());
        fail(&circuit, Code::Cancelled);
        assert!(circuit.admit().is_ok());
    }

    #[test]
    fn none_is_never_open() {
        let circuit = circuit(0, 60_000);
        for _ in 0..100 {
            fail(&circuit, Code::Connect);
        }
        assert_eq!(circuit.report(), (CircuitState::Closed, 0, 0));
    }
}
