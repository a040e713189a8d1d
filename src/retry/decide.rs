//! What follows a failed attempt: a pure function of the failure and the policy.
//!
//! Two questions are asked. Is the failure one that passes: that is the policy's set. May the
//! command be sent again: only when nothing of it was sent, when the server refused it, or when
//! running it twice does no harm.

use std::time::Duration;

use crate::error::{Code, Error, Outcome, spares_scripts};
use crate::options::RetryConfig;
use crate::sys::planted::Planted;

/// A failed attempt.
pub struct Attempt<'a> {
    /// Why it failed.
    pub error: &'a Error,
    /// Whether running the command twice does no harm.
    pub replayable: bool,
    /// Whether it runs a script, which may write and then fail with any line.
    pub script: bool,
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

/// Decides. `pause` is asked for the pause after so many failures if there is to be one; it may
/// give up, too.
pub fn decide(
    attempt: &Attempt<'_>,
    policy: &RetryConfig,
    pause: impl FnOnce(u32) -> Option<Duration>,
) -> Decision {
    let retries = attempt.number - 1;
    let out_of_retries = policy.count.is_some_and(|count| retries >= count);
    let read_only = attempt.error.code() == Code::ReadOnly;
    // Finding the server anew may lead to the primary; if it does not, asking on is in vain.
    let in_vain = read_only && retries > 0;
    if out_of_retries || in_vain || !may_repeat(attempt, policy) {
        return Decision::Fail;
    }
    match pause(attempt.number) {
        None => Decision::Fail,
        Some(pause) if attempt.remaining.is_some_and(|left| pause >= left) => Decision::Fail,
        Some(pause) if read_only => Decision::RefreshThenRetry(pause),
        Some(pause) => Decision::RetryAfter(pause),
    }
}

