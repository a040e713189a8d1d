//! A node of a finished reply, laid out as the C API documents it.

use std::ffi::c_char;

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
    #[inline(always)]
    pub fn is_text(self) -> bool {
        use Kind::*;
        matches!(self, Status | Error | String | BigNumber | Verbatim)
    }

    /// Whether nodes of this kind carry items.
    #[inline(always)]
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
    pub(super) kind: u32,
    /// Bits; those you do not know are to be ignored.
    pub(super) flags: u32,
    /// Bytes of text, or number of items.
    pub(super) length: usize,
    /// What it holds, by `kind`.
    pub(super) value: Value,
}

/// What a node holds, chosen by its kind.
#[repr(C)]
#[derive(Clone, Copy)]
pub union Value {
    /// INTEGER, and BOOLEAN as 0 or 1.
    pub(super) integer: i64,
    /// DOUBLE.
    pub(super) number: f64,
    /// STATUS, ERROR, STRING, BIG_NUMBER, VERBATIM: a NUL follows the last byte.
    pub(super) text: *const c_char,
    /// ARRAY, MAP, SET, PUSH: the first item; the others follow it.
    pub(super) items: *const Node,
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

    /// Whether it is of this kind.
    #[inline]
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u32
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
