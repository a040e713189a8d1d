//! How late calls end when nothing answers and nothing else goes on.

use std::ptr::null;
use std::time::{Duration, Instant};

use redisclient::ffi::status::REDISCLIENT_OK;

use crate::IDLE_OVERRUN;
use crate::answer::Done;
use crate::findings::{Fault, Findings};
use crate::machine::Machine;
use crate::part::Part;
use crate::queue::{By, Queue};
use crate::random::Random;
use crate::route::Route;
use crate::subject::{Handle, Manner};
use crate::support::Proxy;

const CALLS: u64 = 20;
/// Of each call: a machine that is slow for a moment is not slow each time.
const TRIES: u32 = 3;
/// How long a consumer sleeps at most, in milliseconds, and how often.
const LOOK: i32 = 1000;
const LOOKS: u32 = 20;

struct Idle<'a> {
    part: Part,
    client: Handle,
    queue: Option<Queue>,
    machine: Machine,
    findings: &'a Findings,
}

/// The worst of some calls whose replies are held back.
pub fn worst_overrun(part: Part, proxy: &Proxy, findings: &Findings) -> Duration {
    let client = Route::Tcp(proxy.port()).open(part, &mut Random::new(0, 0));
    let idle = Idle {
        part,
        queue: (part == Part::Queue).then(|| Queue::open(&client)),
        client,
        machine: Machine::start(),
        findings,
    };
    proxy.set(crate::support::Fault::Stall(0));
    let mut worst = Duration::ZERO;
    for number in 0..CALLS {
        match idle.least_overrun(Duration::from_millis(10 + number)) {
            Ok(late) => worst = worst.max(late),
            Err(late) => {
                let text = format!("{late:?} after its deadline, idle, at best");
                findings.add(Some(part), Fault::Overrun, text);
                break;
            }
        }
    }
    if let Some(queue) = idle.queue {
        queue.free();
    }
    proxy.set(crate::support::Fault::None);
    worst
}

impl Idle<'_> {
    /// How late a call is that may take so long; an error when each try is too late.
    fn least_overrun(&self, limit: Duration) -> Result<Duration, Duration> {
        let mut least = Duration::MAX;
        for _ in 0..TRIES {
            let due = Instant::now() + limit;
            let done = self.call(limit);
            let ended = Instant::now();
            if done.is_some_and(|done| done.result.is_ok()) {
                let text = "answered though nothing came".to_owned();
                self.findings.add(Some(self.part), Fault::WrongReply, text);
            }
            let late = ended.saturating_duration_since(due);
            if late <= IDLE_OVERRUN || late <= IDLE_OVERRUN + 3 * self.machine.lost(due, ended) {
                return Ok(late);
            }
            least = least.min(late);
        }
        Err(least)
    }

    /// None when it has not ended by far.
    fn call(&self, limit: Duration) -> Option<Done> {
        let manner = Manner {
            deadline_ms: limit.as_millis() as i64,
            ..Manner::default()
        };
        let command = [b"ECHO".to_vec(), b"idle".to_vec()];
        let Some(queue) = self.queue else {
            return Some(self.client.command(&command, manner, None));
        };
        let status = queue.submit(By::Tag, (0, null()), &command, manner, None);
        assert_eq!(status, REDISCLIENT_OK);
        // Who is not woken looks again.
        let mut looks = (0..LOOKS).flat_map(|_| queue.drain(1, LOOK)).flatten();
        looks.next().map(|(_, done)| done)
    }
}
