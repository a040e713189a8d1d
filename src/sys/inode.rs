//! What stands behind a descriptor, told apart from whatever else may have its number later.

use super::poll::Descriptor;

/// The number that a socket has for as long as anybody holds it; 0 for what is no socket, or where the
/// system gives none.
#[cfg(unix)]
pub fn of_socket(descriptor: Descriptor) -> u32 {
    let found = stat(descriptor);
    let socket = found.filter(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFSOCK);
    // Linux counts them in 32 bits.
    socket.map_or(0, |stat| stat.st_ino as u32)
}

/// What the system says about whatever has the number, if anything has.
#[cfg(unix)]
pub(super) fn stat(descriptor: Descriptor) -> Option<libc::stat> {
    // SAFETY: a stat of zeroes is one, and lives through the call that fills it.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let found = unsafe { libc::fstat(descriptor, &mut stat) } == 0;
    found.then_some(stat)
}

/// There is no fork after which it could be asked for.
#[cfg(not(unix))]
pub fn of_socket(_: Descriptor) -> u32 {
    0
}

/// Whether that socket still stands there; `None` where the system gives no numbers.
pub fn is_still(descriptor: Descriptor, inode: u32) -> Option<bool> {
    (inode != 0).then(|| of_socket(descriptor) == inode)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn each_socket_has_its_own_and_copies_the_same() {
        let (one, other) = UnixStream::pair().unwrap();
        let copy = one.try_clone().unwrap();
        let number = of_socket(one.as_raw_fd());
        assert_eq!(of_socket(copy.as_raw_fd()), number);
        assert_ne!(of_socket(other.as_raw_fd()), number);
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(of_socket(file.as_raw_fd()), 0);
        assert_eq!(of_socket(-1), 0);
    }
}
