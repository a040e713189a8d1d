//! Things a test holds for a while: a directory of its own and a port that nobody listens on.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, OnceLock, PoisonError};

use socket2::{Domain, Socket, Type};

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

    /// Keeps it until the process exits, for what is made once and used by many tests.
    pub fn until_exit(self) -> &'static Path {
        static ONCE: Once = Once::new();
        // SAFETY: a function of this program, without arguments.
        ONCE.call_once(|| assert_eq!(unsafe { libc::atexit(remove_kept) }, 0));
        let path: &'static Path = Box::leak(self.0.clone().into_boxed_path());
        std::mem::forget(self);
        kept().push((std::process::id(), path));
        path
    }
}

type Kept = Vec<(u32, &'static Path)>;

fn kept() -> std::sync::MutexGuard<'static, Kept> {
    static KEPT: Mutex<Kept> = Mutex::new(Vec::new());
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A forked child that exits leaves alone what its parent made.
extern "C" fn remove_kept() {
    for (process, path) in kept().drain(..) {
        if process == std::process::id() {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A TCP port of 127.0.0.1 that was free a moment ago, and is given to nobody else in this process. It
/// lies below the range from which the system serves outgoing connections, so that it stays free across
/// a restart.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let port = (0..10_000)
        .map(|_| 10_000 + u16::try_from(random() % 12_000).unwrap())
        .filter(|port| !given.contains(port))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("no free port between 10000 and 22000");
    given.insert(port);
    port
}

/// A TCP port of 127.0.0.1 that refuses connections for as long as this process lives: it is bound,
/// so that nobody else takes it, but not listened on.
pub fn refusing_port() -> u16 {
    static SOCKET: OnceLock<Socket> = OnceLock::new();
    let socket = SOCKET.get_or_init(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&any.into()).expect("a free port");
        socket
    });
    let address = socket.local_addr().expect("the bound address");
    address.as_socket().expect("an IP address").port()
}

fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
