//! What is open: aggregates, and attributes that wait for their value.

use super::no_memory;
use crate::error::{Error, Result};
use crate::resp::block::{Draft, Kind, List};

/// So many items are left of an aggregate that ends with a mark.
pub(super) const STREAMED: usize = usize::MAX;

/// An aggregate whose items are still arriving.
pub(super) struct Frame {
    pub marker: u8,
    /// Items still to come; `STREAMED` until an end mark.
    pub left: usize,
    /// Where its items begin in `pending`.
    pub base: usize,
    /// Number of its attributes; 0 for none.
    pub attribute: u32,
    pub start: Start,
    /// End of what a streamed string has gathered.
    pub gathered: usize,
}

impl Frame {
    /// Whether it becomes a value, and nothing else.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        matches!(self.marker, b'*' | b'%' | b'~')
    }

    /// What it becomes; meaningful for aggregates that are values.
    #[inline(always)]
    pub fn kind(&self) -> Kind {
        match self.marker {
            b'*' => Kind::Array,
            b'~' => Kind::Set,
            b'>' => Kind::Push,
            _ => Kind::Map,
        }
    }
}

/// Opens one more.
#[inline(always)]
pub(super) fn push(open: &mut Vec<Frame>, frame: Frame) -> Result<()> {
    if open.len() == open.capacity() {
        let reserved = open.try_reserve(1);
        reserved.map_err(|_| Error::no_memory(open.len() * size_of::<Frame>()))?;
    }
    open.push(frame);
    Ok(())
}

/// Moves what is pending from `base` on to the nodes, as the items of an aggregate.
#[inline(always)]
pub(super) fn gather(
    kind: Kind,
    pending: &mut List<Draft>,
    base: usize,
    nodes: &mut List<Draft>,
) -> Result<Draft> {
    let (first, count) = (nodes.len(), pending.len() - base);
    nodes.extend(&pending[base..]).map_err(no_memory)?;
    pending.truncate(base);
    Ok(Draft::sized(kind, count, first as u64))
}

/// Where something began, its attributes included.
#[derive(Clone, Copy, Default)]
pub(super) struct Start {
    /// Its first byte.
    pub byte: usize,
    /// Lengths of `nodes` and `attributes` at that time.
    pub nodes: usize,
    pub attributes: usize,
}

/// Attributes of the value to come, at the end of `pending`: a further set is added to them.
pub(super) struct Gathered {
    pub base: usize,
    pub start: Start,
}
