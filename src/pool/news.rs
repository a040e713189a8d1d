//! What happens to a connection is counted and told; never under the pool's lock.

use super::Pool;
use super::pooled::Pooled;
use crate::events::{CloseReason, ConnectionClosed, ConnectionOpened, ConnectionReleased};

impl Pool {
    /// Closes connections, each for its reason.
    pub(super) fn close_all(
        &self,
        connections: impl IntoIterator<Item = (Box<Pooled>, CloseReason)>,
    ) {
        for (pooled, reason) in connections {
            let id = pooled.id;
            pooled.connection.part();
            drop(pooled);
            self.tell_closed(id, reason);
        }
    }

    pub(super) fn tell_opened(&self, id: u64) {
        self.counters.opened.count();
        self.events.dispatch(|| ConnectionOpened {
            node: self.node().to_owned(),
            id,
        });
    }

    pub(super) fn tell_closed(&self, id: u64, reason: CloseReason) {
        self.counters.count_closed(reason);
        self.events.dispatch(|| ConnectionClosed {
            node: self.node().to_owned(),
            id,
            reason,
        });
    }

    pub(super) fn tell_released(&self, id: u64) {
        self.events.dispatch(|| ConnectionReleased {
            node: self.node().to_owned(),
            id,
        });
    }
}
