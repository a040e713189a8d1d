//! Things a test holds for a while: a directory of its own and a port that nobody listens on.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// A new directory, removed with all it holds when dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes one; its path is short enough for a Unix socket inside it.
    pub fn new() -> Self {
        loop {
            let path = std::env::temp_dir().join(format!("redisclient-{:012x}", random() >> 16));
            match std::fs::create_dir(&path) {
                Ok(()) => return Self(path),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("cannot make {}: {error}", path.display()),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A TCP port of 127.0.0.1 that was free a moment ago. It lies below the range from which the
/// system serves outgoing connections, so that it stays free across a restart.
pub fn free_port() -> u16 {
    (0..1000)
        .map(|_| 10_000 + u16::try_from(random() % 12_000).unwrap())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("no free port between 10000 and 22000")
}

fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
