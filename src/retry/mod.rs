//! When to try again, and after which pause.

mod backoff;
mod decide;

pub use decide::{Attempt, Decision, decide};
