//! A stream of replies in one feed.
//!
//! Whatever the bytes are: each reply is sound and stays as it was while others are read, bytes
//! are consumed in order, and a failure is final.

use redisclient::resp::{Decoder, Limits, Reply};

use super::show::show;

/// Reads replies from `data` until there are no more.
pub fn run(data: &[u8]) {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(data).unwrap();
    let mut replies: Vec<(Reply, String)> = Vec::new();
    loop {
        let before = decoder.unread().len();
        match decoder.next_reply() {
            Ok(Some(reply)) => {
                assert!(decoder.unread().len() < before, "a reply without bytes");
                let shown = show(&reply);
                replies.push((reply, shown));
            }
            Ok(None) => break,
            Err(error) => {
                expect_final(&mut decoder, error.code());
                break;
            }
        }
    }
    assert!(decoder.has_failed() || data.ends_with(decoder.unread()));
    decoder.feed(b"+the next\r\n").unwrap();
    let _ = decoder.next_reply();
    drop(decoder);
    for (reply, shown) in &replies {
        assert_eq!(show(reply), *shown, "a reply has changed");
    }
}

fn expect_final(decoder: &mut Decoder, code: redisclient::error::Code) {
    assert!(decoder.has_failed());
    assert_eq!(decoder.check().unwrap_err().code(), code);
    assert_eq!(decoder.next_reply().unwrap_err().code(), code);
}
