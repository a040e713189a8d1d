//! Values into trees: frames are opened, filled and closed, and what is complete becomes a reply.

use super::{Decoder, Frame, Gathered, SCRATCH, STREAMED, Settled, Start, frame, no_memory};
use crate::error::{Error, Result};
use crate::resp::block::{Draft, Kind, LOCAL, List, Node, Parts, Reply, Spare, Wire};

/// What a closed frame leaves.
enum Closed {
    /// A value that has to be placed.
    Value(Draft),
    /// Nothing to be placed.
    Settled(Settled),
}

impl Decoder {
    pub(super) fn open_frame(&mut self, marker: u8, left: usize) -> Result<()> {
        let depth = self.open.len() - usize::from(self.batch > 0);
        if depth >= self.limits.depth {
            return Err(self.too_deep());
        }
        let here = Start {
            byte: self.at,
            nodes: self.nodes.len(),
            attributes: self.attributes.len(),
        };
        let start = self.gathered.as_ref().map_or(here, |it| it.start);
        let (base, attribute) = match self.gathered.take_if(|_| marker == b'|') {
            Some(earlier) => (earlier.base, 0),
            None => {
                let attribute = self.take_attributes()?;
                (self.pending.len(), attribute)
            }
        };
        let frame = Frame {
            marker,
            left,
            base,
            attribute,
            start,
            gathered: 0,
        };
        frame::push(&mut self.open, frame)
    }

    /// Puts a finished value where it belongs and closes what it completes.
    pub(super) fn settle(&mut self, mut draft: Draft) -> Result<Settled> {
        draft.mark |= self.take_attributes()?;
        self.place(draft)
    }

    /// The same for a value that has its attributes. A loop: no nesting costs call stack.
    pub(super) fn place(&mut self, mut draft: Draft) -> Result<Settled> {
        loop {
            if self.is_between_replies() {
                self.check_bytes()?;
                (self.announced, self.began) = (0, self.at);
            }
            let Some(frame) = self.open.last_mut() else {
                return self.finish(draft).map(Settled::Done);
            };
            self.pending.push(draft).map_err(no_memory)?;
            if frame.left == STREAMED {
                return self.count_streamed();
            }
            frame.left -= 1;
            if frame.left > 0 {
                return Ok(Settled::Inside);
            }
            draft = match self.close_frame()? {
                Closed::Value(draft) => draft,
                Closed::Settled(settled) => return Ok(settled),
            };
        }
    }

    /// What a streamed aggregate announces comes to light item by item.
    fn count_streamed(&mut self) -> Result<Settled> {
        self.announced += 1;
        if self.announced > self.limits.reply_items {
            return Err(self.too_many_items(self.announced as u64));
        }
        Ok(Settled::Inside)
    }

    /// Closes the innermost frame, whose items are all there, and those that it completes.
    pub(super) fn close_frames(&mut self) -> Result<Settled> {
        match self.close_frame()? {
            Closed::Value(draft) => self.place(draft),
            Closed::Settled(settled) => Ok(settled),
        }
    }

    fn close_frame(&mut self) -> Result<Closed> {
        let Some(frame) = self.open.pop() else {
            return Ok(Closed::Settled(Settled::Inside));
        };
        if self.open.is_empty() {
            self.batch = 0;
        }
        if frame.marker == b'|' {
            let (base, start) = (frame.base, frame.start);
            self.gathered = Some(Gathered { base, start });
            return Ok(Closed::Settled(Settled::Inside));
        }
        let kind = frame.kind();
        let is_root = self.open.is_empty() && kind != Kind::Push;
        let mut draft = match is_root {
            // Its items need not move: nothing follows them.
            true => Draft::sized(kind, self.pending.len(), self.nodes.len() as u64),
            false => self.gather(kind, frame.base)?,
        };
        draft.mark = frame.attribute;
        if frame.marker == b'>' {
            let push = self.lift_push(draft, frame.start)?;
            return Ok(Closed::Settled(Settled::Done(push)));
        }
        Ok(Closed::Value(draft))
    }

    fn gather(&mut self, kind: Kind, base: usize) -> Result<Draft> {
        frame::gather(kind, &mut self.pending, base, &mut self.nodes)
    }

    /// The number of the attributes that wait for the value that begins now; 0 for none.
    #[inline(always)]
    fn take_attributes(&mut self) -> Result<u32> {
        match self.gathered.take() {
            None => Ok(0),
            Some(gathered) => self.add_attributes(&gathered),
        }
    }

    #[inline(never)]
    fn add_attributes(&mut self, gathered: &Gathered) -> Result<u32> {
        let draft = self.gather(Kind::Map, gathered.base)?;
        self.attributes.push(draft).map_err(no_memory)?;
        match u32::try_from(self.attributes.len()) {
            Ok(number) if number < LOCAL => Ok(number),
            _ => Err(Error::no_memory(usize::MAX)),
        }
    }

    /// Takes a finished push out of the reply it stands in, or before.
    pub(super) fn lift_push(&mut self, draft: Draft, start: Start) -> Result<Reply> {
        self.check_bytes()?;
        let parts = Parts {
            root: draft,
            nodes: &self.nodes[start.nodes..],
            items: &[],
            nodes_base: start.nodes,
            attributes: &self.attributes[start.attributes..],
            attributes_base: start.attributes,
            range: (start.byte, self.at),
            may_share: false,
        };
        let push = build(&self.wire, &mut self.spare, &parts)?;
        self.nodes.truncate(start.nodes);
        self.attributes.truncate(start.attributes);
        if self.open.is_empty() {
            self.reset();
        } else if self.is_between_replies() {
            (self.announced, self.began) = (0, self.at);
        }
        Ok(push)
    }

    /// Whether a batch waits for a reply of which nothing has been read.
    #[inline(always)]
    pub(super) fn is_between_replies(&self) -> bool {
        self.batch > 0 && self.open.len() == 1
    }

    pub(super) fn finish(&mut self, draft: Draft) -> Result<Reply> {
        self.check_bytes()?;
        let parts = Parts {
            root: draft,
            nodes: &self.nodes,
            items: &self.pending,
            nodes_base: 0,
            attributes: &self.attributes,
            attributes_base: 0,
            range: (0, self.at),
            may_share: true,
        };
        let reply = build(&self.wire, &mut self.spare, &parts)?;
        self.reset();
        Ok(reply)
    }

    /// Makes ready for the next reply.
    pub(super) fn reset(&mut self) {
        self.wire.consume(self.at);
        (self.at, self.searched, self.need) = (0, 0, 0);
        (self.announced, self.began) = (0, 0);
        for list in [&mut self.nodes, &mut self.attributes, &mut self.pending] {
            if list.capacity() > SCRATCH {
                *list = List::default();
            }
        }
        self.nodes.truncate(0);
        self.attributes.truncate(0);
        self.pending.truncate(0);
    }

    pub(super) fn check_bytes(&self) -> Result<()> {
        let size = self.at - self.began;
        if size > self.limits.reply_bytes {
            return Err(self.too_many_bytes(size));
        }
        Ok(())
    }
}

fn build(wire: &Wire, spare: &mut Spare, parts: &Parts<'_>) -> Result<Reply> {
    Reply::build(wire, spare, parts).ok_or_else(|| {
        let nodes = (parts.nodes.len() + parts.items.len()) * size_of::<Node>();
        Error::no_memory(nodes + parts.range.1 - parts.range.0)
    })
}
