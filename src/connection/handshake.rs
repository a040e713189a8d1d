//! Greeting a server: who we are, which protocol, which database, in one pipelined write.
//!
//! HELLO and what the user asked for must succeed; telling the server our name is optional, and
//! a refusal is remembered. A server that does not know HELLO is greeted a second time in RESP2.
//! The planning and judging of replies does no I/O.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use zeroize::Zeroize;

use super::{Connection, Connector};
use crate::error::{self, Code, Error, Phase, Result};
use crate::net::{Unset, Wait};
use crate::options::{Config, Protocol};
use crate::resp::encode::{self, Outgoing};
use crate::resp::{Kind, Node};
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
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Welcome,
    Again(Form),
}

/// The steps of one round, in their order.
struct Plan {
    form: Form,
    steps: [Step; 6],
    count: usize,
}

/// Greets; leaves the connection ready for commands. What is unset is set while the server answers.
pub(super) fn greet(
    connection: &mut Connection,
    connector: &Connector,
    unset: &mut Unset,
    wait: &Wait,
) -> Result<()> {
    let config = &connector.config;
    let mut form = match config.protocol {
        Protocol::Auto | Protocol::Resp3 => Form::Resp3,
        Protocol::Resp2 => Form::Resp2,
    };
    loop {
        let tell = !connector.info_refused.load(Ordering::Relaxed);
        let plan = Plan::new(config, form, tell);
        if plan.steps().is_empty() {
            return Ok(());
        }
        let verdict = round(connection, connector, &plan, unset, wait)
            .map_err(|error| in_handshake(error, config))?;
        match verdict {
            Verdict::Again(next) => form = next,
            Verdict::Welcome => return Ok(()),
        }
    }
}

/// One write of all steps and the replies to them; ends early at a refusal that ends everything.
fn round(
    connection: &mut Connection,
    connector: &Connector,
    plan: &Plan,
    unset: &mut Unset,
    wait: &Wait,
) -> Result<Verdict> {
    let config = &connector.config;
    let mut bytes = room_for(config)?;
    for step in plan.steps() {
        write_step(&mut bytes, config, plan.form, *step)?;
    }
    let mut first = None;
    let mut hello = None;
    connection.stream_replies_and(
        Outgoing::encoded(bytes),
        plan.count,
        wait,
        |stream, sent| {
            sent.into_buffer().zeroize();
            unset.set(stream)
        },
        |index, reply| {
            let step = plan.steps[index];
            if first.is_none() {
                first = judge(config, plan.form, step, &reply).transpose();
            }
            match step {
                Step::Hello | Step::Auth if matches!(first, Some(Err(_))) => {
                    return first.take().map_or(Ok(()), |judged| judged.map(drop));
                }
                Step::Hello => hello = Some(reply),
                Step::LibraryName | Step::LibraryVersion if reply.kind() == Kind::Error => {
                    connector.info_refused.store(true, Ordering::Relaxed);
                }
                _ => {}
            }
            Ok(())
        },
    )?;
    let verdict = first.unwrap_or(Ok(Verdict::Welcome))?;
    if matches!(verdict, Verdict::Welcome) {
        connection.hello = hello;
    }
    Ok(verdict)
}

/// Room for all steps at once: bytes that grow leave copies of a password behind.
fn room_for(config: &Config) -> Result<Vec<u8>> {
    const STEPS: usize = 512;
    let password = config.password.as_ref().map_or(0, |it| it.expose().len());
    let names = config.username.len() + 2 * config.client_name.len() + config.driver.len();
    let mut bytes = Vec::new();
    let reserved = bytes.try_reserve(STEPS + password + names);
    reserved.map_err(|_| Error::no_memory(STEPS + password + names))?;
    Ok(bytes)
}

impl Plan {
    fn new(config: &Config, form: Form, tell: bool) -> Self {
        let mut plan = Self {
            form,
            steps: [Step::Hello; 6],
            count: 0,
        };
        if form == Form::Resp3 {
            plan.add(Step::Hello, true);
        } else {
            plan.add(Step::Auth, config.password.is_some());
            plan.add(Step::SetName, !config.client_name.is_empty());
        }
        plan.add(Step::LibraryName, tell);
        plan.add(Step::LibraryVersion, tell);
        plan.add(Step::Select, config.db != 0);
        plan
    }

    fn add(&mut self, step: Step, wanted: bool) {
        if wanted {
            self.steps[self.count] = step;
            self.count += 1;
        }
    }

    fn steps(&self) -> &[Step] {
        &self.steps[..self.count]
    }
}

fn write_step(out: &mut Vec<u8>, config: &Config, form: Form, step: Step) -> Result<()> {
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
            let name = config.client_name.as_bytes();
            match (config.password.is_some(), name) {
                (false, b"") => encode::command(out, &[b"HELLO", b"3"]),
                (false, _) => encode::command(out, &[b"HELLO", b"3", b"SETNAME", name]),
                (true, b"") => encode::command(out, &[b"HELLO", b"3", b"AUTH", username, password]),
                (true, _) => {
                    let auth = [
                        b"HELLO",
                        &b"3"[..],
                        b"AUTH",
                        username,
                        password,
                        b"SETNAME",
                        name,
                    ];
                    encode::command(out, &auth)
                }
            }
        }
        Step::Auth if config.username.is_empty() || form == Form::Resp2PasswordOnly => {
            encode::command(out, &[b"AUTH", password])
        }
        Step::Auth => encode::command(out, &[b"AUTH", username, password]),
        Step::SetName => {
            encode::command(out, &[b"CLIENT", b"SETNAME", config.client_name.as_bytes()])
        }
        Step::LibraryName => {
            let name = library_name(config);
            encode::command(out, &[b"CLIENT", b"SETINFO", b"LIB-NAME", name.as_bytes()])
        }
        Step::LibraryVersion => {
            let version = text::VERSION.as_bytes();
            encode::command(out, &[b"CLIENT", b"SETINFO", b"LIB-VER", version])
        }
        Step::Select => encode::command(out, &[b"SELECT", config.db.to_string().as_bytes()]),
    }
}

/// Our name, with the libraries built on us in parentheses.
fn library_name(config: &Config) -> Cow<'static, str> {
    match config.driver.as_str() {
        "" => text::LIBRARY.into(),
        driver => format!("{}({driver})", text::LIBRARY).into(),
    }
}

/// What a reply decides, if anything.
fn judge(config: &Config, form: Form, step: Step, reply: &Node) -> Result<Option<Verdict>> {
    let optional = matches!(step, Step::LibraryName | Step::LibraryVersion);
    if reply.kind() == Kind::Error && !optional {
        return judge_refusal(config, form, step, reply.text()).map(Some);
    }
    if step == Step::Hello {
        check_protocol(reply)?;
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Secret;

    #[test]
    fn every_greeting_fits_into_the_room_made_for_it() {
        let named = |length: usize| Config {
            username: "u".repeat(length),
            password: Some(Secret::new(vec![b'p'; length])),
            client_name: "n".repeat(length),
            driver: "d".repeat(length),
            db: u32::MAX,
            ..Config::default()
        };
        for config in [0, 1, 99, 1000, 100_000].map(named) {
            for form in [Form::Resp3, Form::Resp2, Form::Resp2PasswordOnly] {
                let mut bytes = room_for(&config).unwrap();
                let room = bytes.capacity();
                for step in Plan::new(&config, form, true).steps() {
                    write_step(&mut bytes, &config, form, *step).unwrap();
                }
                assert_eq!(bytes.capacity(), room, "{form:?} of {} bytes", bytes.len());
            }
        }
    }
}