fn may_repeat(attempt: &Attempt<'_>, policy: &RetryConfig) -> bool {
    let harmless = attempt.replayable || policy.replay_unknown;
    let may_run_again = match attempt.error.outcome() {
        Outcome::NotSent => true,
        Outcome::Refused => !attempt.script || harmless || spares_scripts(attempt.error),
        Outcome::Unknown => harmless || Planted::ReplayedWrite.is_on(),
    };
    may_run_again && policy.on.contains(attempt.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::from_line;
    use crate::options::Options;

    const PAUSE: Duration = Duration::from_millis(3);
    const AGAIN: Decision = Decision::RetryAfter(PAUSE);
    const ANEW: Decision = Decision::RefreshThenRetry(PAUSE);
    const FAIL: Decision = Decision::Fail;

    fn policy(settings: &[(&str, &str)]) -> RetryConfig {
        let mut options = Options::new();
        for (name, value) in settings {
            options.set(name, value.as_bytes()).unwrap();
        }
        options.config().retry.clone()
    }

    fn attempt(error: &Error, number: u32) -> Attempt<'_> {
        Attempt {
            error,
            replayable: false,
            script: false,
            number,
            remaining: Some(Duration::from_secs(1)),
        }
    }

    fn ask(attempt: &Attempt<'_>, policy: &RetryConfig) -> Decision {
        decide(attempt, policy, |_| Some(PAUSE))
    }

    #[test]
    fn the_table() {
        use Code::*;
        use Outcome::*;
        let rows = [
            (Connect, NotSent, false, AGAIN),
            (Resolve, NotSent, false, AGAIN),
            (Timeout, NotSent, false, AGAIN),
            (Disconnected, NotSent, false, AGAIN),
            (Disconnected, Unknown, false, FAIL),
            (Disconnected, Unknown, true, AGAIN),
            (Timeout, Unknown, false, FAIL),
            (Timeout, Unknown, true, AGAIN),
            (Loading, Refused, false, AGAIN),
            (Loading, Unknown, false, FAIL),
            (Loading, Unknown, true, AGAIN),
            (MaxClients, NotSent, false, AGAIN),
            (MaxClients, Refused, false, AGAIN),
            (ClusterDown, Refused, false, AGAIN),
            (ReadOnly, Refused, false, ANEW),
            (ReadOnly, Unknown, false, FAIL),
            (Auth, NotSent, true, FAIL),
            (Auth, Refused, true, FAIL),
            (Server, Refused, true, FAIL),
            (Protocol, Unknown, true, FAIL),
            (Limit, Unknown, true, FAIL),
            (Cancelled, NotSent, true, FAIL),
            (Closed, NotSent, true, FAIL),
            (Pool, NotSent, true, FAIL),
            (ServerMemory, Refused, true, FAIL),
            (NoMemory, NotSent, true, FAIL),
        ];
        for (code, outcome, replayable, expected) in rows {
            let error = Error::new(code, "").with_outcome(outcome);
            let attempt = Attempt {
                replayable,
                ..attempt(&error, 1)
            };
            let decided = ask(&attempt, &policy(&[]));
            assert_eq!(decided, expected, "{code:?} {outcome:?} {replayable}");
        }
    }

    /// Lines of a server under the default set, and under one of the user's own.
    #[test]
    fn the_set_says_which_refusals_pass() {
        let own = [("retry.on", "connect,BUSY,OOM,ERR,READONLY")];
        let rows = [
            (
                "LOADING Redis is loading the dataset in memory",
                AGAIN,
                FAIL,
            ),
            (
                "TRYAGAIN Multiple keys request during rehashing",
                AGAIN,
                FAIL,
            ),
            ("BUSY Redis is busy running a script.", FAIL, AGAIN),
            ("OOM command not allowed", FAIL, AGAIN),
            ("NOREPLICAS Not enough good replicas to write.", FAIL, FAIL),
            (
                "READONLY You can't write against a read only replica.",
                ANEW,
                ANEW,
            ),
            ("ERR invalid password", FAIL, FAIL),
            ("ERR something", FAIL, AGAIN),
            ("WRONGPASS invalid username-password pair", FAIL, FAIL),
            ("NOAUTH Authentication required.", FAIL, FAIL),
            ("NOPERM no permissions", FAIL, FAIL),
        ];
        for (line, by_default, by_own) in rows {
            let error = from_line(line.as_bytes());
            let attempt = attempt(&error, 1);
            assert_eq!(ask(&attempt, &policy(&[])), by_default, "{line}");
            assert_eq!(ask(&attempt, &policy(&own)), by_own, "{line}");
        }
        let lost = Error::new(Code::Disconnected, "");
        assert_eq!(ask(&attempt(&lost, 1), &policy(&own)), FAIL);
    }

    #[test]
    fn the_outcome_holds_whatever_the_set_says() {
        let own = policy(&[("retry.on", "OOM,disconnected")]);
        for error in [from_line(b"OOM x"), Error::new(Code::Disconnected, "")] {
            let error = error.with_outcome(Outcome::Unknown);
            let mut attempt = attempt(&error, 1);
            assert_eq!(ask(&attempt, &own), FAIL);
            attempt.replayable = true;
            assert_eq!(ask(&attempt, &own), AGAIN);
        }
    }

    #[test]
    fn a_script_comes_again_only_if_it_cannot_have_written() {
        let own = policy(&[("retry.on", "loading,readonly,tryagain,OOM")]);
        let rows = [
            ("LOADING Redis is loading the dataset in memory", AGAIN),
            (
                "READONLY You can't write against a read only replica.",
                ANEW,
            ),
            ("TRYAGAIN the author's own word", FAIL),
            ("LOADING the author's own word", FAIL),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                FAIL,
            ),
        ];
        let at_least_once = policy(&[("retry.on", "OOM"), ("retry.unsafe", "yes")]);
        for (line, expected) in rows {
            let error = from_line(line.as_bytes());
            let mut attempt = attempt(&error, 1);
            attempt.script = true;
            assert_eq!(ask(&attempt, &own), expected, "{line}");
            attempt.replayable = true;
            assert_ne!(ask(&attempt, &own), FAIL, "{line}");
        }
        let error = from_line(b"OOM x");
        let mut attempt = attempt(&error, 1);
        attempt.script = true;
        assert_eq!(ask(&attempt, &at_least_once), AGAIN);
    }

    #[test]
    fn the_count_is_a_budget() {
        let error = Error::new(Code::Connect, "");
        assert_eq!(ask(&attempt(&error, 10), &policy(&[])), AGAIN);
        assert_eq!(ask(&attempt(&error, 11), &policy(&[])), FAIL);
        let error = from_line(b"READONLY x");
        assert_eq!(ask(&attempt(&error, 2), &policy(&[])), FAIL);
    }

    #[test]
    fn no_count_goes_on_and_no_time_ends() {
        let endless = policy(&[("retry.count", "-1")]);
        let error = Error::new(Code::Connect, "");
        let mut attempt = attempt(&error, 1_000_000);
        attempt.remaining = None;
        assert_eq!(ask(&attempt, &endless), AGAIN);
        for remaining in [Duration::ZERO, PAUSE] {
            attempt.remaining = Some(remaining);
            assert_eq!(ask(&attempt, &endless), FAIL);
        }
    }

    #[test]
    fn unsafe_replays_whatever_the_outcome() {
        let error = Error::new(Code::Disconnected, "").with_outcome(Outcome::Unknown);
        let at_least_once = policy(&[("retry.unsafe", "yes")]);
        assert_eq!(ask(&attempt(&error, 1), &at_least_once), AGAIN);
    }

    #[test]
    fn a_pause_is_asked_for_only_when_there_is_to_be_one_and_may_give_up() {
        let passing = Error::new(Code::Connect, "");
        let lasting = Error::new(Code::Limit, "");
        let never = |_| -> Option<Duration> { panic!("asked for a pause") };
        assert_eq!(decide(&attempt(&lasting, 1), &policy(&[]), never), FAIL);
        assert_eq!(decide(&attempt(&passing, 11), &policy(&[]), never), FAIL);
        let gives_up = |failures| {
            assert_eq!(failures, 3);
            None
        };
        assert_eq!(decide(&attempt(&passing, 3), &policy(&[]), gives_up), FAIL);
    }
}
