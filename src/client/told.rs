//! A row of COMMAND INFO: what a server says of one command and its subcommands.

use std::collections::HashMap;

use crate::command::{Access, RequestPolicy, ResponsePolicy, Span, policies_of_tips};
use crate::resp::Node;

/// Most subcommands of one command that are remembered; no server has nearly so many.
const SUBCOMMANDS: usize = 512;
/// No subcommand has a longer name.
const LONGEST: usize = 128;

/// What a server says of a command.
#[derive(Debug)]
pub(super) struct Row {
    arity: i64,
    /// Position of the first and of the last key, and the step between them.
    keys: [i64; 3],
    /// It never changes data.
    pub(super) reads: bool,
    /// Only COMMAND GETKEYS can say its keys.
    pub(super) movable: bool,
    pub(super) policies: (RequestPolicy, ResponsePolicy),
    /// By their names in upper case.
    subcommands: HashMap<Vec<u8>, Row>,
}

/// Reads a row; None when it is none, as for a name that the server does not know. Servers
/// before 7.0 tell neither tips nor subcommands.
pub(super) fn row(told: &Node) -> Option<Row> {
    let subcommands = told.items().get(9).map(Node::items).unwrap_or_default();
    let known = subcommands.iter().take(SUBCOMMANDS).filter_map(subcommand);
    Some(Row {
        subcommands: known.collect(),
        ..alone(told)?
    })
}

/// A row without its subcommands.
fn alone(told: &Node) -> Option<Row> {
    let items = told.items();
    let number = |at: usize| items.get(at).map(Node::integer);
    let texts = |at: usize| {
        let list = items.get(at).map(Node::items).unwrap_or_default();
        list.iter().map(|item| String::from_utf8_lossy(item.text()))
    };
    let flagged = |flag: &str| texts(2).any(|word| word == flag);
    let keys = [number(3)?, number(4)?, number(5)?];
    let movable = flagged("movablekeys");
    let tips: Vec<_> = texts(7).collect();
    Some(Row {
        arity: number(1)?,
        keys,
        reads: flagged("readonly"),
        movable,
        policies: policies_of_tips(movable || keys[0] > 0, tips.iter().map(|tip| &**tip)),
        subcommands: HashMap::new(),
    })
}

/// A subcommand with its own name: rows of subcommands are named "container|subcommand".
fn subcommand(told: &Node) -> Option<(Vec<u8>, Row)> {
    let name = told.items().first()?.text();
    let own = name.rsplit(|byte| *byte == b'|').next()?;
    (own.len() <= LONGEST).then_some((own.to_ascii_uppercase(), alone(told)?))
}

impl Row {
    /// The row that a call means: that of its subcommand, if it names one.
    pub(super) fn of(&self, args: &[&[u8]]) -> &Self {
        let named = args.get(1).filter(|_| !self.subcommands.is_empty());
        let found = named.and_then(|name| self.subcommands.get(&name.to_ascii_uppercase()));
        found.unwrap_or(self)
    }

    /// How its calls use their keys. The server does not say it of each: the worst is assumed.
    pub(super) fn access(&self) -> Access {
        match self.reads {
            true => Access::RO.union(Access::ACCESS),
            false => Access::RW.union(Access::ACCESS).union(Access::UPDATE),
        }
    }

