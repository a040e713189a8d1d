//! Making room when as much is under way as may be.
//!
//! Nobody reads a link on which nobody waits. Commands that were given up then stay counted until
//! the next one reads their replies; if there is no room for the next one, they are seen to here.

use super::link::Link;
use super::{Hub, Task};
use crate::connection::Received;
use crate::error::Result;

/// Pieces that are read at most.
const PIECES: usize = 16;

impl<T: Task> Hub<T> {
    /// Takes off what was given up and is answered by now, and connections whose server is silent.
    #[cold]
    pub(super) fn make_room(&self) {
        self.links.iter().for_each(|link| link.make_room(self));
    }
}

impl<T: Task> Link<T> {
    fn make_room(&self, hub: &Hub<T>) {
        let mut inner = self.lock();
        if !inner.flight.is_oldest_given_up() {
            return;
        }
        if let Some(held) = inner.line.clone()
            && !inner.reading
        {
            inner.reading = true;
            let mut replies = std::mem::take(&mut inner.scratch);
            drop(inner);
            let mut received: Result<Received> = Ok(Received::Something);
            for _ in 0..PIECES {
                if !matches!(received, Ok(Received::Something)) {
                    break;
                }
                received = held.line.receive_now(&mut replies);
            }
            inner = self.hand_out(hub, &held, replies, received.map(drop));
        }
        inner = self.lose_if_silent(hub, inner);
        let heir = inner.heir();
        drop(inner);
        self.wake(hub, heir);
    }
}
