//! Many commands in one write, their replies in one array; atomic between MULTI and EXEC.
//!
//! Commands are encoded when they are added (`pipelined`). What was wrong with one is kept and told by `run`,
//! which then sends nothing. A pipeline that fails half-way gives what was answered.

use std::cell::Cell;
use std::sync::Arc;

use super::pipelined::Pipelined;
use super::{CallOptions, Client};
use crate::command::{Nature, Recent};
use crate::error::{self, Code, Error, Outcome, Phase, Result};
use crate::net::Wait;
use crate::pool::Pool;
use crate::resp::encode::Outgoing;
use crate::resp::{Decoder, Kind, Limits, Reply};

const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// See the module.
pub struct Pipeline {
    client: Arc<Client>,
    atomic: bool,
    queued: Pipelined,
    recent: Recent,
}

/// Why a run failed, and what was answered all the same.
pub struct Failure {
    /// The reason.
    pub error: Error,
    /// One item per command when bytes went out.
    pub partial: Option<Reply>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            partial: None,
        }
    }
}

impl Pipeline {
    /// An empty pipeline.
    pub fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            atomic: false,
            queued: Pipelined::default(),
            recent: Recent::default(),
        }
    }

    /// Whether it runs between MULTI and EXEC.
    pub fn set_atomic(&mut self, atomic: bool) {
        self.atomic = atomic;
    }

    /// Adds a command, or keeps what was wrong with it.
    #[inline(always)]
    pub fn add(&mut self, args: Result<&[&[u8]]>) {
        if let Err(error) = args.and_then(|args| self.queued.add(args, &mut self.recent)) {
            self.queued.keep_mistake(&error);
        }
    }

    /// Forgets what was added.
    pub fn clear(&mut self) {
        self.queued.clear();
    }

    /// Sends everything and waits for the replies; empties the pipeline.
    pub fn run(&mut self, options: &CallOptions) -> std::result::Result<Reply, Failure> {
        let mut queued = std::mem::take(&mut self.queued);
        let result = self.run_queued(&mut queued, options);
        queued.clear();
        self.queued = queued;
        result
    }

    fn run_queued(
        &self,
        queued: &mut Pipelined,
        options: &CallOptions,
    ) -> std::result::Result<Reply, Failure> {
        if let Some(mistake) = queued.mistake.take() {
            return Err(mistake.into());
        }
        if queued.ends.is_empty() {
            return Ok(empty_array()?);
        }
        self.client.count_further(queued.ends.len() - 1);
        // A script's own failure is an item, or ends a transaction before anything of it ran.
        let nature = Cell::new(Nature {
            known: true,
            replayable: !queued.writes,
            changes_state: false,
            script: false,
            block: queued.block,
        });
        // What an attempt sent is told even if the next one sends nothing.
        let mut partial = None;
        let atomic = self.atomic;
        let name: &[u8] = if atomic {
            b"atomic pipeline"
        } else {
            b"pipeline"
        };
        let result = self
            .client
            .persist(name, &nature, options, |pool, wait| match atomic {
                true => queued.run_atomic(pool, wait, &mut partial),
                false => queued.run_plain(pool, wait, &mut partial),
            });
        result.map_err(|error| Failure { error, partial })
    }
}

impl Pipelined {
    fn run_plain(&self, pool: &Pool, wait: &Wait, partial: &mut Option<Reply>) -> Result<Reply> {
        let mut lease = pool.checkout(wait)?;
        let connection = lease.connection()?;
        let mut out = Outgoing::default();
        out.raw(&self.bytes);
        match connection.batch(&out, self.ends.len(), wait) {
            Ok(reply) => {
                lease.finish();
                Ok(reply)
            }
            Err(error) => {
                let bytes = connection.sent();
                if bytes > 0 {
                    let sent = self.begun(bytes);
                    let unknown = told("UNKNOWN", &error);
                    let not_sent = match partial {
                        None => told("NOT_SENT", &error),
                        Some(_) => unknown.clone(),
                    };
                    *partial = connection.end_batch(sent, &unknown, &not_sent).ok();
                }
                Err(error)
            }
        }
    }

    fn run_atomic(&self, pool: &Pool, wait: &Wait, partial: &mut Option<Reply>) -> Result<Reply> {
        let mut lease = pool.checkout(wait)?;
        let connection = lease.connection()?;
        let mut out = Outgoing::default();
        out.raw(MULTI);
        out.raw(&self.bytes);
        out.raw(EXEC);
        let count = self.ends.len() + 2;
        let mut refusal = None;
        let mut last = None;
        let streamed = connection.stream_replies(&out, count, wait, |index, reply| {
            if index + 1 == count {
                last = Some(reply);
            } else if reply.kind() == Kind::Error && refusal.is_none() {
                refusal = Some((index, reply));
            }
            Ok(())
        });
        match (streamed, last) {
            (Ok(()), Some(reply)) => {
                lease.finish();
                outcome(reply, refusal).map_err(|error| error.at_node(pool.node()))
            }
            (streamed, _) => {
                let error = streamed.err().unwrap_or_else(|| {
                    Error::new(Code::Protocol, "EXEC was not answered").in_phase(Phase::Receive)
                });
                if connection.sent() > 0 {
                    let ran = connection.sent() > MULTI.len() + self.bytes.len();
                    let ran = ran || partial.is_some();
                    *partial = self
                        .unanswered(if ran { "UNKNOWN" } else { "NOT_SENT" }, &error)
                        .ok();
                }
                Err(error)
            }
        }
    }

    /// One local error for each command.
    fn unanswered(&self, word: &str, error: &Error) -> Result<Reply> {
        let mut decoder = Decoder::new(Limits::default());
        decoder.begin_batch(self.ends.len());
        let text = told(word, error);
        decoder.end_batch(self.ends.len(), &text, &text)
    }
}

/// What EXEC's reply means.
fn outcome(reply: Reply, refusal: Option<(usize, Reply)>) -> Result<Reply> {
    if let Some((0, refused)) = &refusal {
        let error = error::from_line(refused.text());
        return Err(error.with_outcome(Outcome::Unknown));
    }
    if reply.kind() != Kind::Error {
        return Ok(reply);
    }
    let error = error::from_line(reply.text()).with_outcome(Outcome::Refused);
    match refusal {
        Some((index, refused)) => {
            let first = error::from_line(refused.text());
            let detail = format!("{}; command {index}: {}", error.detail(), first.detail());
            Err(Error::new(error.code(), detail)
                .with_server_code(error.server_code())
                .with_outcome(Outcome::Refused))
        }
        None => Err(error),
    }
}

fn told(word: &str, error: &Error) -> String {
    let text = format!("{word} {}", error.detail());
    text.replace(['\r', '\n'], " ")
}

fn empty_array() -> Result<Reply> {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"*0\r\n")?;
    let reply = decoder.next_reply()?;
    reply.ok_or_else(|| Error::new(Code::Panic, "an empty array is incomplete"))
}
