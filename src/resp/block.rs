//! The memory of a reply.
//!
//! `Wire` is where bytes arrive: one growing region, shared by count with the replies that keep
//! their texts in it. `Reply` is a finished tree: one block of nodes with a hidden header before
//! the root, and the texts either behind the nodes or in the shared region.
//! All `unsafe` of the protocol layer is in here, free of I/O, so that memory checkers can run it alone.

mod region;
mod reply;
mod wire;

pub use reply::{Draft, HAS_ATTRIBUTES, IS_LOCAL, IS_ROOT, Kind, Node, Parts, Reply, Value};
pub use wire::Wire;
