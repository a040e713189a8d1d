//! Taking over a socket that somebody else connected. Until it is kept, it is only borrowed: what
//! fails leaves it open and as it was.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::socket::Socket;
use super::stream::Stream;
use crate::error::{Code, Error, Result};
use crate::options::Endpoint;
use sys::Flags;

/// A descriptor on trial.
pub struct Adopted {
    socket: Arc<Socket>,
    before: Settings,
}

/// What adopting changes of a descriptor.
struct Settings {
    read_timeout: Option<Duration>,
    flags: Flags,
}

impl Adopted {
    /// Borrows a connected stream socket, or says what is wrong with it.
    pub fn borrow(descriptor: isize) -> Result<Self> {
        let socket = sys::borrow(descriptor)?;
        let wrong = |what: &str| wrong(descriptor, what);
        let inner = socket.inner();
        match inner.r#type() {
            Ok(socket2::Type::STREAM) => {}
            Ok(_) => return Err(wrong("is no stream socket")),
            Err(error) => return Err(wrong(&format!("is no socket: {error}"))),
        }
        let peer = inner.peer_addr();
        peer.map_err(|error| wrong(&format!("is not connected: {error}")))?;
        let flags = Flags::of(&socket);
        let flags = flags.map_err(|error| wrong(&format!("cannot be used: {error}")))?;
        let before = Settings {
            read_timeout: inner.read_timeout().unwrap_or(None),
            flags,
        };
        let adopted = Self {
            socket: Arc::new(socket),
            before,
        };
        let prepared = adopted.prepare();
        match prepared {
            Ok(()) => Ok(adopted),
            Err(error) => {
                adopted.give_back();
                Err(wrong(&format!("cannot be used: {error}")))
            }
        }
    }

    fn prepare(&self) -> std::io::Result<()> {
        let inner = self.socket.inner();
        #[cfg(unix)]
        inner.set_cloexec(true)?;
        #[cfg(target_vendor = "apple")]
        inner.set_nosigpipe(true)?;
        inner.set_read_timeout(None)?;
        self.socket.set_blocking()
    }

    /// The socket as a stream.
    pub fn stream(&self) -> Stream {
        Stream::new(Arc::clone(&self.socket))
    }

    /// Who is at the other end, for messages.
    pub fn peer(&self) -> Endpoint {
        let address = self.socket.inner().peer_addr().ok();
        let socket = address.as_ref().and_then(socket2::SockAddr::as_socket);
        if let Some(address) = socket {
            return Endpoint::Tcp {
                host: address.ip().to_string(),
                port: address.port(),
            };
        }
        let path = address.as_ref().and_then(|address| address.as_pathname());
        Endpoint::Unix(path.map_or_else(
            || PathBuf::from(format!("descriptor {}", self.socket.descriptor())),
            PathBuf::from,
        ))
    }

    /// From now on it is ours, and closed with its last holder.
    pub fn keep(self) {
        self.socket.own();
    }

    /// Leaves it open and as it was.
    pub fn give_back(self) {
        let inner = self.socket.inner();
        let _ = inner.set_read_timeout(self.before.read_timeout);
        self.before.flags.restore(&self.socket);
    }
}

fn wrong(descriptor: isize, what: &str) -> Error {
    Error::new(Code::Invalid, format!("descriptor {descriptor} {what}"))
}

#[cfg(unix)]
mod sys {
    use std::os::fd::{AsRawFd, FromRawFd};

    use super::{Result, Socket, wrong};

    /// The socket behind a number.
    pub(super) fn borrow(descriptor: isize) -> Result<Socket> {
        let number = i32::try_from(descriptor).ok().filter(|number| *number >= 0);
        let number = number.ok_or_else(|| wrong(descriptor, "is none: give a connected socket"))?;
        // SAFETY: fcntl only looks the number up.
        if unsafe { libc::fcntl(number, libc::F_GETFD) } < 0 {
            return Err(wrong(descriptor, "is not open"));
        }
        // SAFETY: the number is an open descriptor, which the caller lends; `Socket::borrowed` does
        // not close it.
        Ok(Socket::borrowed(unsafe {
            socket2::Socket::from_raw_fd(number)
        }))
    }

    /// The flags of a descriptor and of what is open behind it.
    pub(super) struct Flags {
        descriptor: i32,
        status: i32,
    }

    impl Flags {
        pub(super) fn of(socket: &Socket) -> std::io::Result<Self> {
            let number = socket.inner().as_raw_fd();
            // SAFETY: fcntl with plain numbers on an open descriptor.
            let (descriptor, status) = unsafe {
                (
                    libc::fcntl(number, libc::F_GETFD),
                    libc::fcntl(number, libc::F_GETFL),
                )
            };
            match descriptor < 0 || status < 0 {
                true => Err(std::io::Error::last_os_error()),
                false => Ok(Self { descriptor, status }),
            }
        }

        pub(super) fn restore(&self, socket: &Socket) {
            let number = socket.inner().as_raw_fd();
            // SAFETY: as above.
            unsafe {
                libc::fcntl(number, libc::F_SETFD, self.descriptor);
                libc::fcntl(number, libc::F_SETFL, self.status);
            }
        }
    }
}

#[cfg(windows)]
mod sys {
    use std::os::windows::io::{FromRawSocket, RawSocket};

    use super::{Result, Socket, wrong};

    /// The socket behind a handle.
    pub(super) fn borrow(descriptor: isize) -> Result<Socket> {
        if descriptor == -1 {
            return Err(wrong(descriptor, "is none: give a connected socket"));
        }
        // SAFETY: the caller lends the handle; `Socket::borrowed` does not close it.
        Ok(Socket::borrowed(unsafe {
            socket2::Socket::from_raw_socket(descriptor as RawSocket)
        }))
    }

    /// Windows cannot be asked whether a socket blocks: there is nothing to restore.
    pub(super) struct Flags;

    impl Flags {
        pub(super) fn of(_: &Socket) -> std::io::Result<Self> {
            Ok(Self)
        }

        pub(super) fn restore(&self, _: &Socket) {}
    }
}
