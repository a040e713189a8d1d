//! A point in time that every wait of one call shares.
//!
//! A command gets one `Deadline` when it enters the library; queueing, resolving, connecting,
//! writing, reading and backing off all wait against it. `never` is a value, not an `Option`.

use std::time::{Duration, Instant};

/// The moment by which a call must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Option<Instant>,
}

impl Deadline {
    /// No limit.
    pub const fn never() -> Self {
        Self { at: None }
    }

    /// `after` from `now`; a time too far for the clock counts as no limit.
    pub fn after(now: Instant, after: Option<Duration>) -> Self {
        Self {
            at: after.and_then(|after| now.checked_add(after)),
        }
    }

    /// Reads a C time: -1 is no limit, 0 and above are milliseconds from `now`.
    pub fn from_millis(now: Instant, millis: i64) -> Self {
        match u64::try_from(millis) {
            Ok(millis) => Self::after(now, Some(Duration::from_millis(millis))),
            Err(_) => Self::never(),
        }
    }

    /// The earlier of two deadlines.
    pub fn min(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(a), Some(b)) => Self { at: Some(a.min(b)) },
            (at, None) | (None, at) => Self { at },
        }
    }

    /// Time left: `None` without a limit, zero when it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        self.at
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Time left as seen at `now`.
    pub fn remaining_at(&self, now: Instant) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(now))
    }

    /// Whether the moment has passed.
    pub fn passed(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
    }

    /// The moment itself, if there is one.
    pub fn instant(&self) -> Option<Instant> {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_far_is_for_ever() {
        let now = Instant::now();
        assert_eq!(
            Deadline::from_millis(now, i64::MAX).remaining().is_none(),
            {
                now.checked_add(Duration::from_millis(i64::MAX as u64))
                    .is_none()
            }
        );
        assert_eq!(Deadline::after(now, Some(Duration::MAX)), Deadline::never());
        assert_eq!(Deadline::from_millis(now, -1), Deadline::never());
    }

    #[test]
    fn zero_has_passed_at_once() {
        let deadline = Deadline::from_millis(Instant::now(), 0);
        assert!(deadline.passed());
        assert_eq!(deadline.remaining(), Some(Duration::ZERO));
    }

    #[test]
    fn the_earlier_wins() {
        let now = Instant::now();
        let soon = Deadline::from_millis(now, 10);
        let late = Deadline::from_millis(now, 1000);
        assert_eq!(soon.min(late), soon);
        assert_eq!(Deadline::never().min(late), late);
        assert_eq!(soon.min(Deadline::never()), soon);
    }
}
