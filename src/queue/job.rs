//! A submitted command on its way, and where what becomes of it goes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::ready::Ready;
use crate::client::{CallOptions, Client, Course, Facts, accept};
use crate::command::Nature;
use crate::error::{Code, Error, Phase, Result};
use crate::net::{Cancel, Registration, Sleeper, Wake};
use crate::resp::{Kind, Reply};
use crate::retry::{Admission, Circuit, Decision};
use crate::shared::{Again, Done, Task};

/// Where a completion goes.
pub enum Target {
    /// Among the tagged ones.
    Tag(u64),
    /// To a callback, when the consumer dispatches.
    Callback(Box<dyn Callback>),
}

/// A consumer's own code; dropped when it is over.
pub trait Callback: Send {
    /// Called once, on the consumer's thread.
    fn call(&mut self, result: Result<Reply>);
    /// It was not taken: dropping it ends nothing.
    fn disarm(&mut self);
}

/// A command on a shared link.
pub struct Job {
    ready: Arc<Ready>,
    target: Target,
    reads: bool,
    replayable: bool,
    script: bool,
    begun: u64,
    due: u64,
    bytes: usize,
    extra: Option<Box<Extra>>,
}

/// What few jobs have.
#[derive(Default)]
struct Extra {
    course: Option<Course>,
    cancel: Option<(Arc<Cancel>, Registration)>,
    admission: Option<Admission<Arc<Circuit>>>,
}

impl Job {
    pub(super) fn new(
        ready: &Arc<Ready>,
        target: Target,
        (nature, options): (&Nature, &CallOptions),
        due: u64,
        bytes: usize,
    ) -> Self {
        let extra = options.cancel.as_ref().map(|cancel| {
            let nudge = Sleeper::Other(ready.nudge());
            let covered = cancel.register(nudge);
            Box::new(Extra {
                cancel: Some((Arc::clone(cancel), covered)),
                ..Extra::default()
            })
        });
        Self {
            target,
            reads: nature.replayable,
            replayable: nature.replayable || options.idempotent,
            script: nature.script,
            begun: ready.clock().now(),
            due,
            bytes,
            extra,
            ready: Arc::clone(ready),
        }
    }

    /// Lets the breaker say whether there is an attempt.
    pub(crate) fn admit(&mut self) -> Result<()> {
        if let Some(admission) = self.ready.circuit().admit_kept()? {
            self.extra.get_or_insert_default().admission = Some(admission);
        }
        Ok(())
    }

    /// Whether it was submitted on this queue.
    pub(super) fn is_for(&self, ready: &Arc<Ready>) -> bool {
        Arc::ptr_eq(&self.ready, ready)
    }

    /// How many bytes it counts for.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The link it goes over.
    pub(crate) fn seat(&self) -> usize {
        self.ready.seat()
    }

    /// What it was to be told to.
    pub fn into_target(self) -> Target {
        self.target
    }

    /// Whether there is nothing more to it than to hand a reply over.
    fn is_answered(&self, result: &Result<Reply>, ready: &Arc<Ready>) -> bool {
        let is_good = |reply: &Reply| reply.kind() != Kind::Error;
        self.extra.is_none() && self.is_for(ready) && result.as_ref().is_ok_and(is_good)
    }

    /// Ends a job with which there is more to it, unless it is to be tried again.
    fn settle_one(done: Done<Self>) -> Option<Again<Self>> {
        match done.task.judge(done.result, done.bytes, done.may_repeat) {
            Verdict::Over(mut job, result) => {
                // Outside of any lock: it takes that of its cancel.
                drop(job.extra.take());
                let ended = (job.target, result, job.bytes);
                job.ready.complete(std::iter::once(ended));
                None
            }
            Verdict::Again(job) => Some(job),
        }
    }

