//! Ending a wait from another thread.
//!
//! A blocked call sleeps in one of two ways: in a system call on its socket, or parked. A
//! `Cancel` knows the sleepers it covers and wakes them all when it is fired; it stays fired.
//! A client has one for its closing, a caller may bring another for its call.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use super::socket::Socket;
use crate::deadline::{Deadline, Moment};
use crate::error::{Error, Result};
use crate::sys::fork::PerProcess;
use crate::sys::sync::{Condvar, Mutex, MutexGuard};

/// A place to sleep until woken or out of time.
#[derive(Default)]
pub struct Park {
    woken: Mutex<bool>,
    condition: Condvar,
}

impl Park {
    /// Sleeps; `false` when the deadline passed first. Forgets the wake-up it consumed.
    pub fn wait(&self, deadline: Deadline) -> bool {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = match deadline.remaining() {
                None => self
                    .condition
                    .wait(woken)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => return false,
                Some(left) => {
                    let waited = self.condition.wait_timeout(woken, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *woken = false;
        true
    }

    /// Wakes the sleeper, now or when it comes.
    pub fn wake(&self) {
        *lock(&self.woken) = true;
        self.condition.notify_one();
    }
}

/// Locks, whatever happened to an earlier holder: our critical sections leave nothing half-done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread sleeps in.
#[derive(Clone)]
pub enum Sleeper {
    /// A system call on a socket; waking it costs the connection.
    Socket(Arc<Socket>),
    /// A park.
    Park(Arc<Park>),
    /// Something else that knows how to wake it.
    Other(Arc<dyn Wake>),
}

/// How a sleeper of another kind is woken; it must not wait for a lock that a sleeper holds.
pub trait Wake: Send + Sync {
    /// Makes it look whether its wait has ended.
    fn wake(&self);
}

impl Sleeper {
    fn wake(&self) {
        match self {
            Sleeper::Socket(socket) => socket.shutdown(),
            Sleeper::Park(park) => park.wake(),
            Sleeper::Other(other) => other.wake(),
        }
    }
}

/// Sticky; fired from any thread, it ends every wait it covers.
pub struct Cancel {
    fired: AtomicBool,
    sleepers: PerProcess<Mutex<Sleepers>>,
}

#[derive(Default)]
struct Sleepers {
    last: u64,
    /// By their numbers: the first to come is mostly the first to go, however many there are.
    list: VecDeque<(u64, Sleeper)>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self {
            fired: AtomicBool::new(false),
            sleepers: PerProcess::new(Mutex::default()),
        }
    }
}

impl Cancel {
    /// Ends every covered wait, now and later.
    pub fn fire(&self) {
        self.fired.store(true, Ordering::SeqCst);
        // Under the lock: a sleeper that left may be somebody else's by now.
        for (_, sleeper) in &lock(self.sleepers()).list {
            sleeper.wake();
        }
    }

    /// Whether it was fired.
    pub fn is_fired(&self) -> bool {
        self.fired.load(Ordering::SeqCst)
    }

    /// Covers a sleeper until the registration is dropped.
    pub fn register(self: &Arc<Self>, sleeper: Sleeper) -> Registration {
        let number = {
            let mut sleepers = lock(self.sleepers());
            sleepers.last += 1;
            let number = sleepers.last;
            sleepers.list.push_back((number, sleeper.clone()));
            number
        };
        if self.is_fired() {
            sleeper.wake();
        }
        Registration {
            cancel: Arc::clone(self),
            number,
        }
    }

    fn sleepers(&self) -> &Mutex<Sleepers> {
        self.sleepers.get(|_| Mutex::default())
    }
}

/// Keeps a sleeper covered.
pub struct Registration {
    cancel: Arc<Cancel>,
    number: u64,
}

impl Registration {
    /// Covers no more.
    #[cold]
    pub fn end(self) {}
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut sleepers = lock(self.cancel.sleepers());
        let found = sleepers
            .list
            .binary_search_by_key(&self.number, |(number, _)| *number);
        if let Ok(index) = found {
            sleepers.list.remove(index);
        }
    }
}

/// How long a call may wait, and what may end it sooner.
#[derive(Clone)]
pub struct Wait {
    /// When the call, or its present attempt, began: what takes little time after it need not look
    /// at the clock.
    pub began: Moment,
    /// End of the whole call.
    pub deadline: Deadline,
    /// The client's closing.
    pub closing: Arc<Cancel>,
    /// The caller's own way to end it.
    pub cancel: Option<Arc<Cancel>>,
}

impl Wait {
    /// Whether the call was cancelled or its client closed.
    #[inline]
    pub fn has_ended(&self) -> bool {
        let cancelled = |cancel: &Arc<Cancel>| cancel.is_fired();
        self.closing.is_fired() || self.cancel.as_ref().is_some_and(cancelled)
    }

