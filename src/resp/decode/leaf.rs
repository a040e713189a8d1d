//! The short way for what most values are: small, plain, and all there. Whatever is not that is left
//! to the long way.
//!
//! A head is read as one word, without asking where the bytes end: the receive buffer has some more
//! behind them. That the whole value is there is known when the cursor goes on behind it.

use crate::resp::block::{Cursor, Draft, Kind};
use crate::resp::number::double;

/// No value that is read here takes more.
pub(super) const MOST: usize = 1 << 20;
const LINE_END: u16 = u16::from_le_bytes(*b"\r\n");

/// The value here, which is at position `at`, if it is all there; the cursor goes on behind it.
#[inline(always)]
pub(super) fn leaf(cursor: &mut Cursor<'_>, at: usize) -> Option<Draft> {
    let (marker, word) = (cursor.marker(), cursor.word());
    if marker == b'$' {
        let Some((length, digits)) = length(word) else {
            return is_null(cursor).then_some(Draft::scalar(Kind::Nil, 0));
        };
        let body = at + digits + 3;
        let is_there = cursor.take_line(digits + 3 + length + 2);
        return is_there.then_some(Draft::sized(Kind::String, length, body as u64));
    }
    if marker == b':' {
        if let Some((value, digits)) = number(word) {
            let draft = Draft::scalar(Kind::Integer, value);
            return cursor.take(digits + 3).then_some(draft);
        }
        let (value, digits) = number(word >> 8).filter(|_| word as u8 == b'-')?;
        let draft = Draft::scalar(Kind::Integer, value.wrapping_neg());
        return cursor.take(digits + 4).then_some(draft);
    }
    if marker == b'+' && word as u32 == u32::from_le_bytes(*b"OK\r\n") {
        let draft = Draft::sized(Kind::Status, 2, at as u64 + 1);
        return cursor.take(5).then_some(draft);
    }
    let (draft, used) = rare(*cursor, at)?;
    cursor.take(used).then_some(draft)
}

/// The same for what arrays are seldom full of. It stands apart to leave the loop its registers.
#[inline(never)]
fn rare(cursor: Cursor<'_>, at: usize) -> Option<(Draft, usize)> {
    let word = cursor.word();
    Some(match cursor.marker() {
        b'+' => {
            let length = line(word)?;
            let draft = Draft::sized(Kind::Status, length, at as u64 + 1);
            (draft, length + 3)
        }
        b'_' if word as u16 == LINE_END => (Draft::scalar(Kind::Nil, 0), 3),
        b'#' if (word >> 8) as u16 == LINE_END => {
            let value = match word as u8 {
                b't' => 1,
                b'f' => 0,
                _ => return None,
            };
            (Draft::scalar(Kind::Boolean, value), 4)
        }
        b',' => {
            let length = line(word)?;
            let value = double(cursor.text(1, length)?)?;
            (Draft::scalar(Kind::Double, value.to_bits()), length + 3)
        }
        _ => return None,
    })
}

/// What the null of RESP2 takes.
const NULL: usize = 5;

#[inline(always)]
fn is_null(cursor: &mut Cursor<'_>) -> bool {
    cursor.word() as u32 == u32::from_le_bytes(*b"-1\r\n") && cursor.take(NULL)
}

#[inline(always)]
pub(super) fn length(word: u64) -> Option<(usize, usize)> {
    let (length, digits) = match short(word) {
        Some(read) => read,
        None => number(word)?,
    };
    Some((length as usize, digits))
}

/// A number of one or two digits with its line end, and how many digits it has.
#[inline(always)]
pub(super) fn short(word: u64) -> Option<(u64, usize)> {
    let digits = word ^ (ONES * b'0' as u64);
    if (word >> 16) as u16 == LINE_END && others(digits) as u16 == 0 {
        return Some(((digits & 0xff) * 10 + (digits >> 8 & 0xff), 2));
    }
    let is_one = (word >> 8) as u16 == LINE_END && others(digits) as u8 == 0;
    is_one.then_some((digits & 0xff, 1))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x80 * ONES;

/// A number of one to six digits with its line end, and how many digits it has.
#[inline(always)]
fn number(word: u64) -> Option<(u64, usize)> {
    let digits = word ^ (ONES * b'0' as u64);
    let bits = others(digits).trailing_zeros() & !7;
    if bits == 0 || bits > 48 || (word >> bits) as u16 != LINE_END {
        return None;
    }
    // The digits move to the upper end, with zeroes before them, and are added up in pairs.
    let ones = digits << (64 - bits);
    let pairs = (ones.wrapping_mul(1 + (10 << 8)) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(1 + (100 << 16)) >> 16) & 0x0000_ffff_0000_ffff;
    let value = fours.wrapping_mul(1 + (10_000 << 32)) >> 32;
    Some((value, (bits / 8) as usize))
}

/// The top bit of each byte that is no digit.
#[inline(always)]
fn others(digits: u64) -> u64 {
    (((digits & !TOPS) + ONES * (0x80 - 10)) | digits) & TOPS
}

/// How long a line of at most six bytes is.
#[inline(always)]
pub(super) fn line(word: u64) -> Option<usize> {
    let returns = word ^ (ONES * b'\r' as u64);
    let zeroes = returns.wrapping_sub(ONES) & !returns & TOPS;
    let bits = zeroes.trailing_zeros() & !7;
    (bits <= 48 && (word >> bits) as u16 == LINE_END).then_some((bits / 8) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> u64 {
        let mut bytes = [b'7'; 8];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        u64::from_le_bytes(bytes)
    }

    #[test]
    fn numbers_of_every_length() {
        for value in [0, 1, 9, 10, 16, 99, 100, 1234, 65_535, 100_000, 999_999] {
            let text = format!("{value}\r\n");
            let expected = Some((value, text.len() - 2));
            assert_eq!(number(word(&text)), expected, "{text}");
            let is_short = value < 100;
            assert_eq!(short(word(&text)), expected.filter(|_| is_short), "{text}");
        }
        assert_eq!(number(word("007\r\n")), Some((7, 3)));
    }

    #[test]
    fn what_is_no_short_number_is_left() {
        for text in [
            "",
            "\r\n",
            "1\n",
            "1\r",
            "1x\r\n",
            "-1\r\n",
            "1234567\r",
            "12345678",
            "1\r\r\n",
            "\u{b1}\r\n",
            ":\r\n",
            "/\r\n",
        ] {
            assert_eq!(number(word(text)), None, "{text:?}");
            assert_eq!(short(word(text)), None, "{text:?}");
        }
    }

    #[test]
    fn lines_of_every_length() {
        for length in 0..=6 {
            let text = format!("{}\r\n", &"abcdef"[..length]);
            assert_eq!(line(word(&text)), Some(length));
        }
        for text in ["abcdefg\r", "a\rb\r\n", "abcdefgh"] {
            assert_eq!(line(word(text)), None, "{text:?}");
        }
    }
}
