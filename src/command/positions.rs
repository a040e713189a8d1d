//! Positions among the arguments of a call, kept as spans: a call with very many keys costs no
//! more than one with a few, and no memory is asked for.

use super::Access;

/// Spans that are kept in place; no known command has more.
const IN_PLACE: usize = 3;

/// Keys at equal distances, used alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Position of the first among the arguments, the name of the command being 0.
    pub first: usize,
    /// How many there are.
    pub count: usize,
    /// Distance from one to the next, at least 1.
    pub step: usize,
    /// How the call uses them.
    pub access: Access,
}

/// One key of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Position among the arguments, the name of the command being 0.
    pub position: usize,
    /// How the call uses it.
    pub access: Access,
}

/// Where the keys of a call are. Every position is one of the call's arguments.
#[derive(Clone, Default)]
pub struct Keys {
    few: [Span; IN_PLACE],
    used: usize,
    more: Vec<Span>,
}

impl Span {
    /// A key by itself.
    pub(crate) fn one(position: usize, access: Access) -> Self {
        Self {
            first: position,
            count: 1,
            step: 1,
            access,
        }
    }

    /// The keys, one by one.
    pub fn keys(self) -> impl Iterator<Item = Key> {
        (0..self.count).map(move |nth| Key {
            position: self.first + nth * self.step,
            access: self.access,
        })
    }
}

impl Keys {
    /// The spans, in the order in which the server tells them.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.few[..self.used].iter().chain(&self.more).copied()
    }

    /// The keys, one by one.
    pub fn iter(&self) -> impl Iterator<Item = Key> {
        self.spans().flat_map(Span::keys)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.spans().map(|span| span.count).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn push(&mut self, span: Span) {
        match self.few.get_mut(self.used) {
            Some(free) => {
                *free = span;
                self.used += 1;
            }
            None => self.more.push(span),
        }
    }
}

impl FromIterator<Span> for Keys {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut keys = Self::default();
        for span in spans {
            keys.push(span);
        }
        keys
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Keys {}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.spans()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(keys: &Keys) -> Vec<usize> {
        keys.iter().map(|key| key.position).collect()
    }

    #[test]
    fn spans_become_positions() {
        let pairs = Span {
            first: 2,
            count: 3,
            step: 2,
            access: Access::OW,
        };
        let keys: Keys = [Span::one(1, Access::RO), pairs].into_iter().collect();
        assert_eq!(positions(&keys), [1, 2, 4, 6]);
        assert_eq!((keys.len(), keys.is_empty()), (4, false));
        let writes: Vec<bool> = keys.iter().map(|key| key.access.writes()).collect();
        assert_eq!(writes, [false, true, true, true]);
    }

    #[test]
    fn more_spans_than_have_room_are_kept_too() {
        let keys: Keys = (1..10).map(|at| Span::one(at, Access::RO)).collect();
        assert_eq!(positions(&keys), (1..10).collect::<Vec<_>>());
    }

    #[test]
    fn the_same_positions_are_equal_however_they_are_kept() {
        let apart: Keys = (1..4).map(|at| Span::one(at, Access::RO)).collect();
        let together = Span {
            first: 1,
            count: 3,
            step: 1,
            access: Access::RO,
        };
        assert_eq!(apart, [together].into_iter().collect());
        assert_ne!(apart, Keys::default());
        assert!(Keys::default().is_empty());
    }
}
