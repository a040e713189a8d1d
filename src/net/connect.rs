//! Connecting: the addresses of a host, or a Unix-domain socket.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockAddr, Type};

use super::addresses::arrange;
use super::descriptors::Descriptors;
use super::race;
use super::resolve::Resolver;
use super::socket::Socket;
use super::stream::Stream;
use super::tcp::probes;
use super::wake::{Park, Registration, Sleeper, Wait};
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Phase, Result};
use crate::options::{Endpoint, Family, Keepalive, TcpConfig};
use crate::sys::fork;

/// A Unix socket with a full backlog refuses at once: ask again after so long.
const BACKLOG_PAUSE: Duration = Duration::from_millis(5);

/// What a connected socket still lacks: it can be had while the server answers the first command.
#[derive(Default)]
pub struct Unset {
    /// Its calls are to wait.
    blocking: bool,
    keepalive: Option<socket2::TcpKeepalive>,
}

impl Unset {
    fn new(blocking: bool, keepalive: &Keepalive) -> Self {
        Self {
            blocking,
            keepalive: keepalive.on.then(|| probes(keepalive)),
        }
    }

    /// Sets it; there is nothing left to be set then.
    pub fn set(&mut self, stream: &Stream) -> Result<()> {
        let Self {
            blocking,
            keepalive,
        } = std::mem::take(self);
        let set = || {
            if blocking {
                stream.socket().set_blocking()?;
            }
            match keepalive {
                Some(probes) => stream.socket().inner().set_tcp_keepalive(&probes),
                None => Ok(()),
            }
        };
        set().map_err(|error| failure("cannot prepare the socket", &error))
    }
}

/// Connects to the endpoint; the descriptor is noted in `table`, if there is one. No command is
/// sent without what is unset being set afterwards.
pub fn connect(
    endpoint: &Endpoint,
    tcp: &TcpConfig,
    resolver: &Arc<Resolver>,
    table: Option<&Arc<Descriptors>>,
    wait: &Wait,
) -> Result<(Stream, Unset)> {
    match endpoint {
        Endpoint::Tcp { host, port } => {
            let found = resolver.resolve(host, *port, wait)?;
            let addresses = arrange(found, tcp);
            if addresses.is_empty() {
                return Err(no_address(host, tcp).in_phase(Phase::Resolve));
            }
            let connected = race::connect_any(host, addresses, tcp, table, wait);
            connected.map(|(stream, blocking)| (stream, Unset::new(blocking, &tcp.keepalive)))
        }
        Endpoint::Unix(path) => {
            let unset = Unset {
                blocking: true,
                keepalive: None,
            };
            connect_unix(path, table, wait).map(|stream| (stream, unset))
        }
    }
    .map_err(|error| error.in_phase(Phase::Connect))
}

/// The options leave no address of the host.
fn no_address(host: &str, tcp: &TcpConfig) -> Error {
    let family = match tcp.bind {
        Some(own) if own.is_ipv4() => Family::Ipv4,
        Some(_) => Family::Ipv6,
        None => tcp.family,
    };
    let detail = format!(
        "'{host}' has no {}address, and tcp.family and tcp.bind admit no other",
        family.label()
    );
    Error::new(Code::Resolve, detail)
}

fn connect_unix(path: &Path, table: Option<&Arc<Descriptors>>, wait: &Wait) -> Result<Stream> {
    let shown = path.display();
    let failed = |error: io::Error| failure(&format!("cannot connect to {shown}"), &error);
    let address = SockAddr::unix(path).map_err(failed)?;
    let socket = open_socket(Domain::UNIX, table).map_err(failed)?;
    let _covered = cover(&socket, wait);
    loop {
        wait.check()?;
        match socket.inner().connect(&address) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            result => {
                result.map_err(failed)?;
                return Ok(Stream::new(socket));
            }
        }
        if wait.deadline.passed() {
            let detail = format!("{shown} did not accept the connection in time");
            return Err(Error::new(Code::Timeout, detail));
        }
        let pause = Deadline::after(Moment::now(), Some(BACKLOG_PAUSE));
        wait.until(pause).park(&Arc::new(Park::default()))?;
    }
}

/// A non-blocking socket that no child program inherits.
pub(super) fn open_socket(
    domain: Domain,
    table: Option<&Arc<Descriptors>>,
) -> io::Result<Arc<Socket>> {
    let forks = fork::forks();
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    let inner = socket2::Socket::new_raw(domain, Type::STREAM.cloexec().nonblocking(), None)?;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    let inner = {
        let inner = socket2::Socket::new(domain, Type::STREAM, None)?;
        inner.set_nonblocking(true)?;
        inner
    };
    Ok(Arc::new(Socket::new(inner, forks, table)))
}

/// A socket whose calls wait, which no child program inherits.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn open_waiting(
    domain: Domain,
    table: Option<&Arc<Descriptors>>,
) -> io::Result<Arc<Socket>> {
    let forks = fork::forks();
    let inner = socket2::Socket::new_raw(domain, Type::STREAM.cloexec(), None)?;
    Ok(Arc::new(Socket::new(inner, forks, table)))
}

/// While it connects, closing the client and cancelling the call both reach the socket.
pub(super) fn cover(socket: &Arc<Socket>, wait: &Wait) -> (Registration, Option<Registration>) {
    let sleeper = Sleeper::Socket(Arc::clone(socket));
    (wait.closing.register(sleeper.clone()), wait.cover(sleeper))
}

pub(super) fn failure(doing: &str, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::TimedOut => Code::Timeout,
        _ => Code::Connect,
    };
    Error::from_io(code, doing, error)
}
