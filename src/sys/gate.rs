//! Where many threads sleep until what they wait for may have happened, and are woken together.
//!
//! Who wants to sleep notes what `seen` answers, looks whether it has happened, and then waits:
//! an opening in between is not missed. Waking any number of sleepers is one system call on Linux,
//! and none while nobody sleeps. A sleeper may wake without reason and looks again.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
pub use futex::Gate;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
pub use plain::Gate;

/// All sleepers, wherever they lie.
pub const EVERYBODY: u32 = u32::MAX;

#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom)))]
mod futex {
    use std::ptr;
    use std::sync::atomic::{AtomicU32, Ordering};

    use crate::deadline::Deadline;

    /// See the module.
    #[derive(Default)]
    pub struct Gate {
        /// How often it was opened.
        word: AtomicU32,
        sleepers: AtomicU32,
    }

    impl Gate {
        /// How often it was opened so far.
        pub fn seen(&self) -> u32 {
            self.word.load(Ordering::SeqCst)
        }

        /// Sleeps at the places of a bit mask, unless it was opened since `seen`.
        pub fn wait(&self, seen: u32, places: u32, deadline: Deadline) {
            let until = match deadline.remaining() {
                Some(left) if left.is_zero() => return,
                Some(left) => Some(from_now(left)),
                None => None,
            };
            let until = until.as_ref().map_or(ptr::null(), ptr::from_ref);
            self.sleepers.fetch_add(1, Ordering::SeqCst);
            // SAFETY: the word and the time live through the call; an end for whatever reason will do.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.word.as_ptr(),
                    libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
                    seen,
                    until,
                    ptr::null::<u32>(),
                    places,
                );
            }
            self.sleepers.fetch_sub(1, Ordering::SeqCst);
        }

        /// Wakes who sleeps at these places.
        pub fn open(&self, places: u32) {
            self.word.fetch_add(1, Ordering::SeqCst);
            if self.sleepers.load(Ordering::SeqCst) == 0 {
                return;
            }
            // SAFETY: the word lives through the call.
            unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    self.word.as_ptr(),
                    libc::FUTEX_WAKE_BITSET | libc::FUTEX_PRIVATE_FLAG,
                    i32::MAX,
                    ptr::null::<libc::timespec>(),
                    ptr::null::<u32>(),
                    places,
                );
            }
        }
    }

    /// A moment of the monotonic clock.
    fn from_now(left: std::time::Duration) -> libc::timespec {
        // SAFETY: a timespec of zeroes is one, and lives through the call that fills it.
        let mut time: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
        let seconds = libc::time_t::try_from(left.as_secs()).unwrap_or(libc::time_t::MAX / 2);
        time.tv_sec = time.tv_sec.saturating_add(seconds);
        time.tv_nsec += libc::c_long::from(left.subsec_nanos() as i32);
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_nsec -= 1_000_000_000;
            time.tv_sec = time.tv_sec.saturating_add(1);
        }
        time
    }
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(loom))))]
mod plain {
    use std::sync::PoisonError;

    use crate::deadline::Deadline;
    use crate::sys::sync::{Condvar, Mutex, MutexGuard};

    /// See the module.
    #[derive(Default)]
    pub struct Gate {
        word: Mutex<u32>,
        opened: Condvar,
    }

    impl Gate {
        /// How often it was opened so far.
        pub fn seen(&self) -> u32 {
            *self.lock()
        }

        /// Sleeps until it is opened, unless it was since `seen`.
        pub fn wait(&self, seen: u32, _places: u32, deadline: Deadline) {
            let mut word = self.lock();
            while *word == seen {
                word = match deadline.remaining() {
                    None => self
                        .opened
                        .wait(word)
                        .unwrap_or_else(PoisonError::into_inner),
                    Some(left) if left.is_zero() => return,
                    Some(left) => {
                        let waited = self.opened.wait_timeout(word, left);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                };
            }
        }

        /// Wakes who sleeps.
        pub fn open(&self, _places: u32) {
            let mut word = self.lock();
            *word = word.wrapping_add(1);
            drop(word);
            self.opened.notify_all();
        }

        fn lock(&self) -> MutexGuard<'_, u32> {
            self.word.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::deadline::{Deadline, Moment};

    #[test]
    fn an_opening_after_the_look_is_not_missed() {
        let gate = Gate::default();
        let seen = gate.seen();
        gate.open(EVERYBODY);
        gate.wait(seen, 1, Deadline::never());
    }

    #[test]
    fn a_wait_ends_at_its_deadline() {
        let (gate, started) = (Gate::default(), Moment::now());
        let limit = Duration::from_millis(20);
        while started.elapsed() < limit {
            gate.wait(gate.seen(), 1, Deadline::at(started + limit));
        }
        gate.wait(gate.seen(), 1, Deadline::at(started));
    }

    #[test]
    fn one_opening_wakes_everybody() {
        let gate = Arc::new(Gate::default());
        let seen = gate.seen();
        let sleepers: Vec<_> = (0..8)
            .map(|place| {
                let gate = Arc::clone(&gate);
                std::thread::spawn(move || {
                    while gate.seen() == seen {
                        gate.wait(seen, 1 << place, Deadline::never());
                    }
                })
            })
            .collect();
        gate.open(EVERYBODY);
        for sleeper in sleepers {
            sleeper.join().unwrap();
        }
    }
}
