//! A reply under construction: positions instead of pointers.

use super::node::Kind;

/// A node under construction: positions instead of pointers. As large as a node, and most are turned
/// into one by changing their value alone.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Draft {
    /// What it will be.
    pub kind: Kind,
    /// Number of its attributes in the list of attributes, counted from 1; 0 for none; `LOCAL`.
    pub mark: u32,
    /// As in `Node`.
    pub length: usize,
    /// Bits of the number, position of the text, or index of the first item.
    pub value: u64,
}

/// The mark of an error made here.
pub const LOCAL: u32 = 1 << 31;

impl Draft {
    /// Whether it is a string without a mark: one comparison.
    #[inline(always)]
    pub(super) fn is_plain_string(&self) -> bool {
        u64::from(self.mark) << 32 | self.kind as u64 == Kind::String as u64
    }

    /// A node of one of the kinds without length.
    #[inline(always)]
    pub fn scalar(kind: Kind, value: u64) -> Self {
        Self::sized(kind, 0, value)
    }

    /// A text or an aggregate.
    #[inline(always)]
    pub fn sized(kind: Kind, length: usize, value: u64) -> Self {
        Self {
            kind,
            mark: 0,
            length,
            value,
        }
    }
}

/// All that a reply is built from.
pub struct Parts<'a> {
    /// The root.
    pub root: Draft,
    /// The other nodes; items are indices into them, counted from `nodes_base`.
    pub nodes: &'a [Draft],
    /// More of them, behind those.
    pub items: &'a [Draft],
    /// Index of the first of `nodes`.
    pub nodes_base: usize,
    /// Attribute maps; numbers count from `attributes_base`.
    pub attributes: &'a [Draft],
    /// Number of attributes that belong to somebody else.
    pub attributes_base: usize,
    /// First and end position of the bytes that hold the texts.
    pub range: (usize, usize),
    /// Whether the texts may stay in the wire's region.
    pub may_share: bool,
}
