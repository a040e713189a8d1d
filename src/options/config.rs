//! Options after parsing: typed, checked, complete. What the rest of the library reads.

use std::path::PathBuf;
use std::time::Duration;

/// Port of a URL that names none.
pub const DEFAULT_PORT: u16 = 6379;

/// Everything a client needs to know to work.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// ACL user; empty for the default user.
    pub username: String,
    /// Password, if one was given; empty for a user given without one.
    pub password: Option<Secret>,
    /// Database selected after connecting; 0 sends no SELECT.
    pub db: u32,
    /// Protocol version to ask for.
    pub protocol: Protocol,
    /// Name for CLIENT SETNAME; empty for none.
    pub client_name: String,
    /// Upstream libraries named in CLIENT SETINFO, as given: `name_v1.2.3;other_v4`, newest first.
    pub driver: String,
    /// Whether to greet the server at all.
    pub handshake: bool,
    /// Whether open leaves connecting to the first command.
    pub lazy: bool,
    /// Limit for one connection: DNS, connect and handshake; `None` for none.
    pub connect_timeout: Option<Duration>,
    /// Limit for one command with everything it needs; `None` for none.
    pub timeout: Option<Duration>,
    /// Idle time after which a PING precedes the next command; `None` is off.
    pub health_check: Option<Duration>,
    /// How connections are held.
    pub pool: PoolConfig,
    /// When to try again.
    pub retry: RetryConfig,
    /// What one reply may cost.
    pub limits: crate::resp::Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::default(),
            username: String::new(),
            password: None,
            db: 0,
            protocol: Protocol::Auto,
            client_name: String::new(),
            driver: String::new(),
            handshake: true,
            lazy: false,
            connect_timeout: Some(Duration::from_secs(5)),
            timeout: Some(Duration::from_secs(5)),
            health_check: None,
            pool: PoolConfig::default(),
            retry: RetryConfig::default(),
            limits: crate::resp::Limits::default(),
        }
    }
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A host name or address literal (without brackets) and a port.
    Tcp {
        /// Name or literal.
        host: String,
        /// Port.
        port: u16,
    },
    /// A Unix-domain socket.
    Unix(PathBuf),
}

impl Default for Endpoint {
    fn default() -> Self {
        Self::Tcp {
            host: "localhost".to_owned(),
            port: DEFAULT_PORT,
        }
    }
}

/// Protocol version to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HELLO 3, and RESP2 when the server does not know it.
    Auto,
    /// RESP2 without HELLO.
    Resp2,
    /// HELLO 3 or failure.
    Resp3,
}

/// How connections are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// At most so many connections.
    pub max: usize,
    /// How long a caller waits for one: `None` as long as its deadline, zero not at all.
    pub wait: Option<Duration>,
    /// An idle connection is probed at checkout when unused for longer.
    pub check_after: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max: 100,
            wait: None,
            check_after: Duration::from_millis(100),
        }
    }
}

/// When to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// Tries after the first; `None` is no limit.
    pub count: Option<u32>,
    /// Replay whatever the outcome: at-least-once.
    pub replay_unknown: bool,
    /// Pause between tries.
    pub backoff: Backoff,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            count: Some(10),
            replay_unknown: false,
            backoff: Backoff {
                kind: BackoffKind::ExponentialJitter,
                base: Duration::from_millis(10),
                cap: Duration::from_secs(1),
            },
        }
    }
}

/// Pause between tries; formulas in `retry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Formula.
    pub kind: BackoffKind,
    /// Unit of the first pause.
    pub base: Duration,
    /// Longest pause.
    pub cap: Duration,
}

/// Formula of the pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffKind {
    /// `min(cap, rand * base * 2^n)`.
    ExponentialJitter,
    /// No pause.
    None,
}

/// A password: never printed, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(zeroize::Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(zeroize::Zeroizing::new(bytes))
    }

    /// The bytes, for the wire alone.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}