    /// The keys of a call with so many arguments: none, or a span; None when the server would
    /// refuse the call.
    pub(super) fn span(&self, count: usize) -> Option<Option<Span>> {
        let count = i64::try_from(count).ok()?;
        let admitted =
            count == self.arity || self.arity < 0 && count >= self.arity.saturating_neg();
        if !admitted {
            return None;
        }
        let [first, last, step] = self.keys;
        if first <= 0 {
            return Some(None);
        }
        let last = if last < 0 {
            count.checked_add(last)?
        } else {
            last
        };
        if last < first || last >= count {
            return None;
        }
        let step = usize::try_from(step.max(1)).ok()?;
        let length = usize::try_from(last - first).ok()?;
        Some(Some(Span {
            first: usize::try_from(first).ok()?,
            count: length / step + 1,
            step,
            access: self.access(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Decoder, Limits, Reply};

    fn reply(bytes: &[u8]) -> Reply {
        let mut decoder = Decoder::new(Limits::default());
        decoder.feed(bytes).unwrap();
        decoder.next_reply().unwrap().unwrap()
    }

    fn told(arity: i64, flags: &str, keys: [i64; 3], rest: &str) -> String {
        let [first, last, step] = keys;
        let size = if rest.is_empty() { 6 } else { 10 };
        format!(
            "*{size}\r\n$1\r\nc\r\n:{arity}\r\n*1\r\n+{flags}\r\n:{first}\r\n:{last}\r\n:{step}\r\n{rest}"
        )
    }

    fn row_of(arity: i64, flags: &str, keys: [i64; 3]) -> Row {
        row(&reply(told(arity, flags, keys, "").as_bytes())).unwrap()
    }

    /// First, number and step of the keys of a call with so many arguments.
    fn keys(row: &Row, count: usize) -> Option<Option<(usize, usize, usize)>> {
        let span = row.span(count)?;
        Some(span.map(|span| (span.first, span.count, span.step)))
    }

    #[test]
    fn keys_are_where_the_three_numbers_say() {
        assert_eq!(
            keys(&row_of(2, "readonly", [1, 1, 1]), 2),
            Some(Some((1, 1, 1)))
        );
        assert_eq!(
            keys(&row_of(-2, "write", [1, -1, 2]), 6),
            Some(Some((1, 3, 2)))
        );
        assert_eq!(
            keys(&row_of(-2, "write", [1, -2, 1]), 5),
            Some(Some((1, 3, 1)))
        );
        assert_eq!(keys(&row_of(-1, "fast", [0, 0, 0]), 3), Some(None));
        assert_eq!(keys(&row_of(2, "readonly", [1, 1, 1]), 3), None);
        assert_eq!(keys(&row_of(-3, "readonly", [1, 1, 1]), 2), None);
        assert_eq!(keys(&row_of(-1, "readonly", [1, 1, 1]), 1), None);
    }

    #[test]
    fn numbers_without_sense_never_panic() {
        let numbers = [i64::MIN, -2, -1, 0, 1, 2, i64::MAX];
        for (a, b) in numbers.into_iter().flat_map(|a| numbers.map(|b| (a, b))) {
            for c in numbers {
                let row = row_of(a, "write", [a, b, c]);
                for count in 0..4 {
                    let span = row.span(count).flatten();
                    assert!(
                        span.is_none_or(|span| { span.keys().all(|key| key.position < count) })
                    );
                }
            }
        }
        for bytes in ["+OK\r\n", "*0\r\n", "*-1\r\n", "*2\r\n$1\r\nc\r\n:1\r\n"] {
            assert!(row(&reply(bytes.as_bytes())).is_none(), "{bytes}");
        }
    }

    #[test]
    fn a_subcommand_has_a_row_of_its_own() {
        let sub = told(3, "readonly", [2, 2, 1], "").replace("$1\r\nc\r\n", "$5\r\nc|sub\r\n");
        let rest = format!("*0\r\n*1\r\n+request_policy:all_nodes\r\n*0\r\n*1\r\n{sub}");
        let row = row(&reply(told(-2, "write", [0, 0, 0], &rest).as_bytes())).unwrap();
        assert_eq!(row.policies.0, RequestPolicy::AllNodes);
        assert!(!row.reads && !row.of(&[b"C", b"other"]).reads && !row.of(&[b"C"]).reads);
        let sub = row.of(&[b"C", b"SuB", b"k"]);
        assert!(sub.reads);
        assert_eq!(keys(sub, 3), Some(Some((2, 1, 1))));
        assert_eq!(sub.policies.0, RequestPolicy::Keyed);
    }
}
