//! Makes connections: address, socket, greeting, each within the connect timeout.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Connection;
use super::handshake;
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Outcome, Phase, Result};
use crate::net::{self, Context, Descriptors, Material, Resolver, Sleeper, Stream, Unset, Wait};
use crate::options::{Config, Endpoint};
use crate::resp::Wire;

/// What all connections to one server share.
pub struct Connector {
    pub(super) config: Arc<Config>,
    node: Arc<str>,
    resolver: Arc<Resolver>,
    table: Option<Arc<Descriptors>>,
    /// What TLS was given; `None` without TLS.
    material: Option<Arc<Material>>,
    /// Made of it when it is first needed: a forked child makes its own.
    context: OnceLock<Context>,
    /// Set when the server refuses CLIENT SETINFO, which is then not sent again.
    pub(super) info_refused: AtomicBool,
}

impl Connector {
    /// Connections as `config` says; their descriptors are noted in `table`.
    pub fn new(
        config: Arc<Config>,
        material: Option<Arc<Material>>,
        table: Option<Arc<Descriptors>>,
    ) -> Self {
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
            material,
            context: OnceLock::new(),
            info_refused: AtomicBool::new(false),
        }
    }

    /// "host:port" or socket path.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Connects and greets. Whatever fails here, the caller's command was not sent.
    pub fn connect(&self, wait: &Wait) -> Result<Connection> {
        self.connect_within(self.config.connect_timeout, wait)
    }

    /// `connect` with a limit that may have changed since.
    pub fn connect_within(&self, limit: Option<Duration>, wait: &Wait) -> Result<Connection> {
        let limit = Deadline::after(Moment::now(), limit);
        self.connect_until(&wait.until(limit))
            .map_err(|error| error.with_outcome(Outcome::NotSent).at_node(&self.node))
    }

    /// Greets over a socket that somebody else connected; it is let go when that fails.
    pub fn adopt(&self, stream: Stream, wait: &Wait) -> Result<Connection> {
        self.greet(stream, Unset::default(), wait)
            .map_err(|error| error.with_outcome(Outcome::NotSent).at_node(&self.node))
    }

    /// Refuses certificates and keys that OpenSSL cannot use, before they are needed.
    pub fn check(&self) -> Result<()> {
        self.material
            .as_ref()
            .map_or(Ok(()), |material| self.context(material).map(drop))
    }

    fn connect_until(&self, wait: &Wait) -> Result<Connection> {
        wait.check()?;
        let Config { endpoint, tcp, .. } = &*self.config;
        let connected = net::connect(endpoint, tcp, &self.resolver, self.table.as_ref(), wait);
        let (stream, unset) =
            connected.map_err(|error| error.or_ended(wait.check().err(), Phase::Connect))?;
        self.greet(stream, unset, wait)
    }

    fn greet(&self, stream: Stream, mut unset: Unset, wait: &Wait) -> Result<Connection> {
        let closing = wait
            .closing
            .register(Sleeper::Socket(Arc::clone(stream.socket())));
        let stream = match &self.material {
            None => stream,
            Some(material) => net::secure(stream, self.context(material)?, wait)
                .map_err(|error| error.or_ended(wait.check().err(), Phase::Tls))?,
        };
        let node = Arc::clone(&self.node);
        let mut connection = Connection::new(stream, node, self.config.limits, closing);
        if self.config.handshake {
            connection.lend(Wire::small());
            handshake::greet(&mut connection, self, &mut unset, wait)
                .map_err(|error| self.guess_tls(error, &connection))?;
            connection.rest();
        }
        unset.set(&connection.stream)?;
        Ok(connection)
    }

    fn context(&self, material: &Material) -> Result<&Context> {
        if let Some(context) = self.context.get() {
            return Ok(context);
        }
        let host = match &self.config.endpoint {
            Endpoint::Tcp { host, .. } => host,
            Endpoint::Unix(_) => "",
        };
        let made = Context::new(&self.config.tls, material, host)?;
        Ok(self.context.get_or_init(|| made))
    }

    /// A server that wants TLS answers a plain greeting with an alert, or hangs up.
    fn guess_tls(&self, error: Error, connection: &Connection) -> Error {
        if self.material.is_some() || !matches!(self.config.endpoint, Endpoint::Tcp { .. }) {
            return error;
        }
        if connection.was_answered_in_tls() {
            return error.adding("the server answered in TLS: use rediss://");
        }
        match error.code() {
            Code::Disconnected => error.adding("if this port speaks TLS, use rediss://"),
            _ => error,
        }
    }
}
