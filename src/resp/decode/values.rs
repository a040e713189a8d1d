//! Single values: texts with a length, lines, and the heads and ends of aggregates.

use super::{Decoder, STREAMED, Settled};
use crate::error::Result;
use crate::resp::block::{Draft, Kind};
use crate::resp::number::{self, Number};

/// Most bytes of a line that holds a null, a boolean or a double.
const SHORT: usize = 512;

impl Decoder {
    /// A text with its length before it, the null of RESP2, or the head of a streamed one.
    pub(super) fn bulk(&mut self, marker: u8) -> Result<Option<Settled>> {
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
        let Some(end) = self.payload(length, body)? else {
            return Ok(None);
        };
        let bytes = self.wire.bytes();
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
    pub(super) fn line(&mut self, marker: u8) -> Result<Option<Settled>> {
        self.not_in_string(marker)?;
        let end = self.end_of_line();
        // Without an end the last byte may be the CR of one.
        let least = end.unwrap_or(self.wire.len() - 1) - self.at;
        if matches!(marker, b'_' | b'#' | b',') && least > SHORT {
            return Err(self.broken("a short value does not end"));
        }
        let Some(end) = end else {
            return self.starve(self.wire.len() + 1);
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
    pub(super) fn end_of_line(&mut self) -> Option<usize> {
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
    pub(super) fn aggregate(&mut self, marker: u8) -> Result<Option<Settled>> {
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
    pub(super) fn open_streamed(&mut self, marker: u8) -> Result<Option<Settled>> {
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

    /// The mark that ends a streamed aggregate.
    pub(super) fn end_mark(&mut self) -> Result<Option<Settled>> {
        let streamed = self.open.last().is_some_and(|frame| {
            let items = self.pending.len() - frame.base.min(self.pending.len());
            let whole = frame.marker != b'%' || items.is_multiple_of(2);
            frame.left == STREAMED && frame.marker != b'$' && whole
        });
        if !streamed || self.gathered.is_some() {
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
    pub(super) fn chunk(&mut self) -> Result<Option<Settled>> {
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
            let mut draft = Draft::sized(Kind::String, gathered - begin, begin as u64);
            draft.mark = attribute;
            return self.place(draft).map(Some);
        }
        let Some(end) = self.payload(length, body)? else {
            return Ok(None);
        };
        self.wire.bytes_mut().copy_within(body..end, gathered);
        if let Some(frame) = self.open.last_mut() {
            frame.gathered += end - body;
        }
        self.at = end + 2;
        Ok(Some(Settled::Inside))
    }

    /// A text of `length` bytes at `body` with the line end behind it: where the text ends.
    pub(super) fn payload(&mut self, length: u64, body: usize) -> Result<Option<usize>> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(end) = body
            .checked_add(length)
            .filter(|_| length <= self.limits.reply_bytes)
        else {
            return Err(self.too_many_bytes(length));
        };
        match self.wire.bytes().get(end..).and_then(|rest| rest.get(..2)) {
            None => self.starve(end.saturating_add(2)),
            Some(b"\r\n") => Ok(Some(end)),
            Some(_) => Err(self.broken("a text does not end where its length says")),
        }
    }

    pub(super) fn number_trouble<T>(&mut self, number: Number, what: &str) -> Result<Option<T>> {
        match number {
            Number::Partial => self.starve(self.wire.len() + 1),
            Number::Overflow => Err(self.broken(&format!("{what} has more than 64 bits"))),
            _ => Err(self.broken(&format!("{what} is not a number"))),
        }
    }

    pub(super) fn length_trouble<T>(&mut self, number: Number) -> Result<Option<T>> {
        match number {
            Number::Value(..) => Err(self.broken("a length is negative")),
            other => self.number_trouble(other, "a length"),
        }
    }
}

fn is_big_number(text: &[u8]) -> bool {
    let digits = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
