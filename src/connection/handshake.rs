//! Greeting a server: who we are, which protocol, which database, in one pipelined write.
//!
//! HELLO and what the user asked for must succeed; telling the server our name is optional, and
//! a refusal is remembered. A server that does not know HELLO is greeted a second time in RESP2.
//! The planning and judging of replies does no I/O.

use std::sync::atomic::Ordering;

use zeroize::Zeroize;

use super::{Connection, Connector};
use crate::error::{self, Code, Error, Phase, Result};
use crate::net::Wait;
use crate::options::{Config, Protocol};
use crate::resp::encode::{self, Outgoing};
use crate::resp::{Kind, Node, Reply};
use crate::text;

/// One command of the greeting.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Hello,
    Auth,
    SetName,
    LibraryName,
    LibraryVersion,
    Select,
}

/// In which of its three forms the greeting goes out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// HELLO 3 with user, password and name.
    Resp3,
    /// AUTH with user and password.
    Resp2,
    /// AUTH with the password alone, for servers before ACLs.
    Resp2PasswordOnly,
}

/// What follows from the replies.
#[derive(Debug)]
enum Verdict {
    Welcome,
    Again(Form),
}

/// Greets; leaves the connection ready for commands.
pub(super) fn greet(connection: &mut Connection, connector: &Connector, wait: &Wait) -> Result<()> {
    let config = &connector.config;
    let mut form = match config.protocol {
        Protocol::Auto | Protocol::Resp3 => Form::Resp3,
        Protocol::Resp2 => Form::Resp2,
    };
    loop {
        let tell = !connector.info_refused.load(Ordering::Relaxed);
        let steps = plan(config, form, tell);
        if steps.is_empty() {
            return Ok(());
        }
        let replies = round(connection, config, form, &steps, wait)
            .map_err(|error| in_handshake(error, config))?;
        let refused = |(step, reply): (&Step, &Reply)| {
            matches!(step, Step::LibraryName | Step::LibraryVersion) && reply.kind() == Kind::Error
        };
        if steps.iter().zip(&replies).any(refused) {
            connector.info_refused.store(true, Ordering::Relaxed);
        }
        match judge(config, form, &steps, &replies).map_err(|error| in_handshake(error, config))? {
            Verdict::Again(next) => form = next,
            Verdict::Welcome => {
                if steps[0] == Step::Hello {
                    connection.hello = replies.into_iter().next();
                }
                return Ok(());
            }
        }
    }
}

/// One write of all steps and the replies to them; ends early at a refusal that ends everything.
fn round(
    connection: &mut Connection,
    config: &Config,
    form: Form,
    steps: &[Step],
    wait: &Wait,
) -> Result<Vec<Reply>> {
    let mut bytes = Vec::new();
    for step in steps {
        write_step(&mut bytes, config, form, *step);
    }
    let mut replies = Vec::with_capacity(steps.len());
    let mut out = Outgoing::default();
    out.raw(&bytes);
    let result = connection.stream_replies(&out, steps.len(), wait, |index, reply| {
        if matches!(steps[index], Step::Hello | Step::Auth) {
            judge(
                config,
                form,
                &steps[index..=index],
                std::slice::from_ref(&reply),
            )?;
        }
        replies.push(reply);
        Ok(())
    });
    let mut sent = out.into_buffer();
    sent.zeroize();
    bytes.zeroize();
    result.map(|()| replies)
}

fn plan(config: &Config, form: Form, tell: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if form == Form::Resp3 {
        steps.push(Step::Hello);
    } else {
        if config.password.is_some() {
            steps.push(Step::Auth);
        }
        if !config.client_name.is_empty() {
            steps.push(Step::SetName);
        }
    }
    if tell {
        steps.extend([Step::LibraryName, Step::LibraryVersion]);
    }
    if config.db != 0 {
        steps.push(Step::Select);
    }
    steps
}

