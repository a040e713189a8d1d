//! Makes connections: address, socket, greeting, each within the connect timeout.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::Connection;
use super::handshake;
use crate::deadline::Deadline;
use crate::error::{Outcome, Phase, Result};
use crate::net::{self, Descriptors, Resolver, Sleeper, Wait};
use crate::options::{Config, Endpoint};

/// What all connections to one server share.
pub struct Connector {
    pub(super) config: Arc<Config>,
    node: Arc<str>,
    resolver: Arc<Resolver>,
    table: Option<Arc<Descriptors>>,
    /// Set when the server refuses CLIENT SETINFO, which is then not sent again.
    pub(super) info_refused: AtomicBool,
}

impl Connector {
    /// Connections as `config` says; their descriptors are noted in `table`.
    pub fn new(config: Arc<Config>, table: Option<Arc<Descriptors>>) -> Self {
        let node = match &config.endpoint {
            Endpoint::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Endpoint::Tcp { host, port } => format!("{host}:{port}"),
            Endpoint::Unix(path) => path.to_string_lossy().into_owned(),
        };
        Self {
            config,
            node: node.into(),
            resolver: Arc::default(),
            table,
            info_refused: AtomicBool::new(false),
        }
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Connects and greets. Whatever fails here, the caller's command was not sent.
    pub fn connect(&self, wait: &Wait) -> Result<Connection> {
        let limit = Deadline::after(Instant::now(), self.config.connect_timeout);
        self.connect_within(&wait.until(limit))
            .map_err(|error| error.with_outcome(Outcome::NotSent).at_node(&self.node))
    }

    fn connect_within(&self, wait: &Wait) -> Result<Connection> {
        wait.check()?;
        let table = self.table.as_ref();
        let connected = net::connect(&self.config.endpoint, &self.resolver, table, wait);
        let stream = match connected {
            Ok(stream) => stream,
            Err(error) => {
                wait.check()
                    .map_err(|ended| ended.in_phase(Phase::Connect))?;
                return Err(error);
            }
        };
        let closing = wait
            .closing
            .register(Sleeper::Socket(Arc::clone(stream.socket())));
        let node = Arc::clone(&self.node);
        let mut connection = Connection::new(stream, node, self.config.limits, closing);
        if self.config.handshake {
            handshake::greet(&mut connection, self, wait)?;
        }
        Ok(connection)
    }
}
