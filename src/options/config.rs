//! Options after parsing: typed, checked, complete. What the rest of the library reads.

use std::path::PathBuf;
use std::time::Duration;

use super::config_net::{TcpConfig, TlsConfig};
use super::retry::RetryConfig;
use crate::error::{Code, Error, Result};

/// Port of a URL that names none.
pub const DEFAULT_PORT: u16 = 6379;

/// Everything a client needs to know to work.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// Whether the connection is encrypted.
    pub secure: bool,
    /// How a TCP connection is made.
    pub tcp: TcpConfig,
    /// What TLS checks and shows.
    pub tls: TlsConfig,
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
    /// Whether callers share connections, and how many those have.
    pub shared: SharedConfig,
    /// How much may be under way on shared connections and queues.
    pub in_flight: InFlightConfig,
    /// When to try again.
    pub retry: RetryConfig,
    /// When not to try at all.
    pub circuit: CircuitConfig,
    /// What one reply may cost.
    pub limits: crate::resp::Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::default(),
            secure: false,
            tcp: TcpConfig::default(),
            tls: TlsConfig::default(),
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
            shared: SharedConfig::default(),
            in_flight: InFlightConfig::default(),
            retry: RetryConfig::default(),
            circuit: CircuitConfig::default(),
            limits: crate::resp::Limits::default(),
        }
    }
}

impl Config {
    /// Refuses options that contradict one another.
    pub fn check(&self) -> Result<()> {
        let PoolConfig { min, max, .. } = self.pool;
        if min > max {
            let text =
                format!("pool.min is {min} and pool.max is {max}: pool.min takes at most pool.max");
            return Err(Error::new(Code::Option, text));
        }
        Ok(())
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// At most so many connections.
    pub max: usize,
    /// So many are made at open, and idle expiry leaves so many.
    pub min: usize,
    /// Which idle connection is handed out.
    pub order: Order,
    /// How long a caller waits for one: `None` as long as its deadline, zero not at all.
    pub wait: Option<Duration>,
    /// An idle connection is probed at checkout when unused for longer.
    pub check_after: Duration,
    /// An idle connection is closed when unused for longer; `None` is off.
    pub max_idle: Option<Duration>,
    /// A connection is closed when made longer ago; `None` is off.
    pub max_age: Option<Duration>,
}

/// Which idle connection is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The one given back last: few connections are kept busy.
    Lifo,
    /// The one given back first: all are used in turn.
    Fifo,
}

impl PoolConfig {
    /// Whether a connection may have to go for its time alone.
    pub fn expires(&self) -> bool {
        self.max_idle.is_some() || self.max_age.is_some()
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max: 100,
            min: 0,
            order: Order::Lifo,
            wait: None,
            check_after: Duration::from_millis(100),
            max_idle: None,
            max_age: None,
        }
    }
}

/// Connections that many callers use at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedConfig {
    /// Whether callers use them; queues always do.
    pub is_on: bool,
    /// How many there are.
    pub links: usize,
}

impl Default for SharedConfig {
    fn default() -> Self {
        Self {
            is_on: false,
            links: 1,
        }
    }
}

/// How much may be under way on shared connections and queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlightConfig {
    /// Commands.
    pub commands: usize,
    /// Their bytes.
    pub bytes: usize,
}

impl Default for InFlightConfig {
    fn default() -> Self {
        Self {
            commands: 65_536,
            bytes: 64 << 20,
        }
    }
}

/// When calls fail at once because the server is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitConfig {
    /// Failures in a row that open it; 0 is off.
    pub failures: u32,
    /// How long it then stays open.
    pub open: Duration,
}

impl Default for CircuitConfig {
    fn default() -> Self {
        Self {
            failures: 0,
            open: Duration::from_secs(5),
        }
    }
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
