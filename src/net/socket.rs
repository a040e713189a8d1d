//! One socket that several may hold: its system calls, and how it is closed.
//!
//! No write blocks, and none raises SIGPIPE.

#[cfg(not(unix))]
use std::io::Read;
use std::io::{self, IoSlice};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::time::Duration;

use super::descriptors::Descriptors;
use crate::deadline::Deadline;
#[cfg(not(unix))]
use crate::deadline::Moment;
use crate::sys::fork;
use crate::sys::inode;
use crate::sys::poll::{self, Descriptor, Ready};

/// A socket that several may hold: it is closed with the last, so that shutting it down from
/// another thread never meets a stranger's descriptor.
pub struct Socket {
    inner: ManuallyDrop<socket2::Socket>,
    /// Whether the last holder closes it.
    owned: AtomicBool,
    noted: Option<(Arc<Descriptors>, usize)>,
    /// What stands behind the descriptor.
    inode: u32,
    /// That of the process that connected it.
    generation: u64,
    /// How many forks there had been before it was made.
    forks: u64,
    /// Whether nothing is under way on it.
    quiet: AtomicBool,
}

impl Socket {
    /// Takes a socket over that was made when there had been so many forks; its descriptor is noted for
    /// forked children.
    pub fn new(inner: socket2::Socket, forks: u64, table: Option<&Arc<Descriptors>>) -> Self {
        let mut socket = Self::borrowed(inner);
        socket.forks = forks;
        socket.noted = table.map(|table| {
            let place = table.note(socket.descriptor(), socket.inode);
            (Arc::clone(table), place)
        });
        socket.own();
        socket
    }

    /// Uses a socket that stays somebody else's, unless `own` is called.
    pub(super) fn borrowed(inner: socket2::Socket) -> Self {
        Self {
            inode: inode::of_socket(descriptor(&inner)),
            inner: ManuallyDrop::new(inner),
            owned: AtomicBool::new(false),
            noted: None,
            generation: fork::generation(),
            // Whoever made it may have forked since.
            forks: u64::MAX,
            quiet: AtomicBool::new(false),
        }
    }

    /// From now on the last holder closes it.
    pub(super) fn own(&self) {
        self.owned.store(true, Ordering::Release);
    }

    /// From here on nothing is under way on it: to close it is enough, if no child has it too.
    pub(super) fn part(&self) {
        self.quiet.store(true, Ordering::Relaxed);
    }

    /// Ends both directions and wakes whoever waits on it.
    pub fn shutdown(&self) {
        let _ = self.inner.shutdown(std::net::Shutdown::Both);
    }

    /// Its descriptor.
    #[inline]
    pub fn descriptor(&self) -> Descriptor {
        descriptor(&self.inner)
    }

    /// The socket itself.
    pub fn inner(&self) -> &socket2::Socket {
        &self.inner
    }

    /// Bounds a connect that waits.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.inner.set_write_timeout(Some(patience))
    }

    /// Makes reads wait for something to come.
    pub(super) fn set_blocking(&self) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let mut off: libc::c_int = 0;
            // SAFETY: FIONBIO reads one int, which lives through the call.
            let result = unsafe { libc::ioctl(self.descriptor(), libc::FIONBIO, &mut off) };
            match result {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        self.inner.set_nonblocking(false)
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
        let now = Deadline::from_millis(Moment::now(), 0);
        if !poll::wait(self.descriptor(), true, false, now)?.readable {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&*self.inner).read(into)
    }

    /// Writes as much as fits of what stands in one piece, or nothing where the long way has to be
    /// gone.
    #[cfg(unix)]
    #[inline]
    pub(super) fn send_once(&self, bytes: &[u8]) -> usize {
        let from = bytes.as_ptr().cast();
        // SAFETY: send reads within the slice.
        let sent = unsafe { libc::send(self.descriptor(), from, bytes.len(), SEND_FLAGS) };
        usize::try_from(sent).unwrap_or(0)
    }

    #[cfg(not(unix))]
    pub(super) fn send_once(&self, _: &[u8]) -> usize {
        0
    }

    /// Reads at least one byte, however long it takes.
    #[cfg(unix)]
    pub(super) fn receive_blocking(&self, into: &mut [u8]) -> io::Result<usize> {
        let received = self.receive_plainly(into);
        usize::try_from(received).map_err(|_| io::Error::last_os_error())
    }

    /// The same as the system tells it: below 0, errno says more.
    #[cfg(unix)]
    #[inline(always)]
    pub(super) fn receive_plainly(&self, into: &mut [u8]) -> isize {
        let to = into.as_mut_ptr().cast();
        // SAFETY: recv writes within the slice.
        unsafe { libc::recv(self.descriptor(), to, into.len(), 0) }
    }

    #[cfg(not(unix))]
    pub(super) fn receive_blocking(&self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.inner).read(into)
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
        if !*self.owned.get_mut() {
            return;
        }
        let inherited = self.generation != fork::generation();
        if inherited && inode::is_still(self.descriptor(), self.inode) != Some(true) {
            return; // the child has something else there by now
        }
        // A child that inherited a copy would keep the connection alive, and a pop that was given up
        // armed. The child itself only closes: the parent goes on.
        let alone = *self.quiet.get_mut() && self.forks == fork::forks();
        if !inherited && !alone {
            self.shutdown();
        }
        // SAFETY: taken out once, as nobody uses it after this.
        drop(unsafe { ManuallyDrop::take(&mut self.inner) });
        // Last: a child forked before finds its copy, and one forked after it something else there.
        if let Some((table, place)) = &self.noted {
            table.forget(*place);
        }
    }
}

#[cfg(all(unix, not(target_vendor = "apple")))]
const SEND_FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
/// There the socket itself is told.
#[cfg(target_vendor = "apple")]
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
