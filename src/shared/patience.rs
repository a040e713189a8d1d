//! For how long a caller looks before it sleeps, and whether a writer lets others come along.
//!
//! Where the reply comes soon, letting others run and looking again is cheaper than to sleep and be
//! woken: a processor that falls idle takes long to wake, and those that run meanwhile add to the same
//! write. Where it does not come soon, that is soon left; so is it where others, who have nothing to
//! do with the link, take the processor for long.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::deadline::Moment;

/// Nanoseconds at most: a reply of a near server, and a few times what a wake-up takes.
const MOST: u32 = 100_000;
/// The shortest time; there is one look in it at least.
const LEAST: u32 = 500;
/// Together, all callers of a link need the processor for less.
const LONG: Duration = Duration::from_millis(2);
/// For so many times as long as it was taken, nobody steps aside: that costs a small part then.
const OFF: u32 = 16;

/// See the module.
pub(super) struct Patience {
    time: AtomicU32,
    /// Nobody steps aside before, by the clock's nanoseconds.
    off_until: AtomicU64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            time: AtomicU32::new(MOST / 4),
            off_until: AtomicU64::new(0),
        }
    }
}

impl Patience {
    /// Looks a few times; what was found.
    pub fn look<R>(&self, mut found: impl FnMut() -> Option<R>) -> Option<R> {
        let began = self.begin()?;
        let time = self.time.load(Ordering::Relaxed);
        let mut now = began;
        loop {
            let (later, is_calm) = self.step_aside(now);
            if let Some(result) = found() {
                self.time.store((time * 2).min(MOST), Ordering::Relaxed);
                return Some(result);
            }
            if !is_calm || later.since(began) >= Duration::from_nanos(time.into()) {
                self.time.store((time / 2).max(LEAST), Ordering::Relaxed);
                return None;
            }
            now = later;
        }
    }

    /// Lets those run who were woken together with this thread.
    pub fn wait_for_others(&self) {
        if let Some(now) = self.begin() {
            self.step_aside(now);
        }
    }

    /// The time, if anybody is to step aside now.
    fn begin(&self) -> Option<Moment> {
        // A model checker would look at every number of looks.
        if cfg!(loom) {
            return None;
        }
        let now = Moment::now();
        (now.nanos() >= self.off_until.load(Ordering::Relaxed)).then_some(now)
    }

    /// Lets others run; the time after that, and whether it was not long.
    fn step_aside(&self, now: Moment) -> (Moment, bool) {
        std::thread::yield_now();
        let later = Moment::now();
        let away = later.since(now);
        if away >= LONG {
            let until = later + away * OFF;
            self.off_until.store(until.nanos(), Ordering::Relaxed);
        }
        (later, away < LONG)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// How often it looks.
    fn looks(patience: &Patience, pays: bool) -> u32 {
        let mut count = 0;
        let found = patience.look(|| {
            count += 1;
            pays.then_some(())
        });
        assert!(pays || found.is_none());
        count
    }

    #[test]
    fn it_grows_where_it_pays_and_all_but_ends_where_it_does_not() {
        let patience = Patience::default();
        let time = || patience.time.load(Ordering::Relaxed);
        let look = |pays| {
            // As if nobody had taken the processor.
            patience.off_until.store(0, Ordering::Relaxed);
            assert!(looks(&patience, pays) >= 1);
        };
        (0..10).for_each(|_| look(true));
        assert_eq!(time(), MOST);
        look(false);
        assert_eq!(time(), MOST / 2);
        (0..10).for_each(|_| look(false));
        assert_eq!(time(), LEAST);
        look(true);
        assert_eq!(time(), 2 * LEAST);
    }

    #[test]
    fn nobody_steps_aside_for_a_while_after_the_processor_was_away_for_long() {
        let patience = Patience::default();
        let now = Moment::now();
        let (_, is_calm) = patience.step_aside(now);
        if is_calm {
            assert_eq!(patience.off_until.load(Ordering::Relaxed), 0);
        }
        // As if it had been left so long ago.
        let away = 500 * LONG;
        let long_ago = Moment::of_nanos(now.nanos().saturating_sub(away.as_nanos() as u64));
        let (later, is_calm) = patience.step_aside(long_ago);
        assert!(!is_calm);
        let until = Moment::of_nanos(patience.off_until.load(Ordering::Relaxed));
        assert_eq!(until, later + later.since(long_ago) * OFF);
        assert_eq!(looks(&patience, true), 0);
    }
}
