//! What wakes a caller that sleeps in the socket, where no gate wakes it.
//!
//! The writer and the reader have a bell each: one that both listened to might be hushed by the one
//! before the other has heard it.

use std::sync::OnceLock;

use crate::sys::bell::Bell;

/// See the module. A bell is made when its role first needs one; `None` when the system has none to
/// give.
#[derive(Default)]
pub(super) struct Bells {
    writer: OnceLock<Option<Bell>>,
    reader: OnceLock<Option<Bell>>,
}

impl Bells {
    /// The writer's, if there is one to be had.
    pub fn for_writer(&self) -> Option<&Bell> {
        self.writer.get_or_init(|| Bell::new().ok()).as_ref()
    }

    /// The reader's, if there is one to be had.
    pub fn for_reader(&self) -> Option<&Bell> {
        self.reader.get_or_init(|| Bell::new().ok()).as_ref()
    }

    /// Wakes the writer.
    pub fn ring_writer(&self) {
        if let Some(Some(bell)) = self.writer.get() {
            bell.ring();
        }
    }

    /// Wakes both.
    pub fn ring(&self) {
        self.made().for_each(Bell::ring);
    }

    /// In a forked child: closes the copies of the descriptors.
    pub fn close_inherited(&self) {
        self.made().for_each(Bell::close_inherited);
    }

    fn made(&self) -> impl Iterator<Item = &Bell> {
        let bells = [&self.writer, &self.reader];
        bells
            .into_iter()
            .filter_map(|bell| bell.get().and_then(Option::as_ref))
    }
}
