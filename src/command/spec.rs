//! A key specification: where keys begin, and how many follow, as COMMAND tells it since 7.0.
//!
//! A specification is constant data; applied to a call's arguments it gives a span of positions.
//! What does not fit the arguments is malformed: the server will refuse the call.

use super::keys::KeysError;
use super::{Access, Span};

/// One rule that finds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Where to begin.
    pub begin: Begin,
    /// How to go on from there.
    pub find: Find,
    /// How the call uses these keys.
    pub access: Access,
}

/// Where the search for keys begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At this position, the name of the command being 0.
    At(u8),
    /// Behind this word, searched from a position on; from one counted from the end, backwards.
    After(&'static str, i8),
    /// The server does not say.
    Unknown,
}

/// Which arguments from there on are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// A range.
    Range {
        /// The last key: counted from the first, or, when negative, from the end of the call.
        last: i8,
        /// Distance from one key to the next.
        step: u8,
        /// With a last key counted from the end: only this part of the arguments left; 0 and 1
        /// are all of them, 2 is half.
        limit: u8,
    },
    /// As many as one of the arguments says.
    Count {
        /// Where the number stands, counted from the beginning.
        at: u8,
        /// Where the first key stands, counted from the beginning.
        first: u8,
        /// Distance from one key to the next.
        step: u8,
    },
    /// The server does not say.
    Unknown,
}

impl Spec {
    /// The keys found in `args`; None when the word before them is not there, or no argument is
    /// left for a range up to the end (PFMERGE may have no sources).
    pub(super) fn span<A: AsRef<[u8]>>(&self, args: &[A]) -> Result<Option<Span>, KeysError> {
        let Some(begin) = self.begin.position(args)? else {
            return Ok(None);
        };
        let (first, count, step) = match self.find {
            Find::Range { last, step, limit } => {
                let end = range_end(begin, args.len(), last, limit);
                let end = end.filter(|end| (begin..=args.len()).contains(end));
                let step = usize::from(step).max(1);
                let length = end.ok_or(KeysError::Malformed)? - begin;
                if length == 0 {
                    return Ok(None);
                }
                (begin, length.div_ceil(step), step)
            }
            Find::Count { at, first, step } => {
                let told = args.get(begin + usize::from(at));
                let count = told.and_then(|told| number(told.as_ref()));
                let (first, step) = (begin + usize::from(first), usize::from(step).max(1));
                let room = args.len().saturating_sub(first).div_ceil(step);
                let count = count.filter(|count| *count <= room);
                (first, count.ok_or(KeysError::Malformed)?, step)
            }
            Find::Unknown => return Err(KeysError::Malformed),
        };
        Ok(Some(Span {
            first,
            count,
            step,
            access: self.access,
        }))
    }
}

impl Begin {
    fn position<A: AsRef<[u8]>>(self, args: &[A]) -> Result<Option<usize>, KeysError> {
        let (word, from) = match self {
            Self::At(position) => return Ok(Some(usize::from(position))),
            Self::After(word, from) => (word, from),
            Self::Unknown => return Err(KeysError::Malformed),
        };
        let is = |at: &usize| args[*at].as_ref().eq_ignore_ascii_case(word.as_bytes());
        let distance = usize::from(from.unsigned_abs());
        // The last argument is not looked at from the front: nothing could follow the word.
        let found = if from >= 0 {
            (distance..args.len().saturating_sub(1)).find(is)
        } else {
            let end = args.len().saturating_sub(distance.saturating_sub(1));
            (2..end).rev().find(is)
        };
        Ok(found.map(|at| at + 1))
    }
}

/// The position behind the last key of a range.
fn range_end(begin: usize, length: usize, last: i8, limit: u8) -> Option<usize> {
    let distance = usize::from(last.unsigned_abs());
    if last >= 0 {
        return Some(begin + distance + 1);
    }
    let end = match limit {
        0 | 1 => length,
        part => begin + length.saturating_sub(begin) / usize::from(part),
    };
    end.checked_sub(distance - 1)
}

/// A number as servers write and read it: digits alone, no zero before them.
fn number(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let canonical = text == "0" || text.starts_with(|first: char| ('1'..='9').contains(&first));
    text.parse().ok().filter(|_| canonical)
}

/// A key at a fixed position, for the table.
pub(super) const fn key(at: u8, access: Access) -> Spec {
    range(at, 0, 1, access)
}

/// Keys from a fixed position on, for the table.
pub(super) const fn range(at: u8, last: i8, step: u8, access: Access) -> Spec {
    Spec {
        begin: Begin::At(at),
        find: Find::Range {
            last,
            step,
            limit: 0,
        },
        access,
    }
}

