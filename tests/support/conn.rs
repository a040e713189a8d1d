//! One accepted connection of a `Scripted` server, as its closure sees it.

use super::scripted::Record;
use super::stream::Stream;
use super::tls_end::TlsEnd;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;

/// A command: its name and arguments.
pub type Command = Vec<Vec<u8>>;

/// The server's end of a connection; dropping it closes it.
pub struct Conn {
    stream: Option<Arc<Stream>>,
    record: Arc<Record>,
    unread: Vec<u8>,
    in_handshake: bool,
}

impl Conn {
    pub(super) fn new(stream: Arc<Stream>, record: Arc<Record>) -> Self {
        Self {
            stream: Some(stream),
            record,
            unread: Vec::new(),
            in_handshake: false,
        }
    }

    /// The next command, or None when the client is gone. After `answer_hello`, steps of the
    /// handshake that came late are answered on the way.
    pub fn read_command(&mut self) -> Option<Command> {
        loop {
            if let Some((command, used)) = parse(&self.unread) {
                self.unread.drain(..used);
                self.record.saw(&command);
                if self.in_handshake && is_handshake(&command) {
                    self.answer_step(&command);
                    continue;
                }
                self.in_handshake = false;
                return Some(command);
            }
            if !self.fill() {
                return None;
            }
        }
    }

    /// Answers the handshake: HELLO with a map that names the protocol asked for, each further
    /// step with OK. A client that begins with a command is left waiting for its answer, which
    /// `read_command` then hands out.
    pub fn answer_hello(&mut self) {
        while parse(&self.unread).is_none() {
            if !self.fill() {
                return;
            }
        }
        self.in_handshake = true;
        while let Some((command, used)) = parse(&self.unread) {
            if !is_handshake(&command) {
                self.in_handshake = false;
                return;
            }
            self.unread.drain(..used);
            self.record.saw(&command);
            self.answer_step(&command);
        }
    }

    /// What has come and was not read as a command; waits for the first byte. Empty: the end.
    pub fn read_bytes(&mut self) -> Vec<u8> {
        if self.unread.is_empty() {
            self.fill();
        }
        std::mem::take(&mut self.unread)
    }

    /// Sends bytes as they are. Whether the client is still there is seen when reading.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(stream) = &self.stream {
            let _ = (&**stream).write_all(bytes);
        }
    }

    /// As `write`; false when the client is gone.
    pub fn tell(&mut self, bytes: &[u8]) -> bool {
        let stream = self.stream.as_ref();
        stream.is_some_and(|stream| (&**stream).write_all(bytes).is_ok())
    }

    /// Reads nothing and says nothing until the client is gone.
    pub fn hold(&mut self) {
        if let Some(stream) = &self.stream {
            stream.wait_gone();
        }
    }

    /// Says no more, and goes on listening.
    pub fn finish(&mut self) {
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }

    /// Closes by FIN: bytes that have come are read first, since a close over them would reset.
    pub fn close(&mut self) {
        if let Some(stream) = &self.stream {
            stream.say_goodbye();
        }
        self.cut();
    }

    /// Closes by FIN without TLS's goodbye; without TLS it is the same as `close`.
    pub fn cut(&mut self) {
        if let Some(stream) = self.stream.take() {
            let _ = stream.shutdown(Shutdown::Write);
            stream.drain();
        }
    }

    /// Closes by RST; on a Unix socket, which has none, just closes.
    pub fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.reset_on_close().expect("SO_LINGER");
        }
    }

    /// The server's end of TLS; panics on a connection of another kind.
    pub fn tls(&self) -> &TlsEnd {
        match self.stream.as_deref() {
            Some(Stream::Tls(end)) => end,
            _ => panic!("no TLS on this connection"),
        }
    }

    /// Where the client connects from; panics on a Unix socket.
    pub fn peer(&self) -> IpAddr {
        match self.stream.as_deref() {
            Some(Stream::Tcp(tcp)) => tcp.peer_addr().unwrap().ip(),
            Some(Stream::Tls(end)) => end.tcp().peer_addr().unwrap().ip(),
            _ => panic!("no address on this connection"),
        }
    }

    /// Reads and forgets until the client has closed.
    pub fn wait_closed(&mut self) {
        while self.fill() {
            self.unread.clear();
        }
    }

    /// Reads once; false at the end.
    fn fill(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        let Some(stream) = &self.stream else {
            return false;
        };
        match (&**stream).read(&mut bytes) {
            Ok(count) if count > 0 => {
                self.unread.extend_from_slice(&bytes[..count]);
                true
            }
            _ => false,
        }
    }

    fn answer_step(&mut self, command: &Command) {
        if !command[0].eq_ignore_ascii_case(b"HELLO") {
            return self.write(b"+OK\r\n");
        }
        let (head, proto) = match command.get(1).map(Vec::as_slice) {
            Some(b"3") => ("%7", 3),
            _ => ("*14", 2),
        };
        let hello = format!(
            "{head}\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n\
             $5\r\nproto\r\n:{proto}\r\n$2\r\nid\r\n:1\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n\
             $4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"
        );
        self.write(hello.as_bytes());
    }
}

/// Whether a client sends it before its first command.
fn is_handshake(command: &Command) -> bool {
    let is = |at: usize, word: &str| {
        let arg = command.get(at);
        arg.is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    };
    is(0, "HELLO")
        || is(0, "AUTH")
        || is(0, "SELECT")
        || is(0, "CLIENT") && (is(1, "SETINFO") || is(1, "SETNAME") || is(1, "TRACKING"))
}

/// The first whole command in `bytes` and its size. Panics at what no client sends.
fn parse(bytes: &[u8]) -> Option<(Command, usize)> {
    let mut at = 0;
    let count = number(bytes, &mut at, b'*')?;
    let mut command = Vec::with_capacity(count);
    for _ in 0..count {
        let length = number(bytes, &mut at, b'$')?;
        command.push(bytes.get(at..at + length)?.to_vec());
        at += length;
        let end = bytes.get(at..at + 2)?;
        assert_eq!(end, b"\r\n", "after an argument");
        at += 2;
    }
    Some((command, at))
}

fn number(bytes: &[u8], at: &mut usize, kind: u8) -> Option<usize> {
    let rest = &bytes[*at..];
    let first = *rest.first()?;
    assert_eq!(first, kind, "a command in RESP: {}", rest.escape_ascii());
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    *at += end + 2;
    let digits = std::str::from_utf8(&rest[1..end]).expect("digits");
    Some(digits.parse().expect("a number"))
}