    /// What became of an attempt: the end of the job, or another attempt.
    fn judge(mut self, done: Result<Reply>, bytes: Vec<u8>, may_repeat: bool) -> Verdict {
        let result = match done {
            Ok(reply) => accept(reply, self.ready.node()),
            Err(error) => Err(error
                .or_ended(self.ended(), Phase::Receive)
                .at_node(self.ready.node())),
        };
        let admission = self.extra.as_mut().and_then(|extra| extra.admission.take());
        if let Some(admission) = admission {
            admission.tell(result.as_ref().err());
        }
        let Err(error) = result else {
            return Verdict::Over(self, result);
        };
        let ready = Arc::clone(&self.ready);
        let facts = Facts {
            reads: self.reads,
            replayable: self.replayable,
            script: self.script,
            remaining: ready.clock().left(self.due),
        };
        let begun = ready.clock().moment(self.begun);
        let course = self.extra.as_mut().and_then(|extra| extra.course.take());
        let mut course = course.unwrap_or_else(|| Course::new(begun));
        let (decision, error) = course.judge(error, &facts, &ready.live().retry());
        let (pause, renew) = match decision {
            Decision::RetryAfter(pause) if may_repeat => (pause, false),
            Decision::RefreshThenRetry(pause) if may_repeat => (pause, true),
            _ => {
                let error = course.describe(error, name_of(&bytes), ready.calls());
                return Verdict::Over(self, Err(error));
            }
        };
        course.go_on(ready.calls());
        if let Err(refused) = self.admit() {
            let refused = refused.with_outcome(error.outcome()).at_node(ready.node());
            let refused = course.describe(refused, name_of(&bytes), ready.calls());
            return Verdict::Over(self, Err(refused));
        }
        self.extra.get_or_insert_default().course = Some(course);
        Verdict::Again(Again {
            task: self,
            bytes,
            pause,
            renew,
        })
    }
}

enum Verdict {
    Over(Job, Result<Reply>),
    Again(Again<Job>),
}

impl Task for Job {
    fn due(&self) -> u64 {
        self.due
    }

    fn ended(&self) -> Option<Error> {
        let cancel = self.extra.as_ref().and_then(|extra| extra.cancel.as_ref());
        self.ready.ended(cancel.map(|(cancel, _)| cancel))
    }

    fn settle(done: &mut Vec<Done<Self>>, again: &mut Vec<Again<Self>>) {
        let mut rest = std::mem::take(done).into_iter();
        while let Some(first) = rest.as_slice().first() {
            let ready = Arc::clone(&first.task.ready);
            let plain = rest.as_slice().iter();
            let plain = plain.take_while(|it| it.task.is_answered(&it.result, &ready));
            match plain.count() {
                0 => again.extend(rest.next().and_then(Self::settle_one)),
                count => {
                    let plain = rest.by_ref().take(count);
                    ready.complete(plain.map(|it| (it.task.target, it.result, it.task.bytes)));
                }
            }
        }
    }
}

/// A command for a helper thread.
pub(crate) struct Errand {
    client: Arc<Client>,
    ready: Arc<Ready>,
    bytes: usize,
    args: Vec<Box<[u8]>>,
}

impl Errand {
    pub(super) fn new(
        client: &Arc<Client>,
        ready: &Arc<Ready>,
        args: &[&[u8]],
        bytes: usize,
    ) -> Self {
        Self {
            client: Arc::clone(client),
            ready: Arc::clone(ready),
            bytes,
            args: args.iter().map(|arg| Box::from(*arg)).collect(),
        }
    }

    /// Does it, on this thread.
    pub(crate) fn run(self, options: &CallOptions, target: Target) {
        let args: Vec<&[u8]> = self.args.iter().map(|arg| &**arg).collect();
        let execute = AssertUnwindSafe(|| self.client.execute(&args, options));
        let result = catch_unwind(execute)
            .unwrap_or_else(|_| Err(Error::new(Code::Panic, "the helper thread failed")));
        drop(self.client);
        let done = (target, result, self.bytes);
        self.ready.complete(std::iter::once(done));
    }
}

/// Fires a cancel when another one is fired.
pub(crate) struct Relay(pub Arc<Cancel>);

impl Wake for Relay {
    fn wake(&self) {
        self.0.fire();
    }
}

/// The name in an encoded command.
fn name_of(bytes: &[u8]) -> &[u8] {
    let mut lines = bytes.split(|byte| *byte == b'\n').skip(2);
    let name = lines.next().unwrap_or_default();
    name.strip_suffix(b"\r").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_in_what_was_encoded() {
        assert_eq!(name_of(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), b"GET");
        assert_eq!(name_of(b"*2\r\n$3\r\nGE"), b"GE");
        assert_eq!(name_of(b""), b"");
    }
}
