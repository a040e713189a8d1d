//! Agreeing with a server: the TLS handshake over a connected socket, within the deadline.

use std::sync::Arc;

use openssl::ssl::{self, ErrorCode, Ssl, SslStream, SslVerifyMode};
use openssl::x509::verify::X509CheckFlags;

use super::super::stream::Stream;
use super::super::wake::{Sleeper, Wait};
use super::context::{Context, ServerName, internal};
use super::refusal::Refusal;
use super::session::{Session, TlsFailure, Transport, forget_errors};
use crate::error::{Code, Error, Phase, Result};
use crate::options::Verify;

/// Makes a connected stream secure, or says why it cannot be.
pub fn secure(stream: Stream, context: &Context, wait: &Wait) -> Result<Stream> {
    agree(&stream, context, wait)
        .map(|session| stream.with_session(session))
        .map_err(|error| error.in_phase(Phase::Tls))
}

fn agree(stream: &Stream, context: &Context, wait: &Wait) -> Result<Session> {
    forget_errors();
    let refusal = Refusal::default();
    let ssl = prepare(context, &refusal).map_err(internal)?;
    let socket = Arc::clone(stream.socket());
    let _covered = wait.cover(Sleeper::Socket(Arc::clone(&socket)));
    let transport = Transport::new(Arc::clone(&socket));
    let mut session = SslStream::new(ssl, transport).map_err(internal)?;
    loop {
        wait.check()?;
        if wait.deadline.passed() {
            return Err(silent(session.get_ref()));
        }
        forget_errors();
        session.get_mut().begin();
        let Err(error) = session.connect() else {
            return Ok(Session::new(session));
        };
        let (read, write) = match error.code() {
            ErrorCode::WANT_READ => (true, false),
            ErrorCode::WANT_WRITE => (false, true),
            _ => {
                wait.check()?;
                return Err(explain(error, session.get_ref(), &refusal));
            }
        };
        let ready = socket
            .wait(read, write, wait.deadline)
            .map_err(|error| Error::from_io(Code::Disconnected, "cannot wait", &error))?;
        if !ready.readable && !ready.writable {
            wait.check()?;
            return Err(silent(session.get_ref()));
        }
    }
}

fn prepare(
    context: &Context,
    refusal: &Refusal,
) -> std::result::Result<Ssl, openssl::error::ErrorStack> {
    let mut ssl = Ssl::new(&context.ssl)?;
    match context.verify {
        Verify::None => ssl.set_verify(SslVerifyMode::NONE),
        Verify::Chain | Verify::Full => refusal.watch(&mut ssl, &context.name),
    }
    if let ServerName::Host(host) = &context.name {
        ssl.set_hostname(host)?;
    }
    if context.verify == Verify::Full {
        let checks = ssl.param_mut();
        checks.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
        match &context.name {
            ServerName::Host(host) => checks.set_host(host)?,
            ServerName::Address(address) => checks.set_ip(*address)?,
        }
    }
    Ok(ssl)
}

fn explain(error: ssl::Error, transport: &Transport, refusal: &Refusal) -> Error {
    if let Some(refused) = refusal.error() {
        return refused;
    }
    if speaks_plainly(transport) {
        let detail = "the server answered in plain text: this port speaks no TLS, use redis://";
        return Error::new(Code::Tls, detail);
    }
    if transport.has_ended() {
        let detail = "the server closed the connection; if this port speaks no TLS, use redis://";
        return Error::new(Code::Disconnected, detail);
    }
    match error.io_error() {
        Some(error) => Error::from_io(Code::Disconnected, "the TLS handshake was cut", error),
        None => {
            let detail = format!("no agreement on TLS: {}", TlsFailure::new(&error));
            Error::new(Code::Tls, detail)
        }
    }
}

/// The time is up: a plain server waits for the end of what it takes for a command.
fn silent(transport: &Transport) -> Error {
    let detail = match transport.first {
        _ if speaks_plainly(transport) => {
            "the server answers in plain text: this port speaks no TLS, use redis://"
        }
        None => "the server said nothing in time; if this port speaks no TLS, use redis://",
        Some(_) => "the server did not end the handshake in time",
    };
    Error::new(Code::Timeout, detail)
}

/// No record begins so (RFC 8446, section 5.1: types 20 to 24).
fn speaks_plainly(transport: &Transport) -> bool {
    transport
        .first
        .is_some_and(|first| !(20..=24).contains(&first))
}
