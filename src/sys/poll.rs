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

/// A descriptor and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Interest {
    /// The descriptor.
    pub fd: Descriptor,
    /// Wait until it can be read.
    pub read: bool,
    /// Wait until it can be written.
    pub write: bool,
}

/// Waits until the descriptor is ready for what is asked; nothing ready means the deadline passed.
pub fn wait(fd: Descriptor, read: bool, write: bool, deadline: Deadline) -> io::Result<Ready> {
    wait_any([Interest { fd, read, write }], deadline).map(|[ready]| ready)
}

/// Waits until one of the descriptors is ready; none ready means the deadline passed.
pub fn wait_any<const N: usize>(
    interests: [Interest; N],
    deadline: Deadline,
) -> io::Result<[Ready; N]> {
    loop {
        let mut entries = interests.map(entry_of);
        let count = poll(&mut entries, millis(deadline));
        if count > 0 {
            return Ok(entries.map(|entry| ready_of(&entry)));
        }
        if count < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        if deadline.passed() {
            return Ok([Ready::default(); N]);
        }
    }
}

#[cfg(unix)]
fn entry_of(interest: Interest) -> Entry {
    Entry {
        fd: interest.fd,
        events: if interest.read { libc::POLLIN } else { 0 }
            | if interest.write { libc::POLLOUT } else { 0 },
        revents: 0,
    }
}

#[cfg(unix)]
fn ready_of(entry: &Entry) -> Ready {
    let failed = entry.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0;
    Ready {
        readable: failed || entry.revents & libc::POLLIN != 0,
        writable: failed || entry.revents & libc::POLLOUT != 0,
    }
}

#[cfg(unix)]
fn poll(entries: &mut [Entry], millis: i32) -> i32 {
    // SAFETY: the entries are valid and live through the call.
    unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, millis) }
}

#[cfg(windows)]
fn entry_of(interest: Interest) -> Entry {
    use windows_sys::Win32::Networking::WinSock::{POLLRDNORM, POLLWRNORM};
    Entry {
        fd: interest.fd as usize,
        events: if interest.read { POLLRDNORM } else { 0 }
            | if interest.write { POLLWRNORM } else { 0 },
        revents: 0,
    }
}

#[cfg(windows)]
fn ready_of(entry: &Entry) -> Ready {
    use windows_sys::Win32::Networking::WinSock::{POLLRDNORM, POLLWRNORM};
    let other = entry.revents & !(POLLRDNORM | POLLWRNORM) != 0;
    Ready {
        readable: other || entry.revents & POLLRDNORM != 0,
        writable: other || entry.revents & POLLWRNORM != 0,
    }
}

#[cfg(windows)]
fn poll(entries: &mut [Entry], millis: i32) -> i32 {
    use windows_sys::Win32::Networking::WinSock::WSAPoll;
    // SAFETY: the entries are valid and live through the call.
    unsafe { WSAPoll(entries.as_mut_ptr(), entries.len() as u32, millis) }
}

#[cfg(unix)]
type Entry = libc::pollfd;
#[cfg(windows)]
type Entry = windows_sys::Win32::Networking::WinSock::WSAPOLLFD;

/// Any number of descriptors to wait for, kept between waits.
#[derive(Default)]
pub struct PollSet {
    entries: Vec<Entry>,
}

impl PollSet {
    /// Forgets the descriptors.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Adds one; answers its number.
    pub fn add(&mut self, interest: Interest) -> usize {
        self.entries.push(entry_of(interest));
        self.entries.len() - 1
    }

    /// Waits until one is ready, the deadline passes or a signal comes.
    pub fn wait(&mut self, deadline: Deadline) -> io::Result<()> {
        if poll(&mut self.entries, millis(deadline)) >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        self.entries.iter_mut().for_each(|entry| entry.revents = 0);
        match error.kind() {
            io::ErrorKind::Interrupted => Ok(()),
            _ => Err(error),
        }
    }

    /// What the descriptor with this number is ready for.
    pub fn ready(&self, number: usize) -> Ready {
        self.entries
            .get(number)
            .map_or_else(Ready::default, ready_of)
    }
}

/// The time left, rounded up so that a wait does not end just before its deadline.
fn millis(deadline: Deadline) -> i32 {
    match deadline.remaining() {
        None => -1,
        Some(left) => i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
    }
}
