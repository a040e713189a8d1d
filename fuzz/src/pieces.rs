//! A stream of replies in pieces, under limits of its own.
//!
//! Where the bytes are cut, and whether they are fed or read in place, changes nothing: the same
//! replies come out, and the stream ends in the same state.

use redisclient::error::Code;
use redisclient::resp::{Decoder, Limits};

use super::input::Input;
use super::show::show;

/// The first three bytes choose the limits, the fourth how the rest is cut.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let limits = Limits {
        depth: one_of(input.byte(), 128, 1),
        reply_bytes: one_of(input.byte(), 1 << 30, 16),
        reply_items: one_of(input.byte(), 16_777_216, 4),
    };
    let cuts = input.byte();
    let bytes = input.all();
    let whole = read(limits, [bytes].into_iter(), false);
    let pieces = read(limits, cut(bytes, cuts), cuts & 1 == 1);
    assert_eq!(whole.replies, pieces.replies, "the replies differ");
    assert_eq!(
        whole.failed.is_some(),
        pieces.failed.is_some(),
        "the ends differ"
    );
    if limits == Limits::default() {
        assert_eq!(whole.failed, pieces.failed, "the failures differ");
    }
    assert_eq!(whole.idle, pieces.idle, "one of them is still waiting");
}

/// The default for half of all bytes, else something small.
fn one_of(byte: u8, default: usize, unit: usize) -> usize {
    match byte {
        0..128 => default,
        _ => usize::from(byte - 127) * unit,
    }
}

/// What became of a stream.
struct Seen {
    replies: Vec<String>,
    failed: Option<Code>,
    idle: bool,
}

fn read<'a>(limits: Limits, pieces: impl Iterator<Item = &'a [u8]>, in_place: bool) -> Seen {
    let mut decoder = Decoder::new(limits);
    let mut replies = Vec::new();
    let mut failed = None;
    for piece in pieces {
        match in_place {
            false => decoder.feed(piece).unwrap(),
            true => {
                let space = decoder.space(piece.len()).unwrap();
                space[..piece.len()].copy_from_slice(piece);
                decoder.commit(piece.len());
            }
        }
        while let Some(reply) = decoder.next_reply().unwrap_or_else(|error| {
            failed = Some(error.code());
            None
        }) {
            replies.push(show(&reply));
        }
        if failed.is_some() {
            break;
        }
    }
    Seen {
        replies,
        idle: failed.is_none() && decoder.is_idle(),
        failed,
    }
}

/// Pieces whose sizes follow from `seed`, small ones more often than large ones.
fn cut(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    let mut state = u32::from(seed >> 1) + 1;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let most = [1, 3, 16, 700][(state >> 16) as usize % 4];
        let size = 1 + (state >> 20) as usize % most;
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        Some(piece)
    })
}
