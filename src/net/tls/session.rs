//! An established session: encrypts what is sent, decrypts what has come, waits for nothing.
//!
//! One thread may send while another receives: OpenSSL's session is under a lock that is held for
//! no longer than a system call that does not block.

use std::io::{self, IoSlice, Read, Write};
use std::ops::Range;
use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode, SslStream};

use super::super::socket::Socket;
use super::super::wake::lock;
use super::context::told;
use crate::sys::fork;
use crate::sys::sync::Mutex;

/// Most bytes of one record (RFC 8446, section 5.1).
const RECORD: usize = 16 << 10;
/// What is asked of the socket at a time, at first and when much is coming.
const INBOX: usize = 16 << 10;
const LARGE_INBOX: usize = 64 << 10;
/// Reads of the socket in one call of OpenSSL.
const READS: u32 = 16;

/// See the module.
pub(crate) struct Session {
    inner: Mutex<Inner>,
    generation: u64,
}

struct Inner {
    stream: Option<SslStream<Transport>>,
    /// Small pieces put together, so that they travel in one record.
    gathered: Vec<u8>,
    /// Receiving cannot go on before something was sent.
    receive_needs_write: bool,
}

impl Session {
    /// Takes over a session whose handshake is done.
    pub(super) fn new(stream: SslStream<Transport>) -> Self {
        Self {
            inner: Mutex::new(Inner {
                stream: Some(stream),
                gathered: Vec::new(),
                receive_needs_write: false,
            }),
            generation: fork::generation(),
        }
    }

    /// Decrypts what has come; 0 is the end, `WouldBlock` that more has to come first.
    pub(crate) fn receive_now(&self, into: &mut [u8]) -> io::Result<usize> {
        let mut inner = lock(&self.inner);
        let Inner {
            stream: Some(stream),
            receive_needs_write,
            ..
        } = &mut *inner
        else {
            return Ok(0);
        };
        forget_errors();
        stream.get_mut().begin();
        let result = stream.ssl_read(into);
        *receive_needs_write =
            matches!(&result, Err(error) if error.code() == ErrorCode::WANT_WRITE);
        match result {
            Ok(count) => Ok(count),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(0),
            Err(error) => match stream.get_ref().ended && !is_pause(&error) {
                true => Ok(0),
                false => Err(as_io(error)),
            },
        }
    }

    /// Encrypts and sends what one record takes; `WouldBlock` when the socket is full, after which
    /// the same bytes have to be given again, more of them or not.
    pub(crate) fn send_now(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut inner = lock(&self.inner);
        let Inner {
            stream: Some(stream),
            gathered,
            ..
        } = &mut *inner
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        forget_errors();
        stream.get_mut().begin();
        let record = match pieces {
            [] => return Ok(0),
            [piece] => piece,
            [first, ..] if first.len() >= RECORD => first,
            _ => {
                gather(pieces, gathered);
                &gathered[..]
            }
        };
        stream.ssl_write(record).map_err(as_io)
    }

    /// Whether there is something to be received without asking the socket.
    pub(crate) fn is_buffered(&self) -> bool {
        let inner = lock(&self.inner);
        let stream = inner.stream.as_ref();
        stream.is_some_and(|stream| stream.ssl().pending() > 0 || stream.get_ref().has_unread())
    }

    /// Whether receiving waits for the socket to take something.
    pub(crate) fn receive_needs_write(&self) -> bool {
        lock(&self.inner).receive_needs_write
    }

