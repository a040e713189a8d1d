//! A clock that costs next to nothing to read: milliseconds, a few behind.
//!
//! What is timed with it ends late by as much, never early: see `LAG`.

use std::time::Duration;

use crate::deadline::Moment;

/// The clock may be so many milliseconds behind: a timer tick of the system.
pub const LAG: u64 = 10;

/// See the module. Readings of different clocks cannot be compared.
#[derive(Clone, Copy)]
pub struct Clock {
    begin: Moment,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    coarse_begin: u64,
}

impl Default for Clock {
    /// Begins at 0.
    fn default() -> Self {
        Self {
            begin: Moment::now(),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            coarse_begin: coarse(),
        }
    }
}

impl Clock {
    /// Milliseconds since it began, or up to `LAG` fewer.
    #[inline]
    pub fn now(&self) -> u64 {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        return coarse().saturating_sub(self.coarse_begin);
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        return u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    }

    /// When a time from now has surely passed.
    #[inline]
    pub fn after(&self, time: Duration) -> u64 {
        let millis = u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        self.now().saturating_add(millis).saturating_add(LAG)
    }

    /// Time left until a reading; `None` when there is no limit.
    pub fn left(&self, until: u64) -> Option<Duration> {
        (until != u64::MAX).then(|| Duration::from_millis(until.saturating_sub(self.now())))
    }

    /// The reading at a moment of the other clock.
    pub fn reading(&self, moment: Moment) -> u64 {
        u64::try_from(moment.since(self.begin).as_millis()).unwrap_or(u64::MAX)
    }

    /// The same moment of the other clock.
    pub fn moment(&self, reading: u64) -> Moment {
        self.begin + Duration::from_millis(reading)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn coarse() -> u64 {
    // SAFETY: a timespec of zeroes is one, and lives through the call that fills it.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn it_is_never_early_and_little_late() {
        let clock = Clock::default();
        let limit = Duration::from_millis(30);
        let is_early = || {
            let started = Instant::now();
            let until = clock.after(limit);
            while clock.now() < until {
                std::thread::yield_now();
            }
            started.elapsed() < limit
        };
        // A machine that stood still as a whole may have its coarse clock jump once, not each time.
        assert!((0..5).any(|_| !is_early()));
    }
}
