//! What happens to the connections of a pool.
//!
//! A connection's number is its own for as long as its client lives in this process. Of a
//! connection that is given back, exactly one is told: released or closed.

/// A connection was made and greeted; the call that wanted it holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionOpened {
    /// "host:port" or socket path.
    pub node: String,
    /// Which connection.
    pub id: u64,
}

/// A connection was given back in good order: it is idle, or went to a caller who waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionReleased {
    /// "host:port" or socket path.
    pub node: String,
    /// Which connection.
    pub id: u64,
}

/// A connection was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionClosed {
    /// "host:port" or socket path.
    pub node: String,
    /// Which connection.
    pub id: u64,
    /// Why.
    pub reason: CloseReason,
}

/// Why a connection was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// It failed, or owed a reply when its call ended.
    Broken,
    /// It was not used for `pool.max_idle_ms`.
    Idle,
    /// It was made more than `pool.max_age_ms` ago.
    Aged,
    /// There were more than `pool.max`, which had been lowered.
    Trimmed,
    /// When it was to be taken it was closed by the server, or held what nobody had asked for.
    Dead,
    /// It did not answer its health check.
    HealthCheck,
    /// Its server is not the one to talk to any more.
    Stale,
    /// The client was closed.
    ClientClosed,
}
