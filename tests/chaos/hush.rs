//! In a calm, those who share connections fall silent after a while: they then call in volleys, all
//! at once, and nobody in between.
//!
//! As long as others come and go, one of them does whatever was left undone. Who sleeps on in a
//! hush, because it was not woken or nobody reads on, is found.

use std::time::{Duration, Instant};

/// How long a calm is busy before.
const BUSY: Duration = Duration::from_millis(600);
/// From one volley to the next.
const PERIOD: Duration = Duration::from_millis(400);
/// A call of a volley takes no longer.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// When the next volley is, in a calm that had settled by `settled`; none while it is busy.
pub fn next_volley(settled: Instant, moment: Instant) -> Option<Instant> {
    let since = moment.checked_duration_since(settled + BUSY)?;
    let before = (since.as_nanos() / PERIOD.as_nanos()) as u32;
    Some(settled + BUSY + (before + 1) * PERIOD)
}
