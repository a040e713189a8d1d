//! A reply written out, so that two can be compared, and what every reply promises.

use std::fmt::Write;

use redisclient::resp::{Kind, Node, Reply};

/// The reply with all that is in it. Panics at what no reply may be.
pub fn show(reply: &Reply) -> String {
    show_item(reply, reply)
}

/// A part of a reply.
pub fn show_item(reply: &Reply, node: &Node) -> String {
    let mut out = String::new();
    write(reply, node, &mut out);
    out
}

fn write(reply: &Reply, node: &Node, out: &mut String) {
    if let Some(attributes) = reply.attributes(node) {
        assert_eq!(attributes.kind(), Kind::Map, "attributes are a map");
        out.push('|');
        write(reply, attributes, out);
        out.push('|');
    }
    let _ = write!(out, "{:?}", node.kind());
    match node.kind() {
        Kind::Nil => {}
        Kind::Integer | Kind::Boolean => {
            let _ = write!(out, "={}", node.integer());
        }
        // All that are not a number are alike.
        Kind::Double if node.number().is_nan() => out.push_str("=nan"),
        Kind::Double => {
            let _ = write!(out, "={:?}", node.number());
        }
        _ => {}
    }
    if node.kind().is_text() {
        let format = node.format().escape_ascii();
        let _ = write!(out, "={format}'{}'", node.text().escape_ascii());
    }
    if node.kind().is_aggregate() {
        let whole = node.kind() != Kind::Map || node.items().len().is_multiple_of(2);
        assert!(whole, "a map has pairs");
        out.push('[');
        for item in node.items() {
            assert!(!item.is_root(), "an item is a root");
            assert!(item.kind() != Kind::Push, "a push is inside a reply");
            write(reply, item, out);
            out.push(' ');
        }
        out.push(']');
    }
}
