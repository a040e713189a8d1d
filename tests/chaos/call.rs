//! One call: how long it may take, how it is sent, what is told of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::{Done, brief};
use crate::shot::Shot;
use crate::subject::{Handle, Manner};
use crate::ticket::{Expect, Job, Shape, Step};

/// A call that was made.
pub struct Made {
    pub started: Instant,
    pub ended: Instant,
    pub limit: Option<Duration>,
    /// More may have been under way than is allowed.
    pub narrow: bool,
    pub handle: Option<Arc<Handle>>,
    pub shot: Option<Arc<Shot>>,
}

impl Made {
    /// Whether its cancel may have had its effect.
    pub fn may_be_cancelled(&self) -> bool {
        self.shot
            .as_ref()
            .is_some_and(|shot| shot.fired.get().is_some())
    }

    /// From when to when its cancel was being fired.
    pub fn firing(&self) -> Option<(Instant, Instant)> {
        let shot = self.shot.as_ref()?;
        Some((*shot.fired.get()?, *shot.done.get()?))
    }
}

/// Makes the call; hiredis has a way of its own.
pub fn send(handle: &Handle, job: &Job, manner: Manner, shot: Option<&Shot>) -> Done {
    match (job.shape, &job.steps[..]) {
        (Shape::Command, [step]) => handle.command(&step.args, manner, shot),
        (shape, steps) => {
            let commands: Vec<&[Vec<u8>]> = steps.iter().map(|it| &it.args[..]).collect();
            handle.pipeline(&commands, shape == Shape::Transaction, manner, shot)
        }
    }
}

/// How long the call may take.
pub fn limit(job: &Job, manner: Manner, timeout: Duration) -> Option<Duration> {
    let block = match job.steps[..] {
        [
            Step {
                expect: Expect::Popped { block, .. },
                ..
            },
        ] => block,
        _ => Duration::ZERO,
    };
    match u64::try_from(manner.deadline_ms) {
        Err(_) => None,
        Ok(0) => Some(timeout + block),
        Ok(millis) => Some(Duration::from_millis(millis)),
    }
}

/// The commands with their tickets, for people.
pub fn describe(job: &Job) -> String {
    let steps: Vec<String> = job
        .steps
        .iter()
        .map(|step| {
            let args: Vec<_> = step.args.iter().map(|it| brief(it)).collect();
            format!("[{}] {}", step.ticket, args.join(" "))
        })
        .collect();
    format!("{:?} {}", job.shape, steps.join(", "))
}
