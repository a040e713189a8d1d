//! A fake server that does what a closure says, for what no real server can be made to do.
//!
//! Each accepted connection runs the closure on a thread of its own, with its number from 0.
//! All commands read are recorded. Dropping the server closes everything and fails the test
//! when a closure panicked.

pub use super::conn::{Command, Conn};
use super::stream::Stream;
use super::tls::Identity;
use super::tls_end::{TlsEnd, acceptor};
use super::{TempDir, wait_until};
use openssl::ssl::SslAcceptorBuilder;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::JoinHandle;

/// What the connections share.
#[derive(Default)]
pub(super) struct Record {
    commands: Mutex<Vec<Command>>,
    open: Mutex<Vec<Weak<Stream>>>,
    accepted: AtomicUsize,
    ending: AtomicBool,
}

impl Record {
    pub(super) fn saw(&self, command: &Command) {
        locked(&self.commands).push(command.clone());
    }
}

enum Place {
    Tcp(SocketAddr),
    Tls(SocketAddr),
    Unix(PathBuf, TempDir),
}

/// A free port of 127.0.0.1.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A listening fake server.
pub struct Scripted {
    place: Place,
    record: Arc<Record>,
    acceptor: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

impl Scripted {
    /// Listens on a free port of 127.0.0.1.
    pub fn tcp(script: impl Fn(Conn, usize) + Send + Sync + 'static) -> Self {
        Self::tcp_on(TcpListener::bind(ANY).expect("a free port"), script)
    }

    /// Serves a listener that was made already.
    pub fn tcp_on(
        listener: TcpListener,
        script: impl Fn(Conn, usize) + Send + Sync + 'static,
    ) -> Self {
        let place = Place::Tcp(listener.local_addr().unwrap());
        let accept = move || accept_tcp(&listener).map(Stream::Tcp);
        Self::start(place, accept, script)
    }

    /// Listens on a free port of 127.0.0.1 and speaks TLS as `identity`.
    pub fn tls(identity: Identity, script: impl Fn(Conn, usize) + Send + Sync + 'static) -> Self {
        Self::tls_with(acceptor(identity), script)
    }

    /// As `tls`, with settings of one's own.
    pub fn tls_with(
        acceptor: SslAcceptorBuilder,
        script: impl Fn(Conn, usize) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(ANY).expect("a free port");
        let place = Place::Tls(listener.local_addr().unwrap());
        let acceptor = acceptor.build();
        let accept = move || {
            let stream = accept_tcp(&listener)?;
            Ok(Stream::Tls(TlsEnd::new(stream, acceptor.clone())))
        };
        Self::start(place, accept, script)
    }

    /// Listens on a Unix socket in a directory of its own.
    pub fn unix(script: impl Fn(Conn, usize) + Send + Sync + 'static) -> Self {
        let directory = TempDir::new();
        let path = directory.path().join("socket");
        let listener = UnixListener::bind(&path).expect("a Unix socket");
        let accept = move || listener.accept().map(|(stream, _)| Stream::Unix(stream));
        Self::start(Place::Unix(path, directory), accept, script)
    }

    fn start(
        place: Place,
        accept: impl Fn() -> std::io::Result<Stream> + Send + 'static,
        script: impl Fn(Conn, usize) + Send + Sync + 'static,
    ) -> Self {
        let record = Arc::new(Record::default());
        let shared = Arc::clone(&record);
        let acceptor = std::thread::spawn(move || serve(&accept, &shared, &Arc::new(script)));
        Self {
            place,
            record,
            acceptor: Some(acceptor),
        }
    }

    /// How a client reaches it.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Tcp(address) => format!("redis://{address}"),
            Place::Tls(address) => format!("rediss://{address}"),
            Place::Unix(path, _) => format!("unix://{}", path.display()),
        }
    }

    /// Its TCP port; 0 on a Unix socket.
    pub fn port(&self) -> u16 {
        match self.place {
            Place::Tcp(address) | Place::Tls(address) => address.port(),
            Place::Unix(..) => 0,
        }
    }

    /// Every command read so far, over all connections, in the order of reading.
    pub fn commands(&self) -> Vec<Command> {
        locked(&self.record.commands).clone()
    }

    /// How often `name` was read as a command's first word.
    pub fn count(&self, name: &str) -> usize {
        let commands = locked(&self.record.commands);
        let named = commands.iter().filter(|command| {
            let first = command.first();
            first.is_some_and(|first| first.eq_ignore_ascii_case(name.as_bytes()))
        });
        named.count()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.record.accepted.load(Ordering::SeqCst)
    }

    /// Waits until `name` was read `count` times.
    pub fn wait_for(&self, name: &str, count: usize) {
        wait_until(&format!("{name} came {count} times"), || {
            self.count(name) >= count
        });
    }

    fn connect(&self) -> std::io::Result<Stream> {
        match &self.place {
            Place::Tcp(address) | Place::Tls(address) => {
                TcpStream::connect(address).map(Stream::Tcp)
            }
            Place::Unix(path, _) => UnixStream::connect(path).map(Stream::Unix),
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.record.ending.store(true, Ordering::SeqCst);
        // Wakes the accept, which then sees that it is to end.
        let _ = self.connect();
        let acceptor = self.acceptor.take().expect("started once");
        let scripts = acceptor.join().expect("the accepting thread");
        for stream in locked(&self.record.open).iter().filter_map(Weak::upgrade) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let failed = scripts.into_iter().filter_map(|script| script.join().err());
        if failed.count() > 0 && !std::thread::panicking() {
            panic!("a script of the fake server panicked");
        }
    }
}

/// What is said goes out at once, before a reset too.
fn accept_tcp(listener: &TcpListener) -> std::io::Result<TcpStream> {
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Accepts until the server ends; answers the threads that serve.
fn serve(
    accept: &impl Fn() -> std::io::Result<Stream>,
    record: &Arc<Record>,
    script: &Arc<impl Fn(Conn, usize) + Send + Sync + 'static>,
) -> Vec<JoinHandle<()>> {
    let mut scripts = Vec::new();
    loop {
        let stream = accept();
        if record.ending.load(Ordering::SeqCst) {
            return scripts;
        }
        let Ok(stream) = stream else { continue };
        let stream = Arc::new(stream);
        locked(&record.open).push(Arc::downgrade(&stream));
        let nth = record.accepted.fetch_add(1, Ordering::SeqCst);
        let conn = Conn::new(stream, Arc::clone(record));
        let script = Arc::clone(script);
        scripts.push(std::thread::spawn(move || script(conn, nth)));
    }
}

/// A lock whose holder panicked is still good: each holder leaves the list whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
