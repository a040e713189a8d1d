//! What our decoder makes of a stream, in the words of `peer.c`.

use std::fmt::Write;

use redisclient::resp::{Decoder, Kind, Limits, Node, Reply};

use crate::{End, Outcome};

/// Depth at which aggregates are refused; `peer.c` says the same.
const DEPTH: usize = 7;

/// Reads a stream fed at once.
pub fn read(bytes: &[u8]) -> Outcome {
    outcome(bytes, true)
}

/// The same without the attributes of the values.
pub fn read_without_attributes(bytes: &[u8]) -> Outcome {
    outcome(bytes, false)
}

fn decoder() -> Decoder {
    Decoder::new(Limits {
        depth: DEPTH,
        ..Limits::default()
    })
}

fn outcome(bytes: &[u8], attributes: bool) -> Outcome {
    let mut decoder = decoder();
    decoder.feed(bytes).unwrap();
    let mut replies = Vec::new();
    loop {
        match decoder.next_reply() {
            Ok(Some(reply)) => {
                let mut values = String::new();
                write(&reply, &reply, attributes, &mut values);
                replies.push((bytes.len() - decoder.unread().len(), values));
            }
            Ok(None) => {
                let end = match decoder.is_idle() {
                    true => End::Complete,
                    false => End::Incomplete(String::new()),
                };
                return Outcome { replies, end };
            }
            Err(error) => {
                let end = End::Refused {
                    stop: stop(bytes),
                    values: String::new(),
                    reason: format!("{:?} {}", error.code(), error.detail()),
                };
                return Outcome { replies, end };
            }
        }
    }
}

/// How many bytes, given one by one, the decoder takes until it refuses them.
fn stop(bytes: &[u8]) -> usize {
    let mut decoder = decoder();
    let refused = bytes.iter().position(|byte| {
        decoder.feed(&[*byte]).unwrap();
        while let Ok(Some(_)) = decoder.next_reply() {}
        decoder.has_failed()
    });
    refused.map_or(bytes.len(), |index| index + 1)
}

fn write(reply: &Reply, node: &Node, attributes: bool, out: &mut String) {
    if let Some(map) = reply.attributes(node).filter(|_| attributes) {
        let _ = write!(out, " |{}", map.items().len());
        map.items()
            .iter()
            .for_each(|item| write(reply, item, attributes, out));
    }
    let count = node.items().len();
    let _ = match node.kind() {
        Kind::Nil => write!(out, " _"),
        Kind::Status => write!(out, " +{}", hex(node.text())),
        Kind::Error => write!(out, " -{}", hex(node.text())),
        Kind::String => write!(out, " ${}", hex(node.text())),
        Kind::BigNumber => write!(out, " ({}", hex(node.text())),
        Kind::Verbatim => write!(out, " ={}3a{}", hex(node.format()), hex(node.text())),
        Kind::Integer => write!(out, " :{}", node.integer()),
        Kind::Double if node.number().is_nan() => write!(out, " ,nan"),
        Kind::Double => write!(out, " ,{:016x}", node.number().to_bits()),
        Kind::Boolean => write!(out, " #{}", if node.integer() == 1 { 't' } else { 'f' }),
        Kind::Array => write!(out, " *{count}"),
        Kind::Map => write!(out, " %{count}"),
        Kind::Set => write!(out, " ~{count}"),
        Kind::Push => write!(out, " >{count}"),
    };
    node.items()
        .iter()
        .for_each(|item| write(reply, item, attributes, out));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
