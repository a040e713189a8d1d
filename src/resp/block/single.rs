//! Replies of one value, written without a detour.

use super::node::{IS_ROOT, Kind, Node, Value};
use super::reply::{NODES_AT, Reply};
use super::spare::{Room, Spare};
use super::write;

const TEXT_AT: usize = NODES_AT + size_of::<Node>();

impl Reply {
    /// A reply of one text, copied; `None` without memory.
    #[inline(always)]
    pub fn text_of(spare: &mut Spare, kind: Kind, text: &[u8]) -> Option<Self> {
        debug_assert!(kind.is_text());
        let room = spare.room(TEXT_AT.checked_add(text.len())?.checked_add(1)?)?;
        // SAFETY: the block has room for header, node, text and a NUL.
        let to = unsafe { room.block.as_ptr().add(TEXT_AT) };
        let value = Value {
            text: to.cast_const().cast(),
        };
        // SAFETY: as above.
        unsafe {
            write::text(to, text).write(0);
            Some(finish(room, kind, text.len(), value))
        }
    }

    /// A reply of one value without length; `None` without memory.
    #[inline(always)]
    pub fn scalar_of(spare: &mut Spare, kind: Kind, bits: u64) -> Option<Self> {
        debug_assert!(!kind.is_text() && !kind.is_aggregate());
        let room = spare.room(TEXT_AT)?;
        let value = Value {
            integer: bits as i64,
        };
        // SAFETY: the block has room for header and node.
        Some(unsafe { finish(room, kind, 0, value) })
    }
}

/// # Safety
/// The room has place for header and node; a text in `value` lies in it and is `length` bytes long.
#[inline(always)]
unsafe fn finish(room: Room, kind: Kind, length: usize, value: Value) -> Reply {
    let root = Node {
        kind: kind as u32,
        flags: IS_ROOT,
        length,
        value,
    };
    // SAFETY: as the caller promises.
    unsafe {
        room.block.add(NODES_AT).cast::<Node>().write(root);
        room.finish(|_| ())
    }
}
