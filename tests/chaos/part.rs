//! The ways in which calls are made; each has clients, proxies and figures of its own.

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
}
