//! What a client does for its queues.

use std::sync::Arc;

use super::{CallOptions, Client};
use crate::net::{Cancel, Sleeper};
use crate::queue::{Errand, Job, Ready, Refused, Relay, Target, Ties};

impl Client {
    /// Where completions of a new queue gather.
    pub(crate) fn ready(&self) -> Ready {
        let state = self.state();
        Ready::new(Ties {
            live: Arc::clone(&state.live),
            calls: Arc::clone(&state.calls),
            circuit: Arc::clone(&state.circuit),
            in_flight: Arc::clone(state.in_flight()),
            closing: Arc::clone(&state.closing),
            node: state.pool.node().to_owned(),
            clock: *state.links().clock(),
            nudge: state.links().nudge(),
            seat: state.links().seat(),
        })
    }

    /// Fired when the client is closed.
    pub(crate) fn closing(&self) -> Arc<Cancel> {
        Arc::clone(&self.state().closing)
    }

    /// Sends a job's command over the shared links.
    pub(crate) fn submit(&self, mut job: Job, args: &[&[u8]]) -> std::result::Result<(), Refused> {
        let state = self.state();
        if let Err(error) = job.admit() {
            return Err((error, job.into_target()));
        }
        let seat = job.seat();
        let submitted = state.links().submit(seat, args, job);
        submitted.map_err(|(error, job)| (error, job.into_target()))?;
        state.calls.begun.count();
        Ok(())
    }

    /// Lets a helper thread do an errand; `given_up` and the caller's own cancel end it.
    pub(crate) fn help(
        &self,
        errand: Errand,
        options: &CallOptions,
        given_up: &Arc<Cancel>,
        target: Target,
    ) -> std::result::Result<(), Refused> {
        let state = self.state();
        let own = Arc::<Cancel>::default();
        let relay = || Sleeper::Other(Arc::new(Relay(Arc::clone(&own))));
        let covers = [Some(given_up), options.cancel.as_ref()];
        let covers = covers.map(|cancel| cancel.map(|cancel| cancel.register(relay())));
        let options = CallOptions {
            cancel: Some(Arc::clone(&own)),
            ..options.clone()
        };
        let most = state.live.pool().max;
        state.helpers().give(most, target, move |target| {
            errand.run(&options, target);
            drop(covers);
        })
    }

    /// Nothing more may be under way: sees to what is counted and awaited by nobody.
    pub(crate) fn make_room(&self) {
        self.state().links().make_room();
    }

    /// Takes jobs back from the links.
    pub(crate) fn take_jobs(&self, is_wanted: impl FnMut(&Job) -> bool) -> Vec<Job> {
        self.state().links().take_tasks(is_wanted)
    }
}
