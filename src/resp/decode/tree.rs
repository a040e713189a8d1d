//! Values into trees: frames are opened, filled and closed, and what is complete becomes a reply.

use super::{Decoder, Frame, SCRATCH, STREAMED, Settled};
use crate::error::{Code, Error, Result};
use crate::resp::block::{Draft, Kind, Node, Parts, Reply, Wire};

impl Decoder {
    pub(super) fn open_frame(&mut self, marker: u8, left: usize) -> Result<()> {
        let depth = self.open.len() - usize::from(self.batch > 0);
        if depth >= self.limits.depth {
            let most = self.limits.depth;
            return Err(Error::new(
                Code::Limit,
                format!("a reply nests deeper than limits.depth allows ({most})"),
            ));
        }
        let frame = Frame {
            marker,
            left,
            base: self.pending.len(),
            nodes: self.nodes.len(),
            attributes: self.attributes.len(),
            begin: self.at,
            attribute: std::mem::take(&mut self.attribute),
            gathered: 0,
        };
        grow(&mut self.open, 1)?;
        self.open.push(frame);
        Ok(())
    }

    /// Puts a finished value where it belongs and closes what it completes.
    pub(super) fn settle(&mut self, mut draft: Draft) -> Result<Settled> {
        draft.attribute = std::mem::take(&mut self.attribute);
        self.place(draft)
    }

    pub(super) fn place(&mut self, draft: Draft) -> Result<Settled> {
        let inside_batch = self.batch > 0 && self.open.len() == 1;
        if inside_batch {
            self.check_bytes()?;
            (self.announced, self.began) = (0, self.at);
        }
        let Some(frame) = self.open.last_mut() else {
            return self.finish(draft).map(Settled::Done);
        };
        grow(&mut self.pending, 1)?;
        self.pending.push(draft);
        if frame.left == STREAMED {
            self.announced += 1;
            if self.announced > self.limits.reply_items {
                return Err(self.too_many_items(self.announced as u64));
            }
            return Ok(Settled::Inside);
        }
        frame.left -= 1;
        if frame.left > 0 {
            return Ok(Settled::Inside);
        }
        self.close_frames()
    }

    /// Closes the innermost frame, whose items are all there, and those that it completes.
    pub(super) fn close_frames(&mut self) -> Result<Settled> {
        let Some(frame) = self.open.pop() else {
            return Ok(Settled::Inside);
        };
        if self.open.is_empty() {
            self.batch = 0;
        }
        let kind = match frame.marker {
            b'*' => Kind::Array,
            b'~' => Kind::Set,
            b'>' => Kind::Push,
            _ => Kind::Map,
        };
        let first = self.nodes.len();
        let count = self.pending.len() - frame.base;
        grow(&mut self.nodes, count)?;
        self.nodes.extend_from_slice(&self.pending[frame.base..]);
        self.pending.truncate(frame.base);
        let mut draft = Draft::sized(kind, count, first as u64);
        draft.attribute = frame.attribute;
        match frame.marker {
            b'|' => self.keep_attribute(draft),
            b'>' => self.lift_push(draft, &frame).map(Settled::Done),
            _ => self.place(draft),
        }
    }

    /// Keeps attributes for the value that follows; a second set joins the first.
    pub(super) fn keep_attribute(&mut self, mut draft: Draft) -> Result<Settled> {
        let earlier = std::mem::take(&mut draft.attribute);
        if earlier == 0 {
            grow(&mut self.attributes, 1)?;
            self.attributes.push(draft);
            self.attribute = self.attributes.len() as u32;
            return Ok(Settled::Inside);
        }
        let other = self.attributes[earlier as usize - 1];
        let range = other.value as usize..other.value as usize + other.length;
        grow(&mut self.nodes, other.length)?;
        self.nodes.extend_from_within(range);
        draft.length += other.length;
        self.attributes[earlier as usize - 1] = draft;
        self.attribute = earlier;
        Ok(Settled::Inside)
    }

    /// Takes a finished push out of the reply it stands in, or before.
    pub(super) fn lift_push(&mut self, draft: Draft, frame: &Frame) -> Result<Reply> {
        self.check_bytes()?;
        let alone = draft.attribute == 0;
        let nodes = if alone { frame.nodes } else { 0 };
        let attributes = if alone { frame.attributes } else { 0 };
        let parts = Parts {
            root: draft,
            nodes: &self.nodes[nodes..],
            nodes_base: nodes,
            attributes: &self.attributes[attributes..],
            attributes_base: attributes,
            range: (if alone { frame.begin } else { 0 }, self.at),
            may_share: false,
        };
        let push = build(&self.wire, &parts)?;
        self.nodes.truncate(frame.nodes);
        self.attributes.truncate(frame.attributes);
        if self.open.is_empty() {
            self.reset();
        }
        Ok(push)
    }

    pub(super) fn finish(&mut self, draft: Draft) -> Result<Reply> {
        self.check_bytes()?;
        let parts = Parts {
            root: draft,
            nodes: &self.nodes,
            nodes_base: 0,
            attributes: &self.attributes,
            attributes_base: 0,
            range: (0, self.at),
            may_share: true,
        };
        let reply = build(&self.wire, &parts)?;
        self.reset();
        Ok(reply)
    }

    /// Makes ready for the next reply.
    pub(super) fn reset(&mut self) {
        self.wire.consume(self.at);
        (self.at, self.searched, self.need) = (0, 0, 0);
        (self.announced, self.began, self.attribute) = (0, 0, 0);
        self.nodes.clear();
        self.attributes.clear();
        if self.nodes.capacity() > SCRATCH || self.pending.capacity() > SCRATCH {
            self.nodes = Vec::new();
            self.pending = Vec::new();
        }
    }

    pub(super) fn check_bytes(&self) -> Result<()> {
        let size = self.at - self.began;
        if size > self.limits.reply_bytes {
            return Err(self.too_many_bytes(size));
        }
        Ok(())
    }
}

fn build(wire: &Wire, parts: &Parts<'_>) -> Result<Reply> {
    Reply::build(wire, parts).ok_or_else(|| {
        let nodes = parts.nodes.len() * size_of::<Node>();
        Error::no_memory(nodes + parts.range.1 - parts.range.0)
    })
}

/// Room for `more` entries, at the price of an error instead of an abort.
fn grow<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    if list.capacity() - list.len() >= more {
        return Ok(());
    }
    list.try_reserve(more)
        .map_err(|_| Error::no_memory((list.len() + more) * size_of::<T>()))
}
