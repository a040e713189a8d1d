//! Events of the client that a queue delivers: what happens to its connections.

use std::sync::{Arc, Weak};

use super::event::EventKind;
use super::ready::Ready;
use crate::client::Client;
use crate::events::{
    CloseReason, ConnectionClosed, ConnectionOpened, ConnectionReleased, Listener,
};
use crate::net::lock;
use crate::sys::sync::Mutex;
use crate::text;

/// The listeners of one queue, while it wants any.
#[derive(Default)]
pub(super) struct Listening(Mutex<Option<Listeners>>);

struct Listeners {
    opened: Listener<ConnectionOpened>,
    closed: Listener<ConnectionClosed>,
    released: Listener<ConnectionReleased>,
}

impl Listening {
    /// Listens to what these bits want, or no more.
    pub fn set(&self, kinds: u32, client: &Client, ready: &Arc<Ready>) {
        let wanted = kinds & (EventKind::Connection.bit() | EventKind::Pool.bit()) != 0;
        let mut own = lock(&self.0);
        let events = client.events();
        match (wanted, own.take()) {
            (true, None) => {
                let listeners = Listeners::new(&Arc::downgrade(ready));
                events.register(&listeners.opened);
                events.register(&listeners.closed);
                events.register(&listeners.released);
                *own = Some(listeners);
            }
            (true, listeners) => *own = listeners,
            (false, Some(listeners)) => {
                events.unregister(&listeners.opened);
                events.unregister(&listeners.closed);
                events.unregister(&listeners.released);
            }
            (false, None) => {}
        }
    }
}

impl Listeners {
    fn new(ready: &Weak<Ready>) -> Self {
        let [a, b, c] = [ready.clone(), ready.clone(), ready.clone()];
        Self {
            opened: Arc::new(move |event: &ConnectionOpened| {
                tell(&a, EventKind::Connection, || {
                    payload("opened", event.id, &event.node, None)
                });
            }),
            closed: Arc::new(move |event: &ConnectionClosed| {
                tell(&b, EventKind::Connection, || {
                    payload("closed", event.id, &event.node, Some(event.reason))
                });
            }),
            released: Arc::new(move |event: &ConnectionReleased| {
                tell(&c, EventKind::Pool, || {
                    payload("released", event.id, &event.node, None)
                });
            }),
        }
    }
}

fn tell(ready: &Weak<Ready>, kind: EventKind, payload: impl FnOnce() -> String) {
    if let Some(ready) = ready.upgrade() {
        ready.tell(kind, payload);
    }
}

/// JSON, for people and programs alike.
fn payload(what: &str, id: u64, node: &str, reason: Option<CloseReason>) -> String {
    let node = text::json(node);
    let reason = reason.map_or_else(String::new, |reason| {
        format!(",\"reason\":\"{}\"", name(reason))
    });
    format!("{{\"event\":\"{what}\",\"connection\":{id},\"node\":{node}{reason}}}")
}

fn name(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Broken => "broken",
        CloseReason::Idle => "idle",
        CloseReason::Aged => "aged",
        CloseReason::Trimmed => "trimmed",
        CloseReason::Dead => "dead",
        CloseReason::HealthCheck => "health_check",
        CloseReason::Stale => "stale",
        CloseReason::ClientClosed => "client_closed",
    }
}
