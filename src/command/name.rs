//! A command's name as three words in upper case: cheap to hash and to compare.
//!
//! The words are loads of eight bytes that overlap where the name is not a multiple of eight, so
//! that no byte is looked at alone. The length tells apart what the words do not.

/// The name of a command or of a subcommand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    words: [u64; 3],
    length: usize,
}

impl Name {
    /// No name is longer; what is longer is no name.
    const LONGEST: usize = 24;
    /// An odd number without pattern: 2 to the 64 divided by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

    /// Stands for a subcommand where there is none.
    pub(super) const NONE: Self = Self {
        words: [0; 3],
        length: 0,
    };

    /// Whether it stands for none.
    pub(super) const fn is_none(self) -> bool {
        self.length == 0
    }

    /// The name in `bytes`, whatever its case. Inlined, so that the words stay in registers.
    #[inline(always)]
    pub(super) const fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > Self::LONGEST {
            return None;
        }
        let words = if bytes.len() < 8 {
            [upper(short(bytes)), 0, 0]
        } else if bytes.len() <= 16 {
            [upper(first(bytes)), upper(last(bytes)), 0]
        } else {
            let middle = bytes.split_at(8).1;
            [
                upper(first(bytes)),
                upper(last(bytes)),
                upper(first(middle)),
            ]
        };
        Some(Self {
            words,
            length: bytes.len(),
        })
    }

    /// The hash of this command's `sub`, which may be `NONE`.
    #[inline]
    pub(super) const fn hash(self, sub: Self) -> u64 {
        let [a, b, c] = self.words;
        let [d, e, f] = sub.words;
        let name = a ^ b.rotate_left(23) ^ c.rotate_left(41);
        let sub = d.rotate_left(11) ^ e.rotate_left(31) ^ f.rotate_left(53);
        (name ^ sub).wrapping_mul(Self::FACTOR)
    }
}

/// The name of a command that fits into one word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Short {
    word: u64,
    length: u32,
}

impl Short {
    /// Where there is none.
    pub(super) const NONE: Self = Self { word: 0, length: 0 };

    /// The name in `bytes`, whatever its case. No command's is shorter than three.
    #[inline(always)]
    pub(super) const fn of(bytes: &[u8]) -> Option<Self> {
        let word = match bytes.len() {
            3 => u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) as u64,
            4..=8 => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    let behind = (bytes.len() - 4) as u32 * u8::BITS;
                    let first = u32::from_le_bytes(*first) as u64;
                    first | (u32::from_le_bytes(*last) as u64) << behind
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            word: upper(word),
            length: bytes.len() as u32,
        })
    }

    #[inline]
    pub(super) const fn hash(self) -> u64 {
        self.word.wrapping_mul(Name::FACTOR)
    }

    pub(super) const fn is_none(self) -> bool {
        self.length == 0
    }
}

/// Up to seven bytes in a word.
#[inline]
const fn short(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << 32
        }
        _ => {
            let (middle, end) = (bytes.len() / 2, bytes.len() - 1);
            bytes[0] as u64 | (bytes[middle] as u64) << 8 | (bytes[end] as u64) << 16
        }
    }
}

#[inline]
const fn first(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

#[inline]
const fn last(bytes: &[u8]) -> u64 {
    match bytes.last_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

/// Eight bytes at once: the top bit of each byte tells whether it is a lower-case letter.
#[inline]
const fn upper(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    let low = word & !TOPS;
    let from_a = low + (0x80 - b'a' as u64) * ONES;
    let above_z = low + (0x7f - b'z' as u64) * ONES;
    let letters = from_a & !above_z & !word & TOPS;
    word ^ (letters >> 2)
}

/// `==` of strings is not to be had in constants.
pub(super) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_turns_as_ascii_says_at_every_place() {
        for byte in 0..=255u8 {
            for place in 0..8 {
                let mut bytes = *b"aZ{@`[z0";
                bytes[place] = byte;
                let expected = u64::from_le_bytes(bytes.map(|byte| byte.to_ascii_uppercase()));
                assert_eq!(upper(u64::from_le_bytes(bytes)), expected);
            }
        }
    }

    #[test]
    fn each_byte_counts_at_each_length() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        for length in 1..=Name::LONGEST {
            let name = Name::of(&alphabet[..length]);
            let mut other = alphabet[..length].to_ascii_lowercase();
            assert!(Name::of(&other) == name);
            for place in 0..length {
                let kept = std::mem::replace(&mut other[place], b'-');
                assert!(Name::of(&other) != name, "{length} {place}");
                other[place] = kept;
            }
        }
    }

    #[test]
    fn the_length_counts() {
        let same: Vec<_> = (1..=Name::LONGEST)
            .map(|length| Name::of(&[b'A'; Name::LONGEST][..length]))
            .collect();
        for (at, name) in same.iter().enumerate() {
            assert!(same.iter().position(|other| other == name) == Some(at));
        }
    }

    #[test]
    fn what_is_empty_or_too_long_is_no_name() {
        assert!(Name::of(b"").is_none());
        assert!(Name::of(&[b'A'; Name::LONGEST + 1]).is_none());
    }
}
