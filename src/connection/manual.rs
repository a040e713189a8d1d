//! A connection driven by hand: one thread may send while another receives. Nothing is retried,
//! nothing hidden; pushes and error replies come out as they arrive.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::{Connection, closed_by_server, lost};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Phase, Result};
use crate::net::{Socket, Stream};
use crate::resp::{Decoder, Reply, encode};
use crate::sys::fork;

/// See the module.
pub struct Manual {
    socket: Arc<Socket>,
    sender: Mutex<Sender>,
    receiver: Mutex<Receiver>,
    hello: Option<Reply>,
    node: Arc<str>,
    generation: u64,
}

#[derive(Default)]
struct Sender {
    bytes: Vec<u8>,
    sent: usize,
}

struct Receiver {
    stream: Stream,
    decoder: Decoder,
}

impl Manual {
    /// Takes a greeted connection over.
    pub fn new(connection: Connection) -> Self {
        Self {
            socket: Arc::clone(connection.stream.socket()),
            sender: Mutex::default(),
            receiver: Mutex::new(Receiver {
                stream: connection.stream,
                decoder: connection.decoder,
            }),
            hello: connection.hello,
            node: connection.node,
            generation: fork::generation(),
        }
    }

    /// Buffers a command.
    pub fn send(&self, args: &[&[u8]]) -> Result<()> {
        encode::command(&mut self.sender()?.bytes, args);
        Ok(())
    }

    /// Buffers bytes as they are.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<()> {
        self.sender()?.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is buffered; out of time keeps the rest.
    pub fn flush(&self, deadline: Deadline) -> Result<()> {
        let mut sender = self.sender()?;
        while sender.sent < sender.bytes.len() {
            let piece = IoSlice::new(&sender.bytes[sender.sent..]);
            match self.socket.send_now(&[piece]) {
                Ok(sent) => sender.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let ready = self.socket.wait(false, true, deadline);
                    let ready = ready.map_err(|error| lost("cannot wait", &error, Phase::Send))?;
                    if !ready.writable {
                        return Err(self.late(Phase::Send));
                    }
                }
                Err(error) => {
                    return Err(lost("cannot write", &error, Phase::Send).at_node(&self.node));
                }
            }
        }
        *sender = Sender::default();
        Ok(())
    }

    /// The next reply or push; out of time keeps a half-read one.
    pub fn receive(&self, deadline: Deadline) -> Result<Reply> {
        let mut receiver = self.receiver()?;
        let Receiver { stream, decoder } = &mut *receiver;
        loop {
            let next = decoder.next_reply();
            let next = next.map_err(|error| error.in_phase(Phase::Receive).at_node(&self.node))?;
            if let Some(reply) = next {
                return Ok(reply);
            }
            match stream.receive(decoder.space(1)?, deadline) {
                Ok(0) => return Err(closed_by_server(Phase::Receive).at_node(&self.node)),
                Ok(received) => decoder.commit(received),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(self.late(Phase::Receive));
                }
                Err(error) => {
                    return Err(lost("cannot read", &error, Phase::Receive).at_node(&self.node));
                }
            }
        }
    }

    /// Whether something is there to be received, in our buffer or the socket's; `None` when the
    /// peer has closed.
    pub fn readable(&self, deadline: Deadline) -> Option<bool> {
        let mut receiver = match self.receiver() {
            Ok(receiver) => receiver,
            Err(error) if error.code() == Code::Busy => return Some(false),
            Err(_) => return None,
        };
        if !receiver.decoder.is_idle() {
            return Some(true);
        }
        if !self.socket.wait(true, false, deadline).ok()?.readable {
            return Some(false);
        }
        let space = receiver.decoder.space(1).ok()?;
        match self.socket.receive_now(space) {
            Ok(0) => None,
            Ok(received) => {
                receiver.decoder.commit(received);
                Some(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Some(false),
            Err(_) => None,
        }
    }

    /// Ends both directions and wakes a blocked receive.
    pub fn shutdown(&self) {
        if self.check_process().is_ok() {
            self.socket.shutdown();
        }
    }

    /// The socket's descriptor; `None` in a forked child.
    pub fn descriptor(&self) -> Option<crate::sys::poll::Descriptor> {
        self.check_process().ok()?;
        Some(self.socket.descriptor())
    }

    /// The answer to HELLO, if there was one; `None` in a forked child.
    pub fn hello(&self) -> Option<&Reply> {
        self.check_process().ok()?;
        self.hello.as_ref()
    }

    fn check_process(&self) -> Result<()> {
        if self.generation == fork::generation() {
            return Ok(());
        }
        Err(Error::new(
            Code::Forked,
            "this connection belongs to the process that opened it",
        ))
    }

    fn sender(&self) -> Result<MutexGuard<'_, Sender>> {
        self.check_process()?;
        one_thread(&self.sender, "sends")
    }

    fn receiver(&self) -> Result<MutexGuard<'_, Receiver>> {
        self.check_process()?;
        one_thread(&self.receiver, "receives")
    }

    fn late(&self, phase: Phase) -> Error {
        let detail = match phase {
            Phase::Send => "the server took no more in time; the rest is kept for the next flush",
            _ => "nothing whole arrived in time",
        };
        Error::new(Code::Timeout, detail)
            .in_phase(phase)
            .at_node(&self.node)
    }
}

fn one_thread<'a, T>(half: &'a Mutex<T>, does: &str) -> Result<MutexGuard<'a, T>> {
    match half.try_lock() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Code::Busy,
            format!("another thread {does} on this connection"),
        )),
    }
}
