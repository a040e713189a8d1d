//! The one decoder: bytes in, whole replies out, resumable at every byte boundary.
//!
//! It is driven by lengths and never looks at payload. Open aggregates stand on a stack of their
//! own, so nesting costs no call stack. A value is read when it is there whole; until then the
//! decoder remembers how much it needs. Children of an aggregate gather on `pending` and move to
//! `nodes` as one run when it is complete. Pushes are lifted out wherever they stand.

use super::block::{Draft, Kind, Parts, Reply, Wire};
use super::limits::Limits;
use super::number::{self, Number};
use crate::error::{Code, Error, Result};
use crate::text;

/// Decodes RESP2 and RESP3.
pub struct Decoder {
    wire: Wire,
    limits: Limits,
    /// Next byte to read.
    at: usize,
    /// Up to here there is no end of line.
    searched: usize,
    /// How many bytes of this reply are known to be needed.
    need: usize,
    open: Vec<Frame>,
    pending: Vec<Draft>,
    nodes: Vec<Draft>,
    attributes: Vec<Draft>,
    /// Number of the attribute that waits for its value.
    attribute: u32,
    /// Values announced by the current server reply, and where it began.
    announced: usize,
    began: usize,
    /// How many replies the outermost frame gathers; 0 when it is an ordinary one.
    batch: usize,
    failed: Option<Error>,
}

/// An aggregate whose items are still arriving.
struct Frame {
    marker: u8,
    /// Items still to come; `STREAMED` until an end mark.
    left: usize,
    /// Where its items begin in `pending`.
    base: usize,
    /// Lengths of `nodes` and `attributes` when it began, and its first byte.
    nodes: usize,
    attributes: usize,
    begin: usize,
    attribute: u32,
    /// End of what a streamed string has gathered.
    gathered: usize,
}

const STREAMED: usize = usize::MAX;
/// Scratch space kept between replies, in nodes.
const SCRATCH: usize = 4096;

/// What became of a value or of the frame it completed.
enum Settled {
    /// It is part of something larger.
    Inside,
    /// A reply is finished.
    Done(Reply),
}

