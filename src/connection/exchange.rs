//! Commands and their replies: one, many in one write, or one by one.

use super::{Connection, KEPT};
use crate::error::Result;
use crate::net::{Registration, Stream, Wait};
use crate::resp::Reply;
use crate::resp::encode::{self, Outgoing};

impl Connection {
    /// Sends one command and waits for its reply; error replies are replies.
    #[inline(always)]
    pub fn exchange(&mut self, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
        self.buffer.clear();
        if !encode::append(&mut self.buffer, args) && !self.encode_anew(args)? {
            return self.exchange_large(args, wait);
        }
        let covered = self.begin_talk(wait);
        let result = match self.send_buffer(wait) {
            Ok(()) => self.receive(wait),
            Err(error) => Err(error),
        };
        if self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        self.end_talk(result, covered, wait)
    }

    /// Encodes a command for which the buffer has no room, unless it has values to be sent from where
    /// they are; answers whether it did.
    #[cold]
    #[inline(never)]
    fn encode_anew(&mut self, args: &[&[u8]]) -> Result<bool> {
        let is_small = args.iter().all(|arg| arg.len() < encode::LARGE);
        if is_small {
            encode::command(&mut self.buffer, args)?;
        }
        Ok(is_small)
    }

    /// The same with values that are sent from where they are.
    #[inline(never)]
    fn exchange_large(&mut self, args: &[&[u8]], wait: &Wait) -> Result<Reply> {
        let mut out = Outgoing::reuse(std::mem::take(&mut self.buffer));
        let result = out.command(args).and_then(|()| {
            self.converse(wait, |connection| {
                connection.send(&out, wait)?;
                connection.receive(wait)
            })
        });
        let buffer = out.into_buffer();
        if buffer.capacity() <= KEPT {
            self.buffer = buffer;
        }
        result
    }

    /// Sends `count` commands and waits for their replies, gathered in one array.
    pub fn batch(&mut self, out: &Outgoing<'_>, count: usize, wait: &Wait) -> Result<Reply> {
        self.decoder.begin_batch(count);
        self.converse(wait, |connection| {
            connection.send(out, wait)?;
            connection.receive(wait)
        })
    }

    /// Sends commands and takes their `count` replies one by one; `take` may end it with an error.
    pub fn stream_replies(
        &mut self,
        out: &Outgoing<'_>,
        count: usize,
        wait: &Wait,
        mut take: impl FnMut(usize, Reply) -> Result<()>,
    ) -> Result<()> {
        self.converse(wait, |connection| {
            connection.send(out, wait)?;
            (0..count).try_for_each(|index| take(index, connection.receive(wait)?))
        })
    }

    /// The same, with something to do while the server answers: its failure counts when the replies
    /// are well.
    pub(super) fn stream_replies_and(
        &mut self,
        out: Outgoing<'_>,
        count: usize,
        wait: &Wait,
        meanwhile: impl FnOnce(&Stream, Outgoing<'_>) -> Result<()>,
        mut take: impl FnMut(usize, Reply) -> Result<()>,
    ) -> Result<()> {
        self.converse(wait, |connection| {
            let sent = connection.send(&out, wait);
            let done = meanwhile(&connection.stream, out);
            sent?;
            (0..count).try_for_each(|index| take(index, connection.receive(wait)?))?;
            done
        })
    }

    /// After a failed batch: what was answered, and local errors for what was not.
    pub fn end_batch(&mut self, sent: usize, unknown: &str, not_sent: &str) -> Result<Reply> {
        self.decoder.end_batch(sent, unknown, not_sent)
    }

    /// Commands, the replies to them, and nothing left over.
    fn converse<T>(&mut self, wait: &Wait, talk: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let covered = self.begin_talk(wait);
        let result = talk(self);
        self.end_talk(result, covered, wait)
    }

    /// From here on a reply is owed; the caller's cancel may shut the socket down.
    #[inline(always)]
    fn begin_talk(&mut self, wait: &Wait) -> Option<Registration> {
        (self.broken, self.sent) = (true, 0);
        match wait.cancel {
            None => None,
            Some(_) => wait.cover_socket(self.stream.socket()),
        }
    }

    #[inline(always)]
    fn end_talk<T>(
        &mut self,
        result: Result<T>,
        covered: Option<Registration>,
        wait: &Wait,
    ) -> Result<T> {
        if let Some(covered) = covered {
            covered.end();
        }
        let result = match result {
            Ok(value) if self.decoder.is_idle() => Ok(value),
            Ok(value) => self.expect_silence().map(|()| value),
            Err(error) => Err(error),
        };
        match result {
            Ok(value) => {
                // Fired too late to end this call, but its socket is shut down.
                self.broken = wait.has_ended();
                Ok(value)
            }
            Err(error) => Err(self.explain(error, wait)),
        }
    }
}