/// Keys behind their number, for the table.
pub(super) const fn counted(at: u8, step: u8, access: Access) -> Spec {
    Spec {
        begin: Begin::At(at),
        find: Find::Count {
            at: 0,
            first: 1,
            step,
        },
        access,
    }
}

/// Keys behind a word, for the table.
pub(super) const fn after(
    word: &'static str,
    from: i8,
    last: i8,
    limit: u8,
    access: Access,
) -> Spec {
    Spec {
        begin: Begin::After(word, from),
        find: Find::Range {
            last,
            step: 1,
            limit,
        },
        access,
    }
}

/// Keys of which the server says nothing but the access, for the table.
pub(super) const fn unknown(access: Access) -> Spec {
    Spec {
        begin: Begin::Unknown,
        find: Find::Unknown,
        access,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RO: Access = Access::RO;

    /// First position, number and step; None for a word that is not there.
    fn found(spec: Spec, line: &str) -> Result<Option<(usize, usize, usize)>, KeysError> {
        let args: Vec<&str> = line.split(' ').collect();
        let span = spec.span(&args)?;
        Ok(span.map(|span| (span.first, span.count, span.step)))
    }

    const MALFORMED: Result<Option<(usize, usize, usize)>, KeysError> = Err(KeysError::Malformed);

    #[test]
    fn ranges_from_the_front_and_from_the_end() {
        assert_eq!(found(key(1, RO), "C a b"), Ok(Some((1, 1, 1))));
        assert_eq!(found(key(2, RO), "C a"), MALFORMED);
        assert_eq!(found(range(1, 1, 1, RO), "C a b"), Ok(Some((1, 2, 1))));
        assert_eq!(found(range(1, 1, 1, RO), "C a"), MALFORMED);
        assert_eq!(found(range(1, -1, 1, RO), "C a b c"), Ok(Some((1, 3, 1))));
        assert_eq!(found(range(1, -2, 1, RO), "C a b c"), Ok(Some((1, 2, 1))));
        assert_eq!(found(range(1, -2, 1, RO), "C a"), Ok(None));
        assert_eq!(found(range(1, -9, 1, RO), "C a"), MALFORMED);
        assert_eq!(found(range(1, -1, 2, RO), "C a 1 b 2"), Ok(Some((1, 2, 2))));
        assert_eq!(found(range(1, -1, 2, RO), "C a 1 b"), Ok(Some((1, 2, 2))));
    }

    #[test]
    fn a_number_says_how_many() {
        assert_eq!(found(counted(1, 1, RO), "C 2 a b c"), Ok(Some((2, 2, 1))));
        assert_eq!(found(counted(1, 1, RO), "C 0 a"), Ok(Some((2, 0, 1))));
        assert_eq!(found(counted(1, 2, RO), "C 2 a 1 b 2"), Ok(Some((2, 2, 2))));
        assert_eq!(found(counted(1, 2, RO), "C 2 a 1 b"), Ok(Some((2, 2, 2))));
        for line in [
            "C 3 a b",
            "C -1 a",
            "C x a",
            "C 1x a",
            "C +1 a",
            "C 01 a",
            "C  1 a",
            "C 1.0 a",
            "C",
            "C 1",
            "C 9223372036854775807 a",
            "C 18446744073709551617 a",
            "C 4294967297 a",
        ] {
            assert_eq!(found(counted(1, 1, RO), line), MALFORMED, "{line}");
            assert_eq!(found(counted(1, 2, RO), line), MALFORMED, "{line}");
        }
    }

    #[test]
    fn behind_a_word_in_any_case() {
        let streams = after("STREAMS", 1, -1, 2, RO);
        assert_eq!(found(streams, "C streams a b 0 0"), Ok(Some((2, 2, 1))));
        assert_eq!(found(streams, "C x STREAMS a 0"), Ok(Some((3, 1, 1))));
        assert_eq!(found(streams, "C STREAMS a"), Ok(None));
        assert_eq!(found(streams, "C x STREAMS"), Ok(None));
        assert_eq!(found(streams, "C"), Ok(None));
        let store = after("STORE", 3, 0, 0, RO);
        assert_eq!(found(store, "C STORE a STORE b"), Ok(Some((4, 1, 1))));
    }

    #[test]
    fn a_word_is_sought_from_the_end_too() {
        let keys = after("KEYS", -2, -1, 0, RO);
        assert_eq!(found(keys, "C a KEYS b KEYS c d"), Ok(Some((5, 2, 1))));
        assert_eq!(found(keys, "C a b KEYS"), Ok(None));
        assert_eq!(found(keys, "C KEYS a b"), Ok(None));
        assert_eq!(found(keys, "C"), Ok(None));
    }

    #[test]
    fn what_the_server_does_not_say_is_not_guessed() {
        assert_eq!(found(unknown(RO), "C a"), MALFORMED);
    }
}
