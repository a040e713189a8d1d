//! How late calls end when nothing answers and nothing else goes on.

use std::ptr::null;
use std::time::{Duration, Instant};

use redisclient::ffi::status::REDISCLIENT_OK;

use crate::IDLE_OVERRUN;
use crate::findings::{Fault, Findings};
use crate::machine::Machine;
use crate::part::Part;
use crate::queue::{By, Queue};
use crate::random::Random;
use crate::route::Route;
use crate::subject::Manner;
use crate::support::Proxy;

const CALLS: u64 = 20;
/// How long a consumer sleeps at most, in milliseconds.
const LOOK: i32 = 1000;

/// The worst of some calls whose replies are held back.
pub fn worst_overrun(part: Part, proxy: &Proxy, findings: &Findings) -> Duration {
    let client = Route::Tcp(proxy.port()).open(part, &mut Random::new(0, 0));
    let queue = (part == Part::Queue).then(|| Queue::open(&client));
    let machine = Machine::start();
    proxy.set(crate::support::Fault::Stall(0));
    let mut worst = Duration::ZERO;
    for number in 0..CALLS {
        let limit = Duration::from_millis(10 + number);
        let manner = Manner {
            deadline_ms: limit.as_millis() as i64,
            ..Manner::default()
        };
        let due = Instant::now() + limit;
        let command = [b"ECHO".to_vec(), b"idle".to_vec()];
        let done = match queue {
            None => client.command(&command, manner, None),
            Some(queue) => {
                let status = queue.submit(By::Tag, (number, null()), &command, manner, None);
                assert_eq!(status, REDISCLIENT_OK);
                // Who is not woken looks again.
                let mut looks = (0..2).flat_map(|_| queue.drain(1, LOOK)).flatten();
                looks.next().expect("a completion").1
            }
        };
        let ended = Instant::now();
        let late = ended.saturating_duration_since(due);
        if done.result.is_ok() {
            let text = "answered though nothing came".to_owned();
            findings.add(Some(part), Fault::WrongReply, text);
        }
        if late > IDLE_OVERRUN && late > IDLE_OVERRUN + 3 * machine.lost(due, ended) {
            let text = format!("{late:?} after its deadline, idle");
            findings.add(Some(part), Fault::Overrun, text);
            break;
        }
        worst = worst.max(late);
    }
    if let Some(queue) = queue {
        queue.free();
    }
    proxy.set(crate::support::Fault::None);
    worst
}