impl Decoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            wire: Wire::default(),
            limits,
            at: 0,
            searched: 0,
            need: 0,
            open: Vec::new(),
            pending: Vec::new(),
            nodes: Vec::new(),
            attributes: Vec::new(),
            attribute: 0,
            announced: 0,
            began: 0,
            batch: 0,
            failed: None,
        }
    }

    /// Room to receive at least `least` bytes in place.
    pub fn space(&mut self, least: usize) -> Result<&mut [u8]> {
        let wanted = self.wire.len().saturating_add(least).max(self.need);
        let need = self.need;
        self.wire
            .space(least, need)
            .ok_or_else(|| Error::no_memory(wanted))
    }

    /// Counts `used` bytes of the last `space` as received.
    pub fn commit(&mut self, used: usize) {
        self.wire.commit(used);
    }

    /// Copies bytes in.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        let wanted = self.wire.len().saturating_add(bytes.len());
        self.wire
            .append(bytes)
            .ok_or_else(|| Error::no_memory(wanted))
    }

    /// The next whole reply or push; `None` when more bytes are needed. A failure is final.
    pub fn next_reply(&mut self) -> Result<Option<Reply>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.read();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// Whether bytes or parts of a reply wait.
    pub fn is_idle(&self) -> bool {
        self.wire.is_empty() && self.open.is_empty()
    }

    /// Fails as before when a failure has made it unusable.
    pub fn check(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Whether a failure has made it unusable.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// What has arrived and was not understood yet, for error texts.
    pub fn unread(&self) -> &[u8] {
        &self.wire.bytes()[self.at.min(self.wire.len())..]
    }

    /// Takes the receive buffer out while nothing waits in it, to be lent to another decoder.
    pub fn take_memory(&mut self) -> Option<Wire> {
        self.wire.take_memory()
    }

    /// Uses a lent receive buffer.
    pub fn lend(&mut self, memory: Wire) {
        self.wire.lend(memory);
    }

    /// Gathers the next `count` replies (not 0) into one array.
    pub fn begin_batch(&mut self, count: usize) {
        self.open.push(Frame {
            marker: b'*',
            left: count,
            base: 0,
            nodes: 0,
            attributes: 0,
            begin: 0,
            attribute: 0,
            gathered: 0,
        });
        self.batch = count;
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
        self.attribute = 0;
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
        draft.local = true;
        Ok(draft)
    }

    fn read(&mut self) -> Result<Option<Reply>> {
        loop {
            let Some(&marker) = self.wire.bytes().get(self.at) else {
                return self.starve(self.at + 1);
            };
            let settled = match marker {
                b'$' | b'!' | b'=' => match self.bulk(marker)? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b'*' | b'%' | b'~' | b'>' | b'|' => match self.aggregate(marker)? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b':' => match number::integer(self.wire.bytes(), self.at + 1) {
                    Number::Value(value, next) => {
                        self.not_in_string(marker)?;
                        self.at = next;
                        self.settle(Draft::scalar(Kind::Integer, value as u64))?
                    }
                    other => return self.number_trouble(other, "an integer"),
                },
                b'.' => match self.end_mark()? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b';' => match self.chunk()? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                b'+' | b'-' | b'_' | b'#' | b',' | b'(' => match self.line(marker)? {
                    Some(settled) => settled,
                    None => return Ok(None),
                },
                _ => return Err(self.unknown_marker()),
            };
            if let Settled::Done(reply) = settled {
                return Ok(Some(reply));
            }
        }
    }

    /// Remembers that the reply needs `need` bytes; refuses when that is more than allowed.
    fn starve<T>(&mut self, need: usize) -> Result<Option<T>> {
        self.need = need;
        if need.saturating_sub(self.began) > self.limits.reply_bytes {
            return Err(self.too_many_bytes(need - self.began));
        }
        Ok(None)
    }

    /// A text with its length before it, the null of RESP2, or the head of a streamed one.
    fn bulk(&mut self, marker: u8) -> Result<Option<Settled>> {
        self.not_in_string(marker)?;
        let bytes = self.wire.bytes();
        if bytes.get(self.at + 1) == Some(&b'?') {
            return self.open_streamed(marker);
        }
        let (length, body) = match number::integer(bytes, self.at + 1) {
            Number::Value(-1, next) if marker == b'$' => {
                self.at = next;
                return self.settle(Draft::scalar(Kind::Nil, 0)).map(Some);
            }
            Number::Value(length, body) if length >= 0 => (length as u64, body),
            other => return self.length_trouble(other),
        };
        let Some(end) = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.limits.reply_bytes)
            .and_then(|length| body.checked_add(length))
        else {
            return Err(self.too_many_bytes(usize::try_from(length).unwrap_or(usize::MAX)));
        };
        match bytes.get(end..end + 2) {
            None => return self.starve(end + 2),
            Some(b"\r\n") => {}
            Some(_) => return Err(self.broken("a text does not end where its length says")),
        }
        let draft = match marker {
            b'$' => Draft::sized(Kind::String, end - body, body as u64),
            b'!' => Draft::sized(Kind::Error, end - body, body as u64),
            _ if bytes.get(body + 3) == Some(&b':') && end - body >= 4 => {
                Draft::sized(Kind::Verbatim, end - body - 4, body as u64 + 4)
            }
            _ => return Err(self.broken("a verbatim text has no format")),
        };
        self.at = end + 2;
        self.settle(draft).map(Some)
    }

    /// The kinds whose value is one line.
    fn line(&mut self, marker: u8) -> Result<Option<Settled>> {
        self.not_in_string(marker)?;
        let Some(end) = self.end_of_line() else {
            return match marker {
                b'_' | b'#' | b',' if self.wire.len() - self.at > 512 => {
                    Err(self.broken("a short value does not end"))
                }
                _ => self.starve(self.wire.len() + 1),
            };
        };
        let body = self.at + 1;
        let value = &self.wire.bytes()[body..end];
        let text = |kind| Draft::sized(kind, end - body, body as u64);
        let draft = match marker {
            b'+' => Some(text(Kind::Status)),
            b'-' => Some(text(Kind::Error)),
            b'_' if value.is_empty() => Some(Draft::scalar(Kind::Nil, 0)),
            b'#' => match value {
                b"t" => Some(Draft::scalar(Kind::Boolean, 1)),
                b"f" => Some(Draft::scalar(Kind::Boolean, 0)),
                _ => None,
            },
            b',' => number::double(value).map(|value| Draft::scalar(Kind::Double, value.to_bits())),
            b'(' => is_big_number(value).then(|| text(Kind::BigNumber)),
            _ => None,
        };
        let Some(draft) = draft else {
            return Err(self.broken("a value does not have the form of its type"));
        };
        self.at = end + 2;
        self.settle(draft).map(Some)
    }

    /// Position of the CR LF that ends the line at `at`; bytes are searched once.
    fn end_of_line(&mut self) -> Option<usize> {
        let bytes = self.wire.bytes();
        let mut from = self.searched.max(self.at + 1);
        while let Some(found) = memchr::memchr(b'\r', bytes.get(from..)?) {
            match bytes.get(from + found + 1) {
                Some(b'\n') => return Some(from + found),
                Some(_) => from += found + 1,
                None => {
                    self.searched = from + found;
                    return None;
                }
            }
        }
        self.searched = bytes.len();
        None
    }

    /// The head of an aggregate, the null of RESP2, or an empty one.
    fn aggregate(&mut self, marker: u8) -> Result<Option<Settled>> {
        self.not_in_string(marker)?;
        let bytes = self.wire.bytes();
        if bytes.get(self.at + 1) == Some(&b'?') && matches!(marker, b'*' | b'%' | b'~') {
            return self.open_streamed(marker);
        }
        let (count, next) = match number::integer(bytes, self.at + 1) {
            Number::Value(-1, next) if marker == b'*' => {
                self.at = next;
                return self.settle(Draft::scalar(Kind::Nil, 0)).map(Some);
            }
            Number::Value(count, next) if count >= 0 => (count as u64, next),
            other => return self.length_trouble(other),
        };
        let factor = if matches!(marker, b'%' | b'|') { 2 } else { 1 };
        let items = count
            .checked_mul(factor)
            .and_then(|n| usize::try_from(n).ok());
        let announced = items.and_then(|items| self.announced.checked_add(items));
        let (Some(items), Some(announced)) = (items, announced) else {
            return Err(self.too_many_items(count));
        };
        if announced > self.limits.reply_items {
            return Err(self.too_many_items(count));
        }
        self.announced = announced;
        self.open_frame(marker, items)?;
        self.at = next;
        if items > 0 {
            return Ok(Some(Settled::Inside));
        }
        self.close_frames().map(Some)
    }

    /// The head of a text or aggregate whose end is not known yet.
    fn open_streamed(&mut self, marker: u8) -> Result<Option<Settled>> {
        match self.wire.bytes().get(self.at + 2..self.at + 4) {
            None => return self.starve(self.at + 4),
            Some(b"\r\n") if marker != b'!' && marker != b'=' => {}
            Some(_) => return Err(self.broken("a length is not a number")),
        }
        self.open_frame(marker, STREAMED)?;
        self.at += 4;
        if let Some(frame) = self.open.last_mut() {
            frame.gathered = self.at;
            frame.base = if marker == b'$' { self.at } else { frame.base };
        }
        Ok(Some(Settled::Inside))
    }

    fn open_frame(&mut self, marker: u8, left: usize) -> Result<()> {
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

    /// The mark that ends a streamed aggregate.
    fn end_mark(&mut self) -> Result<Option<Settled>> {
        let streamed = self.open.last().is_some_and(|frame| {
            let items = self.pending.len() - frame.base.min(self.pending.len());
            let whole = frame.marker != b'%' || items.is_multiple_of(2);
            frame.left == STREAMED && frame.marker != b'$' && whole
        });
        if !streamed || self.attribute != 0 {
            return Err(self.broken("an end mark stands where nothing ends"));
        }
        match self.wire.bytes().get(self.at + 1..self.at + 3) {
            None => self.starve(self.at + 3),
            Some(b"\r\n") => {
                self.at += 3;
                self.close_frames().map(Some)
            }
            Some(_) => Err(self.broken("an end mark is not a line of its own")),
        }
    }

    /// One piece of a streamed string; pieces are moved together where they arrived.
    fn chunk(&mut self) -> Result<Option<Settled>> {
        let Some(frame) = self.open.last().filter(|frame| frame.marker == b'$') else {
            return Err(self.broken("a piece of text stands outside a streamed text"));
        };
        let (begin, gathered, attribute) = (frame.base, frame.gathered, frame.attribute);
        let bytes = self.wire.bytes();
        let (length, body) = match number::integer(bytes, self.at + 1) {
            Number::Value(length, body) if length >= 0 => (length as u64, body),
            other => return self.length_trouble(other),
        };
        if length == 0 {
            self.open.pop();
            self.at = body;
            self.attribute = attribute;
            let draft = Draft::sized(Kind::String, gathered - begin, begin as u64);
            return self.settle(draft).map(Some);
        }
        let Some(end) = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.limits.reply_bytes)
            .and_then(|length| body.checked_add(length))
        else {
            return Err(self.too_many_bytes(usize::try_from(length).unwrap_or(usize::MAX)));
        };
        match bytes.get(end..end + 2) {
            None => return self.starve(end + 2),
            Some(b"\r\n") => {}
            Some(_) => return Err(self.broken("a text does not end where its length says")),
        }
        self.wire.bytes_mut().copy_within(body..end, gathered);
        if let Some(frame) = self.open.last_mut() {
            frame.gathered += end - body;
        }
        self.at = end + 2;
        Ok(Some(Settled::Inside))
    }

    /// Puts a finished value where it belongs and closes what it completes.
    fn settle(&mut self, mut draft: Draft) -> Result<Settled> {
        draft.attribute = std::mem::take(&mut self.attribute);
        self.place(draft)
    }

    fn place(&mut self, draft: Draft) -> Result<Settled> {
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
    fn close_frames(&mut self) -> Result<Settled> {
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
    fn keep_attribute(&mut self, mut draft: Draft) -> Result<Settled> {
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
    fn lift_push(&mut self, draft: Draft, frame: &Frame) -> Result<Reply> {
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

    fn finish(&mut self, draft: Draft) -> Result<Reply> {
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
    fn reset(&mut self) {
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

    fn check_bytes(&self) -> Result<()> {
        let size = self.at - self.began;
        if size > self.limits.reply_bytes {
            return Err(self.too_many_bytes(size));
        }
        Ok(())
    }

    /// Inside a streamed text only its pieces may stand.
    fn not_in_string(&self, marker: u8) -> Result<()> {
        match self.open.last() {
            Some(frame) if frame.marker == b'$' => Err(self.broken(&format!(
                "'{}' stands inside a streamed text",
                char::from(marker)
            ))),
            _ => Ok(()),
        }
    }

    fn number_trouble<T>(&mut self, number: Number, what: &str) -> Result<Option<T>> {
        match number {
            Number::Partial => self.starve(self.wire.len() + 1),
            Number::Overflow => Err(self.broken(&format!("{what} has more than 64 bits"))),
            _ => Err(self.broken(&format!("{what} is not a number"))),
        }
    }

    fn length_trouble<T>(&mut self, number: Number) -> Result<Option<T>> {
        match number {
            Number::Value(..) => Err(self.broken("a length is negative")),
            other => self.number_trouble(other, "a length"),
        }
    }

    fn unknown_marker(&self) -> Error {
        let unread = self.unread();
        if unread.starts_with(b"HTTP/") {
            return self.broken("an HTTP server answers here");
        }
        if self.at == 0 && (unread.starts_with(b"\x15\x03") || unread.starts_with(b"\x16\x03")) {
            return self.broken("the server speaks TLS here");
        }
        self.broken("the server does not speak RESP")
    }

    fn broken(&self, what: &str) -> Error {
        let seen = text::printable(&self.unread()[..self.unread().len().min(48)], 48);
        Error::new(Code::Protocol, format!("{what}: '{seen}'"))
    }

    fn too_many_bytes(&self, bytes: usize) -> Error {
        let most = self.limits.reply_bytes;
        Error::new(
            Code::Limit,
            format!("a reply of {bytes} bytes or more exceeds limits.reply_bytes ({most})"),
        )
    }

    fn too_many_items(&self, items: u64) -> Error {
        let most = self.limits.reply_items;
        Error::new(
            Code::Limit,
            format!("a reply with {items} items or more exceeds limits.reply_items ({most})"),
        )
    }
}

fn build(wire: &Wire, parts: &Parts<'_>) -> Result<Reply> {
    Reply::build(wire, parts).ok_or_else(|| {
        let nodes = parts.nodes.len() * size_of::<super::block::Node>();
        Error::no_memory(nodes + parts.range.1 - parts.range.0)
    })
}

fn is_big_number(text: &[u8]) -> bool {
    let digits = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Room for `more` entries, at the price of an error instead of an abort.
fn grow<T>(list: &mut Vec<T>, more: usize) -> Result<()> {
    if list.capacity() - list.len() >= more {
        return Ok(());
    }
    list.try_reserve(more)
        .map_err(|_| Error::no_memory((list.len() + more) * size_of::<T>()))
}

#[cfg(test)]
mod tests;
