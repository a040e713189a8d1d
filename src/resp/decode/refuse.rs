//! What is refused, and in which words.

use super::Decoder;
use crate::error::{Code, Error, Result};
use crate::text;

impl Decoder {
    /// Inside a streamed text only its pieces may stand.
    #[inline(always)]
    pub(super) fn not_in_string(&self, marker: u8) -> Result<()> {
        match self.open.last() {
            Some(frame) if frame.marker == b'$' => Err(self.in_string(marker)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn in_string(&self, marker: u8) -> Error {
        let marker = char::from(marker);
        self.broken(&format!("'{marker}' stands inside a streamed text"))
    }

    pub(super) fn unknown_marker(&self) -> Error {
        let unread = self.unread();
        if unread.starts_with(b"HTTP/") {
            return self.broken("an HTTP server answers here");
        }
        if self.at == 0 && (unread.starts_with(b"\x15\x03") || unread.starts_with(b"\x16\x03")) {
            return self.broken("the server speaks TLS here");
        }
        self.broken("the server does not speak RESP")
    }

    pub(super) fn broken(&self, what: &str) -> Error {
        let seen = text::printable(&self.unread()[..self.unread().len().min(48)], 48);
        Error::new(Code::Protocol, format!("{what}: '{seen}'"))
    }

    pub(super) fn too_deep(&self) -> Error {
        let most = self.limits.depth;
        Error::new(
            Code::Limit,
            format!("a reply nests deeper than limits.depth allows ({most})"),
        )
    }

    pub(super) fn too_many_bytes(&self, bytes: usize) -> Error {
        let most = self.limits.reply_bytes;
        Error::new(
            Code::Limit,
            format!("a reply of {bytes} bytes or more exceeds limits.reply_bytes ({most})"),
        )
    }

    pub(super) fn too_many_items(&self, items: u64) -> Error {
        let most = self.limits.reply_items;
        Error::new(
            Code::Limit,
            format!("a reply with {items} items or more exceeds limits.reply_items ({most})"),
        )
    }
}
