//! What follows a failed attempt: a pure function of the failure and the policy.
//!
//! A command is sent again only when nothing of it was sent, when the server refused it for a
//! passing reason, or when running it twice does no harm.

use std::time::Duration;

use super::backoff::random;
use crate::error::{Code, Error, Outcome};
use crate::options::RetryConfig;

/// A failed attempt.
pub struct Attempt<'a> {
    /// Why it failed.
    pub error: &'a Error,
    /// Whether running the command twice does no harm.
    pub replayable: bool,
    /// How many attempts there were, this one included.
    pub number: u32,
    /// Time left for the whole call.
    pub remaining: Option<Duration>,
}

/// What to do now.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// Pause, then try again.
    RetryAfter(Duration),
    /// Find the server anew, then try again after the pause.
    RefreshThenRetry(Duration),
    /// Give up.
    Fail,
}

/// Decides.
pub fn decide(attempt: &Attempt<'_>, policy: &RetryConfig) -> Decision {
    let retries = attempt.number - 1;
    let out_of_retries = policy.count.is_some_and(|count| retries >= count);
    if out_of_retries || !may_repeat(attempt, policy) {
        return Decision::Fail;
    }
    let pause = policy.backoff.pause(attempt.number, random());
    if attempt.remaining.is_some_and(|left| pause >= left) {
        return Decision::Fail;
    }
    match attempt.error.code() {
        // Finding the server anew may lead to the primary; if it does not, asking on is in vain.
        Code::ReadOnly if retries == 0 => Decision::RefreshThenRetry(pause),
        Code::ReadOnly => Decision::Fail,
        _ => Decision::RetryAfter(pause),
    }
}

fn may_repeat(attempt: &Attempt<'_>, policy: &RetryConfig) -> bool {
    let error = attempt.error;
    match error.code() {
        Code::Resolve | Code::Connect | Code::Disconnected | Code::Timeout => {
            match error.outcome() {
                Outcome::NotSent => true,
                Outcome::Refused => false,
                Outcome::Unknown => attempt.replayable || policy.replay_unknown,
            }
        }
        Code::ReadOnly | Code::Loading | Code::MaxClients | Code::ClusterDown => true,
        Code::Cluster => error.server_code() == "TRYAGAIN",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Backoff, BackoffKind};

    fn policy(count: Option<u32>, replay_unknown: bool) -> RetryConfig {
        RetryConfig {
            count,
            replay_unknown,
            backoff: Backoff {
                kind: BackoffKind::None,
                base: Duration::from_millis(10),
                cap: Duration::from_secs(1),
            },
        }
    }

    fn ask(code: Code, outcome: Outcome, replayable: bool, number: u32) -> Decision {
        let error = Error::new(code, "").with_outcome(outcome);
        let attempt = Attempt {
            error: &error,
            replayable,
            number,
            remaining: Some(Duration::from_secs(1)),
        };
        decide(&attempt, &policy(Some(10), false))
    }

    const AGAIN: Decision = Decision::RetryAfter(Duration::ZERO);

    #[test]
    fn the_table() {
        use Code::*;
        use Outcome::*;
        let rows = [
            (Connect, NotSent, false, AGAIN),
            (Resolve, NotSent, false, AGAIN),
            (Timeout, NotSent, false, AGAIN),
            (Disconnected, NotSent, false, AGAIN),
            (Disconnected, Unknown, false, Decision::Fail),
            (Disconnected, Unknown, true, AGAIN),
            (Timeout, Unknown, false, Decision::Fail),
            (Loading, Refused, false, AGAIN),
            (MaxClients, NotSent, false, AGAIN),
            (MaxClients, Refused, false, AGAIN),
            (ClusterDown, Refused, false, AGAIN),
            (
                ReadOnly,
                Refused,
                false,
                Decision::RefreshThenRetry(Duration::ZERO),
            ),
            (Auth, NotSent, true, Decision::Fail),
            (Auth, Refused, true, Decision::Fail),
            (Server, Refused, true, Decision::Fail),
            (Protocol, Unknown, true, Decision::Fail),
            (Limit, Unknown, true, Decision::Fail),
            (Cancelled, NotSent, true, Decision::Fail),
            (Closed, NotSent, true, Decision::Fail),
            (Pool, NotSent, true, Decision::Fail),
            (ServerMemory, Refused, true, Decision::Fail),
            (NoMemory, NotSent, true, Decision::Fail),
        ];
        for (code, outcome, replayable, expected) in rows {
            let decided = ask(code, outcome, replayable, 1);
            assert_eq!(decided, expected, "{code:?} {outcome:?} {replayable}");
        }
    }

    #[test]
    fn the_count_is_a_budget() {
        assert_eq!(ask(Code::Connect, Outcome::NotSent, false, 10), AGAIN);
        assert_eq!(
            ask(Code::Connect, Outcome::NotSent, false, 11),
            Decision::Fail
        );
        assert_eq!(
            ask(Code::ReadOnly, Outcome::Refused, false, 2),
            Decision::Fail
        );
    }

    #[test]
    fn no_count_goes_on_and_no_time_ends() {
        let error = Error::new(Code::Connect, "");
        let mut attempt = Attempt {
            error: &error,
            replayable: false,
            number: 1_000_000,
            remaining: None,
        };
        assert_eq!(decide(&attempt, &policy(None, false)), AGAIN);
        attempt.remaining = Some(Duration::ZERO);
        assert_eq!(decide(&attempt, &policy(None, false)), Decision::Fail);
    }

    #[test]
    fn unsafe_replays_whatever_the_outcome() {
        let error = Error::new(Code::Disconnected, "").with_outcome(Outcome::Unknown);
        let attempt = Attempt {
            error: &error,
            replayable: false,
            number: 1,
            remaining: None,
        };
        assert_eq!(decide(&attempt, &policy(Some(1), true)), AGAIN);
    }
}
