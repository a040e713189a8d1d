//! How a row of the table is made: what a server told, and what follows from this library's own
//! rules.

use super::procedure::Procedure;
use super::state::derived;
use super::{Command, Flags, RequestPolicy, ResponsePolicy, Spec};

/// A row with the policies that are the default.
pub(super) const fn row(
    name: &'static str,
    arity: i8,
    keys: [i8; 3],
    flags: Flags,
    specs: &'static [Spec],
) -> Command {
    let [first_key, last_key, key_step] = keys;
    Command {
        name,
        arity,
        first_key,
        last_key,
        key_step,
        flags: derived(name, flags),
        specs,
        request: RequestPolicy::default_for(!specs.is_empty()),
        response: ResponsePolicy::default_for(!specs.is_empty()),
        procedure: Procedure::of(name),
    }
}

impl Command {
    /// The same with policies of its own.
    pub(super) const fn policies(
        mut self,
        request: RequestPolicy,
        response: ResponsePolicy,
    ) -> Self {
        self.request = request;
        self.response = response;
        self
    }
}
