//! A proxy on 127.0.0.1 that spoils what passes: held back, cut off, in crumbs, damaged, lost.
//!
//! Each direction has a fault of its own; what the client says passes unchanged unless it is told
//! otherwise. It knows nothing of the protocol, so it serves TLS too. Its faults strike although
//! a forked child holds copies of its sockets.

mod side;

use super::{free_port, wait_until};
pub use side::Fault;
use side::Side;
use socket2::{Domain, SockRef, Socket, Type};
use std::io::Result;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

/// A listening proxy before one server.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: u16,
    buffers: Option<usize>,
    listener: TcpListener,
    /// Whether it listens.
    listens: Mutex<bool>,
    changed: Condvar,
    /// What the client says.
    forth: Side,
    /// What the server says.
    back: Side,
    /// How many connections to come the faults are for.
    strikes: AtomicUsize,
    ending: AtomicBool,
    accepted: AtomicUsize,
    open: Mutex<Vec<Weak<TcpStream>>>,
    pumps: Mutex<Vec<JoinHandle<()>>>,
}

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 128;

impl Proxy {
    /// Stands before the server at `upstream` on 127.0.0.1 and spoils what the server says.
    pub fn start(upstream: u16, fault: Fault) -> Self {
        Self::launch(upstream, fault, Fault::None, None)
    }

    /// Spoils what the client says.
    pub fn start_forth(upstream: u16, fault: Fault) -> Self {
        Self::launch(upstream, Fault::None, fault, None)
    }

    /// As `start`, with socket buffers of so many bytes on both of its sides.
    pub fn narrow(upstream: u16, bytes: usize) -> Self {
        Self::launch(upstream, Fault::None, Fault::None, Some(bytes))
    }

    fn launch(upstream: u16, back: Fault, forth: Fault, buffers: Option<usize>) -> Self {
        let listener = listen(buffers);
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream,
            buffers,
            listener,
            listens: Mutex::new(true),
            changed: Condvar::new(),
            forth: Side::new(forth),
            back: Side::new(back),
            strikes: AtomicUsize::new(usize::MAX),
            ending: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
            open: Mutex::default(),
            pumps: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = std::thread::spawn(move || accepting.serve());
        Self {
            port,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes what becomes of the server's bytes from now on, also on connections there are.
    pub fn set(&self, fault: Fault) {
        self.shared.back.set(fault, false);
    }

    /// Changes what becomes of the client's bytes from now on, also on connections there are.
    pub fn set_forth(&self, fault: Fault) {
        self.shared.forth.set(fault, false);
    }

    /// Spoils only so many of the connections to come; all after them work.
    pub fn strike(&self, connections: usize) {
        self.shared.strikes.store(connections, Ordering::SeqCst);
    }

    /// Changes both ways, the server's first, with counts that begin now on connections there are.
    pub fn set_anew(&self, back: Fault, forth: Fault) {
        self.shared.back.set(back, true);
        self.shared.forth.set(forth, true);
    }

    /// Refuses connections, or takes them again; those there are stay.
    pub fn refuse(&self, yes: bool) {
        let mut listens = locked(&self.shared.listens);
        if *listens == yes {
            let listener = SockRef::from(&self.shared.listener);
            let done = match yes {
                true => listener.shutdown(Shutdown::Read),
                false => listener.listen(BACKLOG),
            };
            done.expect("the listener");
            *listens = !yes;
            self.shared.changed.notify_all();
        }
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many of the server's bytes passed or are passing, over all connections.
    pub fn passed(&self) -> usize {
        self.shared.back.passed()
    }

    /// How many of the client's.
    pub fn passed_forth(&self) -> usize {
        self.shared.forth.passed()
    }

    /// Waits until so many of the server's passed.
    pub fn wait_passed(&self, count: usize) {
        wait_until(&format!("{count} bytes passed"), || self.passed() >= count);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        self.refuse(true);
        let acceptor = self.acceptor.take().expect("started once");
        acceptor.join().expect("the accepting thread");
        self.shared.forth.end();
        self.shared.back.end();
        for stream in locked(&self.shared.open).iter().filter_map(Weak::upgrade) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        for pump in locked(&self.shared.pumps).drain(..) {
            pump.join().expect("a pump of the proxy");
        }
    }
}

impl Shared {
    fn serve(self: &Arc<Self>) {
        while self.wait_listening() {
            let Ok((client, _)) = self.listener.accept() else {
                continue;
            };
            self.accepted.fetch_add(1, Ordering::SeqCst);
            if let Ok(server) = self.connect() {
                self.carry(Arc::new(client), Arc::new(server));
            }
        }
    }

    /// False when the proxy ends.
    fn wait_listening(&self) -> bool {
        let mut listens = locked(&self.listens);
        while !*listens && !self.ending.load(Ordering::SeqCst) {
            let changed = self.changed.wait(listens);
            listens = changed.unwrap_or_else(PoisonError::into_inner);
        }
        !self.ending.load(Ordering::SeqCst)
    }

    /// Whether the faults are for the next connection.
    fn is_struck(&self) -> bool {
        let one_less = |left: usize| Some(left.saturating_sub(1));
        let left = self
            .strikes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        left != Ok(0)
    }

    fn connect(&self) -> Result<TcpStream> {
        let server = socket(self.buffers)?;
        server.connect(&local(self.upstream).into())?;
        Ok(server.into())
    }

    fn carry(self: &Arc<Self>, client: Arc<TcpStream>, server: Arc<TcpStream>) {
        let mut open = locked(&self.open);
        open.retain(|stream| stream.strong_count() > 0);
        for stream in [&client, &server] {
            let _ = stream.set_nodelay(true);
            open.push(Arc::downgrade(stream));
        }
        drop(open);
        let struck = self.is_struck();
        let (shared, from, to) = (Arc::clone(self), Arc::clone(&client), Arc::clone(&server));
        let forth = std::thread::spawn(move || {
            // Cut off rather than told the end: nothing more is read either.
            if shared.forth.carry(&from, &to, struck).is_err() {
                let _ = from.shutdown(Shutdown::Read);
                let _ = to.shutdown(Shutdown::Write);
            }
        });
        let shared = Arc::clone(self);
        let back = std::thread::spawn(move || {
            let _ = shared.back.carry(&server, &client, struck);
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        });
        let mut pumps = locked(&self.pumps);
        pumps.retain(|pump| !pump.is_finished());
        pumps.extend([forth, back]);
    }
}

/// Below the ports of outgoing connections: while nobody listens there, a connect from the same
/// machine could otherwise be given this very port and meet itself.
fn listen(buffers: Option<usize>) -> TcpListener {
    for _ in 0..10 {
        let listener = socket(buffers).unwrap();
        // So that it may listen again beside the connections that it has.
        listener.set_reuse_address(true).unwrap();
        if listener.bind(&local(free_port()).into()).is_ok() {
            listener.listen(BACKLOG).unwrap();
            return listener.into();
        }
    }
    panic!("no port for a proxy")
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn socket(buffers: Option<usize>) -> Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    if let Some(bytes) = buffers {
        socket.set_recv_buffer_size(bytes)?;
        socket.set_send_buffer_size(bytes)?;
    }
    Ok(socket)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
