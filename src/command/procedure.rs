//! Commands whose specifications do not tell all: their keys are found by a procedure each.
//!
//! SORT may store, at a word that can be anywhere. MIGRATE has its keys in one of two places. Of
//! several places to store to, GEORADIUS takes the last. A group of XREADGROUP may be called
//! STREAMS. What SET and BITFIELD do to their key depends on their options.

use super::keys::KeysError;
use super::name::equal;
use super::{Access, Keys, Span};

const READ: Access = Access::RO.union(Access::ACCESS);
const STORE: Access = Access::OW.union(Access::UPDATE);
const CHANGE: Access = Access::RW.union(Access::ACCESS).union(Access::UPDATE);
const MOVE: Access = Access::RW.union(Access::ACCESS).union(Access::DELETE);

/// Which procedure finds the keys of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Procedure {
    /// None: its specifications do.
    None,
    /// SORT's.
    Sort,
    /// SORT_RO's.
    SortReadOnly,
    /// MIGRATE's.
    Migrate,
    /// That of GEORADIUS and GEORADIUSBYMEMBER.
    GeoRadius,
    /// That of XREAD and XREADGROUP.
    Streams,
    /// SET's.
    Set,
    /// BITFIELD's.
    BitField,
}

/// Each such command.
const PROCEDURES: [(&str, Procedure); 9] = [
    ("BITFIELD", Procedure::BitField),
    ("GEORADIUS", Procedure::GeoRadius),
    ("GEORADIUSBYMEMBER", Procedure::GeoRadius),
    ("MIGRATE", Procedure::Migrate),
    ("SET", Procedure::Set),
    ("SORT", Procedure::Sort),
    ("SORT_RO", Procedure::SortReadOnly),
    ("XREAD", Procedure::Streams),
    ("XREADGROUP", Procedure::Streams),
];

impl Procedure {
    /// That of a command.
    pub(super) const fn of(name: &str) -> Self {
        let mut at = 0;
        while at < PROCEDURES.len() {
            if equal(name, PROCEDURES[at].0) {
                return PROCEDURES[at].1;
            }
            at += 1;
        }
        Self::None
    }

    /// The keys of a call that has as many arguments as it needs.
    pub(super) fn keys<A: AsRef<[u8]>>(self, args: &[A]) -> Result<Keys, KeysError> {
        let call = Call(args);
        match self {
            Self::None => Ok(Keys::default()),
            Self::Sort => Ok(call.read_and_stored(call.sort_store())),
            Self::SortReadOnly => Ok(call.read_and_stored(None)),
            Self::GeoRadius => Ok(call.read_and_stored(call.radius_store())),
            Self::Migrate => call.migrated(),
            Self::Streams => call.streams(),
            Self::Set => Ok(call.first(call.set_access())),
            Self::BitField => Ok(call.first(call.bitfield_access())),
        }
    }
}

/// The arguments of a call, read word by word.
struct Call<'a, A>(&'a [A]);

impl<A: AsRef<[u8]>> Call<'_, A> {
    fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the argument at a position is one of `words`, in any case.
    fn is(&self, at: usize, words: &[&str]) -> bool {
        let arg = self.0.get(at).map(AsRef::as_ref).unwrap_or_default();
        words
            .iter()
            .any(|word| arg.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn first(&self, access: Access) -> Keys {
        [Span::one(1, access)].into_iter().collect()
    }

    fn read_and_stored(&self, store: Option<usize>) -> Keys {
        let store = store.map(|at| Span::one(at, STORE));
        std::iter::once(Span::one(1, READ)).chain(store).collect()
    }

    /// The last word STORE counts. The server looks for options in STORE's value too; in a
    /// cluster it checks the slot of what it finds so, and we send the call there.
    fn sort_store(&self) -> Option<usize> {
        let mut store = None;
        let mut at = 2;
        while at < self.len() {
            if self.is(at, &["LIMIT"]) {
                at += 2;
            } else if self.is(at, &["GET", "BY"]) {
                at += 1;
            } else if self.is(at, &["STORE"]) && at + 1 < self.len() {
                store = Some(at + 1);
            }
            at += 1;
        }
        store
    }

    /// A later place to store to overrides an earlier one. GETKEYS of Redis names both a STORE
    /// and a STOREDIST; that of Valkey 9.1 names the last, as the command works everywhere.
    fn radius_store(&self) -> Option<usize> {
        let mut store = None;
        let mut at = 5;
        while at + 1 < self.len() {
            if self.is(at, &["STORE", "STOREDIST"]) {
                at += 1;
                store = Some(at);
            }
            at += 1;
        }
        store
    }

    /// One key at the third place, or, that being empty, all behind KEYS.
    fn migrated(&self) -> Result<Keys, KeysError> {
        let mut at = 6;
        while at < self.len() {
            if self.is(at, &["KEYS"]) {
                return self.migrated_after(at + 1);
            }
            at += if self.is(at, &["AUTH2"]) {
                3
            } else {
                1 + usize::from(self.is(at, &["AUTH"]))
            };
        }
        Ok([Span::one(3, MOVE)].into_iter().collect())
    }

    fn migrated_after(&self, first: usize) -> Result<Keys, KeysError> {
        let single = self.0.get(3).is_some_and(|key| !key.as_ref().is_empty());
        if single || first >= self.len() {
            return Err(KeysError::Malformed);
        }
        let span = Span {
            first,
            count: self.len() - first,
            step: 1,
            access: MOVE,
        };
        Ok([span].into_iter().collect())
    }

    /// Behind STREAMS as many keys as identifiers. Values of options are passed over: they may
    /// be spelled like options. (GETKEYS since Redis 7.0 takes the first word STREAMS for the
    /// option, whatever it is; the command itself does not.)
    fn streams(&self) -> Result<Keys, KeysError> {
        let mut at = 1;
        while !self.is(at, &["STREAMS"]) {
            at += if self.is(at, &["NOACK"]) {
                1
            } else if self.is(at, &["BLOCK", "COUNT", "CLAIM"]) {
                2
            } else if self.is(at, &["GROUP"]) {
                3
            } else {
                return Err(KeysError::Malformed);
            };
        }
        let rest = self.len() - (at + 1);
        if rest == 0 || !rest.is_multiple_of(2) {
            return Err(KeysError::Malformed);
        }
        let span = Span {
            first: at + 1,
            count: rest / 2,
            step: 1,
            access: READ,
        };
        Ok([span].into_iter().collect())
    }

    /// With GET it tells the old value.
    fn set_access(&self) -> Access {
        match (3..self.len()).any(|at| self.is(at, &["GET"])) {
            true => CHANGE,
            false => STORE,
        }
    }

    /// With nothing but GET it only reads. What the server will refuse counts as a change.
    fn bitfield_access(&self) -> Access {
        let mut at = 2;
        while at < self.len() {
            at += if self.is(at, &["GET"]) {
                3
            } else if self.is(at, &["OVERFLOW"]) {
                2
            } else {
                return CHANGE;
            };
        }
        match at == self.len() {
            true => READ,
            false => CHANGE,
        }
    }
}

#[cfg(test)]
#[path = "procedure_tests.rs"]
mod tests;
