//! Commands that wait in a pipeline, encoded end to end.

use super::refuse_state;
use crate::command::{Block, Recent};
use crate::error::{Error, Result};
use crate::resp::encode;

/// Memory for commands that a pipeline keeps between runs.
const KEPT: usize = 2 << 20;

/// Commands, encoded, and what is known of them as a whole.
#[derive(Default)]
pub(super) struct Pipelined {
    pub bytes: Vec<u8>,
    /// Where each command ends in `bytes`.
    pub ends: Vec<usize>,
    pub writes: bool,
    pub block: Block,
    pub mistake: Option<Error>,
}

impl Pipelined {
    /// Encodes a command behind the others.
    #[inline(always)]
    pub fn add(&mut self, args: &[&[u8]], recent: &mut Recent) -> Result<()> {
        let nature = recent.nature(args);
        if nature.changes_state {
            refuse_state(args, &nature)?;
        }
        if self.ends.len() == self.ends.capacity() {
            self.reserve_end()?;
        }
        encode::command(&mut self.bytes, args)?;
        self.ends.push(self.bytes.len());
        self.writes |= !nature.replayable;
        if nature.block != Block::No {
            self.block = together(self.block, nature.block);
        }
        Ok(())
    }

    #[cold]
    fn reserve_end(&mut self) -> Result<()> {
        let reserved = self.ends.try_reserve(1);
        reserved.map_err(|_| Error::no_memory(self.ends.len() * size_of::<usize>()))
    }

    /// Keeps the first thing that was wrong with a command.
    #[cold]
    pub fn keep_mistake(&mut self, error: &Error) {
        if self.mistake.is_none() {
            let number = self.ends.len() + 1;
            let detail = format!("command {number} of the pipeline: {}", error.detail());
            self.mistake = Some(Error::new(error.code(), detail));
        }
    }

    /// Forgets the commands and keeps the memory, unless it is much.
    pub fn clear(&mut self) {
        let (mut bytes, mut ends) = (
            std::mem::take(&mut self.bytes),
            std::mem::take(&mut self.ends),
        );
        bytes.clear();
        ends.clear();
        *self = Self::default();
        if bytes.capacity() + ends.capacity() * size_of::<usize>() <= KEPT {
            (self.bytes, self.ends) = (bytes, ends);
        }
    }

    /// How many commands have a byte among the first `sent`.
    pub fn begun(&self, sent: usize) -> usize {
        let whole = self.ends.partition_point(|end| *end <= sent);
        let cut = whole < self.ends.len() && self.begin(whole) < sent;
        whole + usize::from(cut)
    }

    fn begin(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// The time of two commands on one connection, one after the other.
fn together(a: Block, b: Block) -> Block {
    match (a, b) {
        (Block::Forever, _) | (_, Block::Forever) => Block::Forever,
        (Block::For(a), Block::For(b)) => Block::For(a.saturating_add(b)),
        (Block::No, other) | (other, Block::No) => other,
    }
}
