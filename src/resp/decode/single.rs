//! What most replies are: one small value of its own that has arrived whole.

use super::Decoder;
use super::leaf::{leaf, length, line};
use crate::error::{Error, Result};
use crate::resp::block::{Kind, Reply};

/// Larger texts stay in the receive buffer instead of being copied.
const LARGEST: usize = 16 << 10;

impl Decoder {
    /// The next reply, if it is a small value of its own.
    #[inline(always)]
    pub(super) fn single(&mut self) -> Result<Option<Reply>> {
        let cursor = self.wire.cursor(0);
        let (marker, word) = (cursor.marker(), cursor.word());
        let found = match marker {
            b'$' => match length(word) {
                Some((length, digits)) => Some((Kind::String, digits + 3, length)),
                None => return self.single_scalar(),
            },
            b'+' => line(word).map(|length| (Kind::Status, 1, length)),
            _ => return self.single_scalar(),
        };
        let Some((kind, offset, length)) = found else {
            return Ok(None);
        };
        let used = offset + length + 2;
        if used > LARGEST.min(self.limits.reply_bytes) {
            return Ok(None);
        }
        let Some(text) = cursor.text(offset, length) else {
            return Ok(None);
        };
        let made = Reply::text_of(&mut self.spare, kind, text);
        self.took(used, made)
    }

    /// The same for a value without text.
    #[inline(always)]
    fn single_scalar(&mut self) -> Result<Option<Reply>> {
        let mut cursor = self.wire.cursor(0);
        let whole = cursor.left();
        let Some(draft) = leaf(&mut cursor, 0) else {
            return Ok(None);
        };
        let used = whole - cursor.left();
        if draft.kind.is_text() || used > self.limits.reply_bytes {
            return Ok(None);
        }
        let made = Reply::scalar_of(&mut self.spare, draft.kind, draft.value);
        self.took(used, made)
    }

    #[inline(always)]
    fn took(&mut self, used: usize, made: Option<Reply>) -> Result<Option<Reply>> {
        let reply = made.ok_or_else(|| Error::no_memory(used))?;
        self.wire.consume(used);
        (self.searched, self.need) = (0, 0);
        Ok(Some(reply))
    }
}
