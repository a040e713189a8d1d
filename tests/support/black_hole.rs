//! Addresses that take a connection attempt and never answer it.
//!
//! A listener whose queue is full drops what more comes, on loopback as on a network: the system
//! goes on asking, a second and more apart.

use super::{TempDir, wait_until};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A listener with a full queue, until it is dropped.
pub struct BlackHole {
    address: SockAddr,
    _listener: Socket,
    fillers: Vec<Socket>,
    directory: Option<TempDir>,
}

impl BlackHole {
    /// At the address of a listener; at 0.0.0.0 it is one at every local IPv4 address.
    pub fn on(listener: TcpListener) -> Self {
        let bound = listener.local_addr().unwrap();
        let reach = match bound.ip().is_unspecified() {
            true => SocketAddr::new([127, 0, 0, 1].into(), bound.port()),
            false => bound,
        };
        Self::fill(listener.into(), reach.into(), None)
    }

    /// At a Unix socket in a directory of its own.
    pub fn unix() -> Self {
        let directory = TempDir::new();
        let address = SockAddr::unix(directory.path().join("socket")).unwrap();
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listener.bind(&address).unwrap();
        Self::fill(listener, address, Some(directory))
    }

    fn fill(listener: Socket, address: SockAddr, directory: Option<TempDir>) -> Self {
        listener.listen(0).unwrap();
        let mut hole = Self {
            address,
            _listener: listener,
            fillers: Vec::new(),
            directory,
        };
        // Twice, for an answer that is only slow.
        wait_until("a queue is full", || !hole.takes_one() && !hole.takes_one());
        hole
    }

    /// Its TCP port.
    pub fn port(&self) -> u16 {
        self.address.as_socket().expect("a TCP address").port()
    }

    /// Its Unix socket.
    pub fn path(&self) -> PathBuf {
        let path = self.directory.as_ref().map(TempDir::path);
        path.map(|path: &Path| path.join("socket"))
            .expect("a Unix socket")
    }

    /// Whether a connection is made, which then takes a place in the queue.
    fn takes_one(&mut self) -> bool {
        let socket = Socket::new(self.address.domain(), Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut made = socket.connect(&self.address);
        let start = Instant::now();
        while made.as_ref().is_err_and(is_pending) && start.elapsed() < Duration::from_millis(50) {
            std::thread::sleep(Duration::from_millis(1));
            made = socket.connect(&self.address);
        }
        match made {
            Ok(()) => self.fillers.push(socket),
            // The second look at a connection that is made.
            Err(error) if error.raw_os_error() == Some(libc::EISCONN) => self.fillers.push(socket),
            Err(_) => return false,
        }
        true
    }
}

fn is_pending(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
        || matches!(
            error.raw_os_error(),
            Some(libc::EINPROGRESS | libc::EALREADY)
        )
}

/// Listeners of one port, one for each address; None when the machine lacks one of the addresses.
/// Dropping one makes its address refuse.
pub fn same_port(addresses: &[IpAddr]) -> Option<Vec<TcpListener>> {
    let listen = |ip: &IpAddr, port| TcpListener::bind(SocketAddr::new(*ip, port));
    for _ in 0..100 {
        let first = listen(addresses.first()?, 0).ok()?;
        let port = first.local_addr().unwrap().port();
        let mut all = vec![first];
        for ip in &addresses[1..] {
            match listen(ip, port) {
                Ok(next) => all.push(next),
                Err(error) if error.kind() == ErrorKind::AddrInUse => break,
                Err(_) => return None,
            }
        }
        if all.len() == addresses.len() {
            return Some(all);
        }
    }
    panic!("no port is free on all of {addresses:?}");
}