fn write_step(out: &mut Vec<u8>, config: &Config, form: Form, step: Step) {
    let password = config
        .password
        .as_ref()
        .map_or(&b""[..], |secret| secret.expose());
    let username = match config.username.as_bytes() {
        b"" => b"default",
        name => name,
    };
    match step {
        Step::Hello => {
            let mut args: Vec<&[u8]> = vec![b"HELLO", b"3"];
            if config.password.is_some() {
                args.extend([b"AUTH", username, password]);
            }
            if !config.client_name.is_empty() {
                args.extend([b"SETNAME", config.client_name.as_bytes()]);
            }
            encode::command(out, &args);
        }
        Step::Auth if config.username.is_empty() || form == Form::Resp2PasswordOnly => {
            encode::command(out, &[b"AUTH", password]);
        }
        Step::Auth => encode::command(out, &[b"AUTH", username, password]),
        Step::SetName => {
            encode::command(out, &[b"CLIENT", b"SETNAME", config.client_name.as_bytes()]);
        }
        Step::LibraryName => {
            let name = library_name(config);
            encode::command(out, &[b"CLIENT", b"SETINFO", b"LIB-NAME", name.as_bytes()]);
        }
        Step::LibraryVersion => {
            let version = text::VERSION.as_bytes();
            encode::command(out, &[b"CLIENT", b"SETINFO", b"LIB-VER", version]);
        }
        Step::Select => encode::command(out, &[b"SELECT", config.db.to_string().as_bytes()]),
    }
}

/// Our name, with the libraries built on us in parentheses.
fn library_name(config: &Config) -> String {
    match config.driver.as_str() {
        "" => text::LIBRARY.to_owned(),
        driver => format!("{}({driver})", text::LIBRARY),
    }
}

fn judge(config: &Config, form: Form, steps: &[Step], replies: &[Reply]) -> Result<Verdict> {
    for (step, reply) in steps.iter().zip(replies) {
        let optional = matches!(step, Step::LibraryName | Step::LibraryVersion);
        if reply.kind() == Kind::Error && !optional {
            return judge_refusal(config, form, *step, reply.text());
        }
        if *step == Step::Hello {
            check_protocol(reply)?;
        }
    }
    Ok(Verdict::Welcome)
}

/// A refused step: another form may do, or it is the end.
fn judge_refusal(config: &Config, form: Form, step: Step, line: &[u8]) -> Result<Verdict> {
    let lower = line.to_ascii_lowercase();
    if step == Step::Hello {
        let unknown = lower.starts_with(b"err unknown command") || lower.starts_with(b"noproto");
        if unknown && config.protocol == Protocol::Auto {
            return Ok(Verdict::Again(Form::Resp2));
        }
        if unknown {
            let detail = "the server does not know HELLO 3; use protocol=auto or protocol=2";
            return Err(Error::new(Code::Protocol, detail));
        }
    }
    let arity = lower.starts_with(b"err wrong number of arguments for 'auth'");
    if step == Step::Auth && form == Form::Resp2 && !config.username.is_empty() && arity {
        return Ok(Verdict::Again(Form::Resp2PasswordOnly));
    }
    Err(error::from_line(line))
}

/// HELLO's answer must name the protocol that was asked for.
fn check_protocol(reply: &Node) -> Result<()> {
    let pairs = reply.items().chunks_exact(2);
    let proto = pairs
        .filter(|_| matches!(reply.kind(), Kind::Map | Kind::Array))
        .find(|pair| pair[0].text() == b"proto")
        .map(|pair| pair[1].integer());
    match proto {
        Some(3) => Ok(()),
        Some(other) => Err(Error::new(
            Code::Protocol,
            format!("the server answered HELLO 3 with protocol {other}"),
        )),
        None => Err(Error::new(
            Code::Protocol,
            "the server's answer to HELLO names no protocol",
        )),
    }
}

/// Names the phase, and takes the password out of what the server may have echoed.
fn in_handshake(error: Error, config: &Config) -> Error {
    let error = error.during(Phase::Handshake);
    match &config.password {
        Some(secret) => error.without(&String::from_utf8_lossy(secret.expose())),
        None => error,
    }
}
