//! Many replies gathered into one array: what a pipeline is answered with.

use super::{Decoder, Frame, Settled, Start};
use crate::error::{Code, Error, Result};
use crate::resp::block::{Draft, Kind, LOCAL, Reply};

impl Decoder {
    /// Gathers the next `count` replies (not 0) into one array. Half a push may have come before.
    pub fn begin_batch(&mut self, count: usize) {
        let frame = Frame {
            marker: b'*',
            left: count,
            base: 0,
            attribute: 0,
            start: Start::default(),
            gathered: 0,
        };
        self.open.insert(0, frame);
        self.batch = count;
        // Without the room it grows by and by, and then says so.
        let _ = self.pending.reserve(count);
    }

    /// How many replies of the batch are still missing.
    pub fn batch_left(&self) -> usize {
        match self.open.first() {
            Some(frame) if self.batch > 0 => frame.left,
            _ => 0,
        }
    }

    /// Ends a batch early: each missing reply becomes a local error, with the text of `unknown`
    /// for the first `sent` commands of the batch and that of `not_sent` for the others.
    pub fn end_batch(&mut self, sent: usize, unknown: &str, not_sent: &str) -> Result<Reply> {
        self.open.truncate(1);
        let left = self.batch_left();
        let answered = self.batch.saturating_sub(left);
        self.pending.truncate(answered);
        self.gathered = None;
        let unknown = self.local_error(unknown)?;
        let not_sent = self.local_error(not_sent)?;
        self.at = self.wire.len();
        self.began = self.at;
        for missing in 0..left {
            let draft = if answered + missing < sent {
                unknown
            } else {
                not_sent
            };
            if let Settled::Done(reply) = self.settle(draft)? {
                return Ok(reply);
            }
        }
        Err(Error::new(Code::Invalid, "no replies are missing"))
    }

    /// Appends a text of our own to the wire and drafts an error of it.
    fn local_error(&mut self, text: &str) -> Result<Draft> {
        let position = self.wire.len() as u64;
        self.feed(text.as_bytes())?;
        self.feed(b"\r\n")?;
        let mut draft = Draft::sized(Kind::Error, text.len(), position);
        draft.mark = LOCAL;
        Ok(draft)
    }
}
