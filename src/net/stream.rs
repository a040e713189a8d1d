//! A connected socket, read and written against deadlines.
//!
//! A read blocks in recv, bounded by SO_RCVTIMEO, which is set again only when the time left
//! differs enough to matter: a round trip is two system calls. A write never blocks in send.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::socket::Socket;
use super::tls::Session;
use crate::deadline::{Deadline, Moment};
use crate::sys::poll::Ready;
/// A connected socket, in clear or with a TLS session on top. One thread may send while another
/// receives.
pub struct Stream {
    socket: Arc<Socket>,
    session: Option<Box<Session>>,
    /// The receive timeout of the socket will do for so many nanoseconds, and for so many more.
    fits: [AtomicU64; 2],
}

/// A receive timeout may end so many nanoseconds after the deadline before it is set again.
const LATE: u64 = 10_000_000;
/// Stands for nanoseconds without limit.
const NO_LIMIT: u64 = u64::MAX;
/// The shortest timeout a socket is given: zero would mean none.
const SHORTEST: Duration = Duration::from_millis(1);
/// The longest, whatever the deadline: it then just waits again.
const LONGEST: Duration = Duration::from_secs(1 << 30);

impl Stream {
    /// Wraps a connected socket without receive timeout, whose reads block once it is received from.
    pub fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket,
            session: None,
            fits: [AtomicU64::new(NO_LIMIT), AtomicU64::new(0)],
        }
    }

    /// The same with a session on top.
    pub(super) fn with_session(self, session: Session) -> Self {
        Self {
            session: Some(Box::new(session)),
            ..self
        }
    }

    /// From here on nothing is under way on it. A session's end is still to be said.
    pub fn part(&self) {
        if self.session.is_none() {
            self.socket.part();
        }
    }

    /// The socket, for those who may want to shut it down.
    pub fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Writes as much as fits of a short piece; nothing where that fails, for whatever reason.
    #[inline]
    pub fn send_short(&self, bytes: &[u8]) -> usize {
        match &self.session {
            None => self.socket.send_once(bytes),
            Some(_) => 0,
        }
    }

    /// Writes as much as fits. After `WouldBlock` the same bytes come first again.
    pub fn send_now(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.session {
            None => self.socket.send_now(pieces),
            Some(session) => session.send_now(pieces),
        }
    }

    /// Reads what is there.
    pub fn receive_now(&self, into: &mut [u8]) -> io::Result<usize> {
        match &self.session {
            None => self.socket.receive_now(into),
            Some(session) => session.receive_now(into),
        }
    }

    /// Reads at least one byte; 0 is the end of the stream, `TimedOut` the deadline's.
    pub fn receive(&self, into: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.receive_from(Moment::now(), into, deadline)
    }

    /// The same without looking at the clock: it is `now`, or little later.
    #[inline(always)]
    pub fn receive_from(
        &self,
        now: Moment,
        into: &mut [u8],
        deadline: Deadline,
    ) -> io::Result<usize> {
        let left = deadline.nanos_at(now);
        #[cfg(unix)]
        if self.session.is_none() && self.is_armed_for(left) {
            return match self.socket.receive_plainly(into) {
                received if received >= 0 => Ok(received as usize),
                _ => self.receive_after(io::Error::last_os_error(), into, deadline),
            };
        }
        self.receive_anew(left, into, deadline)
    }

    #[cfg(unix)]
    #[cold]
    fn receive_after(
        &self,
        error: io::Error,
        into: &mut [u8],
        deadline: Deadline,
    ) -> io::Result<usize> {
        match is_pause(&error) {
            true => self.receive_anew(deadline.nanos_at(Moment::now()), into, deadline),
            false => Err(error),
        }
    }

    /// The same with a session, or where the socket's timeout may have to be set first.
    #[cold]
    fn receive_anew(
        &self,
        mut left: u64,
        into: &mut [u8],
        deadline: Deadline,
    ) -> io::Result<usize> {
        if let Some(session) = &self.session {
            return self.receive_secure(session, into, deadline);
        }
        loop {
            if left == 0 {
                return self.receive_at_last(into);
            }
            if !self.is_armed_for(left) {
                self.arm(left)?;
            }
            match self.socket.receive_blocking(into) {
                Err(error) if is_pause(&error) => left = deadline.nanos_at(Moment::now()),
                result => return result,
            }
        }
    }

    /// Waits until it can be read or written; nothing ready means the deadline passed.
    pub fn wait(&self, read: bool, write: bool, deadline: Deadline) -> io::Result<Ready> {
        match &self.session {
            Some(session) if read && session.is_buffered() => Ok(Ready {
                readable: true,
                writable: false,
            }),
            _ => self.socket.wait(read, write, deadline),
        }
    }

    /// Whether the session on top, if there is one, holds bytes that the socket does not show.
    pub fn is_buffered(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.is_buffered())
    }

    /// Gives memory back that only a burst needs.
    #[inline]
    pub fn rest(&self) {
        if let Some(session) = &self.session {
            session.rest();
        }
    }

    /// What has come may be less than a record, or none of ours: then it waits on.
    fn receive_secure(
        &self,
        session: &Session,
        into: &mut [u8],
        deadline: Deadline,
    ) -> io::Result<usize> {
        loop {
            if !session.is_buffered() {
                let write = session.receive_needs_write();
                let ready = self.socket.wait(!write, write, deadline)?;
                if !ready.readable && !ready.writable {
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
            match session.receive_now(into) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if deadline.passed() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
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

    /// Whether the socket's timeout will do for so many nanoseconds.
    #[inline]
    fn is_armed_for(&self, left: u64) -> bool {
        let [least, more] = &self.fits;
        left.wrapping_sub(least.load(Ordering::Relaxed)) <= more.load(Ordering::Relaxed)
    }

    /// Sets the socket's timeout. The system lets a long one end up to an eighth late: the rest is
    /// waited for anew.
    fn arm(&self, left: u64) -> io::Result<()> {
        let timeout = (left != NO_LIMIT)
            .then(|| Duration::from_nanos(left - left / 8).clamp(SHORTEST, LONGEST));
        self.socket.inner().set_read_timeout(timeout)?;
        let (least, most) = match timeout.map(|timeout| timeout.as_nanos() as u64) {
            None => (NO_LIMIT, NO_LIMIT),
            Some(nanos) => (
                with_eighth(nanos.saturating_sub(LATE)).max(1),
                with_eighth(nanos.saturating_mul(2)).min(NO_LIMIT - 1),
            ),
        };
        self.fits[0].store(least, Ordering::Relaxed);
        self.fits[1].store(most - least, Ordering::Relaxed);
        Ok(())
    }
}

/// What is so much when an eighth is taken off.
fn with_eighth(nanos: u64) -> u64 {
    nanos.saturating_add(nanos / 7)
}

fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
