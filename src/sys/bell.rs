//! A descriptor that is readable from when it is rung until it is hushed: it wakes who polls.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::poll::Descriptor;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub use pipe::Bell;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub use single::Bell;

/// A bell whose descriptor is shown to strangers. They get a copy: one who closes it by mistake does
/// not make the library write into whatever takes its number.
pub struct ShownBell {
    bell: Bell,
    shown: std::mem::ManuallyDrop<Shown>,
}

impl ShownBell {
    /// A silent one.
    pub fn new() -> io::Result<Self> {
        let bell = Bell::new()?;
        let shown = shown_copy(&bell)?;
        Ok(Self {
            shown: std::mem::ManuallyDrop::new(shown),
            bell,
        })
    }

    /// Makes it readable.
    pub fn ring(&self) {
        self.bell.ring();
    }

    /// Makes it silent again.
    pub fn hush(&self) {
        self.bell.hush();
    }

    /// What strangers poll.
    pub fn descriptor(&self) -> Descriptor {
        descriptor_of(&self.shown)
    }

    /// As `Bell::close_inherited`, the copy too.
    pub fn close_inherited(&self) {
        if !self.bell.gone().load(Ordering::SeqCst) {
            self.close_shown();
        }
        self.bell.close_inherited();
    }

    fn close_shown(&self) {
        let [(_, known), ..] = self.bell.ends();
        close_if(self.descriptor(), known);
    }
}

impl Bell {
    /// In a forked child, which goes on without it: closes the copies of its descriptors, once, unless
    /// the child has something else under a number.
    pub fn close_inherited(&self) {
        if !self.gone().swap(true, Ordering::SeqCst) {
            for (fd, known) in self.ends() {
                close_if(fd, known);
            }
        }
    }
}

impl Drop for ShownBell {
    fn drop(&mut self) {
        self.close_shown();
    }
}

#[cfg(unix)]
type Shown = std::os::fd::OwnedFd;
#[cfg(windows)]
type Shown = Descriptor;

/// Device, number and type of what stands behind a descriptor, and what the system says about it:
/// all eventfds have the same number, and differ in their id.
#[cfg(unix)]
type Identity = (libc::dev_t, libc::ino_t, libc::mode_t, String);
#[cfg(windows)]
type Identity = ();

#[cfg(unix)]
fn shown_copy(bell: &Bell) -> io::Result<Shown> {
    // SAFETY: the bell's descriptor is open as long as the bell lives.
    unsafe { std::os::fd::BorrowedFd::borrow_raw(bell.descriptor()) }.try_clone_to_owned()
}

#[cfg(windows)]
fn shown_copy(bell: &Bell) -> io::Result<Shown> {
    Ok(bell.descriptor())
}

#[cfg(unix)]
fn descriptor_of(shown: &Shown) -> Descriptor {
    std::os::fd::AsRawFd::as_raw_fd(shown)
}

#[cfg(windows)]
fn descriptor_of(shown: &Shown) -> Descriptor {
    *shown
}

#[cfg(unix)]
fn identity(fd: Descriptor) -> Option<Identity> {
    let stat = super::inode::stat(fd)?;
    Some((stat.st_dev, stat.st_ino, stat.st_mode, id_of_eventfd(fd)))
}

/// Empty where the system does not say, and for all else.
#[cfg(unix)]
fn id_of_eventfd(fd: Descriptor) -> String {
    let told = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}"));
    let told = told.unwrap_or_default();
    let line = told.lines().find(|line| line.starts_with("eventfd-id:"));
    line.unwrap_or_default().to_owned()
}

#[cfg(windows)]
fn identity(_: Descriptor) -> Option<Identity> {
    None
}

/// Closes what has the number, if it is still what it was.
fn close_if(fd: Descriptor, known: &Option<Identity>) {
    if identity(fd) == *known {
        close(fd);
    }
}

#[cfg(unix)]
fn close(fd: Descriptor) {
    // SAFETY: the descriptor is ours, and nobody uses it after this.
    unsafe { libc::close(fd) };
}

