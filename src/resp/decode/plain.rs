//! The short way through aggregates: plain values are read one after another in one loop, and plain
//! aggregates among them are opened and closed without leaving it.

use super::leaf::{MOST, leaf, short};
use super::{Decoder, Frame, STREAMED, Start, frame, no_memory};
use crate::error::Result;
use crate::resp::block::{Cursor, Draft, List};
use crate::resp::limits::Limits;

/// Where plain values are read from, and where they go.
struct Plain<'a> {
    cursor: Cursor<'a>,
    /// Position of the end of what has arrived.
    end: usize,
    open: &'a mut Vec<Frame>,
    /// Frames that only gather replies: none, or the first.
    outermost: usize,
    pending: &'a mut List<Draft>,
    nodes: &'a mut List<Draft>,
    attributes: usize,
    announced: &'a mut usize,
    limits: &'a Limits,
}

/// What became of the innermost aggregate.
enum Closing {
    /// It lacks items.
    Open,
    /// It is an item of another one now.
    Closed,
    /// It has all its items, and there is more to closing it.
    Whole,
}

impl Decoder {
    /// Reads what follows as long as it is plain; answers whether the innermost aggregate has all
    /// its items and is still to be closed.
    #[inline(never)]
    pub(super) fn plain(&mut self) -> Result<bool> {
        let is_batch = self.is_between_replies();
        let is_limited = is_batch && self.limits.reply_bytes < MOST;
        let is_streamed = |frame: &Frame| frame.left == STREAMED;
        if self.open.last().is_none_or(is_streamed) || self.gathered.is_some() || is_limited {
            return Ok(false);
        }
        let mut plain = Plain {
            cursor: self.wire.cursor(self.at),
            end: self.wire.len(),
            open: &mut self.open,
            outermost: usize::from(self.batch > 0),
            pending: &mut self.pending,
            nodes: &mut self.nodes,
            attributes: self.attributes.len(),
            announced: &mut self.announced,
            limits: &self.limits,
        };
        let mut is_first = true;
        let is_whole = loop {
            plain.leaves()?;
            if is_first && is_batch && plain.at() > self.at {
                // Each was a reply.
                (*plain.announced, self.began) = (0, plain.at());
            }
            is_first = false;
            match plain.close()? {
                Closing::Closed => {}
                Closing::Whole => break true,
                Closing::Open if plain.open()? => {}
                Closing::Open => break false,
            }
        };
        self.at = plain.at();
        Ok(is_whole)
    }
}

impl Plain<'_> {
    #[inline(always)]
    fn at(&self) -> usize {
        self.end - self.cursor.left()
    }

    /// Reads items of the innermost aggregate.
    #[inline(always)]
    fn leaves(&mut self) -> Result<()> {
        let Some(frame) = self.open.last_mut() else {
            return Ok(());
        };
        let (mut cursor, mut left, end) = (self.cursor, frame.left, self.end);
        let next = || {
            if left == 0 {
                return None;
            }
            let at = end - cursor.left();
            let draft = leaf(&mut cursor, at)?;
            left -= 1;
            Some(draft)
        };
        self.pending.take_from(next).map_err(no_memory)?;
        (self.cursor, frame.left) = (cursor, left);
        Ok(())
    }

    /// Closes the innermost aggregate, if it is whole, and an item of another one.
    #[inline(always)]
    fn close(&mut self) -> Result<Closing> {
        let [outer @ .., frame] = &mut self.open[..] else {
            return Ok(Closing::Whole);
        };
        if frame.left > 0 {
            return Ok(Closing::Open);
        }
        let ends_reply = outer.len() <= self.outermost;
        let Some(outer) = outer.last_mut().filter(|_| !ends_reply) else {
            return Ok(Closing::Whole);
        };
        if outer.left == STREAMED || !frame.is_plain() {
            return Ok(Closing::Whole);
        }
        let mut draft = frame::gather(frame.kind(), self.pending, frame.base, self.nodes)?;
        draft.mark = frame.attribute;
        self.pending.push(draft).map_err(no_memory)?;
        outer.left -= 1;
        self.open.pop();
        Ok(Closing::Closed)
    }

    /// Opens the aggregate whose head stands here, if it is a plain one of a few items that is allowed.
    #[inline(always)]
    fn open(&mut self) -> Result<bool> {
        let (at, marker) = (self.at(), self.cursor.marker());
        let head = match marker {
            b'*' | b'%' | b'~' => short(self.cursor.word()),
            _ => None,
        };
        let Some((count, digits)) = head else {
            return Ok(false);
        };
        let items = match marker {
            b'%' => count as usize * 2,
            _ => count as usize,
        };
        let announced = self.announced.saturating_add(items);
        let is_deep = self.open.len() - self.outermost >= self.limits.depth;
        if items == 0 || announced > self.limits.reply_items || is_deep {
            return Ok(false);
        }
        if !self.cursor.take(digits + 3) {
            return Ok(false);
        }
        *self.announced = announced;
        let start = Start {
            byte: at,
            nodes: self.nodes.len(),
            attributes: self.attributes,
        };
        let frame = Frame {
            marker,
            left: items,
            base: self.pending.len(),
            attribute: 0,
            start,
            gathered: 0,
        };
        frame::push(self.open, frame)?;
        Ok(true)
    }
}
