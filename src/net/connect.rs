//! Connecting: every address of a host in order, or a Unix-domain socket.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Type};

use super::descriptors::Descriptors;
use super::resolve::Resolver;
use super::stream::{Socket, Stream};
use super::wake::{Park, Registration, Sleeper, Wait};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Phase, Result};
use crate::options::Endpoint;

const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
#[cfg(not(windows))]
const KEEPALIVE_PROBES: u32 = 3;
/// A Unix socket with a full backlog refuses at once: ask again after so long.
const BACKLOG_PAUSE: Duration = Duration::from_millis(5);

/// Connects to the endpoint; the descriptor is noted in `table`, if there is one.
pub fn connect(
    endpoint: &Endpoint,
    resolver: &Arc<Resolver>,
    table: Option<&Arc<Descriptors>>,
    wait: &Wait,
) -> Result<Stream> {
    match endpoint {
        Endpoint::Tcp { host, port } => {
            let addresses = resolver.resolve(host, *port, wait)?;
            connect_any(&addresses, table, wait)
        }
        Endpoint::Unix(path) => connect_unix(path, table, wait),
    }
    .map_err(|error| error.in_phase(Phase::Connect))
}

/// Tries each address in order; each gets its share of the time left.
fn connect_any(
    addresses: &[SocketAddr],
    table: Option<&Arc<Descriptors>>,
    wait: &Wait,
) -> Result<Stream> {
    let mut failure = None;
    for (index, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = wait.deadline.remaining_at(now);
        let share = left.map(|left| left / (addresses.len() - index) as u32);
        match connect_tcp(*address, table, &wait.until(Deadline::after(now, share))) {
            Ok(stream) => return Ok(stream),
            Err(error) if matches!(error.code(), Code::Cancelled | Code::Closed) => {
                return Err(error);
            }
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(Code::Resolve, "the host has no address")))
}

fn connect_tcp(
    address: SocketAddr,
    table: Option<&Arc<Descriptors>>,
    wait: &Wait,
) -> Result<Stream> {
    let failed = |error: io::Error| failure(&format!("cannot connect to {address}"), &error);
    let socket = open_socket(Domain::for_address(address), table).map_err(failed)?;
    let inner = socket.inner();
    inner.set_tcp_nodelay(true).map_err(failed)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL);
    #[cfg(not(windows))]
    let keepalive = keepalive.with_retries(KEEPALIVE_PROBES);
    inner.set_tcp_keepalive(&keepalive).map_err(failed)?;
    let _covered = cover(&socket, wait);
    wait.check()?;
    match inner.connect(&address.into()) {
        Err(error) if is_in_progress(&error) => {
            let ready = socket.wait(false, true, wait.deadline).map_err(failed)?;
            wait.check()?;
            if !ready.writable {
                let detail = format!("{address} did not accept the connection in time");
                return Err(Error::new(Code::Timeout, detail));
            }
            if let Some(error) = inner.take_error().map_err(failed)? {
                return Err(failed(error));
            }
        }
        result => result.map_err(failed)?,
    }
    finish(socket).map_err(failed)
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
                return finish(socket).map_err(failed);
            }
        }
        if wait.deadline.passed() {
            let detail = format!("{shown} did not accept the connection in time");
            return Err(Error::new(Code::Timeout, detail));
        }
        let pause = Deadline::after(Instant::now(), Some(BACKLOG_PAUSE));
        wait.until(pause).park(&Arc::new(Park::default()))?;
    }
}

/// A non-blocking socket that no child program inherits.
fn open_socket(domain: Domain, table: Option<&Arc<Descriptors>>) -> io::Result<Arc<Socket>> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    let inner = socket2::Socket::new_raw(domain, Type::STREAM.cloexec().nonblocking(), None)?;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    let inner = {
        let inner = socket2::Socket::new(domain, Type::STREAM, None)?;
        inner.set_nonblocking(true)?;
        inner
    };
    Ok(Arc::new(Socket::new(inner, table)))
}

/// While it connects, closing the client and cancelling the call both reach the socket.
fn cover(socket: &Arc<Socket>, wait: &Wait) -> (Registration, Option<Registration>) {
    let sleeper = Sleeper::Socket(Arc::clone(socket));
    (wait.closing.register(sleeper.clone()), wait.cover(sleeper))
}

fn finish(socket: Arc<Socket>) -> io::Result<Stream> {
    socket.inner().set_nonblocking(false)?;
    Ok(Stream::new(socket))
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::EINPROGRESS) {
        return true;
    }
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

fn failure(doing: &str, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::TimedOut => Code::Timeout,
        _ => Code::Connect,
    };
    Error::from_io(code, doing, error)
}
