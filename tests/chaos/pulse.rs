//! How soon the servers answer at all, asked over a connection of the harness's own.
//!
//! The metronomes know how late sleepers wake up. A server that has no processor for its work, or
//! that its disk keeps waiting, is late for everybody, and that is not the library's doing.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::machine::Beats;
use crate::support::Server;
use crate::support::raw::RawClient;

/// Runs until it is dropped. In storms it tells nothing of use.
#[derive(Default)]
pub struct Pulse {
    fingers: Vec<Arc<Finger>>,
}

/// At one server.
#[derive(Default)]
struct Finger {
    felt: Mutex<Felt>,
    stop: AtomicBool,
}

#[derive(Default)]
struct Felt {
    beats: Beats,
    /// When that was asked which is not answered yet.
    asked: Option<Instant>,
}

const PAUSE: Duration = Duration::from_millis(5);
/// A server that has much to do answers within this time; what is beyond counts as lost. Were it
/// shorter, a run that is merely busy would excuse whoever is not woken.
const USUAL: Duration = Duration::from_millis(20);

impl Pulse {
    pub fn start(servers: [&Server; 2]) -> Self {
        let start = |server: &Server| {
            let finger = Arc::new(Finger::default());
            let (own, path) = (Arc::clone(&finger), server.socket());
            std::thread::spawn(move || own.feel(&path));
            finger
        };
        Self {
            fingers: servers.map(start).into(),
        }
    }

    /// How long the server that was later was late with an answer between two moments.
    pub fn lost(&self, from: Instant, until: Instant) -> Duration {
        let each = self.fingers.iter().map(|it| it.felt().lost(from, until));
        each.max().unwrap_or_default()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        for finger in &self.fingers {
            finger.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Finger {
    fn feel(&self, path: &Path) {
        let mut client = None;
        while !self.stop.load(Ordering::Relaxed) {
            let asked = Instant::now();
            self.felt().asked = Some(asked);
            client = ask(client, path);
            let mut felt = self.felt();
            felt.asked = None;
            // Who is not there is not late.
            if client.is_some() {
                felt.beats.note(asked + USUAL, Instant::now());
            }
            drop(felt);
            std::thread::sleep(PAUSE);
        }
    }

    fn felt(&self) -> MutexGuard<'_, Felt> {
        self.felt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Felt {
    fn lost(&self, from: Instant, until: Instant) -> Duration {
        let open = self.asked.map_or(until, |asked| asked + USUAL).max(from);
        self.beats.lost(from, until) + until.saturating_duration_since(open)
    }
}

/// Asks, over a new connection if need be; the connection, if it was answered.
fn ask(client: Option<RawClient>, path: &Path) -> Option<RawClient> {
    let mut client = client.or_else(|| RawClient::connect(path).ok())?;
    client.call(&[b"PING"]).is_ok().then_some(client)
}
