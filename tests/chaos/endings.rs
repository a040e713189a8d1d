//! The end of a run: no call is asleep, and nothing is left in the clients nor on the servers.

use std::time::{Duration, Instant};

use redisclient::client::Stats;
use redisclient::ffi::status::{REDISCLIENT_EFULL, REDISCLIENT_OK};

use crate::findings::{Fault, Findings};
use crate::part::Part;
use crate::queue::{By, Queue};
use crate::scene::{Scene, Target};
use crate::subject::{Handle, Manner};
use crate::worker::World;

/// What comes back does so within this time.
const SOON: Duration = Duration::from_secs(10);

/// Calls are asleep though nothing is wrong and nobody else calls: their clients are closed, so
/// that they come back and tell.
pub fn end_standstill(world: &World<'_>) {
    for target in world.targets {
        if let Some(client) = target.client()
            && client.closing.get().is_none()
        {
            let Stats {
                idle,
                in_use,
                waiters,
                ..
            } = client.stats();
            let inside = target.calls_inside();
            if in_use + waiters > 0 || inside > 0 {
                let text = format!(
                    "{}: calls without deadline do not end: {inside}; {idle} connections idle, \
                     {in_use} out, {waiters} callers waiting",
                    target.name
                );
                world.findings.add(Some(target.part), Fault::NoCause, text);
            }
            client.close();
        }
    }
}

/// Frees the clients: nothing may be left in their pools, nor on the servers.
pub fn put_away(targets: Vec<Target>, scene: &Scene, findings: &Findings) {
    for target in &targets {
        if let Some(client) = target.client() {
            let leak = |text: String| {
                let text = format!("{}: {text}", target.name);
                findings.add(Some(target.part), Fault::Leak, text);
            };
            count_connections(&client).map(leak);
            // Once something was found, not everything comes back.
            let sound = !findings.over() && client.closing.get().is_none();
            if target.part != Part::Exclusive && sound {
                count_room(&client).map(leak);
            }
        }
    }
    drop(targets);
    for server in [&scene.lasting, &scene.passing] {
        // The one that asks.
        let alone = || server.info("clients", "connected_clients") == "1";
        let until = Instant::now() + SOON;
        while !alone() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        if !alone() {
            let list = server.cli(&["CLIENT", "LIST"]);
            let text = format!("the server still has clients:\n{list}");
            findings.add(None, Fault::Leak, text);
        }
    }
}

/// Nobody has a connection, and there are no more than the pool's and the shared ones.
fn count_connections(client: &Handle) -> Option<String> {
    let Stats {
        in_use,
        waiters,
        idle,
        connections_opened,
        connections_closed,
        ..
    } = client.stats();
    let open = connections_opened - connections_closed;
    let shared = open - idle;
    (in_use != 0 || waiters != 0 || shared > client.traits.links).then(|| {
        format!("{open} connections open, {idle} idle, {in_use} out, {waiters} callers waiting")
    })
}

/// What limits.in_flight counts has come back: just so many commands are taken as it allows.
fn count_room(client: &Handle) -> Option<String> {
    let room = client.traits.room;
    if !client.traits.is_narrow() {
        return None;
    }
    let until = Instant::now() + SOON;
    let mut taken = 0;
    while taken != room && Instant::now() < until {
        let queue = Queue::open(client);
        let command = [b"ECHO".to_vec(), b"room".to_vec()];
        let manner = Manner::default();
        let mut submit =
            |tag| queue.submit(By::Tag, (tag, std::ptr::null()), &command, manner, None);
        let statuses: Vec<i32> = (0..=room as u64).map(&mut submit).collect();
        taken = statuses.iter().filter(|it| **it == REDISCLIENT_OK).count();
        let full = statuses
            .iter()
            .filter(|it| **it == REDISCLIENT_EFULL)
            .count();
        // What is freed with its queue counts until it is answered.
        let mut ended = 0;
        while ended < taken {
            ended += queue.drain(64, 1000).map_or(taken, |list| list.len());
        }
        queue.free();
        if taken + full != room + 1 {
            return Some(format!("submits were answered {statuses:?}"));
        }
    }
    (taken != room).then(|| format!("{taken} commands are taken, limits.in_flight is {room}"))
}
