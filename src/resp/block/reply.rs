//! A finished reply: immutable nodes in one block, freed at once, readable from any thread.
//!
//! While a reply is being read its nodes are drafts that count positions; `Reply::build` writes
//! the pointers, once, when everything is there. Dropping frees blocks, never walks a tree.

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::c_char;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use super::region::Region;
use super::wire::Wire;

/// What a node is; the numbers are those of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum Kind {
    Nil = 0,
    Status = 1,
    Error = 2,
    Integer = 3,
    String = 4,
    Array = 5,
    Double = 6,
    Boolean = 7,
    BigNumber = 8,
    Verbatim = 9,
    Map = 10,
    Set = 11,
    Push = 12,
}

impl Kind {
    /// Whether nodes of this kind carry a text.
    pub fn is_text(self) -> bool {
        use Kind::*;
        matches!(self, Status | Error | String | BigNumber | Verbatim)
    }

    /// Whether nodes of this kind carry items.
    pub fn is_aggregate(self) -> bool {
        matches!(self, Kind::Array | Kind::Map | Kind::Set | Kind::Push)
    }
}

/// A node has attributes.
pub const HAS_ATTRIBUTES: u32 = 1;
/// A node is the root of its reply.
pub const IS_ROOT: u32 = 2;
/// An error made here, not by the server.
pub const IS_LOCAL: u32 = 4;

/// A reply, whole or part: read-only, laid out as documented, children one after another.
///
/// Reading the fields directly is part of the interface. `length` is the number of bytes of a
/// text, or of items of an aggregate (a map of n pairs has 2n: key, value, key ...), and 0 for
/// NIL, INTEGER, DOUBLE and BOOLEAN. On 64-bit machines and 32-bit ARM a node is 24 bytes with
/// `value` at 16, on i386 20 bytes with `value` at 12.
#[repr(C)]
pub struct Node {
    /// One of the REDISCLIENT_REPLY numbers.
    kind: u32,
    /// Bits; those you do not know are to be ignored.
    flags: u32,
    /// Bytes of text, or number of items.
    length: usize,
    /// What it holds, by `kind`.
    value: Value,
}

/// What a node holds, chosen by its kind.
#[repr(C)]
#[derive(Clone, Copy)]
pub union Value {
    /// INTEGER, and BOOLEAN as 0 or 1.
    integer: i64,
    /// DOUBLE.
    number: f64,
    /// STATUS, ERROR, STRING, BIG_NUMBER, VERBATIM: a NUL follows the last byte.
    text: *const c_char,
    /// ARRAY, MAP, SET, PUSH: the first item; the others follow it.
    items: *const Node,
}

// SAFETY: nodes are immutable once built, and what they point to lives in the same reply.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    /// What it is.
    pub fn kind(&self) -> Kind {
        use Kind::*;
        const KINDS: [Kind; 13] = [
            Nil, Status, Error, Integer, String, Array, Double, Boolean, BigNumber, Verbatim, Map,
            Set, Push,
        ];
        KINDS[self.kind as usize % KINDS.len()]
    }

    /// The text; empty for kinds without.
    pub fn text(&self) -> &[u8] {
        if !self.kind().is_text() {
            return &[];
        }
        // SAFETY: nodes of these kinds point to `length` bytes of the same reply.
        unsafe { std::slice::from_raw_parts(self.value.text.cast(), self.length) }
    }

    /// INTEGER, or BOOLEAN as 0 or 1; otherwise 0.
    pub fn integer(&self) -> i64 {
        match self.kind() {
            // SAFETY: nodes of these kinds hold an integer.
            Kind::Integer | Kind::Boolean => unsafe { self.value.integer },
            _ => 0,
        }
    }

    /// DOUBLE; otherwise 0.
    pub fn number(&self) -> f64 {
        match self.kind() {
            // SAFETY: nodes of this kind hold a double.
            Kind::Double => unsafe { self.value.number },
            _ => 0.0,
        }
    }

    /// The items; empty for kinds without.
    pub fn items(&self) -> &[Node] {
        if !self.kind().is_aggregate() || self.length == 0 {
            return &[];
        }
        // SAFETY: nodes of these kinds point to `length` nodes of the same reply.
        unsafe { std::slice::from_raw_parts(self.value.items, self.length) }
    }

    /// "txt", "mkd" of a VERBATIM, with a NUL behind; otherwise empty.
    pub fn format(&self) -> &[u8] {
        if self.kind() != Kind::Verbatim {
            return &[];
        }
        // SAFETY: a verbatim text stands behind its format and one NUL.
        unsafe { std::slice::from_raw_parts(self.value.text.cast::<u8>().sub(4), 3) }
    }

    /// Whether this is the root of a reply.
    pub fn is_root(&self) -> bool {
        self.flags & IS_ROOT != 0
    }

    /// Whether this is an error made here, not by the server.
    pub fn is_local(&self) -> bool {
        self.flags & IS_LOCAL != 0
    }
}

