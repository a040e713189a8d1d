//! What a command is: its shape, and what may be done with it.
//!
//! `table` is generated from real servers' COMMAND and says name, arity, key positions and flags;
//! `index` finds a row by the `name` in a call, `state` names the commands that a shared
//! connection refuses, `blocking` reads how long a server may hold a command, and `nature` puts
//! together what the life of one call depends on. An unknown command is taken for a plain write.

mod blocking;
mod flags;
mod index;
mod name;
mod nature;
mod state;
mod table;

pub use blocking::Block;
pub use flags::Flags;
pub use index::{all, find, lookup};
pub use nature::{Nature, nature};
pub use state::handle_for;

/// A row of the table: a command, or one subcommand of a container.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// "GET", or "CONFIG|GET" for a subcommand.
    pub name: &'static str,
    /// Number of arguments with the name; negative: at least so many.
    pub arity: i8,
    /// Position of the first key, the name being 0; 0 when there is none at a fixed place.
    pub first_key: i8,
    /// Position of the last key; negative counts from the end, -1 being the last argument.
    pub last_key: i8,
    /// Distance from one key to the next.
    pub key_step: i8,
    /// What the server and this library say of it.
    pub flags: Flags,
}
