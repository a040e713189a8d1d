//! A point in time that every wait of one call shares.
//!
//! A command gets one `Deadline` when it enters the library; queueing, resolving, connecting,
//! writing, reading and backing off all wait against it. `never` is a value, not an `Option`.

use std::ops::Add;
use std::time::Duration;

use crate::sys::clock;

/// A point on the clock that only goes forward: one number, so that every call can afford it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Looks at the clock.
    #[inline]
    pub fn now() -> Self {
        Self(clock::nanos())
    }

    /// How long after `earlier` it is; zero when it is not.
    #[inline]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// How long ago it was.
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// What the clock showed then.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The moment at which the clock showed this.
    #[inline]
    pub const fn of_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// So much later; `None` where the clock does not reach.
    #[inline]
    fn later(self, by: Duration) -> Option<Self> {
        let by = u64::try_from(by.as_nanos()).ok()?;
        self.0.checked_add(by).map(Self)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        self.later(by).unwrap_or(Self(u64::MAX))
    }
}

/// The moment by which a call must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The clock never shows that of `never`.
    at: Moment,
}

impl Deadline {
    const NEVER: Self = Self {
        at: Moment(u64::MAX),
    };

    /// No limit.
    pub const fn never() -> Self {
        Self::NEVER
    }

    /// That moment.
    pub const fn at(moment: Moment) -> Self {
        Self { at: moment }
    }

    /// `after` from `now`; a time too far for the clock counts as no limit.
    #[inline]
    pub fn after(now: Moment, after: Option<Duration>) -> Self {
        let at = after.and_then(|after| now.later(after));
        at.map_or(Self::NEVER, Self::at)
    }

    /// The same in nanoseconds; `u64::MAX` is no limit.
    #[inline]
    pub fn after_nanos(now: Moment, nanos: u64) -> Self {
        Self {
            at: Moment(now.0.saturating_add(nanos)),
        }
    }

    /// Reads a C time: -1 is no limit, 0 and above are milliseconds from `now`.
    pub fn from_millis(now: Moment, millis: i64) -> Self {
        match u64::try_from(millis) {
            Ok(millis) => Self::after(now, Some(Duration::from_millis(millis))),
            Err(_) => Self::never(),
        }
    }

    /// The earlier of two deadlines.
    pub fn min(self, other: Self) -> Self {
        Self {
            at: self.at.min(other.at),
        }
    }

    /// Time left: `None` without a limit, zero when it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        self.remaining_at(Moment::now())
    }

    /// Time left as seen at `now`.
    #[inline]
    pub fn remaining_at(&self, now: Moment) -> Option<Duration> {
        (*self != Self::NEVER).then(|| self.at.since(now))
    }

    /// The same in nanoseconds: `u64::MAX` without a limit.
    #[inline]
    pub fn nanos_at(&self, now: Moment) -> u64 {
        match *self == Self::NEVER {
            true => u64::MAX,
            false => self.at.0.saturating_sub(now.0),
        }
    }

    /// Whether the moment has passed.
    pub fn passed(&self) -> bool {
        *self != Self::NEVER && self.is_past_at(Moment::now())
    }

    /// The same as seen at `now`.
    pub fn is_past_at(&self, now: Moment) -> bool {
        now >= self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_far_is_for_ever() {
        let now = Moment::now();
        assert_eq!(Deadline::from_millis(now, i64::MAX), Deadline::never());
        assert_eq!(Deadline::never().remaining(), None);
        assert_eq!(Deadline::after(now, Some(Duration::MAX)), Deadline::never());
        assert_eq!(Deadline::from_millis(now, -1), Deadline::never());
    }

    #[test]
    fn zero_has_passed_at_once() {
        let deadline = Deadline::from_millis(Moment::now(), 0);
        assert!(deadline.passed());
        assert_eq!(deadline.remaining(), Some(Duration::ZERO));
    }

    #[test]
    fn the_earlier_wins() {
        let now = Moment::now();
        let soon = Deadline::from_millis(now, 10);
        let late = Deadline::from_millis(now, 1000);
        assert_eq!(soon.min(late), soon);
        assert_eq!(Deadline::never().min(late), late);
        assert_eq!(soon.min(Deadline::never()), soon);
    }
}
