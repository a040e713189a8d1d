//! How a call uses one of its keys: a set of facts, one bit each, in the servers' own words.

/// What is known of the use of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access(u16);

/// The server's words, and what they mean here.
const WORDS: [(&str, Access); 11] = [
    ("RO", Access::RO),
    ("RW", Access::RW),
    ("OW", Access::OW),
    ("RM", Access::RM),
    ("access", Access::ACCESS),
    ("update", Access::UPDATE),
    ("insert", Access::INSERT),
    ("delete", Access::DELETE),
    ("not_key", Access::NOT_KEY),
    ("incomplete", Access::INCOMPLETE),
    ("variable_flags", Access::VARIABLE),
];

impl Access {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The key is only read.
    pub const RO: Self = Self(1);
    /// It is read and written.
    pub const RW: Self = Self(1 << 1);
    /// It is overwritten, whatever it held.
    pub const OW: Self = Self(1 << 2);
    /// It is removed.
    pub const RM: Self = Self(1 << 3);
    /// The caller learns of the data under it.
    pub const ACCESS: Self = Self(1 << 4);
    /// Data under it may change.
    pub const UPDATE: Self = Self(1 << 5);
    /// Data may be added, nothing that is there changes.
    pub const INSERT: Self = Self(1 << 6);
    /// Data may be taken away.
    pub const DELETE: Self = Self(1 << 7);
    /// It is no key, but decides like one where the call is sent: a sharded channel.
    pub const NOT_KEY: Self = Self(1 << 8);
    /// A specification that does not tell all keys.
    pub const INCOMPLETE: Self = Self(1 << 9);
    /// A specification whose access depends on other arguments.
    pub const VARIABLE: Self = Self(1 << 10);

    /// What either of the two has.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the key, or data under it, may be changed or removed.
    pub const fn writes(self) -> bool {
        self.0 & (Self::RW.0 | Self::OW.0 | Self::RM.0) != 0
    }

    /// What a word of a server means; None when it is none of the known ones.
    pub fn of_word(word: &str) -> Option<Self> {
        let known = WORDS.iter().find(|(theirs, _)| *theirs == word);
        known.map(|(_, access)| *access)
    }

    /// The words of a server for what is here.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let told = WORDS
            .iter()
            .filter(move |(_, access)| self.contains(*access));
        told.map(|(word, _)| *word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_bits_say_the_same() {
        for (word, access) in WORDS {
            assert_eq!(Access::of_word(word), Some(access));
            assert_eq!(access.words().collect::<Vec<_>>(), [word]);
        }
        assert_eq!(Access::of_word("ro"), None);
        let both = Access::RO.union(Access::ACCESS);
        assert_eq!(both.words().collect::<Vec<_>>(), ["RO", "access"]);
    }

    #[test]
    fn what_writes() {
        for (word, access) in WORDS {
            assert_eq!(access.writes(), ["RW", "OW", "RM"].contains(&word));
        }
    }
}
