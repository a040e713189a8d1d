//! Drafts into nodes: the pointers are written, once, when everything is there.

use std::ptr;

use super::draft::{Draft, LOCAL, Parts};
use super::node::{HAS_ATTRIBUTES, IS_LOCAL, IS_ROOT, Kind, Node, Value};
use super::reply::{NODES_AT, Pair, Reply};
use super::spare::{Room, Spare};
use super::wire::Wire;

/// Texts of replies up to this size are copied behind the nodes instead of pinning the region.
const COPIED: usize = 16 << 10;

impl Reply {
    /// Writes the nodes with their pointers; `None` without memory.
    pub fn build(wire: &Wire, spare: &mut Spare, parts: &Parts<'_>) -> Option<Self> {
        let (begin, end) = parts.range;
        let share = parts.may_share && end - begin > COPIED;
        let count = 1 + parts.nodes.len() + parts.items.len() + parts.attributes.len();
        let nodes_end = NODES_AT.checked_add(count.checked_mul(size_of::<Node>())?)?;
        let texts_at = nodes_end.checked_add(parts.attributes.len() * size_of::<Pair>())?;
        let size = texts_at.checked_add(if share { 0 } else { end - begin })?;
        // A block that holds a region is not kept: it would hold it for longer than the reply.
        let room = match share {
            true => Room::new(size)?,
            false => spare.room(size)?,
        };
        let (region, base) = match share {
            true => wire.share().unzip(),
            false => (None, None),
        };
        // SAFETY: the block has room for nodes, pairs and, unless they are shared, the texts, which
        // the wire holds; the texts of a shared region are this reply's alone.
        unsafe {
            let block = room.block.as_ptr();
            let texts = match base {
                Some(base) => base,
                None => {
                    let to = block.add(texts_at);
                    let from = wire.bytes().as_ptr().add(begin);
                    ptr::copy_nonoverlapping(from, to, end - begin);
                    to.wrapping_sub(begin)
                }
            };
            let pairs = block.add(nodes_end).cast::<Pair>();
            let mut writer = Writer::new(parts, block.add(NODES_AT).cast(), pairs, texts);
            writer.write_all();
            let pair_count = writer.pair_count;
            Some(room.finish(|header| {
                header.note(pairs, pair_count);
                if let Some(region) = region {
                    header.hold(region);
                }
            }))
        }
    }
}

/// Writes root, nodes and attribute maps in this order.
struct Writer<'a> {
    parts: &'a Parts<'a>,
    root: *mut Node,
    next: *mut Node,
    pairs: *mut Pair,
    pair_count: usize,
    texts: *mut u8,
}

impl<'a> Writer<'a> {
    fn new(parts: &'a Parts<'a>, root: *mut Node, pairs: *mut Pair, texts: *mut u8) -> Self {
        Self {
            parts,
            root,
            next: root,
            pairs,
            pair_count: 0,
            texts,
        }
    }

    /// # Safety
    /// There is room for all nodes and pairs, and `texts` plus any position of a text is a byte
    /// that belongs to this reply alone, as is the one behind the text.
    unsafe fn write_all(&mut self) {
        // SAFETY: as the caller promises; the root is written by then.
        unsafe {
            self.write(std::slice::from_ref(&self.parts.root));
            (*self.root).flags |= IS_ROOT;
            self.write(self.parts.nodes);
            self.write(self.parts.items);
            self.write(self.parts.attributes);
        }
    }

    /// # Safety
    /// As for `write_all`.
    #[inline(always)]
    unsafe fn write(&mut self, drafts: &[Draft]) {
        let (texts, mut next) = (self.texts, self.next);
        for draft in drafts {
            // SAFETY: as the caller promises.
            unsafe {
                if draft.is_plain_string() {
                    next.write(Node {
                        kind: Kind::String as u32,
                        flags: 0,
                        length: draft.length,
                        value: end_text(draft, texts),
                    });
                    next = next.add(1);
                    continue;
                }
                let value = match draft.kind.is_text() {
                    true => end_text(draft, texts),
                    false => self.other(draft),
                };
                let flags = match draft.mark {
                    0 => 0,
                    mark => self.flags(mark, next),
                };
                next.write(Node {
                    kind: draft.kind as u32,
                    flags,
                    length: draft.length,
                    value,
                });
                next = next.add(1);
            }
        }
        self.next = next;
    }

    /// The value of a node without text: the position of its items as a pointer, or a number.
    #[inline(always)]
    fn other(&self, draft: &Draft) -> Value {
        if !draft.kind.is_aggregate() {
            return Value {
                integer: draft.value as i64,
            };
        }
        let first = self.root.wrapping_add(1);
        let items = match draft.length {
            0 => ptr::null(),
            _ => first.wrapping_add(draft.value as usize - self.parts.nodes_base),
        };
        Value { items }
    }

    /// The flags of a node with a mark; its attributes are noted.
    ///
    /// # Safety
    /// There is a pair's room for each attribute, and each has one owner.
    #[cold]
    unsafe fn flags(&mut self, mark: u32, node: *const Node) -> u32 {
        if mark == LOCAL {
            return IS_LOCAL;
        }
        let parts = self.parts;
        let first = 1 + parts.nodes.len() + parts.items.len();
        let index = (node.addr() - self.root.addr()) / size_of::<Node>();
        let attributes = first + mark as usize - 1 - parts.attributes_base;
        // SAFETY: as the caller promises.
        unsafe { self.pairs.add(self.pair_count).write([index, attributes]) };
        self.pair_count += 1;
        HAS_ATTRIBUTES
    }
}

/// Turns a text's position into a pointer, and ends the text with a NUL.
///
/// # Safety
/// `texts` plus the position is a byte of this reply alone, as is the one behind the text; a
/// verbatim text follows its colon.
#[inline(always)]
unsafe fn end_text(draft: &Draft, texts: *mut u8) -> Value {
    let text = texts.wrapping_add(draft.value as usize);
    // SAFETY: as the caller promises.
    unsafe {
        text.add(draft.length).write(0);
        if draft.kind == Kind::Verbatim {
            text.sub(1).write(0);
        }
    }
    Value {
        text: text.cast_const().cast(),
    }
}