/// A node under construction: positions instead of pointers.
#[derive(Clone, Copy)]
pub struct Draft {
    /// What it will be.
    pub kind: Kind,
    /// Whether it is an error made here.
    pub local: bool,
    /// Number of its attributes in the list of attributes, counted from 1; 0 for none.
    pub attribute: u32,
    /// As in `Node`.
    pub length: usize,
    /// Bits of the number, position of the text, or index of the first item.
    pub value: u64,
}

impl Draft {
    /// A node of one of the kinds without length.
    pub fn scalar(kind: Kind, value: u64) -> Self {
        Self::sized(kind, 0, value)
    }

    /// A text or an aggregate.
    pub fn sized(kind: Kind, length: usize, value: u64) -> Self {
        Self {
            kind,
            local: false,
            attribute: 0,
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

/// Texts of replies up to this size are copied behind the nodes instead of pinning the region.
const COPIED: usize = 16 << 10;

/// A node's index and that of its attributes.
type Pair = [usize; 2];

struct Header {
    owners: AtomicUsize,
    size: usize,
    /// Held for the texts that stayed in it.
    _region: Option<Region>,
    pairs: *const Pair,
    pair_count: usize,
}

const ALIGN: usize = align_of::<Header>();
const NODES_AT: usize = size_of::<Header>().next_multiple_of(align_of::<Node>());

/// A whole reply: one more owner by `clone`, freed with the last.
pub struct Reply {
    root: NonNull<Node>,
}

// SAFETY: immutable after building, counted atomically.
unsafe impl Send for Reply {}
// SAFETY: as above.
unsafe impl Sync for Reply {}

impl std::ops::Deref for Reply {
    type Target = Node;

    fn deref(&self) -> &Node {
        // SAFETY: the block lives as long as this owner.
        unsafe { self.root.as_ref() }
    }
}

impl Reply {
    /// Writes the nodes with their pointers; `None` without memory.
    pub fn build(wire: &Wire, parts: &Parts<'_>) -> Option<Self> {
        let (begin, end) = parts.range;
        let share = parts.may_share && end - begin > COPIED;
        let count = 1 + parts.nodes.len() + parts.attributes.len();
        let nodes_end = NODES_AT.checked_add(count.checked_mul(size_of::<Node>())?)?;
        let texts_at = nodes_end.checked_add(parts.attributes.len() * size_of::<Pair>())?;
        let size = texts_at.checked_add(if share { 0 } else { end - begin })?;
        // SAFETY: the size is not zero.
        let block = NonNull::new(unsafe { alloc(layout(size)?) })?;
        let (region, texts) = if share {
            let (region, base) = wire.share()?;
            (Some(region), base)
        } else {
            // SAFETY: the block has room for the bytes behind the nodes; the wire holds the range.
            unsafe {
                let texts = block.as_ptr().add(texts_at);
                let from = wire.bytes().as_ptr().add(begin);
                ptr::copy_nonoverlapping(from, texts, end - begin);
                (None, texts.wrapping_sub(begin))
            }
        };
        // SAFETY: the block is large enough for header, nodes and pairs, and aligned for them.
        unsafe {
            let nodes = block.as_ptr().add(NODES_AT).cast::<Node>();
            let pairs = block.as_ptr().add(nodes_end).cast::<Pair>();
            let pair_count = write_nodes(parts, nodes, pairs, texts);
            block.cast::<Header>().write(Header {
                owners: AtomicUsize::new(1),
                size,
                _region: region,
                pairs,
                pair_count,
            });
            Some(Self {
                root: NonNull::new_unchecked(nodes),
            })
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: a header stands before every root.
        unsafe { header_of(self.root).as_ref() }
    }

    /// The attributes of a node of this reply: a MAP.
    pub fn attributes(&self, node: &Node) -> Option<&Node> {
        let header = self.header();
        // SAFETY: the pairs were written by `build`, in order of the nodes.
        let pairs = unsafe { std::slice::from_raw_parts(header.pairs, header.pair_count) };
        let offset = (ptr::from_ref(node) as usize).wrapping_sub(self.root.as_ptr() as usize);
        let index = offset / size_of::<Node>();
        let found = pairs.binary_search_by_key(&index, |pair| pair[0]).ok()?;
        // SAFETY: the second of a pair is the index of a node of this block.
        Some(unsafe { self.root.add(pairs[found][1]).as_ref() })
    }

    /// Gives the owner up as a pointer to the root; `from_raw` takes it back.
    pub fn into_raw(self) -> *mut Node {
        let root = self.root.as_ptr();
        std::mem::forget(self);
        root
    }

    /// Takes an owner back.
    ///
    /// # Safety
    /// `root` came from `into_raw`, and each call ends one owner.
    pub unsafe fn from_raw(root: NonNull<Node>) -> Self {
        Self { root }
    }
}

impl Clone for Reply {
    fn clone(&self) -> Self {
        self.header().owners.fetch_add(1, Ordering::Relaxed);
        Self { root: self.root }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.header().owners.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        let header = header_of(self.root);
        // SAFETY: the last owner is going; the block was allocated with this layout.
        unsafe {
            let size = header.as_ref().size;
            header.drop_in_place();
            if let Some(layout) = layout(size) {
                dealloc(header.as_ptr().cast(), layout);
            }
        }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({:?}, {} long)", self.kind(), self.length)
    }
}

fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, ALIGN).ok()
}

fn header_of(root: NonNull<Node>) -> NonNull<Header> {
    // SAFETY: every root stands behind a header.
    unsafe { root.cast::<u8>().sub(NODES_AT).cast() }
}

/// Writes root, nodes and attribute maps in this order; answers how many pairs were written.
///
/// # Safety
/// There is room for all of them at `nodes` and `pairs`, and `texts` plus any position of a text
/// is a byte that belongs to this reply alone, as is the one behind the text.
unsafe fn write_nodes(
    parts: &Parts<'_>,
    nodes: *mut Node,
    pairs: *mut Pair,
    texts: *mut u8,
) -> usize {
    let first = nodes.wrapping_add(1);
    let attributes_at = 1 + parts.nodes.len();
    let all = std::iter::once(&parts.root)
        .chain(parts.nodes)
        .chain(parts.attributes);
    let mut pair_count = 0;
    for (index, draft) in all.enumerate() {
        let mut flags = if draft.local { IS_LOCAL } else { 0 };
        if index == 0 {
            flags |= IS_ROOT;
        }
        if draft.attribute != 0 {
            flags |= HAS_ATTRIBUTES;
            let at = attributes_at + draft.attribute as usize - 1 - parts.attributes_base;
            // SAFETY: there is a pair's room for each attribute, and each has one owner.
            unsafe { pairs.add(pair_count).write([index, at]) };
            pair_count += 1;
        }
        let node = Node {
            kind: draft.kind as u32,
            flags,
            length: draft.length,
            // SAFETY: as the caller promises.
            value: unsafe { final_value(draft, parts.nodes_base, first, texts) },
        };
        // SAFETY: there is room for every node.
        unsafe { nodes.add(index).write(node) };
    }
    pair_count
}

/// Turns a draft's position into a pointer; ends its text with a NUL.
///
/// # Safety
/// As for `write_nodes`.
unsafe fn final_value(draft: &Draft, base: usize, first: *mut Node, texts: *mut u8) -> Value {
    let position = draft.value as usize;
    if draft.kind.is_text() {
        let text = texts.wrapping_add(position);
        // SAFETY: the byte behind a text is the frame's and this reply's; a verbatim text
        // follows its colon.
        unsafe {
            text.add(draft.length).write(0);
            if draft.kind == Kind::Verbatim {
                text.sub(1).write(0);
            }
        }
        Value {
            text: text.cast_const().cast(),
        }
    } else if draft.kind.is_aggregate() {
        let items = match draft.length {
            0 => ptr::null(),
            _ => first.wrapping_add(position - base).cast_const(),
        };
        Value { items }
    } else {
        Value {
            integer: draft.value as i64,
        }
    }
}
