//! When to try again, after which pause, and when not to try at all.

mod backoff;
mod circuit;
mod decide;

pub use backoff::Pauses;
pub use circuit::{Admission, Circuit, CircuitState};
pub use decide::{Attempt, Decision, decide};
