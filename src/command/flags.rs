//! A set of facts about a command, one bit each.

/// What is known of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// Nothing special.
    pub const NONE: Self = Self(0);
    /// It may change data.
    pub const WRITE: Self = Self(1);
    /// It never changes data.
    pub const READONLY: Self = Self(1 << 1);
    /// The server may hold it until something happens.
    pub const BLOCKING: Self = Self(1 << 2);
    /// Where its keys are depends on its arguments.
    pub const MOVABLE_KEYS: Self = Self(1 << 3);
    /// It is for administrators.
    pub const ADMIN: Self = Self(1 << 4);
    /// It belongs to publish and subscribe.
    pub const PUBSUB: Self = Self(1 << 5);
    /// It is refused between MULTI and EXEC.
    pub const NO_MULTI: Self = Self(1 << 6);
    /// Its first argument may name a subcommand.
    pub const CONTAINER: Self = Self(1 << 7);
    /// It changes how later commands on its connection are answered.
    pub const CHANGES_STATE: Self = Self(1 << 8);
    /// Running it twice is as good as once.
    pub const REPLAYABLE: Self = Self(1 << 9);
    /// A call may do without keys though the command has them.
    pub const NO_MANDATORY_KEYS: Self = Self(1 << 10);
    /// It runs a script or function that may write.
    pub const SCRIPT: Self = Self(1 << 11);

    /// What either of the two has.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is here.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
