//! What a command is: its shape, and what may be done with it.
//!
//! `table` is generated from real servers' COMMAND and says name, arity, flags, where the keys are
//! and the policies of a cluster; `row` makes its rows. `index` finds a row by the `name` in a
//! call, `state` names the commands that a shared connection refuses, `blocking` reads how long a
//! server may hold a command, and `nature` puts together what the life of one call depends on. An
//! unknown command is taken for a plain write.
//!
//! `keys` finds the keys of a call, by the `spec`ifications of its row or by a `procedure`, and
//! gives their `positions`, each with its `access`; `pubsub` finds names of channels.
//! `argument_list` puts the arguments of a command together one by one.

mod access;
mod argument_list;
mod blocking;
mod flags;
mod index;
mod keys;
mod name;
mod nature;
mod policy;
mod positions;
mod procedure;
mod pubsub;
mod recent;
mod row;
mod spec;
mod state;
mod table;

pub use access::Access;
pub use argument_list::ArgumentList;
pub use blocking::Block;
pub use flags::Flags;
pub use index::{all, find, lookup};
pub use keys::{KeysError, keys, routing_keys};
pub use nature::{Nature, is_plain, nature};
pub use policy::{RequestPolicy, ResponsePolicy, policies_of_tips};
pub use positions::{Key, Keys, Span};
pub use pubsub::channels;
pub use recent::Recent;
pub use spec::{Begin, Find, Spec};
pub use state::handle_for;

/// A row of the table: a command, or one subcommand of a container.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// "GET", or "CONFIG|GET" for a subcommand.
    pub name: &'static str,
    /// Number of arguments with the name; negative: at least so many.
    pub arity: i8,
    /// Position of the first key, the name being 0; 0 when there is none at a fixed place. These
    /// three are what servers before 7.0 tell: not all keys, where `specs` has more.
    pub first_key: i8,
    /// Position of the last key; negative counts from the end, -1 being the last argument.
    pub last_key: i8,
    /// Distance from one key to the next.
    pub key_step: i8,
    /// What the server and this library say of it.
    pub flags: Flags,
    /// Where its keys are, in full.
    pub specs: &'static [Spec],
    /// To which nodes of a cluster it goes.
    pub request: RequestPolicy,
    /// What becomes of several nodes' replies.
    pub response: ResponsePolicy,
    procedure: procedure::Procedure,
}
