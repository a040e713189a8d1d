//! A failed call must have a cause that the run itself brought about.

use redisclient::ffi::status as code;

use crate::answer::{Failure, Outcome};

/// What may have made a call fail.
#[derive(Clone, Copy)]
pub struct Circumstances {
    /// Its cancel was fired.
    pub cancelled: bool,
    /// Its client was being closed.
    pub closed: bool,
    pub tls: bool,
    /// Its client's callers wait for a pooled connection as long as their deadline lets them.
    pub waits: bool,
    /// More may have been under way than its client allows.
    pub narrow: bool,
    /// Nothing is wrong with servers and network.
    pub calm: bool,
    /// It had time enough, were nothing wrong.
    pub patient: bool,
    /// The machine itself kept threads from running.
    pub starved: bool,
}

/// Why the failure may not be, if so.
pub fn unexplained(failure: &Failure, then: Circumstances) -> Option<&'static str> {
    // An earlier attempt may have sent something.
    let nothing_went_out = failure.outcome == Outcome::NotSent || failure.attempts > 1;
    match failure.code {
        code::REDISCLIENT_ECANCELLED => (!then.cancelled).then_some("nobody cancelled it"),
        code::REDISCLIENT_ECLOSED => (!then.closed).then_some("nobody closed the client"),
        code::REDISCLIENT_EPOOL if then.waits => Some("its client waits for connections"),
        code::REDISCLIENT_EPOOL => (!nothing_went_out).then_some("it had no connection to send on"),
        code::REDISCLIENT_EFULL if !then.narrow => Some("there was room"),
        code::REDISCLIENT_EFULL => (!nothing_went_out).then_some("it was not taken"),
        code::REDISCLIENT_ECONNECT if !nothing_went_out => Some("nothing can have been sent"),
        code::REDISCLIENT_ETLS if !then.tls => Some("there is no TLS here"),
        // A shared connection was silent for its client's whole timeout_ms.
        code::REDISCLIENT_EDISCONNECTED if failure.message.contains("said nothing for") => {
            (then.calm && !then.starved).then_some("no server is silent in a calm")
        }
        code::REDISCLIENT_ECONNECT
        | code::REDISCLIENT_EDISCONNECTED
        | code::REDISCLIENT_ETLS
        | code::REDISCLIENT_ELOADING => then.calm.then_some("nothing is wrong in a calm"),
        // A transaction whose commands met a server that was loading its data.
        code::REDISCLIENT_EEXECABORT if failure.message.contains(": LOADING ") => {
            then.calm.then_some("nothing is wrong in a calm")
        }
        code::REDISCLIENT_ETIMEOUT => {
            (then.calm && then.patient).then_some("nothing is slow in a calm")
        }
        _ => Some("no fault of this run leads to this code"),
    }
}
