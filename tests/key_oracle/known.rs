//! Where the servers' GETKEYS is known to differ from what this library says, and why.
//!
//! The list is short and exact: each entry says for which servers it is, accepts only the very
//! answer that its reason explains, and must still be needed on each of those servers.

use crate::case::Case;
use crate::support::Flavour;
use redisclient::command::{Access, Command, KeysError};

/// A difference that is understood.
pub struct Known {
    pub why: &'static str,
    /// Whether it is to be met on this server.
    pub on: fn(Flavour) -> bool,
    /// Whether it is what we see here.
    pub explains: fn(&Case) -> bool,
}

pub const KNOWN: [Known; 10] = [
    Known {
        why: "An older server takes another number of arguments: the table has the laxest arity \
              of the newest servers (EXPIRE and ZRANK took one less, PFDEBUG took more).",
        on: |server| !server.at_least(7, 1),
        explains: |case| case.arity != i64::from(case.command.arity) && arity_decides(case),
    },
    Known {
        why: "A number of keys that is not written as numbers are, or has more than 32 bits: the \
              server cuts it to what it can read and names so many keys, but the command itself \
              is refused.",
        on: |_| true,
        explains: |case| {
            case.ours == Err(KeysError::Malformed) && case.args.iter().any(|arg| is_cut(arg))
        },
    },
    Known {
        why: "GETKEYS since Redis 7.0 takes the first word STREAMS for the option, though it be the \
              value of another, and half of what follows, though it be odd; the command does not.",
        on: |server| server.at_least(7, 0),
        explains: |case| {
            case.command.name.starts_with("XREAD") && case.theirs == half_of_streams(case)
        },
    },
    Known {
        why: "Where that first STREAMS makes no sense, the server falls back to a procedure that \
              names the right keys and does not say how they are used.",
        on: |server| server.at_least(7, 0),
        explains: |case| {
            let unsaid = |uses: &Vec<Access>| uses.iter().all(|access| *access == Access::NONE);
            let streams = case.command.name.starts_with("XREAD");
            streams && case.same_names() && case.uses.as_ref().is_some_and(unsaid)
        },
    },
    Known {
        why: "GETKEYS since Redis 7.0 does not see a KEYS of MIGRATE that nothing follows, and \
              names the third argument; the command refuses it.",
        on: |server| server.at_least(7, 0),
        explains: |case| {
            let last = case.args.last();
            let keys = last.is_some_and(|last| last.eq_ignore_ascii_case(b"KEYS"));
            case.command.name == "MIGRATE" && keys && case.theirs == case.args[3..4]
        },
    },
    Known {
        why: "GETKEYS since Redis 7.0 refuses a PFMERGE without sources; the command does not.",
        on: |server| server.at_least(7, 0),
        explains: |case| {
            let bare = case.command.name == "PFMERGE" && case.args.len() == 2;
            bare && case.theirs.is_empty() && case.ours.as_ref().is_ok_and(|keys| keys.len() == 1)
        },
    },
    Known {
        why: "GETKEYS before Redis 7.0 takes the first word KEYS of MIGRATE for the option, though \
              it be a password, and names a third argument beside it, which the command refuses.",
        on: |server| !server.at_least(7, 0),
        explains: |case| case.command.name == "MIGRATE" && case.theirs == behind_keys(case),
    },
    Known {
        why: "GETKEYS of Redis since 7.0, and of Valkey before 9.0, names the first STORE and the \
              first STOREDIST; the command stores at the last of them only.",
        on: |server| server.at_least(7, 0) && !(server.name() == "valkey" && server.at_least(9, 0)),
        explains: |case| {
            case.command.name.starts_with("GEORADIUS") && case.theirs == first_stores(case)
        },
    },
    Known {
        why: "Redis 7.0 does not yet say that SINTERSTORE overwrites.",
        on: |server| server.at_least(7, 0) && !server.at_least(7, 1),
        explains: |case| {
            case.command.name == "SINTERSTORE"
                && case.same_names()
                && case.same_uses_but(&[Access::OW, Access::RW])
        },
    },
    Known {
        why: "Valkey says that HSETEX inserts, Redis that it updates; the table says both.",
        on: |server| server.at_least(if server.name() == "valkey" { 9 } else { 8 }, 0),
        explains: |case| {
            case.command.name == "HSETEX"
                && case.same_names()
                && case.same_uses_but(&[Access::INSERT, Access::UPDATE])
        },
    },
];

/// One side refuses the call, and for its number of arguments.
fn arity_decides(case: &Case) -> bool {
    let refused = case.error.contains("Invalid number of arguments");
    refused && case.theirs.is_empty() || case.ours == Err(KeysError::Arity)
}

/// atoi reads a number where none is, or the number is cut to 32 bits.
fn is_cut(arg: &[u8]) -> bool {
    let text = String::from_utf8_lossy(arg);
    let digits = text.trim_start().trim_start_matches('+');
    let canonical = digits.parse::<i32>().is_ok() && !digits.starts_with('0') && digits == text;
    digits.starts_with(|first: char| first.is_ascii_digit()) && !canonical
}

fn half_of_streams(case: &Case) -> Vec<Vec<u8>> {
    let from = if case.command.name == "XREAD" { 1 } else { 4 };
    let args = &case.args[..case.args.len().saturating_sub(1)];
    let found = args
        .iter()
        .skip(from)
        .position(|arg| arg.eq_ignore_ascii_case(b"STREAMS"));
    let rest = found.map_or(&[][..], |at| &case.args[from + at + 1..]);
    rest[..rest.len() / 2].to_vec()
}

fn behind_keys(case: &Case) -> Vec<Vec<u8>> {
    let mut options = case.args.iter().skip(6);
    match options.position(|arg| arg.eq_ignore_ascii_case(b"KEYS")) {
        Some(at) if case.args[3].is_empty() => case.args[6 + at + 1..].to_vec(),
        _ => case.args[3..4].to_vec(),
    }
}

fn first_stores(case: &Case) -> Vec<Vec<u8>> {
    let from = from_of(case.command);
    let mut keys = vec![case.args[1].clone()];
    for word in ["STORE", "STOREDIST"] {
        let args = &case.args[..case.args.len() - 1];
        let mut places = args.iter().skip(from);
        if let Some(at) = places.position(|arg| arg.eq_ignore_ascii_case(word.as_bytes())) {
            keys.push(case.args[from + at + 1].clone());
        }
    }
    keys
}

fn from_of(command: &Command) -> usize {
    if command.name == "GEORADIUS" { 6 } else { 5 }
}
