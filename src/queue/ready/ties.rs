//! What a queue and its jobs need of the client.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Ready;
use crate::client::Calls;
use crate::error::{Code, Error};
use crate::net::{Cancel, Wake};
use crate::options::Live;
use crate::retry::Circuit;
use crate::shared::InFlight;
use crate::sys::coarse::Clock;

/// See the module.
pub(crate) struct Ties {
    pub live: Arc<Live>,
    pub calls: Arc<Calls>,
    pub circuit: Arc<Circuit>,
    pub in_flight: Arc<InFlight>,
    pub closing: Arc<Cancel>,
    pub node: String,
    pub clock: Clock,
    pub nudge: Arc<dyn Wake>,
    pub seat: usize,
}

impl Ready {
    /// Why a job is to end before it is answered, if it is.
    pub(in crate::queue) fn ended(&self, cancel: Option<&Arc<Cancel>>) -> Option<Error> {
        if cancel.is_some_and(|cancel| cancel.is_fired()) {
            return Some(Error::cancelled());
        }
        if self.given_up.load(Ordering::SeqCst) {
            return Some(Error::new(Code::Closed, "the queue is freed"));
        }
        self.ties.closing.is_fired().then(Error::closed)
    }

    pub(in crate::queue) fn circuit(&self) -> &Arc<Circuit> {
        &self.ties.circuit
    }

    pub(in crate::queue) fn calls(&self) -> &Calls {
        &self.ties.calls
    }

    pub(in crate::queue) fn live(&self) -> &Live {
        &self.ties.live
    }

    pub(in crate::queue) fn node(&self) -> &str {
        &self.ties.node
    }

    pub(in crate::queue) fn clock(&self) -> &Clock {
        &self.ties.clock
    }

    pub(in crate::queue) fn nudge(&self) -> Arc<dyn Wake> {
        Arc::clone(&self.ties.nudge)
    }

    /// The link its commands go over.
    pub(in crate::queue) fn seat(&self) -> usize {
        self.ties.seat
    }
}
