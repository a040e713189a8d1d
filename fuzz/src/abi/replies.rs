//! The accessors of a reply, on any node of it.

use std::ptr;

use redisclient::ffi::reply::*;
use redisclient::resp::Node;

use super::super::input::Input;
use super::objects::{Objects, pick};

/// Walks to a node and asks it everything; or adds an owner.
pub fn call(objects: &mut Objects, input: &mut Input<'_>) {
    let root = pick(&objects.replies, input);
    // SAFETY: the root is live or NULL, and what is reached from it belongs to it.
    unsafe {
        let mut node: *const Node = root;
        for _ in 0..input.below(8) {
            let index = match input.byte() {
                0xff => usize::MAX,
                byte => usize::from(byte),
            };
            let inside = redisclient_reply_count(node) > index;
            let item = redisclient_reply_at(node, index);
            assert_eq!(item.is_null(), !inside);
            if !inside {
                break;
            }
            node = item;
        }
        ask(root, node);
        let attributes = redisclient_reply_attributes(root, node);
        if !attributes.is_null() {
            assert_eq!(redisclient_reply_kind(attributes), 10);
            ask(root, attributes);
        }
        if input.below(4) == 0 {
            let kept = redisclient_reply_keep(node);
            let is_root = !root.is_null() && ptr::eq(node, root);
            assert_eq!(kept.is_null(), !is_root);
            objects.keep_reply(kept);
        }
    }
}

/// # Safety
/// Both are NULL, or live and `node` part of `root`.
unsafe fn ask(root: *const Node, node: *const Node) {
    // SAFETY: as the caller promises.
    unsafe {
        let kind = redisclient_reply_kind(node);
        assert!((-1..=12).contains(&kind));
        assert_eq!(kind == -1, node.is_null());
        let mut length = usize::MAX;
        let text = redisclient_reply_text(node, &mut length);
        // A NUL follows the last byte.
        assert_eq!(*text.add(length), 0);
        assert!(length == 0 || matches!(kind, 1 | 2 | 4 | 8 | 9));
        let format = std::ffi::CStr::from_ptr(redisclient_reply_format(node));
        assert!(format.is_empty() || kind == 9);
        assert!(redisclient_reply_integer(node) == 0 || matches!(kind, 3 | 7));
        assert!(redisclient_reply_number(node) == 0.0 || kind == 6);
        assert!(redisclient_reply_count(node) == 0 || kind >= 5);
        redisclient_reply_attributes(root, ptr::null());
        redisclient_reply_attributes(ptr::null(), node);
    }
}