#[cfg(windows)]
fn close(_: Descriptor) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod single {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::{AtomicBool, Descriptor, Identity, identity, io};

    /// See the module: one descriptor, a counter of the system.
    pub struct Bell {
        fd: OwnedFd,
        /// What stands behind it.
        identity: Option<Identity>,
        gone: AtomicBool,
    }

    impl Bell {
        /// A silent one. It is not inherited by programs that are started.
        pub fn new() -> io::Result<Self> {
            // SAFETY: has no preconditions.
            let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self {
                // SAFETY: a new descriptor that nobody else has.
                fd: unsafe { OwnedFd::from_raw_fd(fd) },
                identity: identity(fd),
                gone: AtomicBool::new(false),
            })
        }

        /// Makes it readable. Once is as good as many times.
        pub fn ring(&self) {
            let one: u64 = 1;
            // SAFETY: eight bytes that live through the call.
            unsafe { libc::write(self.fd.as_raw_fd(), (&raw const one).cast(), 8) };
        }

        /// Makes it silent again.
        pub fn hush(&self) {
            let mut count: u64 = 0;
            // SAFETY: room for eight bytes that lives through the call.
            unsafe { libc::read(self.fd.as_raw_fd(), (&raw mut count).cast(), 8) };
        }

        /// What to poll.
        pub fn descriptor(&self) -> Descriptor {
            self.fd.as_raw_fd()
        }

        pub(super) fn gone(&self) -> &AtomicBool {
            &self.gone
        }

        pub(super) fn ends(&self) -> [(Descriptor, &Option<Identity>); 1] {
            [(self.descriptor(), &self.identity)]
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod pipe {
    use std::io::{PipeReader, PipeWriter, Read, Write};

    use super::{AtomicBool, Descriptor, Identity, identity, io};

    /// See the module: the two ends of a pipe.
    pub struct Bell {
        reader: PipeReader,
        writer: PipeWriter,
        /// What stands behind them.
        identities: [Option<Identity>; 2],
        gone: AtomicBool,
    }

    impl Bell {
        /// A silent one. It is not inherited by programs that are started.
        pub fn new() -> io::Result<Self> {
            let (reader, writer) = io::pipe()?;
            #[cfg(unix)]
            for fd in [raw(&reader), raw(&writer)] {
                // SAFETY: sets a flag of a descriptor that is ours.
                if unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) } < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            let mut bell = Self {
                reader,
                writer,
                identities: [None, None],
                gone: AtomicBool::new(false),
            };
            bell.identities = bell.ends().map(|(end, _)| identity(end));
            Ok(bell)
        }

        /// Makes it readable. Once is as good as many times.
        pub fn ring(&self) {
            let _ = (&self.writer).write(&[1]);
        }

        /// Makes it silent again.
        pub fn hush(&self) {
            let mut taken = [0; 64];
            while (&self.reader)
                .read(&mut taken)
                .is_ok_and(|count| count == taken.len())
            {}
        }

        pub(super) fn gone(&self) -> &AtomicBool {
            &self.gone
        }

        pub(super) fn ends(&self) -> [(Descriptor, &Option<Identity>); 2] {
            let [of_reader, of_writer] = &self.identities;
            [
                (self.descriptor(), of_reader),
                (raw(&self.writer), of_writer),
            ]
        }

        /// What to poll.
        pub fn descriptor(&self) -> Descriptor {
            raw(&self.reader)
        }
    }

    #[cfg(unix)]
    fn raw(end: &impl std::os::fd::AsRawFd) -> Descriptor {
        end.as_raw_fd()
    }

    #[cfg(windows)]
    fn raw(end: &impl std::os::windows::io::AsRawHandle) -> Descriptor {
        end.as_raw_handle() as Descriptor
    }
}

#[cfg(all(test, unix))]
mod tests {

    use super::*;
    use crate::deadline::{Deadline, Moment};
    use crate::sys::poll;

    #[test]
    fn a_child_closes_nothing_else_that_has_the_number_by_now() {
        let bell = std::mem::ManuallyDrop::new(ShownBell::new().unwrap());
        let both = [bell.bell.descriptor(), bell.descriptor()];
        let other = Bell::new().unwrap();
        let is_open = |fd| {
            // SAFETY: asks for a flag of whatever has the number.
            unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
        };
        for fd in both {
            // SAFETY: replaces what stands behind the number, which is ours.
            unsafe { libc::dup2(other.descriptor(), fd) };
        }
        bell.close_inherited();
        for fd in both {
            assert!(is_open(fd));
            close(fd);
        }
    }

    #[test]
    fn it_is_heard_until_it_is_hushed() {
        let bell = Bell::new().unwrap();
        let rings = |bell: &Bell| {
            let now = Deadline::from_millis(Moment::now(), 0);
            poll::wait(bell.descriptor(), true, false, now)
                .unwrap()
                .readable
        };
        assert!(!rings(&bell));
        for _ in 0..3 {
            bell.ring();
        }
        assert!(rings(&bell) && rings(&bell));
        bell.hush();
        assert!(!rings(&bell));
    }
}
