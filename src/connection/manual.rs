//! A connection driven by hand, made here or adopted: one thread may send while another receives.
//! Nothing is retried, nothing hidden; pushes and error replies come out as they arrive.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::{Connection, Connector, closed_by_server, is_tls, lost};
use crate::deadline::{Deadline, Moment};
use crate::error::{Code, Error, Phase, Result};
use crate::net::{Adopted, Material, Stream, Wait};
use crate::options::Config;
use crate::resp::{Decoder, Reply, encode};
use crate::sys::fork;

/// Bytes of a half-read reply that are still taken once the time is up: more than a socket holds, so
/// that more has come since, which whoever waits on the descriptor is told of.
const AT_LAST: usize = 8 << 20;

/// See the module.
pub struct Manual {
    stream: Stream,
    sender: Mutex<Sender>,
    receiver: Mutex<Decoder>,
    hello: Option<Reply>,
    node: Arc<str>,
    generation: u64,
}

#[derive(Default)]
struct Sender {
    bytes: Vec<u8>,
    sent: usize,
}

impl Sender {
    /// Gives back what was sent once it is the larger part: a rest that never goes out whole must
    /// not grow for ever.
    fn forget_sent(&mut self) {
        if self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..std::mem::take(&mut self.sent));
        }
    }
}

impl Manual {
    /// Connects and greets as `config` says.
    pub fn open(config: Config) -> Result<Self> {
        let material = match config.secure {
            true => Some(Arc::new(Material::load(&config.tls)?)),
            false => None,
        };
        first(config, material, Connector::connect)
    }

    /// Greets over a connected socket; on success the descriptor is the connection's.
    pub fn adopt(descriptor: isize, config: Config) -> Result<Self> {
        let adopted = Adopted::borrow(descriptor)?;
        let config = Config {
            endpoint: adopted.peer(),
            ..config
        };
        let greeted = first(config, None, |connector, wait| {
            connector.adopt(adopted.stream(), wait)
        });
        match greeted {
            Ok(manual) => {
                adopted.keep();
                Ok(manual)
            }
            Err(error) => {
                adopted.give_back();
                Err(error)
            }
        }
    }

    fn new(connection: Connection) -> Self {
        Self {
            stream: connection.stream,
            sender: Mutex::default(),
            receiver: Mutex::new(connection.decoder),
            hello: connection.hello,
            node: connection.node,
            generation: fork::generation(),
        }
    }

    /// Buffers a command.
    pub fn send(&self, args: &[&[u8]]) -> Result<()> {
        encode::command(&mut self.sender()?.bytes, args)
    }

    /// Buffers bytes as they are.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<()> {
        let mut sender = self.sender()?;
        let reserved = sender.bytes.try_reserve(bytes.len());
        reserved.map_err(|_| Error::no_memory(bytes.len()))?;
        sender.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what is buffered; out of time keeps the rest.
    pub fn flush(&self, deadline: Deadline) -> Result<()> {
        let mut sender = self.sender()?;
        while sender.sent < sender.bytes.len() {
            let piece = IoSlice::new(&sender.bytes[sender.sent..]);
            match self.stream.send_now(&[piece]) {
                Ok(sent) => sender.sent += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let ready = self.stream.wait(false, true, deadline);
                    let ready = ready.map_err(|error| lost("cannot wait", &error, Phase::Send))?;
                    if !ready.writable {
                        sender.forget_sent();
                        return Err(self.late(Phase::Send));
                    }
                }
                Err(error) => return Err(self.unwritable(error).at_node(&self.node)),
            }
        }
        *sender = Sender::default();
        Ok(())
    }

    /// The next reply or push; out of time keeps a half-read one.
    pub fn receive(&self, deadline: Deadline) -> Result<Reply> {
        let mut decoder = self.receiver()?;
        let mut overdue = 0;
        loop {
            let next = decoder.next_reply();
            let next = next.map_err(|error| error.in_phase(Phase::Receive).at_node(&self.node))?;
            if let Some(reply) = next {
                return Ok(reply);
            }
            if overdue > AT_LAST {
                return Err(self.late(Phase::Receive));
            }
            match self.stream.receive(decoder.space(1)?, deadline) {
                Ok(0) => return Err(closed_by_server(Phase::Receive).at_node(&self.node)),
                Ok(received) => {
                    decoder.commit(received);
                    overdue += received * usize::from(deadline.passed());
                }
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
        let mut decoder = match self.receiver() {
            Ok(decoder) => decoder,
            Err(error) if error.code() == Code::Busy => return Some(false),
            Err(_) => return None,
        };
        if !decoder.is_idle() {
            return Some(true);
        }
        loop {
            if !self.stream.wait(true, false, deadline).ok()?.readable {
                return Some(false);
            }
            match self.stream.receive_now(decoder.space(1).ok()?) {
                Ok(0) => return None,
                Ok(received) => {
                    decoder.commit(received);
                    return Some(true);
                }
                // What came was none of ours, such as half a TLS record.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
            if deadline.passed() {
                return Some(false);
            }
        }
    }

    /// Ends both directions and wakes a blocked receive.
    pub fn shutdown(&self) {
        if self.check_process().is_ok() {
            self.stream.socket().shutdown();
        }
    }

    /// The socket's descriptor; `None` in a forked child.
    pub fn descriptor(&self) -> Option<crate::sys::poll::Descriptor> {
        self.check_process().ok()?;
        Some(self.stream.socket().descriptor())
    }

    /// The answer to HELLO, if there was one; `None` in a forked child.
    pub fn hello(&self) -> Option<&Reply> {
        self.check_process().ok()?;
        self.hello.as_ref()
    }

    /// Why nothing can be written any more: the server may have said it in TLS.
    fn unwritable(&self, error: io::Error) -> Error {
        let said = self.receiver.try_lock().ok().and_then(|mut decoder| {
            let received = self.stream.receive_now(decoder.space(1).ok()?);
            if let Ok(received) = received {
                decoder.commit(received);
            }
            received.err().filter(is_tls)
        });
        lost("cannot write", &said.unwrap_or(error), Phase::Send)
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

    fn receiver(&self) -> Result<MutexGuard<'_, Decoder>> {
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

/// The first and only connection of a connector, within the connect timeout.
fn first(
    config: Config,
    material: Option<Arc<Material>>,
    make: impl FnOnce(&Connector, &Wait) -> Result<Connection>,
) -> Result<Manual> {
    let started = Moment::now();
    let wait = Wait {
        began: started,
        deadline: Deadline::after(started, config.connect_timeout),
        closing: Arc::default(),
        cancel: None,
    };
    let connector = Connector::new(Arc::new(config), material, None);
    connector.check()?;
    make(&connector, &wait)
        .map(Manual::new)
        .map_err(|error| error.for_command("open", 1, started.elapsed()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_forgotten_when_it_is_the_larger_part() {
        let mut sender = Sender {
            bytes: b"abcdef".to_vec(),
            sent: 3,
        };
        sender.forget_sent();
        assert_eq!((&sender.bytes[..], sender.sent), (&b"abcdef"[..], 3));
        sender.sent = 4;
        sender.forget_sent();
        assert_eq!((&sender.bytes[..], sender.sent), (&b"ef"[..], 0));
    }
}
