//! The memory of a reply.
//!
//! `Wire` is where bytes arrive: one growing region, shared by count with the replies that keep
//! their texts in it. `Reply` is a finished tree: one block of nodes with a hidden header before
//! the root, and the texts either behind the nodes or in the shared region.
//! All `unsafe` of the protocol layer is in here, free of I/O, so that memory checkers can run it alone.

mod bounded;
mod build;
mod cursor;
mod draft;
mod list;
mod memory;
mod node;
mod region;
mod reply;
mod single;
mod spare;
mod wire;
mod write;

pub use bounded::{Bounded, ample, append, command, size};
pub use cursor::Cursor;
pub use draft::{Draft, LOCAL, Parts};
pub use list::{List, NoMemory};
pub use node::{HAS_ATTRIBUTES, IS_LOCAL, IS_ROOT, Kind, Node, Value};
pub use reply::{LastOwner, Reply};
pub use spare::Spare;
pub use wire::Wire;
pub use write::{write_argument, write_count};
