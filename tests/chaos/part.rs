//! The ways in which calls are made; each has clients, proxies and figures of its own.

use std::time::Duration;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Each call has a connection of the pool to itself.
    Exclusive,
    /// mode=shared: the calls of all threads go over few connections.
    Shared,
    /// Commands are submitted to completion queues.
    Queue,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Exclusive, Self::Shared, Self::Queue];

    /// The column of the table.
    pub fn name(self) -> &'static str {
        ["exclusive", "shared", "queues"][self as usize]
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// What a storm leaves behind is over after so long in a calm. A shared connection that a storm
    /// left dead is given up when the oldest call on it is, which has a limit of 1.5 s at most.
    pub fn settling(self) -> Duration {
        Duration::from_millis(match self {
            Self::Exclusive => 600,
            Self::Shared | Self::Queue => 1700,
        })
    }
}
