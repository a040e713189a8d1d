//! What the server's bytes say, byte by byte, whatever calls they answer.

use std::collections::VecDeque;

use redisclient::resp::{Decoder, Kind, Limits};

use super::super::show::show;

/// The server's bytes so far.
pub struct Twin {
    decoder: Decoder,
    /// Bytes since the decoder had nothing in hand.
    begun: Vec<u8>,
    /// Replies and pushes that nobody has taken yet.
    pub all: VecDeque<(Kind, String)>,
}

impl Twin {
    /// Nothing has been said.
    pub fn new(limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            begun: Vec::new(),
            all: VecDeque::new(),
        }
    }

    /// The server says more.
    pub fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.has_failed() {
                return;
            }
            self.begun.push(*byte);
            self.decoder.feed(&[*byte]).unwrap();
            while let Ok(Some(reply)) = self.decoder.next_reply() {
                self.all.push_back((reply.kind(), show(&reply)));
            }
            if self.decoder.is_idle() {
                self.begun.clear();
            }
        }
    }

    /// Takes the replies that came, without the pushes between them.
    pub fn take_replies(&mut self) -> Vec<String> {
        let all = std::mem::take(&mut self.all);
        let replies = all.into_iter().filter(|(kind, _)| *kind != Kind::Push);
        replies.map(|(_, shown)| shown).collect()
    }

    /// Whether it has said what no reply can be.
    pub fn has_failed(&self) -> bool {
        self.decoder.has_failed()
    }

    /// Whether nothing is under way, unless it is a push, with or without attributes before it.
    pub fn is_silent(&self) -> bool {
        !self.has_failed()
            && (self.begun.is_empty() || self.behind_attributes().first() == Some(&b'>'))
    }

    /// What was begun, from where the attributes end that stand before it.
    fn behind_attributes(&self) -> &[u8] {
        let mut rest = &self.begun[..];
        while let Some(end) = rest.starts_with(b"|").then(|| end_of_map(rest)).flatten() {
            rest = &rest[end..];
        }
        rest
    }
}

/// Where attributes end: they are written like a map.
fn end_of_map(attributes: &[u8]) -> Option<usize> {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"%").ok()?;
    for (index, byte) in attributes.iter().enumerate().skip(1) {
        decoder.feed(&[*byte]).ok()?;
        while let Some(reply) = decoder.next_reply().ok()? {
            if reply.kind() == Kind::Map {
                return Some(index + 1);
            }
        }
    }
    None
}
