//! Many commands in one write, their replies in one array; atomic between MULTI and EXEC.
//!
//! Commands are encoded when they are added. What was wrong with one is kept and told by `run`,
//! which then sends nothing. A pipeline that fails half-way gives what was answered.

use std::sync::Arc;

use super::{CallOptions, Client, refuse_state};
use crate::command::{self, Block};
use crate::error::{self, Code, Error, Outcome, Phase, Result};
use crate::net::Wait;
use crate::pool::Pool;
use crate::resp::encode::{self, Outgoing};
use crate::resp::{Decoder, Kind, Limits, Reply};

const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// See the module.
pub struct Pipeline {
    client: Arc<Client>,
    atomic: bool,
    queued: Queued,
}

#[derive(Default)]
struct Queued {
    bytes: Vec<u8>,
    /// Where each command ends in `bytes`.
    ends: Vec<usize>,
    writes: bool,
    block: Option<Block>,
    mistake: Option<Error>,
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
            queued: Queued::default(),
        }
    }

    /// Whether it runs between MULTI and EXEC.
    pub fn set_atomic(&mut self, atomic: bool) {
        self.atomic = atomic;
    }

    /// Adds a command, or keeps what was wrong with it.
    pub fn add(&mut self, args: Result<&[&[u8]]>) {
        if let Err(error) = args.and_then(|args| self.queued.add(args))
            && self.queued.mistake.is_none()
        {
            let number = self.queued.ends.len() + 1;
            let detail = format!("command {number} of the pipeline: {}", error.detail());
            self.queued.mistake = Some(Error::new(error.code(), detail));
        }
    }

    /// Sends everything and waits for the replies; empties the pipeline.
    pub fn run(&mut self, options: &CallOptions) -> std::result::Result<Reply, Failure> {
        let queued = std::mem::take(&mut self.queued);
        if let Some(mistake) = queued.mistake {
            return Err(mistake.into());
        }
        if queued.ends.is_empty() {
            return Ok(empty_array()?);
        }
        let replayable = !queued.writes || options.idempotent;
        let block = queued.block.unwrap_or(Block::No);
        let mut partial = None;
        let atomic = self.atomic;
        let name: &[u8] = if atomic {
            b"atomic pipeline"
        } else {
            b"pipeline"
        };
        let result = self
            .client
            .persist(name, block, replayable, options, |pool, wait| {
                partial = None;
                match atomic {
                    true => queued.run_atomic(pool, wait, &mut partial),
                    false => queued.run_plain(pool, wait, &mut partial),
                }
            });
        result.map_err(|error| Failure { error, partial })
    }
}

impl Queued {
    fn add(&mut self, args: &[&[u8]]) -> Result<()> {
        let nature = command::nature(args);
        refuse_state(args, &nature)?;
        let size = encode::size(args).ok_or_else(|| Error::no_memory(usize::MAX))?;
        let reserved = self
            .bytes
            .try_reserve(size + 64)
            .and_then(|()| self.ends.try_reserve(1));
        reserved.map_err(|_| Error::no_memory(size))?;
        encode::command(&mut self.bytes, args);
        self.ends.push(self.bytes.len());
        self.writes |= !nature.replayable;
        self.block = Some(together(self.block.unwrap_or(Block::No), nature.block));
        Ok(())
    }

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
                    let (unknown, not_sent) = (told("UNKNOWN", &error), told("NOT_SENT", &error));
                    *partial = connection.end_batch(sent, &unknown, &not_sent).ok();
                }
                Err(error)
            }
        }
    }

    /// How many commands have a byte among the first `sent`.
    fn begun(&self, sent: usize) -> usize {
        let whole = self.ends.partition_point(|end| *end <= sent);
        let cut = whole < self.ends.len() && self.begin(whole) < sent;
        whole + usize::from(cut)
    }

    fn begin(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
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

/// The time of two commands on one connection, one after the other.
fn together(a: Block, b: Block) -> Block {
    match (a, b) {
        (Block::Forever, _) | (_, Block::Forever) => Block::Forever,
        (Block::For(a), Block::For(b)) => Block::For(a.saturating_add(b)),
        (Block::No, other) | (other, Block::No) => other,
    }
}

fn empty_array() -> Result<Reply> {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"*0\r\n")?;
    let reply = decoder.next_reply()?;
    reply.ok_or_else(|| Error::new(Code::Panic, "an empty array is incomplete"))
}