    /// Whether there is nothing left to wait for: it was ended, or its time is over.
    pub fn is_over(&self) -> bool {
        self.has_ended() || self.deadline.passed()
    }

    /// Fails when the call was cancelled or its client closed.
    pub fn check(&self) -> Result<()> {
        if self.cancel.as_ref().is_some_and(|cancel| cancel.is_fired()) {
            return Err(Error::cancelled());
        }
        if self.closing.is_fired() {
            return Err(Error::closed());
        }
        Ok(())
    }

    /// The same wait with an earlier end.
    pub fn until(&self, deadline: Deadline) -> Self {
        Self {
            deadline: self.deadline.min(deadline),
            ..self.clone()
        }
    }

    /// The same wait for a further exchange, which begins now.
    pub fn again(&self) -> Self {
        Self {
            began: Moment::now(),
            ..self.clone()
        }
    }

    /// Lets the caller's cancel shut this socket down.
    #[cold]
    pub fn cover_socket(&self, socket: &Arc<Socket>) -> Option<Registration> {
        let cancel = self.cancel.as_ref()?;
        Some(cancel.register(Sleeper::Socket(Arc::clone(socket))))
    }

    /// Lets the caller's cancel wake this sleeper.
    pub fn cover(&self, sleeper: Sleeper) -> Option<Registration> {
        self.cancel.as_ref().map(|cancel| cancel.register(sleeper))
    }

    /// Parks until woken, cancelled, closed or out of time; `false` when out of time.
    pub fn park(&self, park: &Arc<Park>) -> Result<bool> {
        let _closing = self.closing.register(Sleeper::Park(Arc::clone(park)));
        let _cancel = self.cover(Sleeper::Park(Arc::clone(park)));
        let woken = park.wait(self.deadline);
        self.check()?;
        Ok(woken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use std::time::Duration;

    fn wait(millis: i64, cancel: Option<Arc<Cancel>>) -> Wait {
        Wait {
            began: Moment::now(),
            deadline: Deadline::from_millis(Moment::now(), millis),
            closing: Arc::default(),
            cancel,
        }
    }

    #[test]
    fn a_park_ends_at_its_deadline() {
        let started = Moment::now();
        assert!(!wait(20, None).park(&Arc::default()).unwrap());
        assert!(started.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_cancel_ends_a_park_before_and_during() {
        let cancel = Arc::new(Cancel::default());
        let waiting = wait(-1, Some(Arc::clone(&cancel)));
        let sleeper = std::thread::spawn(move || waiting.park(&Arc::default()));
        while lock(cancel.sleepers()).list.is_empty() {
            std::thread::yield_now();
        }
        cancel.fire();
        let error = sleeper.join().unwrap().unwrap_err();
        assert_eq!(error.code(), Code::Cancelled);
        assert!(lock(cancel.sleepers()).list.is_empty());
        let again = wait(-1, Some(cancel)).park(&Arc::default());
        assert_eq!(again.unwrap_err().code(), Code::Cancelled);
    }

    #[test]
    fn sleepers_leave_in_any_order() {
        let cancel = Arc::<Cancel>::default();
        let register = |_| cancel.register(Sleeper::Park(Arc::default()));
        let mut covered: Vec<Registration> = (0..6).map(register).collect();
        for (index, number) in [(3, 4), (0, 1), (3, 6), (1, 3)] {
            drop(covered.remove(index));
            let left = &lock(cancel.sleepers()).list;
            assert!(left.iter().all(|(left, _)| *left != number));
            assert_eq!(left.len(), covered.len());
        }
    }

    #[test]
    fn a_wake_is_not_lost() {
        let park = Arc::new(Park::default());
        park.wake();
        assert!(wait(0, None).park(&park).unwrap());
        assert!(!wait(0, None).park(&park).unwrap());
    }
}
