//! One TCP attempt: a socket with its options, a connect under way, and what became of it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::Domain;

#[cfg(any(target_os = "linux", target_os = "android"))]
use super::connect::open_waiting;
use super::connect::{cover, failure, open_socket};
use super::descriptors::Descriptors;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::race::silent;
use super::socket::Socket;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::stream::Stream;
use super::wake::{Registration, Wait};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::options::{Keepalive, TcpConfig};

/// A connect under way.
pub(super) struct Attempt {
    pub(super) address: SocketAddr,
    pub(super) socket: Arc<Socket>,
    /// When it has to make way for another address.
    pub(super) until: Deadline,
    /// Lets the client's closing and the caller's cancel end it.
    _covered: (Registration, Option<Registration>),
}

/// So long an only address is waited for in connect itself. A cancel that came just before is seen
/// afterwards.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PATIENCE: Duration = Duration::from_millis(100);

/// Connects where there is one address: within the call, if it answers soon.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn connect_alone(
    address: SocketAddr,
    config: &TcpConfig,
    table: Option<&Arc<Descriptors>>,
    wait: &Wait,
) -> Result<Stream> {
    let failed = |error: io::Error| refused(address, &error);
    let socket = open_waiting(Domain::for_address(address), table).map_err(failed)?;
    socket.inner().set_tcp_nodelay(true).map_err(failed)?;
    bind_to(&socket, config)?;
    let _covered = cover(&socket, wait);
    wait.check()?;
    let left = wait.deadline.remaining().unwrap_or(PATIENCE);
    let patience = left.clamp(Duration::from_millis(1), PATIENCE);
    socket.set_patience(patience).map_err(failed)?;
    match socket.inner().connect(&address.into()) {
        Err(error) if is_in_progress(&error) => wait_for(&socket, address, wait)?,
        result => result.map_err(failed)?,
    }
    Ok(Stream::new(socket))
}

/// Waits until a connect under way is decided.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn wait_for(socket: &Socket, address: SocketAddr, wait: &Wait) -> Result<()> {
    wait.check()?;
    let ready = socket.wait(false, true, wait.deadline);
    let ready = ready.map_err(|error| failure("cannot wait for the connection", &error))?;
    wait.check()?;
    match ready.writable {
        true => outcome(socket, address),
        false => Err(silent(address)),
    }
}

fn outcome(socket: &Socket, address: SocketAddr) -> Result<()> {
    match socket.inner().take_error() {
        Ok(None) => Ok(()),
        Ok(Some(error)) | Err(error) => Err(refused(address, &error)),
    }
}

fn bind_to(socket: &Socket, config: &TcpConfig) -> Result<()> {
    let Some(own) = config.bind else {
        return Ok(());
    };
    let bound = socket.inner().bind(&SocketAddr::new(own, 0).into());
    bound.map_err(|error| failure(&format!("cannot connect from {own}"), &error))
}

impl Attempt {
    /// Starts to connect.
    pub(super) fn begin(
        address: SocketAddr,
        config: &TcpConfig,
        table: Option<&Arc<Descriptors>>,
        wait: &Wait,
        until: Deadline,
    ) -> Result<Self> {
        let failed = |error: io::Error| refused(address, &error);
        let socket = open_socket(Domain::for_address(address), table).map_err(failed)?;
        socket.inner().set_tcp_nodelay(true).map_err(failed)?;
        bind_to(&socket, config)?;
        let covered = cover(&socket, wait);
        match socket.inner().connect(&address.into()) {
            Err(error) if !is_in_progress(&error) => return Err(failed(error)),
            _ => {}
        }
        Ok(Self {
            address,
            socket,
            until,
            _covered: covered,
        })
    }

    /// What became of it, once the socket is writable.
    pub(super) fn outcome(&self) -> Result<()> {
        outcome(&self.socket, self.address)
    }
}

/// What the system said of an address.
pub(super) fn refused(address: SocketAddr, error: &io::Error) -> Error {
    failure(&format!("cannot connect to {address}"), error)
}

/// How keepalive is done where it is on.
pub(super) fn probes(keepalive: &Keepalive) -> socket2::TcpKeepalive {
    let probes = socket2::TcpKeepalive::new()
        .with_time(whole_seconds(keepalive.idle))
        .with_interval(whole_seconds(keepalive.interval));
    #[cfg(not(windows))]
    let probes = probes.with_retries(keepalive.probes);
    probes
}

/// Rounded up: the system counts seconds, and zero would be refused.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_millis().div_ceil(1000) as u64)
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