    /// Gives memory back that only a burst needs.
    pub(crate) fn rest(&self) {
        let mut inner = lock(&self.inner);
        if inner.gathered.capacity() > RECORD {
            inner.gathered = Vec::new();
        }
        if let Some(stream) = &mut inner.stream {
            stream.get_mut().shrink();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let inner = self.inner.get_mut();
        let inner = inner.unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(mut stream) = inner.stream.take() else {
            return;
        };
        if self.generation == fork::generation() {
            forget_errors();
            // Tells the server that the end is meant; whether it hears it does not matter.
            let _ = stream.shutdown();
            drop(stream);
            forget_errors();
        } else {
            // The parent talks on in this session: a child closes its copy of the descriptor alone.
            stream.get_mut().socket = None;
            std::mem::forget(stream);
        }
    }
}

/// The first bytes of the pieces, as many as a record takes. The same pieces give the same bytes.
fn gather(pieces: &[IoSlice<'_>], into: &mut Vec<u8>) {
    into.clear();
    for piece in pieces {
        let room = RECORD - into.len();
        into.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

/// OpenSSL looks for the reason of a failure in a list of the thread's, which other users of
/// OpenSSL in the same program may have left full.
pub(super) fn forget_errors() {
    drop(ErrorStack::get());
}

fn is_pause(error: &ssl::Error) -> bool {
    matches!(error.code(), ErrorCode::WANT_READ | ErrorCode::WANT_WRITE)
}

fn as_io(error: ssl::Error) -> io::Error {
    if is_pause(&error) {
        return io::ErrorKind::WouldBlock.into();
    }
    // The server has said goodbye, which whoever receives has seen: the connection is lost, TLS is not.
    if error.code() == ErrorCode::ZERO_RETURN {
        return io::ErrorKind::BrokenPipe.into();
    }
    match error.into_io_error() {
        Ok(error) => error,
        Err(error) => io::Error::other(TlsFailure::new(&error)),
    }
}

/// What went wrong between OpenSSL and the server.
#[derive(Debug)]
pub struct TlsFailure(String);

impl TlsFailure {
    pub(super) fn new(error: &ssl::Error) -> Self {
        let reasons = error.ssl_error().map(told).unwrap_or_default();
        let hint = HINTS.iter().find(|(part, _)| reasons.contains(part));
        Self(match (reasons.as_str(), hint) {
            ("", _) => "OpenSSL gives no reason".to_owned(),
            (_, Some((_, hint))) => format!("{reasons}: {hint}"),
            (_, None) => reasons,
        })
    }
}

/// Parts of OpenSSL's reasons, and what they come from.
const HINTS: &[(&str, &str)] = &[
    (
        "certificate required",
        "the server asks for a client certificate, see tls.cert_file",
    ),
    (
        "alert handshake failure",
        "the server accepts none of the versions, ciphers or client certificates offered",
    ),
    (
        "alert protocol version",
        "the server speaks another TLS version, see tls.min_version",
    ),
    (
        "unsupported protocol",
        "the server speaks another TLS version, see tls.min_version",
    ),
    (
        "alert unknown ca",
        "the server does not trust the issuer of the client certificate",
    ),
    (
        "alert bad certificate",
        "the server refuses the client certificate",
    ),
    (
        "alert certificate",
        "the server refuses the client certificate",
    ),
];

impl std::fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsFailure {}

/// The socket as OpenSSL sees it: it never blocks and raises no SIGPIPE.
pub(super) struct Transport {
    socket: Option<Arc<Socket>>,
    /// Room for what is received; `unread` of it is not yet taken by OpenSSL.
    inbox: Vec<u8>,
    unread: Range<usize>,
    /// How often the socket may still be read in one call of OpenSSL: a peer that floods it with
    /// what is no data must not keep it from coming back.
    reads: u32,
    /// The peer has closed.
    ended: bool,
    /// What the peer's first byte was.
    pub(super) first: Option<u8>,
}

impl Transport {
    pub(super) fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket: Some(socket),
            inbox: Vec::new(),
            unread: 0..0,
            reads: READS,
            ended: false,
            first: None,
        }
    }

    /// To be called before each call of OpenSSL.
    pub(super) fn begin(&mut self) {
        self.reads = READS;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    fn shrink(&mut self) {
        if !self.has_unread() && self.inbox.len() > INBOX {
            self.inbox = Vec::new();
        }
    }

    /// OpenSSL asks for a header and then for a body: one larger read serves both.
    fn fill(&mut self) -> io::Result<()> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        if self.reads == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.reads -= 1;
        if self.inbox.is_empty() {
            self.inbox.resize(INBOX, 0);
        } else if self.unread.end == INBOX {
            self.inbox.resize(LARGE_INBOX, 0);
        }
        self.unread = 0..0;
        let received = socket.receive_now(&mut self.inbox)?;
        self.unread = 0..received;
        self.ended |= received == 0;
        if received > 0 {
            self.first.get_or_insert(self.inbox[0]);
        }
        Ok(())
    }
}

impl Read for Transport {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.has_unread() {
            self.fill()?;
        }
        let count = into.len().min(self.unread.len());
        let start = self.unread.start;
        into[..count].copy_from_slice(&self.inbox[start..start + count]);
        self.unread.start += count;
        Ok(count)
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        socket.send_now(&[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
