//! One socket, read and written against deadlines.
//!
//! A read blocks in recv, bounded by SO_RCVTIMEO, which is set again only when the time left
//! differs enough to matter: a round trip is two system calls. A write never blocks in send. No
//! write raises SIGPIPE.

use std::io::{self, IoSlice, Read};
use std::sync::Arc;
use std::time::Duration;

use super::descriptors::Descriptors;
use crate::deadline::Deadline;
use crate::sys::poll::{self, Descriptor, Ready};

/// A socket that several may hold: it is closed with the last, so that shutting it down from
/// another thread never meets a stranger's descriptor.
pub struct Socket {
    inner: socket2::Socket,
    noted: Option<(Arc<Descriptors>, usize)>,
}

impl Socket {
    /// Takes a socket over; its descriptor is noted for forked children.
    pub fn new(inner: socket2::Socket, table: Option<&Arc<Descriptors>>) -> Self {
        let noted = table.and_then(|table| {
            let place = table.note(descriptor(&inner) as i64)?;
            Some((Arc::clone(table), place))
        });
        Self { inner, noted }
    }

    /// Ends both directions and wakes whoever waits on it.
    pub fn shutdown(&self) {
        let _ = self.inner.shutdown(std::net::Shutdown::Both);
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> Descriptor {
        descriptor(&self.inner)
    }

    /// The socket itself.
    pub fn inner(&self) -> &socket2::Socket {
        &self.inner
    }

    /// Reads what is there.
    pub fn receive_now(&self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.receive_once(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    #[cfg(unix)]
    fn receive_once(&self, into: &mut [u8]) -> io::Result<usize> {
        // SAFETY: initialised bytes may be seen as maybe-initialised ones; recv only writes to them.
        let into = unsafe { &mut *(std::ptr::from_mut(into) as *mut [std::mem::MaybeUninit<u8>]) };
        self.inner.recv_with_flags(into, libc::MSG_DONTWAIT)
    }

    #[cfg(not(unix))]
    fn receive_once(&self, into: &mut [u8]) -> io::Result<usize> {
        let now = Deadline::from_millis(std::time::Instant::now(), 0);
        if !poll::wait(self.descriptor(), true, false, now)?.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.inner).read(into)
    }

    /// Writes as much as fits.
    pub fn send_now(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            let sent = match pieces {
                [piece] => self.inner.send_with_flags(piece, SEND_FLAGS),
                _ => self.inner.send_vectored_with_flags(pieces, SEND_FLAGS),
            };
            match sent {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Waits until it can be read or written; nothing ready means the deadline passed.
    pub fn wait(&self, read: bool, write: bool, deadline: Deadline) -> io::Result<Ready> {
        poll::wait(self.descriptor(), read, write, deadline)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some((table, place)) = &self.noted {
            table.forget(*place);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const SEND_FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const SEND_FLAGS: i32 = libc::MSG_DONTWAIT;
#[cfg(not(unix))]
const SEND_FLAGS: i32 = 0;

#[cfg(unix)]
fn descriptor(socket: &socket2::Socket) -> Descriptor {
    use std::os::fd::AsRawFd;
    socket.as_raw_fd()
}

#[cfg(windows)]
fn descriptor(socket: &socket2::Socket) -> Descriptor {
    use std::os::windows::io::AsRawSocket;
    socket.as_raw_socket()
}

/// A connected socket with the receive timeout it was last given.
pub struct Stream {
    socket: Arc<Socket>,
    armed: Option<Duration>,
}

/// A receive timeout may end so much after the deadline before it is set again.
const LATE: Duration = Duration::from_millis(10);
/// The shortest timeout a socket is given: zero would mean none.
const SHORTEST: Duration = Duration::from_millis(1);

impl Stream {
    /// Wraps a connected, blocking socket without receive timeout.
    pub fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket,
            armed: None,
        }
    }

    /// The socket, for those who may want to shut it down.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Reads at least one byte; 0 is the end of the stream, `TimedOut` the deadline's.
    pub fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        loop {
            let left = deadline.remaining();
            if left.is_some_and(|left| left.is_zero()) {
                return self.receive_at_last(into);
            }
            self.arm(left)?;
            match (&self.socket.inner).read(into) {
                Err(error) if is_pause(&error) => {}
                result => return result,
            }
        }
    }

    /// Out of time: takes only what is there.
    fn receive_at_last(&self, into: &mut [u8]) -> io::Result<usize> {
        match self.socket.receive_now(into) {
            Err(error) if is_pause(&error) => Err(io::ErrorKind::TimedOut.into()),
            result => result,
        }
    }

    fn arm(&mut self, left: Option<Duration>) -> io::Result<()> {
        let fits = match (self.armed, left) {
            (None, None) => true,
            (Some(armed), Some(left)) => armed <= left + LATE && armed * 2 >= left,
            _ => false,
        };
        if !fits {
            let timeout = left.map(|left| left.max(SHORTEST));
            self.socket.inner.set_read_timeout(timeout)?;
            self.armed = timeout;
        }
        Ok(())
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
