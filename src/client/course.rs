//! The course of one call: its attempts so far, and what follows the last of them.

use std::time::Duration;

use super::stats::Calls;
use crate::deadline::Moment;
use crate::error::{Error, Outcome};
use crate::options::RetryConfig;
use crate::retry::{self, Attempt, Decision, Pauses};
use crate::text;

/// See the module.
pub(crate) struct Course {
    began: Moment,
    /// How many attempts there were.
    number: u32,
    /// Once an attempt may have run, so may the call have, whatever came of the others.
    may_have_run: bool,
    pauses: Pauses,
}

/// What decides over another attempt, besides the failure.
pub(crate) struct Facts {
    /// Whether running the command twice does no harm; told of the command itself, and with what the
    /// caller allowed.
    pub reads: bool,
    pub replayable: bool,
    /// Whether it runs a script.
    pub script: bool,
    /// Time left for the whole call.
    pub remaining: Option<Duration>,
}

impl Course {
    /// Before the first attempt of a call that began then.
    pub fn new(began: Moment) -> Self {
        Self {
            began,
            number: 1,
            may_have_run: false,
            pauses: Pauses::default(),
        }
    }

    /// What follows a failed attempt; the failure gets the outcome of all attempts together.
    pub fn judge(
        &mut self,
        error: Error,
        facts: &Facts,
        policy: &RetryConfig,
    ) -> (Decision, Error) {
        let attempt = Attempt {
            error: &error,
            replayable: facts.replayable,
            script: facts.script,
            number: self.number,
            remaining: facts.remaining,
        };
        let pauses = &mut self.pauses;
        let pause = |failures| pauses.next(&policy.backoff, failures);
        let decision = retry::decide(&attempt, policy, pause);
        self.may_have_run |= error.outcome() == Outcome::Unknown;
        let outcome = match error.outcome() {
            // Read-only: nothing of an earlier attempt is left behind.
            Outcome::Refused if facts.reads => Outcome::Refused,
            _ if self.may_have_run => Outcome::Unknown,
            outcome => outcome,
        };
        (decision, error.with_outcome(outcome))
    }

    /// Another attempt begins.
    pub fn go_on(&mut self, calls: &Calls) {
        self.number += 1;
        calls.retries.count();
    }

    /// The failure as its caller is told it.
    pub fn describe(&self, error: Error, name: &[u8], calls: &Calls) -> Error {
        calls.count_failure(error.code());
        error.for_command(
            &text::printable(name, 64),
            self.number,
            self.began.elapsed(),
        )
    }
}
