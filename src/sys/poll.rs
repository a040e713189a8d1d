//! Waiting for a descriptor, against a deadline, through interruptions by signals.

use std::io;

use crate::deadline::Deadline;

/// A descriptor of a socket.
#[cfg(unix)]
pub type Descriptor = std::os::fd::RawFd;
/// A descriptor of a socket.
#[cfg(windows)]
pub type Descriptor = std::os::windows::io::RawSocket;

/// What a descriptor is ready for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Something can be read, or the end or an error is there.
    pub readable: bool,
    /// Something can be written, or an error is there.
    pub writable: bool,
}

/// Waits until the descriptor is ready for what is asked; nothing ready means the deadline passed.
#[cfg(unix)]
pub fn wait(fd: Descriptor, read: bool, write: bool, deadline: Deadline) -> io::Result<Ready> {
    let mut events = 0;
    if read {
        events |= libc::POLLIN;
    }
    if write {
        events |= libc::POLLOUT;
    }
    loop {
        let mut entry = libc::pollfd {
            fd,
            events,
            revents: 0,
        };
        // SAFETY: one valid entry.
        let count = unsafe { libc::poll(&mut entry, 1, millis(deadline)) };
        if count > 0 {
            let failed = entry.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0;
            return Ok(Ready {
                readable: failed || entry.revents & libc::POLLIN != 0,
                writable: failed || entry.revents & libc::POLLOUT != 0,
            });
        }
        if count < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        if deadline.passed() {
            return Ok(Ready::default());
        }
    }
}

/// Waits until the descriptor is ready for what is asked; nothing ready means the deadline passed.
#[cfg(windows)]
pub fn wait(fd: Descriptor, read: bool, write: bool, deadline: Deadline) -> io::Result<Ready> {
    use windows_sys::Win32::Networking::WinSock::{POLLRDNORM, POLLWRNORM, WSAPOLLFD, WSAPoll};
    let mut entry = WSAPOLLFD {
        fd: fd as usize,
        events: (if read { POLLRDNORM } else { 0 }) | (if write { POLLWRNORM } else { 0 }),
        revents: 0,
    };
    // SAFETY: one valid entry.
    let count = unsafe { WSAPoll(&mut entry, 1, millis(deadline)) };
    if count < 0 {
        return Err(io::Error::last_os_error());
    }
    let other = entry.revents & !(POLLRDNORM | POLLWRNORM) != 0;
    Ok(Ready {
        readable: count > 0 && (other || entry.revents & POLLRDNORM != 0),
        writable: count > 0 && (other || entry.revents & POLLWRNORM != 0),
    })
}

/// The time left, rounded up so that a wait does not end just before its deadline.
fn millis(deadline: Deadline) -> i32 {
    match deadline.remaining() {
        None => -1,
        Some(left) => i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
    }
}
