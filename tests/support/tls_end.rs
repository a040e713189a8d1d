//! The server's end of a TLS connection, for scripts.
//!
//! The TLS handshake is done at the first read or write, on the script's own thread, so that a
//! client that stalls in it holds up no other.

use super::tls::Identity;
use openssl::ssl::{
    ShutdownState, SslAcceptor, SslAcceptorBuilder, SslFiletype, SslMethod, SslRef, SslStream,
    SslVersion,
};
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A socket, and the TLS session over it once there is one.
pub struct TlsEnd {
    tcp: TcpStream,
    acceptor: SslAcceptor,
    session: OnceLock<std::result::Result<Mutex<SslStream<TcpStream>>, String>>,
}

/// What shows `identity` and speaks TLS 1.2 and 1.3.
pub fn acceptor(identity: Identity) -> SslAcceptorBuilder {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    let certificate = identity.certificate();
    builder.set_certificate_chain_file(certificate).unwrap();
    builder
        .set_private_key_file(identity.key(), SslFiletype::PEM)
        .unwrap();
    builder
}

/// As `acceptor`, with one TLS version only.
pub fn acceptor_of(identity: Identity, version: SslVersion) -> SslAcceptorBuilder {
    let mut builder = acceptor(identity);
    builder.set_min_proto_version(Some(version)).unwrap();
    builder.set_max_proto_version(Some(version)).unwrap();
    builder
}

impl TlsEnd {
    pub(super) fn new(tcp: TcpStream, acceptor: SslAcceptor) -> Self {
        Self {
            tcp,
            acceptor,
            session: OnceLock::new(),
        }
    }

    /// The socket below.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Does the TLS handshake unless it is done; why it failed.
    pub fn shake_hands(&self) -> std::result::Result<(), String> {
        self.session().map(drop)
    }

    /// What is known of the session: its name, version, the client's certificate.
    pub fn look<T>(&self, at: impl FnOnce(&SslRef) -> T) -> std::result::Result<T, String> {
        Ok(at(self.session()?.ssl()))
    }

    /// Which sides have sent close_notify.
    pub fn shutdown_state(&self) -> ShutdownState {
        match self.session.get() {
            Some(Ok(session)) => locked(session).get_shutdown(),
            _ => ShutdownState::empty(),
        }
    }

    /// Sends close_notify.
    pub fn say_goodbye(&self) {
        if let Some(Ok(session)) = self.session.get() {
            let _ = locked(session).shutdown();
        }
    }

    pub(super) fn read(&self, into: &mut [u8]) -> Result<usize> {
        self.session().map_err(std::io::Error::other)?.read(into)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<usize> {
        self.session().map_err(std::io::Error::other)?.write(bytes)
    }

    fn session(&self) -> std::result::Result<MutexGuard<'_, SslStream<TcpStream>>, String> {
        let begun = self.session.get_or_init(|| {
            let tcp = self.tcp.try_clone().map_err(|error| error.to_string())?;
            let session = self.acceptor.accept(tcp);
            session.map(Mutex::new).map_err(|error| error.to_string())
        });
        begun.as_ref().map(locked).map_err(String::clone)
    }
}

/// Only one thread reads and writes; another may shut the socket down, without this lock.
fn locked(session: &Mutex<SslStream<TcpStream>>) -> MutexGuard<'_, SslStream<TcpStream>> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}
