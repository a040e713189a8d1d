//! A TCP connection, a Unix socket or the server's end of TLS, whichever a test uses.

use super::tls_end::TlsEnd;
use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A connected socket.
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(TlsEnd),
}

impl Stream {
    /// Connects to a Unix socket.
    pub fn connect_unix(path: &Path) -> Result<Self> {
        UnixStream::connect(path).map(Self::Unix)
    }

    /// Bounds each read.
    pub fn set_read_timeout(&self, limit: Option<Duration>) -> Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(limit),
            Self::Unix(stream) => stream.set_read_timeout(limit),
            Self::Tls(end) => end.tcp().set_read_timeout(limit),
        }
    }

    /// Ends both directions of the socket and nothing more: over TLS without a word.
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
            Self::Tls(end) => end.tcp().shutdown(how),
        }
    }

    /// Says goodbye in TLS's own way; nothing on other sockets.
    pub fn say_goodbye(&self) {
        if let Self::Tls(end) = self {
            end.say_goodbye();
        }
    }

    /// Reads and forgets what has come so far.
    pub fn drain(&self) {
        let mut sink = std::io::sink();
        let _ = match self {
            Self::Tcp(stream) => drain_now(stream.set_nonblocking(true), &mut &*stream, &mut sink),
            Self::Unix(stream) => drain_now(stream.set_nonblocking(true), &mut &*stream, &mut sink),
            Self::Tls(end) => drain_now(end.tcp().set_nonblocking(true), &mut end.tcp(), &mut sink),
        };
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
            Self::Tls(end) => end.tcp().as_fd(),
        }
    }

    /// Waits until the peer has closed or the socket is shut down; reads nothing.
    pub fn wait_gone(&self) {
        let mut entry = libc::pollfd {
            fd: self.as_fd().as_raw_fd(),
            events: libc::POLLRDHUP,
            revents: 0,
        };
        // SAFETY: one entry, of a socket that is open as long as `self` is.
        while unsafe { libc::poll(&mut entry, 1, -1) } < 1 {}
    }

    /// Makes the last close send RST instead of FIN. A Unix socket has no RST.
    pub fn reset_on_close(&self) -> Result<()> {
        let tcp = match self {
            Self::Tcp(stream) => stream,
            Self::Tls(end) => end.tcp(),
            Self::Unix(_) => return Ok(()),
        };
        socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO))
    }
}

fn drain_now(ready: Result<()>, from: &mut impl Read, into: &mut impl Write) -> Result<u64> {
    ready?;
    std::io::copy(from, into)
}

impl Read for &Stream {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).read(into),
            Stream::Unix(stream) => (&*stream).read(into),
            Stream::Tls(end) => end.read(into),
        }
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Stream::Tcp(stream) => (&*stream).write(bytes),
            Stream::Unix(stream) => (&*stream).write(bytes),
            Stream::Tls(end) => end.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        (&*self).read(into)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
